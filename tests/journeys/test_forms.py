"""The leisure pass from its set-up to its answers; the town's other cases are in test_cases.py."""

import pytest
from playwright.sync_api import expect

from participation.models import AnswerSheet
from tests.journeys.setting_up import begin, dated, fill, through_the_steps
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker


def with_one_more(planner: Walker) -> None:
    """Ask one question more, of those who have the pass, and move it up."""
    expect(planner.page.locator(".kp-setup__phases > li")).to_have_count(6)
    planner.page.locator("#kind-alone").select_option("one")
    planner.press("Add", planner.page.locator("#kind-alone").locator(".."))
    fill(planner, label_nl="Op welke dag kan je?", o1_nl="Woensdag", o2_nl="Zaterdag")
    planner.page.locator("details", has_text=planner.say("Only after one of these answers")).locator("summary").click()
    planner.page.locator('input[name="when"][value="q1:o1"]').check()
    planner.press("Keep the question")
    planner.page.locator(".kp-setup__phases > li").last.get_by_role("button").first.click()
    expect(planner.page.locator(".kp-setup__phases > li").nth(5)).to_contain_text("Op welke dag kan je?")


@pytest.mark.parametrize(("language", "script"), [("nl", True), ("fr", False)], ids=["nl", "fr-no-script"])
def test_the_leisure_pass_from_set_up_to_answers(new_walker: NewWalker, language: str, script: bool) -> None:
    planner = new_walker(size=DESK, language=language, script=script)
    begin(planner, "leisure-pass", "Vrijetijdspas")
    through_the_steps(planner, {"phases": dated((-20, -10), (-10, 10)), "questions": with_one_more})
    planner.press("Make it public")

    resident = new_walker(size=PHONE, language=language, script=script)
    resident.go("/projects/vrijetijdspas/")
    resident.press("Fill in the form")
    hidden, shown = resident.page.locator("#ask_q7"), resident.page.locator("#ask_q3")
    expect(hidden).to_be_hidden()
    resident.page.locator("#id_q1_o1").check()
    # With and without a script.
    expect(hidden).to_be_visible()
    expect(shown).to_be_hidden()
    resident.page.locator("#id_q7_o2").check()
    fill(resident, q5="Zwemmen op zondag", q6="3")
    resident.press("Next: check it")
    resident.refusal("answers.incomplete")
    expect(resident.page.locator("#id_q5")).to_have_value("Zwemmen op zondag")
    fill(resident, q6="34")
    resident.press("Next: check it")
    resident.press("Send my answers")
    resident.sees("Your answers are in")
    sheet = AnswerSheet.objects.get(project__slug="vrijetijdspas")
    assert sheet.answers == {"q1": "o1", "q7": "o2", "q5": "Zwemmen op zondag", "q6": 34}

    planner.go("/desk/projects/vrijetijdspas/form/")
    planner.page.locator(".kp-more", has_text=planner.say("without an account")).last.locator("summary").click()
    expect(planner.page.locator(".kp-answers").last).to_contain_text("Zwemmen op zondag")
    with planner.page.expect_download() as download:
        planner.press("Download as CSV")
    assert "Zwemmen op zondag" in download.value.path().read_text(encoding="utf-8-sig")

"""The town's cases from their set-up on: the leisure pass to its answers, the others to their shortlist."""

import pytest
from playwright.sync_api import expect

from participation.models import AnswerSheet, Project, Proposal
from tests.journeys.test_setup import PLANNER, fill, go_on
from tests.journeys.walker import DESK, PHONE, NewWalker, Walker

RESIDENT = "bewoner@poperinge.example"


def begin(planner: Walker, template: str, title: str) -> str:
    """Begin a project from a template; gives back where its set-up is."""
    planner.enter_as(PLANNER)
    planner.go("/desk/projects/new/")
    fill(planner, title=title)
    planner.page.locator(f'input[name="begin"][value="template:{template}"]').check()
    planner.press("Begin", planner.page.locator("main"))
    return planner.path.removesuffix("question/")


def open_up_to(planner: Walker, setup: str, n: int) -> None:
    """Let the first ``n`` phases begin in the past, and make the project public."""
    planner.go(setup + "phases/")
    for number in range(1, n + 1):
        planner.page.locator(f"#opens_{number}").fill(f"2026-01-0{number}T09:00")
    go_on(planner)
    planner.go(setup + "check/")
    planner.press("Make it public")


@pytest.mark.parametrize(("language", "script"), [("nl", True), ("fr", False)], ids=["nl", "fr-no-script"])
def test_the_leisure_pass_from_set_up_to_answers(new_walker: NewWalker, language: str, script: bool) -> None:
    planner = new_walker(size=DESK, language=language, script=script)
    setup = begin(planner, "leisure-pass", "Vrijetijdspas")
    planner.go(setup + "questions/")
    expect(planner.page.locator(".kp-setup__phases > li")).to_have_count(6)
    planner.page.locator("#kind-alone").select_option("one")
    planner.press("Add", planner.page.locator("#kind-alone").locator(".."))
    fill(planner, label_nl="Op welke dag kan je?", o1_nl="Woensdag", o2_nl="Zaterdag")
    planner.page.locator("details", has_text=planner.say("Only after one of these answers")).locator("summary").click()
    planner.page.locator('input[name="when"][value="q1:o1"]').check()
    planner.press("Keep the question")
    planner.page.locator(".kp-setup__phases > li").last.get_by_role("button").first.click()
    expect(planner.page.locator(".kp-setup__phases > li").nth(5)).to_contain_text("Op welke dag kan je?")
    open_up_to(planner, setup, 2)

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


@pytest.mark.parametrize(
    ("template", "n_begun", "answers"),
    [
        ("charging-points", 2, {}),
        ("utility-boxes", 1, {"q1": "Bruggestraat 61"}),
        ("village-centre", 2, {}),
        ("line-up", 1, {}),
    ],
)
def test_the_others_from_set_up_to_shortlist(
    new_walker: NewWalker, template: str, n_begun: int, answers: dict[str, str]
) -> None:
    planner = new_walker(size=DESK)
    setup = begin(planner, template, "Ons geval")
    open_up_to(planner, setup, n_begun)
    resident = new_walker(size=PHONE, script=False)
    resident.enter_as(RESIDENT)
    resident.go("/projects/ons-geval/suggest/")
    if Project.objects.get(slug="ons-geval").area is not None:
        resident.page.locator("#id_where").fill("Watouplein")
        resident.press("Search", resident.page.locator(".kp-pick"))
        resident.press("This is my place, next")
    fill(resident, title="Aan de pomp", **answers)
    if answers:
        resident.page.locator("#id_q2_o2").check()
    resident.press("Next: check it")
    resident.press("Send my proposal")
    planner.go("/desk/projects/ons-geval/queue/")
    planner.press("Publish")
    planner.go("/desk/projects/ons-geval/ballot/")
    planner.page.locator('input[name="number"]').first.check()
    planner.press("Put ticked ones on the ballot")
    proposal = Proposal.objects.get(project__slug="ons-geval")
    assert (proposal.state, proposal.on_ballot) == ("published", True)
    sheet = AnswerSheet.objects.filter(proposal=proposal).first()
    assert (sheet.answers if sheet else {}) == (answers | {"q2": "o2"} if answers else {})

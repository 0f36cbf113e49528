"""The result of the demo's concert vote, read as a resident would: another rule, why, the table, files, on paper."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journeys.walker import NewWalker

SIDES = ("in", "out")
RESULT = "/projects/parkconcerten/results/"


def number(text: str) -> int:
    """The first number of a text, as any of our languages groups it."""
    found = re.search(r"\d[\d.\s\u00a0\u202f]*", text)
    assert found, text
    return int(re.sub(r"\D", "", found[0]))


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_reads_why_another_rule_changes_the_concerts(
    new_walker: NewWalker, size: tuple[int, int], language: str, script: bool, tmp_path: Path
) -> None:
    walker = new_walker(size=size, language=language, script=script)
    page = walker.page
    walker.go(RESULT)
    assert number(page.locator("h1").inner_text()) == 1100
    expect(page.locator(".kp-pin:not(.kp-pin--later)")).to_have_count(12)
    # What decided at the edge stands there from the first: by how many votes the twelfth is in, the next one out.
    votes = [number(text) for text in page.locator(".kp-bars__value").all_inner_texts()]
    for side, score in zip(SIDES, votes[11:13], strict=True):
        reason = page.locator(f"[aria-labelledby={side}] > li").inner_text().split(":", 1)[1]
        assert number(reason) == score
        assert str(votes[11] - votes[12]) in reason

    walker.press("Equal shares")
    walker.sees("Binding is “%(name)s”.", name=walker.say("Most votes"))
    expect(page.locator(".kp-switch [aria-current=true]")).to_have_text(walker.say("Equal shares"))
    # It chooses the same twelve, and says with figures of its own why the last is in and the next is not.
    walker.sees("Counted like this, the same ones come first.")
    reasons = {side: page.locator(f"[aria-labelledby={side}] > li").inner_text().split(":", 1)[1] for side in SIDES}
    # The twelfth fills up by votes; of the next it is said what part of a place its voters had left, and on what.
    assert number(reasons["in"]) == votes[11]
    assert re.search(r"\d+\u00a0%.*(“\w|«)", reasons["out"])

    page.locator(".kp-more > summary").click()
    table = page.locator(".kp-more table")
    expect(table).to_be_visible()
    bars = page.locator(".kp-bars__row")
    expect(table.locator("tbody tr")).to_have_count(bars.count())
    first = table.locator("tbody tr").first.inner_text()
    assert str(number(bars.first.locator(".kp-bars__value").inner_text())) in first
    # Nothing is wider than the window but what scrolls by itself.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    for kind in ("CSV", "XLSX", "JSON"):
        with page.expect_download() as waiting:
            walker.press(walker.say("Result as %(kind)s", kind=kind))
        waiting.value.save_as(tmp_path / kind)
    told = json.loads((tmp_path / "JSON").read_bytes())
    assert (told["rule"], told["n_ballots"], len(told["winners"])) == ("equal-shares", 1100, 12)
    rows_ = list(csv.DictReader(io.StringIO((tmp_path / "CSV").read_text(encoding="utf-8-sig"))))
    assert [int(row["number"]) for row in rows_ if row["chosen"] == "true"] == told["winners"]
    assert (tmp_path / "XLSX").read_bytes().startswith(b"PK")

    picture = page.locator('meta[property="og:image"]').get_attribute("content") or ""
    assert f"lang={language}" in picture
    response = page.request.get(walker.origin + urlsplit(picture).path + f"?lang={language}")
    assert (response.status, response.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_reads_which_benches_one_a_village_would_bring_and_for_which(
    new_walker: NewWalker, size: tuple[int, int], language: str
) -> None:
    walker = new_walker(size=size, language=language)
    page = walker.page
    walker.go("/projects/zitbanken/results/")
    walker.press("At least one per neighbourhood")
    expect(page.locator(".kp-check")).to_have_attribute("aria-current", "true")
    come = page.locator("[aria-labelledby=come] > li").all_inner_texts()
    go = page.locator("[aria-labelledby=go] > li").all_inner_texts()
    assert len(come) == len(go) > 0
    # Who comes names whose place it takes, who goes names for whom.
    for one in come:
        title = one.split(":", 1)[0]
        assert [other for other in go if title in other.split(":", 1)[1] and other.split(":", 1)[0] in one]


def test_a_result_on_paper_leaves_the_switches_on_the_screen(new_walker: NewWalker) -> None:
    walker = new_walker(size=(1280, 900))
    page = walker.page
    walker.go("/projects/zitbanken/results/?rule=equal-shares&spread=1")
    page.emulate_media(media="print")
    for hidden in (".kp-switch", ".kp-check", ".kp-take", ".kp-subnav", ".kp-more", ".kp-foot", ".utrecht-skip-link"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in ("h1", ".kp-bars", ".kp-changes", "#areas", "#who", "#check"):
        expect(page.locator(shown).first).to_be_visible()

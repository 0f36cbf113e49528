"""A planner edits a download of the project, uploads it, sees what would change, takes it in and back."""

from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.test_every_page import AXE
from tests.journeys.walker import PHONE, NewWalker

GIS = "gis@poperinge.example"
PROJECT = "zitbanken"


def test_an_edited_download_comes_back_in_and_out(new_walker: NewWalker, tmp_path: Path) -> None:
    walker = new_walker(size=PHONE, language="en", axe=True)
    page = walker.page
    # A file is read in a process of its own: on a busy machine that takes its time to begin.
    page.set_default_timeout(60_000)
    walker.enter_as(GIS)
    answer = page.request.get(f"{walker.origin}/export/{PROJECT}-proposals.csv", timeout=60_000)
    lines = answer.text().splitlines()
    # What was voted on stays as it is; a row without a number is a new proposal.
    new = [""] * len(lines[0].lstrip("\ufeff").split(","))
    names = lines[0].lstrip("\ufeff").split(",")
    for name, value in {"title": "Aan de nieuwe vijver", "lon": "2.7266", "lat": "50.8553"}.items():
        new[names.index(name)] = value
    file = tmp_path / "edited.csv"
    file.write_text("\n".join([*lines, ",".join(new)]), encoding="utf-8")

    walker.go(f"/desk/projects/{PROJECT}/import/")
    page.locator("#id_file").set_input_files(file)
    walker.press("Upload and look")
    expect(page.locator("#id_key")).to_have_value("number")
    walker.press("See what would change")
    becomes = page.locator("section[aria-labelledby=becomes]")
    expect(becomes).to_contain_text("Aan de nieuwe vijver")
    assert page.evaluate(AXE) == []
    walker.press("Take it in")
    walker.sees("What changed")
    walker.go(f"/projects/{PROJECT}/?q=vijver")
    walker.sees("Aan de nieuwe vijver")
    page.go_back()
    walker.press("Take it back")
    expect(page.locator("main")).to_contain_text("Taken back: 1.")
    assert page.evaluate(AXE) == []

"""A planner looks at what came in, puts it on the ballot and reads the map; a GIS user takes the layers along."""

import json
import re

import pytest
from playwright.sync_api import expect

from participation.models import Proposal, Record
from tests.journeys.walker import PHONE, NewWalker, Walker

DESK_PAGES = "/desk/projects/laadpunten/"
PLANNER = "planner@poperinge.example"
GIS = "gis@poperinge.example"


def waiting() -> list[Proposal]:
    """What waits in the queue, the first to come first."""
    return list(Proposal.objects.filter(project__slug="laadpunten", state="submitted").order_by("created_at", "number"))


def open_in_queue(walker: Walker, proposal: Proposal) -> None:
    """Choose a piece in the queue's list."""
    walker.go(f"{DESK_PAGES}queue/")
    walker.page.locator(".kp-queue__item").filter(has_text=proposal.title).click()
    expect(walker.page.locator(".kp-queue__piece h2")).to_have_text(proposal.title)


def test_planner_decides_what_came_in(walker: Walker, new_walker: NewWalker, size: tuple[int, int]) -> None:
    page = walker.page
    first, second = waiting()[:2]
    walker.go("/desk/")
    walker.type_code(PLANNER)
    assert walker.path == "/desk/"
    page.locator(f'a[href="{DESK_PAGES}queue/"]').first.click()

    open_in_queue(walker, first)
    walker.press("Publish", page.locator(".kp-queue__piece"))
    walker.sees("“%(title)s” is public now.", title=first.title)

    open_in_queue(walker, second)
    page.locator("#reason").fill("Dit is een private oprit.")
    walker.press("Do not show")
    walker.sees("“%(title)s” is not shown any more.", title=second.title)
    assert {first.number: "published", second.number: "hidden"} == dict(
        Proposal.objects.filter(pk__in=(first.pk, second.pk)).values_list("number", "state")
    )
    assert Record.objects.filter(person__email=PLANNER, act="proposal.hidden").exists()

    # Its author still reads it; everybody else reads why it is not shown, and nothing of it.
    assert second.author is not None
    author, stranger = new_walker(size=size), new_walker(size=size)
    author.enter_as(str(second.author.email))
    author.go(f"/projects/laadpunten/proposals/{second.number}/")
    expect(author.page.locator("main")).to_contain_text("Dit is een private oprit.")
    stranger.go(f"/projects/laadpunten/proposals/{second.number}/")
    stranger.sees("Why the town hides it")
    expect(stranger.page.locator("main")).to_contain_text("Dit is een private oprit.")
    expect(stranger.page.locator("main")).not_to_contain_text(second.title)
    stranger.go(f"/projects/laadpunten/proposals/{first.number}/")
    expect(stranger.page.locator("h1")).to_have_text(first.title)


def test_a_reason_is_asked_before_something_is_hidden(walker: Walker) -> None:
    walker.enter_as(PLANNER)
    piece = waiting()[0]
    open_in_queue(walker, piece)
    walker.page.locator("#reason").evaluate("field => field.required = false")
    walker.press("Do not show")
    walker.refusal("reason.missing")
    piece.refresh_from_db()
    assert piece.state == "submitted"


def test_planner_puts_a_write_in_on_the_ballot(walker: Walker, new_walker: NewWalker) -> None:
    walker.enter_as(PLANNER)
    page = walker.page
    written_in = Proposal.objects.filter(project__slug="laadpunten", state="published", on_ballot=False).first()
    assert written_in is not None
    walker.go(f"{DESK_PAGES}ballot/")
    page.locator("#q").fill(written_in.title)
    walker.press("Show")
    row = page.locator("tr").filter(has_text=written_in.title)
    row.locator("label").click()
    walker.press("Put ticked ones on the ballot")
    written_in.refresh_from_db()
    assert written_in.on_ballot
    reader = new_walker(size=PHONE)
    reader.go("/projects/laadpunten/ballot/")
    expect(reader.page.locator(f"#n{written_in.number}")).to_be_visible()


def test_planner_reads_clusters_and_heat(walker: Walker) -> None:
    walker.enter_as(PLANNER)
    page = walker.page
    walker.go(f"{DESK_PAGES}map/")
    rows = page.locator("#bench-clusters tbody tr")
    expect(rows.first).to_be_visible()
    with page.expect_response(re.compile(r"clusters\.geojson")) as answered:
        page.locator("input[name=radius_m]").evaluate(
            "slider => { slider.value = 1000; slider.dispatchEvent(new Event('input', {bubbles: true}));"
            " slider.dispatchEvent(new Event('change', {bubbles: true})); }"
        )
    wide = json.loads(answered.value.text())
    assert wide["n_clusters"] > 0
    expect(rows).to_have_count(wide["n_clusters"])
    page.locator("input[name=show][value=heat]").check()
    expect(page.locator("img.kp-map__image")).to_be_attached()


def test_planner_sends_a_filtered_view_to_a_colleague(walker: Walker, new_walker: NewWalker) -> None:
    walker.enter_as(PLANNER)
    page = walker.page
    walker.go(f"{DESK_PAGES}map/")
    everything = int(page.locator("#bench-count").inner_text())
    page.locator("input[name=text]").fill("plein")
    page.locator("input[name=show][value=areas]").check()
    expect(page.locator("#bench-count")).not_to_have_text(str(everything))
    few = page.locator("#bench-count").inner_text()
    # A row and a place on the map lead to the same words.
    page.locator("#bench-heard tbody a").first.click()
    expect(page.locator("#bench-inspector h2")).to_have_text(page.locator("#bench-heard tbody a").first.inner_text())
    page.locator("#bench-pins tbody a").first.click()
    expect(page.locator("#bench-inspector h2")).to_have_text(
        page.locator("#bench-pins tbody a").first.inner_text().split(". ", 1)[1]
    )
    assert "text=plein" in page.url
    assert "see=pin" in page.url

    colleague = new_walker(script=False)
    colleague.enter_as(PLANNER)
    colleague.go("/" + page.url.split("/", 3)[3])
    assert colleague.page.locator("#bench-count").inner_text() == few
    assert colleague.page.locator("input[name=text]").input_value() == "plein"
    assert colleague.page.locator("input[name=show][value=areas]").is_checked()
    assert (
        colleague.page.locator("#bench-inspector h2").inner_text() == page.locator("#bench-inspector h2").inner_text()
    )


def test_planner_keeps_two_clusters_and_compares_them(walker: Walker) -> None:
    walker.enter_as(PLANNER)
    page = walker.page
    for at, name in enumerate(("Plein", "Station")):
        walker.go(f"{DESK_PAGES}map/")
        page.locator("#bench-clusters tbody a").nth(at).click()
        expect(page.locator("#bench-clusters tbody a").nth(at)).to_have_attribute("aria-current", "true")
        page.locator(".ks-keep input[name=name]").fill(name)
        walker.press("Keep", page.locator(".ks-keep"))
    for box in page.locator("input[name=cluster]").all():
        box.check()
    walker.press("Put the two ticked ones side by side")
    expect(page.locator("#side-by-side")).to_be_visible()


def test_planner_reads_clusters_without_javascript(new_walker: NewWalker, size: tuple[int, int]) -> None:
    walker = new_walker(size=size, script=False)
    walker.enter_as(PLANNER)
    page = walker.page
    walker.go(f"{DESK_PAGES}map/")
    near = page.locator("#bench-clusters tbody tr").count()
    page.locator("input[name=radius_m]").fill("1000")
    walker.press("Show", page.locator("#bench"))
    assert "radius_m=1000" in walker.path
    # Wider circles join what lay apart.
    assert page.locator("#bench-clusters tbody tr").count() != near


def test_planner_reads_the_result(walker: Walker) -> None:
    walker.enter_as(PLANNER)
    walker.go("/desk/")
    walker.page.locator('a[href="/projects/zitbanken/"]').first.click()
    walker.press("See the result")
    expect(walker.page.locator(".kp-bars__row").first).to_be_visible()
    captions = walker.page.locator("table caption").filter(has_text=walker.say("Per neighbourhood"))
    expect(captions.first).to_be_visible()


@pytest.mark.parametrize(
    ("layer", "form", "crs", "begins"),
    [
        ("proposals", "geojson", "EPSG:4326", b"{"),
        ("proposals", "csv", "EPSG:31370", b"\xef\xbb\xbf"),
        ("clusters", "gpkg", "EPSG:3812", b"SQLite format 3"),
        ("heat", "tif", "EPSG:31370", b"II*\x00"),
    ],
)
def test_gis_user_downloads_by_form(walker: Walker, layer: str, form: str, crs: str, begins: bytes) -> None:
    page = walker.page
    walker.go(f"{DESK_PAGES}export/")
    walker.type_code(GIS)
    page.locator("#id_layer").select_option(layer)
    page.locator("#id_format").select_option(form)
    page.locator("#id_crs").select_option(crs)
    with page.expect_download() as started:
        walker.press("Download")
    file = started.value
    assert file.suggested_filename.endswith(f".{form}")
    assert file.path().read_bytes().startswith(begins)


def test_a_format_a_layer_has_not_is_refused_in_words(walker: Walker) -> None:
    walker.enter_as(GIS)
    walker.go(f"{DESK_PAGES}export/")
    walker.page.locator("#id_layer").select_option("proposals")
    walker.page.locator("#id_format").select_option("tif")
    walker.press("Download")
    expect(walker.page.locator("#id_format_error")).to_contain_text("GeoJSON")


def test_gis_user_follows_the_live_layers(walker: Walker) -> None:
    page = walker.page
    walker.enter_as(GIS)
    walker.go(f"{DESK_PAGES}export/")
    page.goto(page.locator("#live").input_value())
    walker.go("/ogc/collections?f=html")
    page.locator('main a[href*="laadpunten-proposals"]').first.click()
    page.locator('main a[href*="/items"]').first.click()
    expect(page.locator("main tbody tr").first).to_be_visible()
    page.locator("main tbody a").first.click()
    assert re.search(r"/ogc/collections/laadpunten-proposals/items/\d+", walker.path)

"""A resident finds a project, suggests a place, supports, votes, changes it and reads the outcome."""

import re

import pytest
from playwright.sync_api import expect

from participation.models import Ballot, Person, Phase, Proposal, Support
from participation.selectors.projects import choices_cast
from tests.cast import picks
from tests.journeys.stage import close_vote_a_second_ago
from tests.journeys.walker import NewWalker, Walker

PROJECT = "/projects/laadpunten/"
SOMEBODY = "nieuw@poperinge.example"
AN = "bewoner@poperinge.example"
# In an empty corner of a field between Watou and Abele; and a spot north of Roesbrugge, in another town.
QUIET = ("50.8450", "2.6400")
OUTSIDE = ("50.9600", "2.6256")


def suggest_at(walker: Walker, where: str) -> None:
    """Type where it should come, and look."""
    walker.go(PROJECT + "suggest/")
    walker.page.locator("#id_where").fill(where)
    walker.press("Search", walker.page.locator(".kp-pick"))


def tell(walker: Walker, title: str, body: str) -> None:
    """Fill in what and why."""
    walker.page.locator("#id_title").fill(title)
    walker.page.locator("#id_body").fill(body)
    walker.press("Next: check it")


def tick(walker: Walker, number: int | str) -> None:
    """Tap an option of the ballot; its whole card is the box's label."""
    walker.page.locator(f"label[for=n{number}]").click()


def refine(walker: Walker) -> None:
    """Unfold what the list can be narrowed by, where that is folded."""
    folded = walker.page.locator("details.kp-more:not([open]) > summary")
    if folded.count():
        folded.first.click()


def test_finds_a_place(resident: Walker) -> None:
    page = resident.page
    resident.go("/")
    resident.press("Look at all projects")
    page.locator(f'main a[href="{PROJECT}"]').first.click()
    assert resident.path == PROJECT
    shown = page.locator(".kp-count")
    every = int(re.search(r"\d+", shown.inner_text())[0])  # type: ignore[index]

    refine(resident)
    page.locator("#area").select_option(label="Watou")
    resident.press("Show")
    facts = page.locator(".kp-card .kp-card__facts").all_inner_texts()
    assert 0 < len(facts) < every
    assert all("Watou" in fact for fact in facts)

    refine(resident)
    page.locator("#area").select_option(value="")
    page.locator("#q").fill("bollaard")
    resident.press("Show")
    expect(page.locator(".kp-card")).to_have_count(1)
    expect(page.locator(".kp-card")).to_contain_text("OC De Bollaard")

    resident.press("Show all")
    refine(resident)
    page.locator("#sort").select_option("name")
    resident.press("Show")
    titles = page.locator(".kp-card__link").all_inner_texts()
    names = [re.sub(r"^\d+:\s*", "", title).casefold() for title in titles]
    assert names == sorted(names, key=lambda name: re.sub(r"[^\w ]", "", name))

    page.locator("#q").fill("bestaat niet")
    resident.press("Show")
    resident.sees("Nothing found")


def test_suggests_a_place_by_its_name(resident: Walker) -> None:
    page = resident.page
    resident.go(PROJECT)
    resident.press("Suggest a place")
    page.locator("#id_where").fill("Couthof")
    resident.press("Search", page.locator(".kp-pick"))
    expect(page.locator("#place-answer")).to_contain_text("Proven")
    resident.press("This is my place, next")
    tell(resident, "Aan de dreef van het kasteel", "Wandelaars laten hier hun wagen staan.")
    resident.sees("This is how others will see it.")
    expect(page.locator("article")).to_contain_text("Aan de dreef van het kasteel")

    # Nobody was signed in: the code comes by mail, and what was written is still there afterwards.
    resident.press("Sign in and send")
    resident.type_code(SOMEBODY)
    assert resident.path == PROJECT + "suggest/check/"
    expect(page.locator("article")).to_contain_text("Wandelaars laten hier hun wagen staan.")
    resident.press("Send my proposal")

    proposal = Proposal.objects.get(title="Aan de dreef van het kasteel")
    assert resident.path == f"{PROJECT}proposals/{proposal.number}/"
    resident.sees("Your proposal was sent. This is its own page: keep the link.")
    resident.sees("Being checked")
    assert proposal.author == Person.objects.get(email=SOMEBODY)
    assert proposal.area is not None
    assert proposal.area.name == "Proven"
    resident.go("/me/")
    expect(page.locator("main")).to_contain_text("Aan de dreef van het kasteel")


def test_a_name_that_many_places_bear_is_asked_back(resident: Walker) -> None:
    suggest_at(resident, "Sint-Martinuskerk")
    resident.page.get_by_role("button", name="Haringe").click()
    expect(resident.page.locator("#place-answer")).to_contain_text("Haringe")


def test_suggests_a_place_by_coordinates(resident: Walker) -> None:
    suggest_at(resident, ", ".join(QUIET))
    page = resident.page
    expect(page.locator("#place-answer .utrecht-alert--ok")).to_be_visible()
    assert page.locator("#id_lat").input_value().startswith(QUIET[0])
    resident.press("This is my place, next")
    tell(resident, "Aan de veldweg", "")
    resident.sees("This is how others will see it.")


def test_a_place_outside_is_refused_with_its_distance(resident: Walker) -> None:
    suggest_at(resident, ", ".join(OUTSIDE))
    # Roesbrugge's border lies some four kilometres south of it.
    assert re.search(r"\d[\d.,]* k?m", resident.refusal("pin.outside_area"))
    resident.press("This is my place, next")
    assert resident.path == PROJECT + "suggest/"
    resident.refusal("pin.outside_area")


def test_a_name_nobody_knows_is_refused(resident: Walker) -> None:
    suggest_at(resident, "Timboektoe 12")
    assert "Timboektoe 12" in resident.refusal("pin.place_unknown")


def test_supports_what_lies_there_already(resident: Walker) -> None:
    suggest_at(resident, "Watouplein")
    resident.sees("Suggested near here already")
    resident.press("Vote for this instead")
    assert re.fullmatch(PROJECT + r"proposals/\d+/", resident.path)


def test_nothing_filled_in_is_lost_on_the_way_back(resident: Walker) -> None:
    suggest_at(resident, "Couthof")
    resident.press("This is my place, next")
    tell(resident, "Dreef", "Onder de bomen.")
    resident.press("Change the text")
    expect(resident.page.locator("#id_body")).to_have_value("Onder de bomen.")
    resident.press("Back to the place")
    expect(resident.page.locator("#id_where")).to_have_value("Couthof")
    expect(resident.page.locator("#place-answer")).to_contain_text("Proven")


def test_suggests_a_place_with_the_arrow_keys(walker: Walker) -> None:
    walker.go(PROJECT + "suggest/")
    canvas = walker.page.locator(".kp-map__canvas")
    canvas.focus()
    expect(canvas).to_be_focused()
    for key in ("Equal", "ArrowLeft", "ArrowLeft", "ArrowDown"):
        walker.page.keyboard.press(key)
        walker.page.wait_for_timeout(350)
    expect(walker.page.locator("#place-answer .utrecht-alert")).to_be_visible()
    walker.press("This is my place, next")
    expect(walker.page.locator("#id_title")).to_be_visible()


def test_suggests_the_place_where_one_stands(new_walker: NewWalker, size: tuple[int, int]) -> None:
    walker = new_walker(size=size, place=(2.6585, 50.8835))
    walker.go(PROJECT + "suggest/")
    walker.press("My location")
    expect(walker.page.locator("#place-answer")).to_contain_text("Proven")
    walker.press("This is my place, next")
    expect(walker.page.locator("#id_title")).to_be_visible()


def test_supports_a_write_in_and_takes_it_back(resident: Walker) -> None:
    written_in = Proposal.objects.filter(project__slug="laadpunten", state="published", on_ballot=False).first()
    assert written_in is not None
    an, page = Person.objects.get(email=AN), resident.page
    Support.objects.filter(proposal=written_in, person=an).delete()
    resident.go(f"{PROJECT}proposals/{written_in.number}/")
    resident.press("Support", page.locator("main"))
    resident.type_code(AN)
    assert resident.path == f"{PROJECT}proposals/{written_in.number}/"
    resident.press("Support", page.locator("main"))
    resident.sees("You support “%(title)s”. Thank you.", title=written_in.title)
    assert Support.objects.filter(proposal=written_in, person=an).exists()
    resident.press("Supported", page.locator("main"))
    resident.sees("You no longer support “%(title)s”.", title=written_in.title)
    assert not Support.objects.filter(proposal=written_in, person=an).exists()


def test_votes_changes_it_and_withdraws(resident: Walker) -> None:
    page = resident.page
    vote = Phase.objects.get(project__slug="laadpunten", kind="vote")
    resident.go(PROJECT + "ballot/")
    boxes = page.locator("kp-ballot input[name=number]")
    numbers = [int(str(boxes.nth(at).get_attribute("value"))) for at in range(6)]
    for number in numbers:
        tick(resident, number)
    resident.press("Next: check it")
    # Six are too many: said in words, and nothing that was ticked is lost.
    assert resident.path == PROJECT + "ballot/"
    expect(page.locator(".utrecht-alert--error").first).to_contain_text("5")
    expect(page.locator("kp-ballot input:checked")).to_have_count(6)

    tick(resident, numbers[5])
    resident.press("Next: check it")
    assert resident.path == PROJECT + "ballot/check/"
    expect(page.locator("main .kp-card")).to_have_count(5)
    resident.press("Sign in and cast")
    resident.type_code(SOMEBODY)
    assert resident.path == PROJECT + "ballot/check/"
    resident.press("Cast my ballot")
    assert resident.path == PROJECT + "ballot/done/"
    somebody = Person.objects.get(email=SOMEBODY)
    assert sorted(choices_cast(vote, somebody) or []) == sorted(picks(numbers[:5]))

    resident.press("Change my ballot")
    tick(resident, numbers[0])
    resident.press("Next: check it")
    resident.press("Cast my ballot")
    assert sorted(choices_cast(vote, somebody) or []) == sorted(picks(numbers[1:5]))

    resident.go(PROJECT + "ballot/check/")
    resident.press("Withdraw my ballot")
    resident.sees("You have no ballot in the box")
    assert choices_cast(vote, somebody) == []
    assert Ballot.objects.filter(phase=vote, person=somebody).count() == 1


def test_chooses_from_the_list_and_is_told_what_is_left(resident: Walker) -> None:
    page = resident.page
    resident.go(PROJECT)
    act = page.locator("#act")
    for n_chosen in range(1, 6):
        page.locator(".kp-card__action").get_by_role("button", pressed=False).first.click()
        expect(page.locator(".kp-card__action [aria-pressed=true]")).to_have_count(n_chosen)
        left = "%(left)s of your %(cap)s choices left" if n_chosen < 5 else "All your %(cap)s choices are used"
        expect(act).to_contain_text(resident.say(left, left=5 - n_chosen, cap=5))
    page.locator(".kp-card__action").get_by_role("button", pressed=False).first.click()
    expect(page.locator(".utrecht-alert--error").first).to_contain_text("5")
    expect(page.locator(".kp-card__action [aria-pressed=true]")).to_have_count(5)
    page.locator(".kp-card__action").get_by_role("button", pressed=True).first.click()
    expect(page.locator(".kp-card__action [aria-pressed=true]")).to_have_count(4)


@pytest.mark.parametrize(("slug", "n_ballots"), [("zitbanken", 367), ("parkconcerten", 1100)])
def test_reads_the_outcome(resident: Walker, slug: str, n_ballots: int) -> None:
    page = resident.page
    resident.go("/projects/")
    page.locator(f'a[href="/projects/{slug}/results/"]').click()
    assert re.search(r"[\d.]+", page.locator("h1").inner_text())[0].replace(".", "") == str(n_ballots)  # type: ignore[index]
    votes = [int(text.split()[0].replace(".", "")) for text in page.locator(".kp-bars__value").all_inner_texts()]
    assert votes
    assert votes == sorted(votes, reverse=True)
    page.locator(".kp-bars__name a").first.click()
    resident.sees("in the order of the vote")


def test_a_vote_that_closes_under_ones_hands_says_so(resident: Walker) -> None:
    resident.enter_as(AN)
    resident.go(PROJECT + "ballot/")
    page = resident.page
    for number in page.locator("kp-ballot input:checked").evaluate_all("boxes => boxes.map((box) => box.value)"):
        tick(resident, number)
    page.locator("kp-ballot .kp-option__label").last.click()
    resident.press("Next: check it")
    close_vote_a_second_ago("laadpunten")
    resident.press("Cast my ballot")
    assert "vote.closed" in resident.refusal("vote.closed")
    resident.go(PROJECT)
    resident.sees("The votes are counted")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_suggests_and_votes_in_another_language(new_walker: NewWalker, size: tuple[int, int], language: str) -> None:
    walker = new_walker(size=size, language=language)
    page = walker.page
    walker.go(PROJECT)
    expect(page.locator("html")).to_have_attribute("lang", language)
    walker.press("Suggest a place")
    page.locator("#id_where").fill("Couthof")
    walker.press("Search", page.locator(".kp-pick"))
    walker.press("This is my place, next")
    tell(walker, "Château", "")
    walker.press("Sign in and send")
    walker.type_code(SOMEBODY)
    walker.press("Send my proposal")
    walker.sees("Your proposal was sent. This is its own page: keep the link.")
    assert Proposal.objects.get(title="Château").language == language
    walker.go(PROJECT + "ballot/")
    page.locator("kp-ballot .kp-option__label").first.click()
    walker.press("Next: check it")
    walker.press("Cast my ballot")
    walker.sees("Your ballot is in the box")

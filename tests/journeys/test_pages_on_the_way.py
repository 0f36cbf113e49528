"""Every page that is reached by doing something first: no barrier that a machine can find, at both widths, in four
languages (tests/journeys/test_every_page.py has the others)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from participation.models import Claim, Invitation, Organisation, Person, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.links import digest_of
from participation.services.codes import make_codes
from siting.services.dossiers import publish_dossier
from tests.contracts.pages import ROWS
from tests.integration import studies
from tests.journeys.stage import vote_by_letter
from tests.journeys.test_every_page import LANGUAGES, PAGES, PEOPLE, PROJECT, barriers, found_on
from tests.journeys.walker import NewWalker, Walker


def _place(walker: Walker) -> None:
    walker.go(PROJECT + "suggest/")
    walker.page.locator("#id_where").fill("Watouplein")
    walker.press("Search", walker.page.locator(".kp-pick"))
    walker.press("This is my place, next")


def _text(walker: Walker) -> None:
    _place(walker)
    walker.page.locator("#id_title").fill("Naast de kiosk")
    walker.press("Next: check it")


def _ask_code(walker: Walker) -> None:
    walker.go("/account/login/code/")
    walker.page.locator("#id_email").fill("lezer@poperinge.example")
    walker.press("Send me a code")


def _choose(walker: Walker) -> None:
    walker.go(PROJECT + "ballot/")
    walker.page.locator("kp-ballot .kp-option__label").last.click()
    walker.press("Next: check it")


def _by_letter(walker: Walker) -> None:
    vote_by_letter("laadpunten")


def _letters(walker: Walker) -> None:
    """A print, so that the list has a row."""
    vote_by_letter("laadpunten")
    vote = Phase.objects.select_related("project").get(project__slug="laadpunten", kind="vote")
    make_codes(phase=vote, n=3, by=Person.objects.get(email=PEOPLE["planner"]), now=database_now())


def _cast(walker: Walker) -> None:
    _choose(walker)
    walker.press("Cast my ballot")


def _study(walker: Walker) -> None:
    project = Project.objects.get(slug="laadpunten")
    studies.whole(project, Person.objects.get(email=PEOPLE["planner"]))


def _dossier(walker: Walker) -> None:
    """A study, a decision, and the dossier about both, published."""
    project, planner = Project.objects.get(slug="laadpunten"), Person.objects.get(email=PEOPLE["planner"])
    studies.whole(project, planner)
    studies.decided(project, planner)
    if not project.dossiers.exists():
        study = project.studies.get(number=1)
        publish_dossier(project=project, study=study, scenarios=[1, 2], by=planner, now=database_now())


def _upload(walker: Walker) -> None:
    square = '{"type":"Polygon","coordinates":[[[2.7,50.84],[2.72,50.84],[2.72,50.86],[2.7,50.84]]]}'
    walker.go("/desk/layers/")
    page = walker.page
    page.set_input_files("#id_file", {"name": "a.geojson", "mimeType": "application/json", "buffer": square.encode()})
    for field in ("name", "source", "licence"):
        page.locator(f"#id_{field}").fill("Driehoek")
    walker.press("Upload and look")


def _candidate(walker: Walker) -> None:
    walker.go("/desk/projects/laadpunten/candidates/new/?proposal=1")
    walker.press("Make this candidate")


def _decision(walker: Walker) -> None:
    walker.go("/desk/projects/laadpunten/decisions/")
    for at in (0, 1):
        walker.page.locator("input[name=proposal]").nth(at).check()
    walker.page.locator("#template").select_option("build_wanted")
    walker.press("Decide about what is ticked")
    walker.press("Publish and answer everyone")


def _claim(walker: Walker) -> None:
    proposal = Proposal.objects.filter(project__slug="laadpunten", author=None)[0]
    Claim.objects.get_or_create(proposal=proposal, defaults={"digest": digest_of("x"), "made_at": database_now()})


def _invite(walker: Walker) -> None:
    Invitation.objects.get_or_create(
        digest=digest_of("x"),
        defaults={
            "organisation": Organisation.objects.get(slug="poperinge"),
            "email": "nieuw@poperinge.example",
            "role": "planner",
            "invited_by": Person.objects.get(email=PEOPLE["manager"]),
            "invited_at": database_now(),
            "expires_at": database_now() + timedelta(days=7),
        },
    )


def _app(walker: Walker) -> None:
    """A second factor, set up in this browser."""
    Authenticator.objects.all().delete()
    walker.go("/account/factor/app/")
    key = walker.page.locator("main code").inner_text()
    counter = next(iter(yield_hotp_counters_from_time()))
    walker.page.locator("#id_code").fill(format_hotp_value(hotp_value(key, counter)))
    walker.press("Set it up")


def _fill_in(walker: Walker) -> None:
    walker.go("/projects/uitpas/form/")
    walker.page.locator("#id_q1_o1").check()
    walker.press("Next: check it")


FIRST: dict[str, Callable[[Walker], None]] = {
    "fill_in": _fill_in,
    "place": _place,
    "text": _text,
    "ask_code": _ask_code,
    "choose": _choose,
    "cast": _cast,
    "study": _study,
    "dossier": _dossier,
    "upload": _upload,
    "candidate": _candidate,
    "decision": _decision,
    "by_letter": _by_letter,
    "letters": _letters,
    "claim": _claim,
    "invite": _invite,
    "app": _app,
}


def test_every_step_is_taken() -> None:
    assert {ROWS[name].first for name in PAGES} - {""} == set(FIRST)


@pytest.mark.parametrize("name", [name for name in PAGES if ROWS[name].first])
def test_no_barriers(new_walker: NewWalker, name: str) -> None:
    assert found_on(new_walker, name, FIRST[ROWS[name].first]) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_barriers_beside_the_neighbours_of_a_place(
    new_walker: NewWalker, size: tuple[int, int], language: str
) -> None:
    walker = new_walker(size=size, language=language, axe=True)
    walker.go(PROJECT + "suggest/")
    walker.page.locator("#id_where").fill("Watouplein")
    walker.press("Search", walker.page.locator(".kp-pick"))
    walker.sees("Suggested near here already")
    assert barriers(walker.page, language) == []

"""What may be the same: near in space and alike in words, without capitals and accents."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.gis.geos import Point
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import DeadlockDetected

from geo.queries.patience import PatienceError, again_after_deadlock, at_most
from participation.models import Project, Proposal
from participation.rules.places import LonLat, PlaceSettings
from participation.rules.refusals import Code, Refused
from participation.selectors import doubles
from participation.selectors.doubles import alike, near_by_title
from participation.selectors.proposals import nearby
from participation.services.zones import set_places
from tests.cast import Cast

NOW = datetime.now(UTC)
HERE = LonLat(2.7, 50.85)


def put(project: Project, number: int, title: str, metres_east: float | None = 0.0, **more: object) -> Proposal:
    """A proposal so many metres east of here."""
    lon = HERE.lon + (metres_east or 0) / 70_300
    point = None if metres_east is None else Point(lon, HERE.lat, srid=4326)
    return Proposal.objects.create(project=project, number=number, title=title, point=point, created_at=NOW, **more)


@pytest.fixture
def town(cast: Cast) -> Cast:
    """Four titles around here."""
    Proposal.objects.filter(project=cast.project).delete()
    put(cast.project, 21, "Laadpaal aan de Sint-Jozefskerk", 40)
    put(cast.project, 22, "LAADPALEN bij de Kérk", 90)
    put(cast.project, 23, "Laadpaal aan de kerk", 2000)
    put(cast.project, 24, "Bankje onder de linde", 10)
    return cast


def found(cast: Cast, title: str, place: LonLat | None = HERE) -> list[int]:
    """The numbers of what is alike."""
    return [row.number for row in alike(cast.project, title, place)]


def test_near_and_alike_whatever_the_capitals_and_accents(town: Cast) -> None:
    assert set(found(town, "laadpaal aan de kerk")) == {21, 22}
    assert found(town, "LÂADPAAL ÀAN DE SINT-JOZEFSKERK")[0] == 21
    assert found(town, "zwemvijver") == []
    assert found(town, "Bank onder de linde") == [24]


def test_a_title_half_typed_is_enough_and_three_letters_are_not(town: Cast) -> None:
    assert 21 in found(town, "Laadpaal aan")
    assert found(town, "Laa") == []


def test_how_near_is_near_is_set_with_the_project(town: Cast) -> None:
    Project.objects.filter(pk=town.project.pk).update(nearby_radius_m=2500)
    town.project.refresh_from_db()
    assert 23 in found(town, "laadpaal aan de kerk")


def test_how_near_is_near_is_set_at_the_desk(town: Cast) -> None:
    piet = Client()
    piet.force_login(town["Piet"])
    area = "/desk/projects/laden/setup/area/"
    assert 'name="near_m" value="250"' in piet.get(area).content.decode()
    sent = {"kind": "town", "shapes": ["point"], "shown": "exact"}
    for bad in ("9", "5001", "-3", "0", "ver", "2.5", "1e3", "9" * 40):
        answer = piet.post(area, sent | {"near_m": bad})
        assert (answer.status_code, f'value="{bad}"' in answer.content.decode()) == (422, True), bad
    town.project.refresh_from_db()
    assert (town.project.nearby_radius_m, 23 in found(town, "laadpaal aan de kerk")) == (250, False)
    for said, metres in (("10", 10), ("5000", 5000), ("2500", 2500), ("", 2500)):
        assert piet.post(area, sent | {"near_m": said}).status_code == 302
        town.project.refresh_from_db()
        assert town.project.nearby_radius_m == metres
    assert 23 in found(town, "laadpaal aan de kerk")
    with pytest.raises(Refused) as refused:
        set_places(project=town.project, settings=PlaceSettings(near_m=5), by=town["Piet"])
    assert refused.value.code is Code.PLACE_NEAR_BAD


def test_hidden_ones_and_those_that_wait_are_not_told(town: Cast) -> None:
    Proposal.objects.filter(number=21).update(state="hidden", hidden_because="x")
    Proposal.objects.filter(number=22).update(state="submitted")
    assert found(town, "laadpaal aan de kerk") == []


def test_without_a_place_the_words_decide(cast: Cast) -> None:
    project = Project.objects.create(organisation=cast.town, slug="wensen", title={"nl": "Wensen"})
    put(project, 1, "Méér concerten in het park", None)
    put(project, 2, "Een zwemvijver", None)
    assert [row.number for row in alike(project, "meer concerten in park", None)] == [1]


def test_what_is_typed_is_answered_while_typing(town: Cast) -> None:
    client = Client()
    client.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"})
    answer = client.get("/projects/laden/suggest/alike/", {"title": "Laadpaal kerk"}).content.decode()
    assert "Laadpaal aan de Sint-Jozefskerk" in answer
    assert "<html" not in answer
    page = client.post("/projects/laden/suggest/what/", {"title": "Laadpaal aan de kerk"}, follow=True).content.decode()
    assert "LAADPALEN bij de Kérk" in page


def test_hostile_words_are_only_words(town: Cast) -> None:
    for title in ("%' OR 1=1 --", "\\\\\\\\", "'; DROP TABLE x; --", "%%%%%%", "\x00laad", "🙂🙂🙂🙂"):
        assert Client().get("/projects/laden/suggest/alike/", {"title": title}).status_code == 200


def test_a_search_that_takes_too_long_is_given_up(town: Cast) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(PatienceError), at_most(20):
            cursor.execute("SELECT pg_sleep(5)")
        with at_most(5000):
            cursor.execute("SELECT 1")
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    assert set(found(town, "laadpaal aan de kerk")) == {21, 22}


@pytest.mark.parametrize(("falls", "ends_well"), [(1, True), (2, False)])
def test_what_fell_to_a_deadlock_is_done_once_more(town: Cast, falls: int, ends_well: bool) -> None:
    tries = []

    @again_after_deadlock
    def act() -> str:
        tries.append(1)
        if len(tries) <= falls:
            raise OperationalError from DeadlockDetected()
        return "done"

    if ends_well:
        assert act() == "done"
    else:
        with pytest.raises(OperationalError):
            act()
    assert len(tries) == 2


def place_said(client: Client, at: str = "/projects/laden/suggest/place/?lon=2.7&lat=50.85") -> tuple[list[int], str]:
    """The numbers in the order in which the step of the place shows them, and all it says."""
    page = client.get(at).content.decode()
    return [int(number) for number in re.findall(r'data-pin="(\d+)"', page)], page


LOOKS = "Dit lijkt op"


@pytest.mark.parametrize("at", ["/projects/laden/suggest/place/?lon=2.7&lat=50.85", "/projects/laden/suggest/"])
def test_while_pinning_what_is_alike_comes_first_once_there_is_a_title(town: Cast, at: str) -> None:
    """On the page itself, without a script, and in what the map asks as it moves."""
    client = Client(headers={"accept-language": "nl"})
    assert client.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"}).status_code == 302
    # Nothing is called anything yet: the nearest first, and none of them said to be alike.
    order, page = place_said(client, at)
    assert (order, LOOKS in page) == ([24, 21, 22], False)
    client.post("/projects/laden/suggest/what/", {"title": "LÂADPALEN bij de kerk", "body": "Ja"})
    # Back to the place: what is alike first, whatever lies nearer; the one far away not at all.
    order, page = place_said(client, at)
    assert (order, LOOKS in page) == ([22, 24, 21], True)
    assert page.index(LOOKS) < page.index("Ook hier in de buurt voorgesteld")
    assert page.count("/projects/laden/proposals/22/") == 2
    # The control: a title that is like none of them.
    client.post("/projects/laden/suggest/what/", {"title": "Zwemvijver", "body": "Ja"})
    order, page = place_said(client, at)
    assert (order, LOOKS in page) == ([24, 21, 22], False)
    # How near is near is the project's.
    client.post("/projects/laden/suggest/what/", {"title": "Laadpaal aan de kerk", "body": "Ja"})
    Project.objects.filter(pk=town.project.pk).update(nearby_radius_m=2500)
    assert place_said(client, at)[0][:1] == [23]


def test_while_pinning_what_cannot_be_compared_in_time_is_shown_as_near(
    town: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = nearby(town.project, HERE)
    like, rest = near_by_title(near, "laadpaal aan de kerk", limit=2)
    assert ({row.number for row in like}, rest) == ({21, 22}, [])

    def late(*_args: object) -> None:
        raise PatienceError

    monkeypatch.setattr(doubles, "_parted", late)
    like, rest = near_by_title(near, "laadpaal aan de kerk", limit=2)
    assert (like, [row.number for row in rest]) == ([], [24, 21])

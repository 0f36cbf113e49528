"""Nobody is known again in what is handed out: not by name or address, and not as the same one in two projects.

One person does in two projects all that residents do; somebody else does the same in a third that is like them in every
other way. Whatever the two have in common and the third has not would stand for that person. The control: a column that
does is planted, and found in every format.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.test import Client
from pytest_django import Settings

from geo.catalog import FeatureSource
from geo.columns import Column
from geo.export import FEATURE_FORMATS
from participation.models import AnswerSheet, Person, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.places import LonLat
from participation.rules.questions import Asked
from participation.selectors import layers
from participation.services.comments import add_comment
from participation.services.proposals import submit_proposal, support
from participation.services.responses import Answer, publish_answers
from participation.services.voting import cast_ballot, close_phase
from tests.cast import Cast, picks, text
from tests.forms import SURVEY, ask
from tests.integration.test_catalogue import catalogue
from tests.past import end
from tests.unpacking import Rows, parts, rows

pytestmark = pytest.mark.django_db
# A key that is no other number.
KEY = 48_611_077
NAME, ADDRESS = "Zwaluw Onmiskenbaar", "zwaluw.onmiskenbaar@voorbeeld.example"
# In no word of any answer.
BOTH, OTHER = ("qxbos", "qxzee"), "qxwei"
# When an answer was made.
MADE_NOW = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.:+Z]*")


def lived_in(cast: Cast, slug: str, person: Person) -> Project:
    """A project in which this person proposes, supports, comments, votes and answers; everybody else does the same in
    each."""
    now = database_now()
    project = Project.objects.create(
        organisation=cast.town, slug=slug, title=text("Plekken"), question=text("Waar?"), area=cast.project.area
    )
    phase = Phase.objects.create(
        project=project, position=1, kind="propose", name=text("Voorstellen"), opens_at=now - timedelta(days=1)
    )
    ask(project, Asked.ALONE, SURVEY)
    city = Proposal.objects.create(
        project=project, number=1, origin=Proposal.Origin.CITY, title="Plein", created_at=now, on_ballot=True,
        point=Point(2.7, 50.85, srid=4326),
    )  # fmt: skip
    mine = submit_proposal(
        project=project, person=person, title="Bank", body="Om te zitten", place=LonLat(2.65, 50.85), theme="",
        language="nl", now=now,
    )  # fmt: skip
    for each in (person, cast["Vera"]):
        support(proposal=city, person=each, now=now)
        add_comment(proposal=city, person=each, text="Ja", parent=None, language="nl", now=now)
        client = Client()
        client.force_login(each)
        form = f"/projects/{slug}/form/"
        assert client.post(form, {"version": "1", "a_q1": "o2", "a_q3": "Een bank"}).status_code == 302
        assert client.post(f"{form}check/").status_code == 302
    Proposal.objects.filter(pk=mine.pk).update(on_ballot=True)
    Phase.objects.filter(pk=phase.pk).update(kind="vote", closes_at=now + timedelta(days=1), cap=2, n_winners=1)
    phase.refresh_from_db()
    for each in (person, cast["Vera"]):
        cast_ballot(phase=phase, person=each, choices=picks([mine.number]), nonce=uuid4())
    end(phase)
    assert close_phase(phase)
    answers = [Answer(mine.number, "build", {"nl": "Komt er."})]
    publish_answers(project=project, answers=answers, by=cast["Piet"], base_url="http://x", now=now)
    return project


@pytest.fixture
def town(cast: Cast, settings: Settings) -> Cast:
    """One person in two projects, another in the third."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    known = Person.objects.create_user(email=ADDRESS, public_name=NAME, pk=KEY)
    other = Person.objects.create_user(email="iemand@voorbeeld.example", public_name="Iemand")
    for slug, person in ((BOTH[0], known), (OTHER, other), (BOTH[1], known)):
        lived_in(cast, slug, person)
    assert AnswerSheet.objects.filter(person=known).count() == len(BOTH)
    cache.clear()
    return cast


def handed_out(slug: str) -> Iterator[tuple[str, bytes]]:
    """Everything the catalogue lists of a project, by its address without the project's name."""
    client = Client()
    (found,) = [one for one in catalogue(client)["dcat:dataset"] if one["dct:identifier"].endswith(f"/{slug}")]
    for each in found["dcat:distribution"]:
        address = each["dcat:accessURL"]["@id"]
        answer: Any = client.get(address)
        assert answer.status_code == 200, address
        yield address.replace(slug, "*"), b"".join(answer)


def words(found: Rows, slug: str) -> set[str]:
    """The values of an answer, whole and in pieces, without the project's own name."""
    values = {MADE_NOW.sub("", value.replace(slug, "*")) for value in found.values}
    return values | {piece for value in values for piece in re.findall(r"[\w@.-]+", value)}


def recognised() -> tuple[set[str], dict[str, set[str]]]:
    """At which addresses the person is named, and what stands for them in both projects and in no other, by address."""
    bodies = {slug: dict(handed_out(slug)) for slug in (*BOTH, OTHER)}
    assert bodies[BOTH[0]].keys() == bodies[BOTH[1]].keys() == bodies[OTHER].keys()
    named, stable = set(), {}
    for address in bodies[OTHER]:
        for slug in BOTH:
            whole = b"\n".join(parts(bodies[slug][address]))
            if any(sign.encode() in whole for sign in (NAME, ADDRESS)):
                named.add(address)
        one, two, other = (words(rows(bodies[slug][address]), slug) for slug in (*BOTH, OTHER))
        stable[address] = (one & two) - other
    return named, {address: values for address, values in stable.items() if values}


def test_nobody_is_named_and_nobody_is_the_same_in_two_projects(town: Cast) -> None:
    assert recognised() == (set(), {})


def test_a_column_that_stands_for_a_person_is_found_in_every_format(
    town: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control, with three columns: a name, an address, and a number that says nothing but that it is the same."""
    real = layers.proposals_layer
    planted = (
        Column("author", "author_id", "integer", "Wie"),
        Column("email", Coalesce("author__email", Value("")), "text", "Adres"),
        Column("public_name", Coalesce("author__public_name", Value("")), "text", "Naam"),
    )

    def telling(project: Project, *, has_map: bool) -> FeatureSource:
        found = real(project, has_map=has_map)
        return replace(found, columns=(*found.columns, *planted), updated=f"planted.{project.pk}")

    monkeypatch.setattr(layers, "proposals_layer", telling)
    cache.clear()
    named, stable = recognised()
    files = {f"http://testserver/export/*-proposals.{kind}" for kind in FEATURE_FORMATS}
    live = "http://testserver/ogc/collections/*-proposals/items?f=json"
    assert files | {live} <= named
    assert {
        address for address in files | {live} if not {str(KEY), NAME, ADDRESS} <= stable.get(address, set())
    } == set()
    # And by what its column is called.
    for address, body in handed_out(BOTH[0]):
        if address in files | {live}:
            assert {"author", "email"} <= rows(body).names, address

"""The catalogue says what there is, every address in it answers as it says, and nobody can be recognised in any."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.gis.geos import Point
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from participation.models import Organisation, Project, Proposal, Support
from participation.rules.licences import LICENCES
from participation.services.responses import Answer, publish_answers
from participation.services.voting import cast_ballot, close_phase
from participation.web import dcat
from participation.web.catalogue import described
from tests.cast import Cast, picks
from tests.past import end
from tests.unpacking import parts, rows

pytestmark = pytest.mark.django_db
HOUR = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
# What no column may be called.
OF_PERSONS = {"person", "author", "email", "person_id", "author_id", "public_name", "voter", "by"}
# As formats write a day that know no days.
MIDNIGHT = re.compile(rb"\d{4}-\d\d-\d\dT00:00:00(?![.:\d])")


@pytest.fixture
def data(cast: Cast, settings: Settings) -> Cast:
    """A town with a counted vote, an answer, supports, another project that is being made, and a word to write to."""
    cache.clear()
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    Organisation.objects.filter(pk=cast.town.pk).update(contact_email="stad@toonstad.example")
    Project.objects.create(organisation=cast.town, slug="klad", state="draft", title={"nl": "Klad"})
    Proposal.objects.create(
        project=cast.project, number=40, title="Van An", author=cast["An"], point=Point(2.7, 50.85, srid=4326),
        created_at=datetime(2026, 3, 4, 21, 17, 35, tzinfo=UTC),
    )  # fmt: skip
    Support.objects.create(proposal=cast.options[0], person=cast["Vera"])
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2]), nonce=uuid4())
    end(cast.vote)
    assert close_phase(cast.vote)
    answers = [Answer(1, "build", {"nl": "Komt er."})]
    publish_answers(project=cast.project, answers=answers, by=cast["Piet"], base_url="http://x", now=datetime.now(UTC))
    return cast


def catalogue(client: Client) -> dict[str, Any]:
    """The catalogue as it is served."""
    response = client.get("/catalog.jsonld", headers={"accept-language": "fr"})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/ld+json"
    found: dict[str, Any] = json.loads(response.content)
    return found


def expanded(node: Any, context: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Every property of the document with its whole address."""
    if isinstance(node, list):
        for each in node:
            yield from expanded(each, context)
    elif isinstance(node, dict):
        for name, value in node.items():
            if not name.startswith("@"):
                prefix, _, rest = name.partition(":")
                yield context[prefix] + rest, value
                yield from expanded(value, context)


def test_what_dcat_ap_makes_compulsory_is_there(data: Cast, client: Client) -> None:
    found = catalogue(client)
    assert len(list(expanded({k: v for k, v in found.items() if k != "@context"}, found["@context"]))) > 100
    for name in ("dct:title", "dct:description", "dct:publisher", "dcat:dataset", "dct:license", "foaf:homepage"):
        assert found[name], name
    assert {text["@language"] for text in found["dct:title"]} == {"nl", "fr", "en", "de"}
    laden, areas = found["dcat:dataset"]
    assert laden["@id"] == "http://testserver/projects/laden/#data"
    assert areas["dct:identifier"] == "toonstad/areas"
    for name in (
        "dct:identifier", "dct:title", "dct:description", "dct:publisher", "dct:language", "dct:accessRights",
        "dcat:theme", "dcat:landingPage", "dcat:contactPoint", "dct:issued", "dct:modified", "dct:temporal",
        "dct:spatial", "dcat:keyword", "dct:accrualPeriodicity",
    ):  # fmt: skip
        assert laden[name], name
    assert laden["dct:spatial"]["dcat:bbox"]["@value"].startswith("POLYGON((2.60000 50.80000, 2.80000 50.80000")
    period = laden["dct:temporal"]
    assert period["dcat:startDate"]["@value"] < period["dcat:endDate"]["@value"]
    assert laden["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:stad@toonstad.example"}
    licences = {each["dct:license"]["@id"] for each in laden["dcat:distribution"]}
    assert licences == {LICENCES["modellicentie"].uri}
    served = {each["@id"] for each in found["dcat:service"]}
    opened = {each["dcat:accessService"]["@id"] for each in laden["dcat:distribution"] if "dcat:accessService" in each}
    assert opened == served
    for each in laden["dcat:distribution"]:
        assert ("dcat:downloadURL" in each) != ("dcat:accessService" in each)
        assert each["dcat:mediaType"]["@id"].startswith("https://www.iana.org/assignments/media-types/")


def test_the_licence_is_the_towns_own_choice(data: Cast, client: Client) -> None:
    Organisation.objects.filter(pk=data.town.pk).update(licence="cc0")
    cache.clear()
    found = json.dumps(catalogue(Client(headers={"host": "127.0.0.1"})))
    assert LICENCES["cc0"].uri in found
    assert LICENCES["modellicentie"].uri not in found


def test_every_address_answers_with_the_type_that_is_said(data: Cast, client: Client) -> None:
    sets = catalogue(client)["dcat:dataset"]
    wrong, bodies = {}, {}
    for each in [part for one in sets for part in one["dcat:distribution"]]:
        address = each["dcat:accessURL"]["@id"]
        response = client.get(address)
        body = b"".join(response)
        said = each["dcat:mediaType"]["@id"].removeprefix("https://www.iana.org/assignments/media-types/")
        got = (response.status_code, response["Content-Type"].partition(";")[0])
        # Of no rows a sequence is empty.
        if got != (200, said) or not (body or said == "application/geo+json-seq"):
            wrong[address] = got
        bodies[address] = body
    assert wrong == {}
    assert len(bodies) > 20
    assert all(address.startswith("http://testserver/") for address in bodies)
    # A GeoPackage says when it was made, as its standard asks.
    today = datetime.now(UTC).date().isoformat().encode()
    for address in [address for address in bodies if address.endswith(".gpkg")]:
        # As long as it was: it is read as a database.
        bodies[address] = re.sub(today + rb"T\d\d:\d\d:\d\d\.\d+Z", lambda at: b" " * len(at[0]), bodies[address])
    told = {address: names_or_hours(body, data) for address, body in bodies.items()}
    assert {address: said for address, said in told.items() if said} == {}


def names_or_hours(body: bytes, cast: Cast) -> list[str]:
    """What in this answer, unpacked, would say who somebody is, or at what hour they did something."""
    people = [*cast.people.values(), cast.stranger, cast.attacker]
    whole = b"\n".join(parts(body))
    found = [person.email for person in people if person.email and person.email.encode() in whole]
    found += sorted(rows(body).names & OF_PERSONS)
    # When a project's phases open and close is the town's to say; when somebody typed, nobody's. A workbook says when
    # it was made.
    dated = re.sub(rb'"(opens_at|closes_at|closed_at|timeStamp|counted_at)":\s*"[^"]*"', b"", whole)
    dated = re.sub(rb"<dcterms:\w+ [^>]*>[^<]*<", b"", dated)
    dated = MIDNIGHT.sub(b"", dated)
    return found + [text.decode() for text in HOUR.findall(dated)]


def test_somebody_who_could_be_recognised_would_be_seen(cast: Cast) -> None:
    """The control."""
    assert names_or_hours(b'{"to": "an@example.org"}', cast) == ["an@example.org"]
    assert names_or_hours(b"number,author\n1,7\n", cast) == ["author"]
    assert names_or_hours(b'<kml><SimpleData name="Email">x</SimpleData></kml>', cast) == ["email"]
    assert names_or_hours(b'{"author": 7}', cast) == ["author"]
    assert names_or_hours(b'{"created": "2026-03-04T21:17:35Z"}', cast) == ["2026-03-04T21:17"]
    assert names_or_hours(b'{"opens_at": "2026-03-04T21:17:35Z", "on": "2026-03-04"}', cast) == []


def test_nothing_is_listed_that_not_everybody_sees(data: Cast, client: Client) -> None:
    before = catalogue(client)
    staff = Client()
    staff.force_login(data["Marc"])
    assert catalogue(staff) == before
    text = json.dumps(before)
    assert "klad" not in text
    assert "kept" not in text
    elsewhere = catalogue(Client(headers={"host": "elders.localhost"}))
    assert elsewhere["dcat:dataset"] == []


def test_an_unchanged_catalogue_is_not_sent_again(data: Cast, client: Client) -> None:
    first = client.get("/catalog.jsonld")
    assert first["Access-Control-Allow-Origin"] == "*"
    assert client.get("/catalog.jsonld", headers={"if-none-match": first["ETag"]}).status_code == 304
    assert client.post("/catalog.jsonld").status_code == 405


def test_a_project_page_tells_search_engines_and_cannot_be_broken_out_of(data: Cast, client: Client) -> None:
    Project.objects.filter(pk=data.project.pk).update(title={"nl": "</script><script>alert(1)</script>&"})
    page = client.get("/projects/laden/", headers={"accept-language": "nl"}).content.decode()
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(text)
    assert told["@type"] == "Dataset"
    assert told["name"] == "</script><script>alert(1)</script>&"
    assert told["license"] == LICENCES["modellicentie"].uri
    assert told["temporalCoverage"].count("/") == 1
    assert told["spatialCoverage"]["geo"]["box"] == "50.8 2.6 50.94 2.8"
    for each in told["distribution"]:
        response = client.get(each["contentUrl"])
        assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, each["encodingFormat"])
        b"".join(response)


def test_people_read_what_is_in_it_and_where_to_get_it(data: Cast, client: Client) -> None:
    page = client.get("/data/", headers={"accept-language": "en"}).content.decode()
    assert "Why nobody can be recognised" in page
    assert LICENCES["modellicentie"].uri in page
    links = re.findall(r'href="(http://testserver/export/[^"]+)"', page)
    assert "http://testserver/export/laden-proposals.csv" in links


def test_a_period_without_an_end_is_open() -> None:
    begins = datetime(2026, 1, 2, tzinfo=UTC).date()
    told = dcat.DataSet("p", "i", {"nl": "T"}, {"nl": "A"}, [], None, begins=begins)
    town = dcat.Town("S", "h", "c", "e", "", ["nl"])
    assert dcat.schema_org(town, told, "de")["temporalCoverage"] == "2026-01-02/.."
    (only,) = dcat.catalogue(town, LICENCES["cc0"], [told], [])["dcat:dataset"]
    assert only["dct:temporal"] == {
        "@type": "dct:PeriodOfTime", "dcat:startDate": {"@type": "xsd:date", "@value": "2026-01-02"},
    }  # fmt: skip
    assert (
        "dcat:endDate"
        in dcat._dataset(town, dcat.DataSet(**told_with(told, begins + timedelta(days=1))))["dct:temporal"]
    )


def test_what_is_over_grows_no_more(cast: Cast) -> None:
    def grows() -> bool:
        project = Project.objects.select_related("organisation").get(pk=cast.project.pk)
        return described(project, lambda *_args: "").grows

    assert grows()
    now = datetime.now(UTC)
    cast.project.phases.update(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=2))
    assert not grows()


def told_with(told: dcat.DataSet, ends: Any) -> dict[str, Any]:
    """The same data set with an end."""
    return {name: getattr(told, name) for name in dcat.DataSet.__slots__} | {"ends": ends}

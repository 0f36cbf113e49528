"""A project in another site's page, and as a feed: only for sites that the town named, and nothing in it to press."""

import re
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from participation.models import Organisation, Proposal
from participation.rules.embedding import MOST_SITES, sites
from participation.rules.refusals import Code, Refused
from participation.services.embedding import set_embed_hosts
from tests.cast import Cast

pytestmark = pytest.mark.django_db
EMBED = "/projects/laden/embed/"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _plain(settings: Settings) -> None:
    cache.clear()
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def ancestors(client: Client, path: str) -> tuple[str | None, str]:
    """Who may frame this page, in the old words and in the new?"""
    response = client.get(path)
    assert response.status_code == 200
    found = re.search(r"frame-ancestors ([^;]*)", response["Content-Security-Policy"])
    assert found
    return response.get("X-Frame-Options"), found[1].strip()


def test_nobody_may_frame_anything_until_a_site_is_named(cast: Cast, client: Client) -> None:
    assert ancestors(client, EMBED) == ("DENY", "'none'")


def test_only_the_page_for_it_and_only_for_the_sites_named(cast: Cast) -> None:
    set_embed_hosts(organisation=cast.town, text="https://www.toonstad.be/nieuws\nkrant.example:8443", by=cast["Marc"])
    # What a town allows is known from a moment ago; another host name is looked up anew.
    client = Client(headers={"Host": "localhost"})
    assert ancestors(client, EMBED) == (None, "https://www.toonstad.be https://krant.example:8443")
    for path in ("/", "/projects/laden/", "/projects/laden/ballot/", "/projects/laden/proposals/1/"):
        assert ancestors(client, path) == ("DENY", "'none'")
    assert Organisation.objects.get(slug="elders").embed_hosts == []


def test_the_page_has_nothing_to_press_and_leaves_no_cookie(cast: Cast, client: Client) -> None:
    client.force_login(cast["An"])
    response = client.get(EMBED)
    assert b"<form" not in response.content
    assert b"<button" not in response.content
    assert b"csrf" not in response.content
    assert b"Plek 3" in response.content
    assert not response.cookies
    assert b'<base target="_blank">' in response.content


def test_who_may_name_sites(cast: Cast) -> None:
    for who, host, status in (("Piet", "testserver", 404), ("Marc", "testserver", 302)):
        desk = Client(headers={"Host": host})
        desk.force_login(cast[who])
        assert desk.post("/desk/access/embed/", {"sites": "www.toonstad.be"}).status_code == status
    with pytest.raises(Refused) as refused:
        set_embed_hosts(organisation=cast.town, text="x.be", by=cast.stranger)
    assert refused.value.code is Code.NOT_STAFF


@pytest.mark.parametrize(
    "text",
    ["*", "*.be", "localhost", "http://www.x.be", "javascript:alert(1)", "x.be; script-src *", "'self'", "x..be"],
)
def test_what_names_no_site_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        sites(text)
    assert refused.value.code is Code.EMBED_BAD_SITE


def test_sites_are_read_as_people_paste_them() -> None:
    assert sites(" HTTPS://www.Toonstad.be/a?b \n\nwww.toonstad.be\n") == ["www.toonstad.be"]
    with pytest.raises(Refused) as refused:
        sites("\n".join(f"x{n}.be" for n in range(MOST_SITES + 1)))
    assert refused.value.code is Code.EMBED_TOO_MANY


def test_the_feed_tells_what_is_public_and_where(cast: Cast, client: Client) -> None:
    Proposal.objects.create(
        project=cast.project, number=99, title="Geheim", state="submitted", author=cast["Vera"],
        created_at=cast.vote.opens_at,
    )  # fmt: skip
    Proposal.objects.filter(number=1).update(title="Plek <1> & \x01co", author=cast["Vera"])
    response = client.get("/projects/laden/feed.atom")
    assert response["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(response.content)
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 8
    assert [entry.findtext(f"{ATOM}title") for entry in entries][-1] == "Plek <1> & co"
    assert entries[-1].findtext("{http://www.georss.org/georss}point") == "50.850000 2.630000"
    assert (entries[-1].findtext(f"{ATOM}updated") or "")[10:19] == "T00:00:00"
    assert b"Geheim" not in response.content
    assert b"Vera" not in response.content

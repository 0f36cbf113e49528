"""A project in another site's page, and as a feed: only for sites that the town named, and nothing in it to press."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from participation.models import Organisation, Project, Proposal
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


def test_the_map_alone_in_the_language_asked_for(cast: Cast, client: Client) -> None:
    """Both stand in the address: in a frame browsers keep cookies from a page, so none is needed."""
    whole = client.get(f"{EMBED}?lang=fr", headers={"Accept-Language": "nl"})
    assert (whole["Content-Language"], b"Laadpunten (fr)" in whole.content) == ("fr", True)
    assert '<html lang="fr"' in whole.content.decode()
    alone = client.get(f"{EMBED}?only=map&lang=de", headers={"Accept-Language": "nl"})
    assert (alone["Content-Language"], not alone.cookies) == ("de", True)
    page = alone.content.decode()
    assert "<kp-map" in page
    assert "Plek 3" not in page
    # Without a script the map says nothing; the way to the list is there.
    assert re.search(r'<a [^>]*href="/projects/laden/">Alle 8 Vorschläge ansehen', page)
    for asked in ("?only=list&lang=xx", "?lang=../x", ""):
        plain = client.get(f"{EMBED}{asked}", headers={"Accept-Language": "nl"})
        assert (plain["Content-Language"], b"Plek 3" in plain.content) == ("nl", True)


def test_where_there_is_no_map_the_list_is_shown(cast: Cast, client: Client) -> None:
    Project.objects.filter(pk=cast.project.pk).update(area=None)
    assert b"Plek 3" in client.get(f"{EMBED}?only=map").content
    client.force_login(cast["Piet"])
    page = client.get("/desk/projects/laden/setup/check/").content.decode()
    assert "/embed/" in page
    assert "only=map" not in page


def test_the_lines_to_copy_stand_at_the_project_and_work_as_they_stand(cast: Cast, client: Client) -> None:
    Project.objects.filter(pk=cast.project.pk).update(title={"nl": 'Laden "hier" & <daar>'})
    client.force_login(cast["Piet"])
    page = client.get("/desk/projects/laden/setup/check/", headers={"Accept-Language": "en"}).content.decode()
    assert "No site may show it yet" in page
    lines = [unescape(each) for each in re.findall(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", page)]
    assert len(lines) == 2 + 2 * len(cast.town.languages)
    asked = set()
    for line in lines:
        # As the other site's browser reads it: one frame, with an address and a title, nothing else.
        (frame,) = ElementTree.fromstring(f"<page>{line}</page>")
        assert (frame.tag, frame.get("title")) == ("iframe", 'Laden "hier" & <daar>')
        address = str(frame.get("src"))
        assert address.startswith("http://testserver/projects/laden/embed/")
        assert Client().get(address).status_code == 200
        asked.add(address.partition("?")[2])
    languages = cast.town.languages
    assert asked == {"", "only=map"} | {f"{only}lang={each}" for each in languages for only in ("", "only=map&")}
    set_embed_hosts(organisation=cast.town, text="www.toonstad.be", by=cast["Marc"])
    named = Client(headers={"Host": "localhost"})
    named.force_login(cast["Marc"])
    page = named.get("/desk/projects/laden/setup/check/", headers={"Accept-Language": "en"}).content.decode()
    assert "These sites may show it: www.toonstad.be." in page
    access = named.get("/desk/access/").content.decode()
    assert 'href="/desk/projects/laden/setup/check/#embed"' in access
    assert "PROJECT" not in access


def test_a_draft_has_no_line_to_copy(cast: Cast, client: Client) -> None:
    Project.objects.filter(pk=cast.project.pk).update(state="draft")
    client.force_login(cast["Piet"])
    assert b"/embed/" not in client.get("/desk/projects/laden/setup/check/").content


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

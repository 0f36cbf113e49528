"""A town chooses what lies under its maps, its address search and its licence; browsers load nothing else."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from participation.models import Organisation, Record
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/desk/maps/"
CHANGE = "/desk/maps/change/"
OWN = {
    "kind": "xyz", "name": "Stadskaart", "url": "https://kaart.toonstad.example/{z}/{x}/{y}.png",
    "attribution": "© Toonstad", "max_zoom": "18",
}  # fmt: skip


@pytest.fixture
def gis(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The browser of the GIS user; what changes about the town shows at once."""
    monkeypatch.setattr("participation.middleware.KNOWN_SECONDS", -1)
    cache.clear()
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Gis"])
    return client


def maps(cast: Cast) -> list[Any]:
    """What the town chose."""
    found: list[Any] = Organisation.objects.get(pk=cast.town.pk).base_maps
    return found


def pictures(client: Client, path: str = "/projects/laden/", **headers: str) -> tuple[list[str], str]:
    """The backgrounds that a page's map is given, and whence the page may load pictures."""
    response = client.get(path, headers=headers)
    page = response.content.decode()
    (config,) = [
        json.loads(unescape(found)) for found in re.findall(r'json">(.*?)</script>', page) if '"tiles"' in found
    ]
    (sources,) = re.findall(r"img-src ([^;]*)", response["Content-Security-Policy"])
    return [each["name"] for each in config["base_maps"]], sources


def test_presets_and_own_services_are_added_moved_and_taken_off(cast: Cast, gis: Client) -> None:
    assert pictures(gis) == ([], "'self' data:")
    for preset in ("grb-grey", "orthophoto"):
        assert gis.post(CHANGE, {"act": "preset", "preset": preset}).status_code == 302
    assert gis.post(PAGE, OWN).status_code == 302
    assert pictures(gis) == (
        ["Map in grey (GRB)", "Aerial photo", "Stadskaart"],
        "'self' data: https://geo.api.vlaanderen.be https://kaart.toonstad.example",
    )
    gis.post(CHANGE, {"act": "first", "at": "2"})
    assert [each.get("preset", each.get("name")) for each in maps(cast)] == ["Stadskaart", "grb-grey", "orthophoto"]
    gis.post(CHANGE, {"act": "remove", "at": "1"})
    page = gis.get(PAGE).content.decode()
    assert page.index("Stadskaart") < page.index("Aerial photo")
    assert "© Toonstad" in page
    elsewhere = Client().get("/", headers={"host": "elders.localhost"})
    assert "toonstad.example" not in elsewhere["Content-Security-Policy"], "another town's pages load none of it"
    for at in ("0", "0"):
        gis.post(CHANGE, {"act": "remove", "at": at})
    assert maps(cast) == []
    assert Record.objects.filter(act="base_maps.set").count() == 7


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"act": "preset", "preset": "moon"}, "base_map.unknown"),
        ({"act": "preset", "preset": "osm"}, "base_map.twice"),
        ({"act": "remove", "at": "7"}, "base_map.unknown"),
        ({"act": "first", "at": "-1"}, "base_map.unknown"),
        ({"act": "burn", "at": "0"}, "base_map.unknown"),
        ({}, "base_map.unknown"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(cast: Cast, gis: Client, sent: dict[str, str], code: str) -> None:
    Organisation.objects.filter(pk=cast.town.pk).update(base_maps=[{"preset": "osm"}])
    page = gis.post(CHANGE, sent)
    assert page.status_code in {404, 409}
    assert f'data-code="{code}"' in page.content.decode()
    assert maps(cast) == [{"preset": "osm"}]


def test_a_service_that_would_open_the_policy_is_refused(cast: Cast, gis: Client) -> None:
    for url in ("https://a.example;script-src *;/{z}/{x}/{y}", "https://a.example, *//{z}{x}{y}", "http://a/{z}{x}{y}"):
        page = gis.post(PAGE, OWN | {"url": url})
        assert page.status_code == 422
        assert 'data-code="base_map.bad_url"' in page.content.decode()
    assert gis.post(PAGE, OWN | {"max_zoom": "99"}).status_code == 422
    assert maps(cast) == []


def test_the_licence_and_the_address_search_are_kept(cast: Cast, gis: Client, settings: Settings) -> None:
    settings.ADDRESS_SEARCH = {"photon": "https://photon.example/api"}
    page = gis.get(PAGE).content.decode()
    assert re.findall(r'name="address_search" value="(\w*)"( checked)?', page) == [
        ("", ""), ("first", " checked"), ("photon", ""),
    ]  # fmt: skip
    gis.post(CHANGE, {"act": "data", "licence": "cc0", "address_search": "photon"})
    gis.post(CHANGE, {"act": "data", "licence": "all mine", "address_search": "https://evil.example"})
    town = Organisation.objects.get(pk=cast.town.pk)
    assert (town.licence, town.address_search) == ("cc0", "photon")
    assert Record.objects.filter(act__in=["licence.set", "address_search.set"]).count() == 2


def test_who_may_not_set_it_sees_it_and_no_buttons(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.town.pk).update(base_maps=[{"preset": "osm"}])
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast["Cora"])
    page = client.get(PAGE).content.decode()
    assert "OpenStreetMap" in page
    assert CHANGE not in re.findall(r'<form[^>]*action="([^"]+)"[^>]*class="kp-row', page)
    assert client.post(PAGE, OWN).status_code == 403
    assert maps(cast) == [{"preset": "osm"}]

"""Address search asks only the service the operator named, and goes on without it when it fails."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from participation.models import Organisation, Place
from participation.web.addresses import addresses_called
from tests.cast import Cast
from tests.integration.receiver import Receiver, receiving
from tests.unit.test_outgoing import ANSWERS

ROW = {"FormattedAddress": "Kerkstraat 1, 8970 Toonstad", "Location": {"Lat_WGS84": 50.851, "Lon_WGS84": 2.651}}
TWO = {"LocationResult": [ROW, ROW | {"FormattedAddress": "Kerkstraat 2, 8970 Toonstad"}]}


@pytest.fixture
def service(settings: Any) -> Iterator[Receiver]:
    """A service on loopback in the form of geolocation version 4, named by the operator."""
    with receiving() as found:
        settings.ADDRESS_SEARCH = {"geolocation": f"{found.url}/Location"}
        settings.PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
        found.body = json.dumps(TWO).encode()
        yield found


def test_an_address_is_found_and_can_be_chosen(cast: Cast, client: Client, service: Receiver) -> None:
    page = client.post("/projects/laden/suggest/", {"where": "Kerkstraat", "search": "1"})
    assert page.status_code == 200
    assert "Kerkstraat 2, 8970 Toonstad" in page.content.decode()
    # Enter once more, or "next" with nothing chosen: the same places, not a reproach.
    for pressed in ("search", "next"):
        again = {"where": "Kerkstraat", "where_was": "Kerkstraat", "lon": "", "lat": "", pressed: "1"}
        assert "Kerkstraat 2, 8970 Toonstad" in client.post("/projects/laden/suggest/", again).content.decode(), pressed
    chosen = client.post(
        "/projects/laden/suggest/", {"where": "Kerkstraat", "where_was": "Kerkstraat", "choice": "50.851000, 2.651000"}
    )
    assert "Westkant" in chosen.content.decode()
    (path, head, _body), *_again = service.came
    assert path == "/Location?q=Kerkstraat&c=5"
    assert not {"cookie", "referer", "x-forwarded-for"} & set(head), "of the reader nothing goes along"


def test_the_towns_own_places_need_nobody(cast: Cast, client: Client, service: Receiver) -> None:
    middle = cast.town.outline.centroid  # type: ignore[union-attr]
    Place.objects.create(organisation=cast.town, name="Kerkstraat", area_name="Westkant", point=middle)
    page = client.post("/projects/laden/suggest/", {"where": "Kerkstraat"})
    assert page.status_code in {200, 302}
    assert service.came == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b'{"LocationResult": [{"Location": null}]}'),
        (200, b'{"LocationResult": []}'),
        (200, b"[" * 100_000),
    ],
)
def test_a_service_that_fails_is_no_error_of_ours(
    cast: Cast, client: Client, service: Receiver, status: int, body: bytes
) -> None:
    service.status, service.body = status, body
    page = client.post("/projects/laden/suggest/", {"where": "Stukstraat"})
    assert page.status_code == 422
    assert 'data-code="pin.place_unknown"' in page.content.decode()
    assert [path.partition("?")[0] for path, _head, _body in service.came] == ["/Location"], (
        "redirects are not followed"
    )


def test_a_town_asks_the_service_that_it_chose(cast: Cast, service: Receiver, settings: Any) -> None:
    settings.ADDRESS_SEARCH = settings.ADDRESS_SEARCH | {"photon": f"{service.url}/photon/api"}
    found = []
    for chosen, body in (("photon", ANSWERS["photon"]), ("first", TWO), ("", None), ("nominatim", None)):
        Organisation.objects.filter(pk=cast.town.pk).update(address_search=chosen)
        cast.town.refresh_from_db()
        service.body = json.dumps(body).encode()
        found.append(len(addresses_called(cast.town, "Kerkstraat")))
    assert found == [1, 2, 0, 0], "what the operator does not name is not asked"
    assert [path.partition("?")[0] for path, _head, _body in service.came] == ["/photon/api", "/Location"]
    assert "bbox=2.60000%2C50.80000%2C2.80000%2C50.94000" in service.came[0][0]


def test_a_service_in_a_private_network_has_to_be_listed(cast: Cast, service: Receiver, settings: Any) -> None:
    settings.PRIVATE_NETWORKS = []
    assert addresses_called(cast.town, "Kerkstraat") == []
    assert service.came == []


def test_without_a_service_nobody_is_asked(cast: Cast, settings: Any) -> None:
    settings.ADDRESS_SEARCH = {}
    assert addresses_called(cast.town, "Kerkstraat") == []

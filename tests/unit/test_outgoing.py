"""Whom the server may call, and how what it says to others is signed."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from participation.rules.address_search import SERVICES, read
from participation.rules.base_maps import PRESETS, added, base_map_of, own_map
from participation.rules.outgoing import Origin, check_address, check_listed, origin_of
from participation.rules.refusals import Refused
from participation.rules.webhooks import MOST_TRIES, WAITS, key_of, secret_text, signature, wait_after

LISTED = [Origin("https", "hooks.example.org", 443), Origin("http", "10.0.0.5", 8080)]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://hooks.example.org/a?b=c", None),
        ("https://HOOKS.example.org:443/", None),
        ("http://10.0.0.5:8080/x", None),
        ("http://hooks.example.org/", "call.not_listed"),
        ("https://hooks.example.org:8443/", "call.not_listed"),
        ("https://hooks.example.org.evil.example/", "call.not_listed"),
        ("https://evil.example/hooks.example.org", "call.not_listed"),
        ("https://hooks.example.org@evil.example/", "call.bad_url"),
        ("https://evil.example\\@hooks.example.org/", "call.bad_url"),
        ("https://user:secret@hooks.example.org/", "call.bad_url"),
        ("ftp://hooks.example.org/", "call.bad_url"),
        ("file:///etc/passwd", "call.bad_url"),
        ("hooks.example.org", "call.bad_url"),
        ("https://hooks.example.org/\r\nHost: evil", "call.bad_url"),
        ("https://hooks.example.org:99999/", "call.bad_url"),
        ("https://hooks.example.org/" + "x" * 500, "call.bad_url"),
    ],
)
def test_only_listed_origins_are_called(url: str, code: str | None) -> None:
    if code is None:
        check_listed(url, LISTED)
        return
    with pytest.raises(Refused) as refused:
        check_listed(url, LISTED)
    assert refused.value.code.value == code


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_called(address: str) -> None:
    with pytest.raises(Refused) as refused:
        check_address(address, [])
    assert refused.value.code.value == "call.private_address"


def test_the_world_and_listed_networks_are_called() -> None:
    """The control: what is refused above is refused for its address alone."""
    for address in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"):
        check_address(address, [])
    for address, network in (("127.0.0.1", "127.0.0.0/8"), ("fd00::1", "fd00::/8"), ("::ffff:10.1.2.3", "10.0.0.0/8")):
        check_address(address, [ip_network(network)])
    with pytest.raises(Refused):
        check_address("10.1.2.3", [ip_network("127.0.0.0/8")])


def test_a_host_in_an_address_is_nothing_but_a_host() -> None:
    for text in (
        "https://a;script-src *",
        "https://a,b",
        "https://ex ample",
        "https://'self'",
        "https://é.be",
        "",
        "https://",
    ):
        assert origin_of(text) is None, text
    assert str(origin_of("https://[fd00::1]:8443/x")) == "https://[fd00::1]:8443"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example that its libraries are tested with."""
    import base64

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    told = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_receivers_half_of_the_papers_knows_what_is_genuine(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = (Path(__file__).resolve().parents[2] / "docs/how-to/webhooks.md").read_text()
    told: dict[str, object] = {}
    exec(paper.partition("```python\n")[2].partition("```")[0], told)
    key, body = key_of("installation", b"salt"), b'{"event":"test"}'
    monkeypatch.setattr("time.time", lambda: 1_700_000_100.0)

    def genuine(sent: bytes = body, at: int = 1_700_000_000, by: bytes = key) -> bool:
        head = {"webhook-id": "x", "webhook-timestamp": str(at), "webhook-signature": signature(by, "x", at, body)}
        return bool(told["is_genuine"](secret_text(key), head, sent))  # type: ignore[operator]

    assert genuine()
    assert not genuine(sent=body + b" ")
    assert not genuine(by=key_of("installation", b"other"))
    assert not genuine(at=1_690_000_000), "an old message that is sent again by somebody else"


def test_a_message_is_tried_less_and_less_often_and_then_given_up() -> None:
    waits = [wait_after(n) for n in range(1, MOST_TRIES + 1)]
    assert waits[:-1] == list(WAITS) == sorted(WAITS)
    assert waits[-1] is None


# --- base maps ------------------------------------------------------------------------------------------------------


def test_presets_and_services_become_addresses_of_pictures() -> None:
    grey = PRESETS["grb-grey"].shown()["url"]
    assert "LAYER=grb_bsk_grijs" in grey
    assert "tileMatrixSet=GoogleMapsVL&tileMatrix={z}&tileRow={y}&tileCol={x}" in grey
    wms = own_map(
        kind="wms", name="Erfgoed", url="https://geo.example.be/wms", attribution="© E", max_zoom=99, layer="a,b",
        matrix_set="",
    )  # fmt: skip
    found = base_map_of(wms)
    assert found is not None
    assert found.max_zoom == 22
    assert found.shown()["wms"] == {"layers": "a,b", "format": "image/png"}
    tricky = own_map(
        kind="wmts", name="W", url="https://geo.example.be/wmts?key=1", attribution="© E", max_zoom=18,
        layer="a&b={z}", matrix_set="m",
    )  # fmt: skip
    shown = base_map_of(tricky)
    assert shown is not None
    assert "wmts?key=1&SERVICE=WMTS" in shown.shown()["url"]
    assert "LAYER=a%26b%3D%7Bz%7D&" in shown.shown()["url"]
    assert base_map_of({"preset": "gone"}) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": " "}, "base_map.name_missing"),
        ({"url": "http://a.be/{z}/{x}/{y}"}, "base_map.bad_url"),
        ({"url": "https://user:pw@a.be/{z}/{x}/{y}"}, "base_map.bad_url"),
        ({"url": "https://a.be;script-src/{z}/{x}/{y}"}, "base_map.bad_url"),
        ({"url": "javascript:alert(1)//{z}{x}{y}"}, "base_map.bad_url"),
        ({"url": "https://{s}.a.be/{z}/{x}/{y}"}, "base_map.bad_url"),
        ({"url": "https://a.be/{z}/{x}"}, "base_map.no_placeholder"),
        ({"kind": "wms", "url": "https://a.be/wms"}, "base_map.no_layer"),
        ({"kind": "wmts", "url": "https://a.be/wmts", "layer": "x"}, "base_map.no_layer"),
        ({"attribution": ""}, "base_map.attribution_missing"),
    ],
)
def test_a_map_service_that_cannot_be_shown_is_refused(changed: dict[str, str], code: str) -> None:
    good = {
        "kind": "xyz", "name": "Kaart", "url": "https://a.be/{z}/{x}/{y}.png", "attribution": "© A", "layer": "",
        "matrix_set": "",
    }  # fmt: skip
    assert own_map(max_zoom=19, **good)["url"] == good["url"]
    with pytest.raises(Refused) as refused:
        own_map(max_zoom=19, **good | changed)
    assert refused.value.code.value == code


def test_a_town_has_some_base_maps_and_each_once() -> None:
    some = [{"preset": str(n)} for n in range(4)]
    assert added(some, {"preset": "osm"})[-1] == {"preset": "osm"}
    for entries, code in (([*some, {"preset": "5"}], "base_map.too_many"), ([{"preset": "osm"}], "base_map.twice")):
        with pytest.raises(Refused) as refused:
            added(entries, {"preset": "osm"})
        assert refused.value.code.value == code


# --- address services -----------------------------------------------------------------------------------------------

ANSWERS = {
    "geolocation": {
        "LocationResult": [
            {"FormattedAddress": "Kerkstraat 1, 8970 A", "Location": {"Lat_WGS84": 50.85, "Lon_WGS84": 2.72}}
        ]
    },
    "photon": {
        "type": "FeatureCollection",
        "features": [
            {
                "geometry": {"type": "Point", "coordinates": [2.72, 50.85]},
                "properties": {"street": "Kerkstraat", "housenumber": "1", "postcode": "8970", "city": "A"},
            }
        ],
    },
    "nominatim": [{"display_name": "Kerkstraat 1, 8970 A", "lat": "50.85", "lon": "2.72"}],
}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_asked_and_read_in_its_own_form(name: str) -> None:
    service = SERVICES[name]
    question = service.question("Kerkstraat 1", (2.6, 50.8, 2.8, 50.9))
    assert question["q"] == "Kerkstraat 1"
    (found,) = read(service, ANSWERS[name])
    assert (found.lon, found.lat) == (2.72, 50.85)
    assert found.name.replace(",", "") == "Kerkstraat 1 8970 A"
    odds: list[object] = [{}, [], None, {"LocationResult": 3}, {"features": [{}]}, [{"lat": "x"}]]
    for odd in odds:
        try:
            assert read(service, odd) == []
        except (KeyError, TypeError, ValueError):
            continue

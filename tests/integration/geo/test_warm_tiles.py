"""A tile of a moment ago costs nothing, and nobody sees by it what is not theirs."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from geo import middleware
from participation.models import Organisation, Person
from tests.integration.geo.conftest import source_of

pytestmark = pytest.mark.django_db
TILE = "/ogc/collections/pins/tiles/WebMercatorQuad/0/0/0"
WARM = "geo.middleware.warm_tiles"


@pytest.fixture
def warm(settings: Any, put: Callable[..., Any], registered: Callable[..., None]) -> Callable[..., None]:
    """The middleware in its place; a function that changes what there is to see."""
    cache.clear()
    others = [name for name in settings.MIDDLEWARE if name != WARM]
    settings.MIDDLEWARE = [*others[:2], WARM, *others[2:]]
    rows = put([(2.7, 50.8), (2.9, 50.8)])

    def show(version: str, **chosen: Any) -> None:
        registered(source_of(rows.filter(**chosen), updated=version))

    show("1")
    return show


def test_the_second_stranger_is_answered_without_a_query(
    warm: Callable[..., None], client: Client, django_assert_num_queries: Any
) -> None:
    first = client.get(TILE)
    with django_assert_num_queries(0):
        second = client.get(TILE)
        assert client.get(TILE, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert second.content == first.content
    assert dict(second.items()) == dict(first.items())


def test_after_two_seconds_it_is_asked_anew(
    warm: Callable[..., None], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(TILE)
    warm("2", number=1)
    assert client.get(TILE)["ETag"] == first["ETag"]
    later = time.monotonic() + 2.1
    monkeypatch.setattr("geo.middleware.time.monotonic", lambda: later)
    assert client.get(TILE)["ETag"] != first["ETag"]


def test_who_signed_in_is_always_answered_anew_and_never_remembered(warm: Callable[..., None], client: Client) -> None:
    public = client.get(TILE)
    member = Client()
    person = Person.objects.create_user("a@example.org")
    member.force_login(person)
    warm("2", number=1)
    own = member.get(TILE)
    assert own["ETag"] != public["ETag"]
    assert own["Cache-Control"].startswith("private")
    assert client.get(TILE)["ETag"] == public["ETag"]
    assert client.get(TILE, headers={"Authorization": "Bearer x"}).status_code == 401


def test_another_town_another_language_and_a_refusal_are_not_mixed_up(
    warm: Callable[..., None], client: Client
) -> None:
    first = client.get(TILE)
    Organisation.objects.create(slug="other", name="Other", site_name="Other", hosts=["127.0.0.1"])
    assert client.get(TILE, headers={"Host": "127.0.0.1"}).status_code == 404
    warm("2", number=1)
    assert client.get(TILE, headers={"Accept-Language": "fr"})["ETag"] != first["ETag"]
    assert client.get(TILE.replace("pins", "none")).status_code == 404
    assert client.get(TILE + "?x=1").status_code == 400
    assert client.head(TILE)["ETag"] != first["ETag"]


def test_it_forgets_before_it_grows(warm: Callable[..., None], client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MOST_KEPT", 1)
    first = client.get(TILE)
    client.get(TILE.replace("0/0/0", "1/0/0"))
    warm("2", number=1)
    assert client.get(TILE)["ETag"] != first["ETag"]

"""Tokens for programs: seen once, bound to a person and a town, good until they end; and what they open."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from participation.models import Membership, Record, Token
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import MOST_EACH, Scope, digest_of_token, looks_like_token, new_token
from participation.services.tokens import make_token
from siting.models import Layer
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Made = Callable[..., str]
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _plain(settings: Settings) -> None:
    cache.clear()
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture
def made(cast: Cast) -> Made:
    """Makes a token."""

    def make(who: str = "Gis", *scopes: Scope, now: datetime = NOW, days: int = 30, **more: Any) -> str:
        given = {"organisation": cast.town, "by": cast[who]} | more
        _token, secret = make_token(name="QGIS", scopes=scopes or (Scope.READ,), days=days, now=now, **given)
        return secret

    return make


@pytest.fixture
def inside(cast: Cast) -> str:
    """A layer that only staff may see."""
    Layer.objects.create(
        organisation=cast.town, slug="riool", name="Riool", state=Layer.State.CURRENT, source="De stad",
        licence="CC BY", file_name="riool.gpkg", uploaded_at=NOW, is_public=False, n_features=1,
    )  # fmt: skip
    return "/ogc/collections/layer-riool/items"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def basic(secret: str, user: str = "qgis") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{secret}".encode()).decode()}


def test_a_token_opens_the_layers_of_staff(made: Made, inside: str, client: Client) -> None:
    secret = made()
    assert client.get(inside).status_code == 404
    for headers in (bearer(secret), basic(secret), basic(secret, user="")):
        answer = client.get(inside, headers=headers)
        assert answer.status_code == 200
        assert answer["Cache-Control"].startswith("private")
        assert "Authorization" in answer["Vary"]
    assert client.get(inside).status_code == 404, "what one with a token saw is kept for nobody else"
    assert "layer-riool" in client.get("/ogc/collections", headers=bearer(secret)).content.decode()


def test_a_token_in_the_address_opens_nothing(made: Made, inside: str, client: Client) -> None:
    secret = made()
    for name in ("token", "access_token", "apikey"):
        assert client.get(f"{inside}?{name}={secret}").status_code == 404


def test_what_is_no_token_is_refused_even_where_anybody_may_read(made: Made, client: Client) -> None:
    good = made()
    for headers in (
        bearer("kp_" + "x" * 43), bearer(good[:-1]), bearer(good + "x"), bearer(""), basic("secret"), bearer("é" * 46),
        {"Authorization": "Basic !!!"}, {"Authorization": f"Digest {good}"}, {"Authorization": f"Basic {good}"},
    ):  # fmt: skip
        answer = client.get("/ogc/collections", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token.unknown"), headers
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/ogc/collections", headers=bearer(good)).status_code == 200


def test_a_token_of_another_town_opens_nothing(cast: Cast, made: Made, inside: str, client: Client) -> None:
    theirs = made(by=cast.stranger, organisation=cast.other_town)
    for path in (inside, "/ogc/collections", "/api/v1/me"):
        answer = client.get(path, headers=bearer(theirs))
        assert (answer.status_code, answer.json()["code"]) == (401, "token.unknown")
    there = client.get("/ogc/collections", headers=bearer(theirs) | {"Host": "elders.localhost"})
    assert there.status_code == 200, "the control: at home it is good"


def test_a_token_ends(cast: Cast, made: Made, inside: str, client: Client) -> None:
    old = made(now=NOW - timedelta(days=31), days=30)
    assert client.get(inside, headers=bearer(old)).status_code == 401
    closed = made("Mo")
    assert client.get(inside, headers=bearer(closed)).status_code == 200
    cast["Mo"].is_active = False
    cast["Mo"].save()
    assert client.get(inside, headers=bearer(closed)).status_code == 401


def test_who_leaves_the_desk_leaves_with_the_token(cast: Cast, made: Made, inside: str, client: Client) -> None:
    secret = made()
    Membership.objects.filter(person=cast["Gis"]).delete()
    assert client.get(inside, headers=bearer(secret)).status_code == 404


def test_a_token_needs_the_right_to_read_layers(made: Made, client: Client) -> None:
    answer = client.get("/ogc/collections", headers=bearer(made("Gis", Scope.MODERATE)))
    assert (answer.status_code, answer.json()["code"]) == (403, "token.scope_missing")


def test_pages_for_people_take_no_token(made: Made, client: Client) -> None:
    assert client.get("/desk/", headers=bearer(made())).status_code == 302


def test_the_table_holds_no_token(made: Made) -> None:
    secret = made()
    row = Token.objects.get()
    assert bytes(row.digest) == digest_of_token(secret)
    kept = " ".join(str(getattr(row, field.attname)) for field in Token._meta.concrete_fields)
    assert secret not in kept
    assert secret.startswith(row.start)


def test_the_desk_makes_shows_once_and_withdraws(cast: Cast, inside: str, client: Client) -> None:
    desk = Client()
    desk.force_login(cast["Gis"])
    assert b"kp_" not in desk.get("/desk/access/").content.replace("kp_…".encode(), b"")
    page = desk.post("/desk/access/", {"name": "QGIS", "scopes": ["read"], "days": "90"})
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    (secret,) = set(re.findall(rb"kp_[\w-]{43}", page.content))
    headers = bearer(secret.decode())
    assert client.get(inside, headers=headers).status_code == 200
    later = desk.get("/desk/access/").content
    assert secret not in later
    token = Token.objects.get()
    assert token.start.encode() in later
    assert token.last_used_at is not None
    other = Client()
    other.force_login(cast["Mo"])
    assert other.post(f"/desk/access/{token.pk}/revoke/").status_code == 404, "it is not Mo's"
    assert token.start.encode() not in other.get("/desk/access/").content
    assert desk.post(f"/desk/access/{token.pk}/revoke/").status_code == 302
    assert client.get(inside, headers=headers).status_code == 401
    acts = [record.act for record in Record.objects.filter(person=cast["Gis"])]
    assert acts == ["token.revoked", "data.taken", "token.made"]


def test_a_manager_withdraws_anybodys_and_another_towns_manager_nobodys(cast: Cast, made: Made) -> None:
    made()
    key = Token.objects.get().pk
    stranger, manager = Client(headers={"Host": "elders.localhost"}), Client()
    stranger.force_login(cast.stranger)
    manager.force_login(cast["Marc"])
    assert stranger.post(f"/desk/access/{key}/revoke/").status_code == 404
    assert manager.post(f"/desk/access/{key}/revoke/").status_code == 302


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "", "scopes": ["read"], "days": "90"}, 422),
        ({"name": "x", "scopes": [], "days": "90"}, 422),
        ({"name": "x", "scopes": ["everything"], "days": "90"}, 422),
        ({"name": "x", "scopes": ["read"], "days": "9999"}, 422),
    ],
)
def test_a_bad_form_makes_none(cast: Cast, form: dict[str, Any], status: int) -> None:
    desk = Client()
    desk.force_login(cast["Gis"])
    assert desk.post("/desk/access/", form).status_code == status
    assert not Token.objects.exists()


def test_the_service_refuses_for_itself(cast: Cast, made: Made) -> None:
    for given, code in (
        ({"who": "An"}, Code.NOT_STAFF),
        ({"days": 1000}, Code.TOKEN_BAD_TIME),
        ({"organisation": cast.other_town}, Code.NOT_STAFF),
    ):
        with pytest.raises(Refused) as refused:
            made(**given)
        assert refused.value.code is code
    for _ in range(MOST_EACH):
        made()
    with pytest.raises(Refused) as refused:
        made()
    assert refused.value.code is Code.TOKEN_TOO_MANY


def test_tokens_are_drawn_and_known_by_their_shape() -> None:
    drawn = {new_token() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(map(looks_like_token, drawn))
    assert not looks_like_token("kp_short")

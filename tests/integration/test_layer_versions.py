"""A new version of a layer is compared with the one in use before it is used; tables say where their rows lie."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from participation.models import Record
from siting.models import Layer, LayerFeature
from siting.selectors.differences import differing_paths
from tests.cast import Cast
from tests.integration.test_layer_columns import file
from tests.integration.test_town_layers import ENGLISH, act, in_use, signed_in, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def gis(cast: Cast) -> Client:
    return signed_in(cast, "Gis")


def draft() -> Layer:
    return Layer.objects.latest("pk")


def page(client: Client, found: Layer) -> Any:
    return client.get(reverse("desk_layer", args=(found.pk,)), headers=ENGLISH)


# --- which columns say where ------------------------------------------------------------------------------------

UNUSUAL = b"naam,oost,noord\nMarkt,34376.39,172773.60\nKerk,34500,172800\n"


def test_columns_of_unusual_names_are_chosen(gis: Client) -> None:
    upload(gis, UNUSUAL, called="x.csv")
    found = draft()
    shown = page(gis, found)
    assert (found.report["needs"], found.n_features, LayerFeature.objects.count()) == ("places", 0, 0)
    for words in ("No row says where it lies", 'name="lon"', "<option>oost</option>"):
        assert words in shown.content.decode(), words
    assert act(gis, found, "accept").status_code == 422
    # The plane is asked for then, and what was chosen is not forgotten meanwhile.
    act(gis, found, "read", lon="oost", lat="noord")
    found.refresh_from_db()
    assert found.report["needs"] == "crs"
    assert '<input type="hidden" name="lon" value="oost">' in page(gis, found).content.decode()
    act(gis, found, "read", lon="oost", lat="noord", crs="EPSG:31370")
    act(gis, found, "accept")
    found.refresh_from_db()
    assert (found.state, found.n_features, found.geometry_type) == ("current", 2, "Point")
    place = found.features.get(key=1).geometry
    assert place is not None
    assert place.x == pytest.approx(2.72659, abs=1e-5)
    assert Record.objects.filter(act="layer.read_anew").latest("pk").detail["lon"] == "oost"


def test_a_column_that_is_not_there_is_refused(gis: Client) -> None:
    upload(gis, UNUSUAL, called="x.csv")
    assert act(gis, draft(), "read", lon="west", lat="noord").status_code == 422
    assert draft().report["needs"] == "places"


def test_the_command_takes_the_columns_too(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(UNUSUAL)
    call = ("import_layer", str(path), "--organisation", "toonstad", "--name", "Palen", "--crs", "EPSG:31370")
    with pytest.raises(CommandError, match="--lon-field"):
        call_command(*call)
    assert not Layer.objects.exists()
    call_command(*call, "--lon-field", "oost", "--lat-field", "noord")
    assert Layer.objects.get().n_features == 2


# --- what differs ---------------------------------------------------------------------------------------------------

FIRST = file(
    {"id": 1, "naam": "Markt", "n": 2}, {"id": 2, "naam": "Kerk", "n": 1}, {"id": 3, "naam": "Plein", "n": 1},
    {"id": 4, "naam": "Station", "n": 1},
)  # fmt: skip
# The second was given another name, the third was moved (a place further), the fourth is gone, the fifth is new.
SECOND = b"".join(
    (
        b"id,naam,n,lon,lat,nota\n",
        b"1,Markt,2.0,2.65,50.85,x\n2,Kerkplein,1,2.66,50.85,\n",
        b"3,Plein,1,2.7,50.85,\n5,Park,1,2.71,50.85,\n",
    )
)


def counts(found: Layer) -> dict[str, int]:
    told: dict[str, int] = found.report["compared"]["counts"]
    return told


def test_a_new_version_shows_what_differs_before_it_is_used(gis: Client) -> None:
    first = in_use(gis, FIRST)
    assert page(gis, first).context["differs"] is None
    upload(gis, SECOND, called="x.csv", replaces=first.pk)
    # Without a key a row is known by all it holds.
    assert counts(draft()) == {"same": 1, "new": 3, "gone": 3}
    act(gis, draft(), "compare", key_column="id")
    found = draft()
    assert counts(found) == {"same": 1, "changed": 2, "new": 1, "gone": 1}
    assert found.report["compared"]["columns_new"] == ["lon", "lat", "nota"]
    shown = page(gis, found)
    changed, new, gone = shown.context["differs"]["parts"]
    assert [(line.name, line.before, line.after) for line in changed.rows[0].lines] == [("naam", "Kerk", "Kerkplein")]
    assert [(line.before, line.after) for line in changed.rows[1].lines] == [
        ("2.670000, 50.850000", "2.700000, 50.850000")
    ]
    assert [part.rows[0].where for part in (new, gone)] == ["row 4 (5)", "row 4 of the version in use (4)"]
    assert "<del>Kerk</del> → <ins>Kerkplein</ins>" in shown.content.decode()
    table = b"".join(gis.get(reverse("desk_layer_differences", args=(found.pk,)))).decode("utf-8-sig").splitlines()
    assert table[0] == "row,version,key,what,before,after"
    assert table[1] == "2,2,2,changed,naam: Kerk,naam: Kerkplein"
    assert [line.split(",")[3] for line in table[1:]] == ["changed", "changed", "new", "gone"]
    # Nothing was used yet.
    first.refresh_from_db()
    assert first.state == "current"
    act(gis, found, "accept")
    first.refresh_from_db()
    assert first.state == "replaced"
    # The next version is compared by the same key.
    upload(gis, SECOND, called="x.csv", replaces=found.pk)
    assert (draft().key_column, counts(draft())) == ("id", {"same": 4})


def test_rows_without_or_with_twice_the_same_key_are_told(gis: Client) -> None:
    first = in_use(gis, file({"id": "a"}, {"id": "b"}, {"id": "b"}, {"id": "c"}))
    upload(gis, file({"id": "a"}, {"id": "c"}, {"id": "c"}, {"naam": "x"}), replaces=first.pk)
    act(gis, draft(), "compare", key_column="id")
    found = draft()
    assert counts(found) == {"same": 1, "twice": 5, "no_key": 1}
    told = page(gis, found)
    assert "Without a key: 1. With a key that stands there more than once: 5." in told.content.decode()
    assert [row.where for row in told.context["differs"]["parts"][1].rows] == [
        "row 2 (c)", "row 3 (c)", "row 2 of the version in use (b)", "row 3 of the version in use (b)",
        "row 4 of the version in use (c)",
    ]  # fmt: skip
    act(gis, found, "accept")
    found.refresh_from_db()
    assert (found.state, found.features.count()) == ("current", 4)


def test_what_goes_to_another_plane_and_back_is_the_same(gis: Client) -> None:
    first = in_use(gis, FIRST, shown=["id", "naam", "n"])
    for ending in ("gpkg", "shp", "csv"):
        content = b"".join(gis.get(f"/export/layer-palen.{ending}?crs=EPSG:31370"))
        called = f"x.{'zip' if ending == 'shp' else ending}"
        upload(gis, content, called=called, replaces=first.pk)
        act(gis, draft(), "compare", key_column="id")
        assert counts(draft()) == {"same": 4}, ending


def test_another_version_that_came_into_use_meanwhile_is_compared_first(gis: Client) -> None:
    first = in_use(gis, FIRST)
    upload(gis, SECOND, called="x.csv", replaces=first.pk)
    waiting = draft()
    second = in_use(gis, SECOND, called="y.csv", replaces=first.pk)
    answer = act(gis, waiting, "accept")
    assert answer.status_code == 409
    waiting.refresh_from_db()
    assert (waiting.state, waiting.report["compared"]["with"]) == ("draft", second.version)
    assert counts(waiting) == {"same": 4}
    assert act(gis, waiting, "accept").status_code == 302


def test_many_differences_are_bounded_on_the_page_and_go_with_the_draft(
    gis: Client, django_capture_on_commit_callbacks: Any
) -> None:
    first = in_use(gis, file(*({"id": n, "naam": "x"} for n in range(150))))
    upload(gis, file(*({"id": n, "naam": "y"} for n in range(150))), replaces=first.pk)
    act(gis, draft(), "compare", key_column="id")
    found = draft()
    (part,) = page(gis, found).context["differs"]["parts"]
    assert (part.n, len(part.rows)) == (150, 100)
    assert len(b"".join(gis.get(reverse("desk_layer_differences", args=(found.pk,)))).splitlines()) == 151
    kept = differing_paths(found)
    assert any(path.exists() for path in kept)
    with django_capture_on_commit_callbacks(execute=True):
        act(gis, found, "delete")
    assert not any(path.exists() for path in kept)

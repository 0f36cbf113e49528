"""The list of layers gives what was asked, to whom it was meant, and nothing more."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely
from django.db.models import Value
from django.db.models.functions import Concat

from geo import catalog
from geo.analysis.clusters import clusters
from geo.catalog import Asker, UnknownLayer
from geo.columns import Column
from geo.plane.boxes import Box
from geo.plane.crs import CRS84, LAMBERT_72, metric_for, transform
from tests.integration.geo.conftest import COLUMNS, heat_of, hulls_of, source_of

pytestmark = pytest.mark.django_db
Put = Callable[..., Any]


def test_features_come_in_key_order_with_exactly_the_listed_columns(put: Put) -> None:
    source = source_of(put([(2.7, 50.8), None, (2.8, 50.9)]).order_by("-number"))
    first, second, third = source.features()
    assert [first.key, second.key, third.key] == [1, 2, 3]
    assert list(first.attributes) == [column.name for column in COLUMNS]
    assert first.geometry == shapely.Point(2.7, 50.8)
    assert second.geometry is None
    assert source.count() == 3
    assert source.extent() == Box(2.7, 50.8, 2.8, 50.9)


def test_pages_follow_each_other_without_gap_or_repeat(put: Put) -> None:
    source = source_of(put([(2.7, 50.8)] * 7))
    pages, after = [], None
    while page := [feature.key for feature in source.features(after=after, limit=3)]:
        pages.append(page)
        after = page[-1]
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


def test_boxes_and_exact_values_choose(put: Put) -> None:
    source = source_of(put([(2.7, 50.8), (2.8, 50.9), None]))
    assert [f.key for f in source.features(Box(2.7, 50.8, 2.75, 50.85))] == [1]
    assert source.count(Box(2.7, 50.8, 2.8, 50.9)) == 2
    assert source.count(Box(30_000, 160_000, 45_000, 180_000, LAMBERT_72)) == 2
    assert source.count(where={"title": "Pin 3"}) == 1
    assert source.count(Box(0, 0, 1, 1), where={"title": "Pin 3"}) == 0
    assert source.feature(2) is not None
    assert source.feature(9) is None
    with pytest.raises(KeyError):
        source.count(where={"author": 1})


def test_columns_may_be_computed_and_days_are_local(put: Put) -> None:
    rows = put([(2.7, 50.8)])
    rows.update(created_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    columns = (
        Column("label", Concat("title", Value("!")), "text", "label"),
        Column("created", "created_at", "date", "created"),
    )
    (feature,) = source_of(rows, columns=columns, pin=("label",)).features()
    # Half past midnight in Brussels: the first of July, and no more than the day.
    assert feature.attributes["label"] == "Pin 1!"
    assert feature.attributes["created"].isoformat() == "2026-07-01"


def test_nothing_is_nothing(put: Put) -> None:
    source = source_of(put([]).none())
    assert source.count() == 0
    assert list(source.features()) == []
    assert source.extent() is None
    assert source.fingerprint
    assert hulls_of(source, radius_m=100, min_count=2).extent() is None
    assert not heat_of(source, bandwidth_m=100).grid.values.size


def test_a_layer_without_places_has_none(put: Put) -> None:
    source = source_of(put([None, None]), geometry=None, geometry_type=None)
    assert [feature.geometry for feature in source.features()] == [None, None]
    assert source.count(Box(-180, -90, 180, 90)) == 0
    assert source.extent() is None


def test_a_layer_that_contradicts_itself_is_not_made(put: Put) -> None:
    rows = put([])
    with pytest.raises(ValueError, match="named twice"):
        source_of(rows, columns=(COLUMNS[0], COLUMNS[0]), pin=())
    with pytest.raises(ValueError, match="does not have"):
        source_of(rows, pin=("author",))


def test_other_rows_other_columns_other_content_another_fingerprint(put: Put) -> None:
    rows = put([(2.7, 50.8)])
    variants: list[tuple[Any, dict[str, Any]]] = [
        (rows, {}),
        (rows, {"updated": "2"}),
        (rows, {"pin": ()}),
        (rows, {"columns": COLUMNS[:2], "pin": ()}),
        (rows.filter(state="published"), {}),
        (rows.filter(state="hidden"), {}),
        (rows.none(), {}),
        # The same name, said in another language.
        (rows, {"columns": (Column("title", Concat("title", Value("!")), "text", ""),), "pin": ()}),
        (rows, {"columns": (Column("title", Concat("title", Value("?")), "text", ""),), "pin": ()}),
    ]
    prints = {source_of(given, **changes).fingerprint for given, changes in variants}
    assert len(prints) == len(variants)
    assert source_of(rows).fingerprint == source_of(rows.all()).fingerprint


def test_what_is_not_listed_for_an_asker_is_unknown(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(put([(2.7, 50.8)]))
    monkeypatch.setattr(catalog, "_providers", [])
    provider = catalog.register(lambda asker: [source] if asker.organisation == "testdam" else [])
    catalog.register(provider)
    assert list(catalog.layers_for(Asker("testdam", None))) == [source]
    assert catalog.layer(Asker("testdam", None), "pins") is source
    for asker, name in ((Asker("elsewhere", None), "pins"), (Asker("testdam", None), "other")):
        with pytest.raises(UnknownLayer):
            catalog.layer(asker, name)


def test_a_computed_layer_reads_like_any_other(put: Put) -> None:
    layer = hulls_of(source_of(put([(2.7, 50.8)] * 3 + [(2.9, 50.9)])), radius_m=100, min_count=2)
    (feature,) = layer.features()
    assert feature.attributes == {"number": 1, "n": 3, "weight": 3.0}
    assert feature.geometry is not None
    assert feature.geometry.contains(shapely.Point(2.7, 50.8))
    assert layer.count(Box(2.8, 50.8, 3, 51)) == 0


def test_far_from_belgium_clusters_measure_in_utm() -> None:
    """70 m apart in Washington; in Lambert 72 they would lie kilometres off, or nowhere."""
    places = np.array([(-77.03, 38.9), (-77.0308, 38.9), (-77.05, 38.9)])
    plane = metric_for(*np.median(places, axis=0))
    assert plane.code == 32618
    points = transform(places, CRS84, plane)
    assert [group.n for group in clusters(points, np.ones(3), radius_m=75, min_count=2).groups] == [2]
    assert clusters(points, np.ones(3), radius_m=65, min_count=2).groups == ()

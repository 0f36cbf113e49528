"""A town with pins, for every question that the map asks of the database."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from numpy.typing import NDArray

from geo import catalog
from geo.analysis.clusters import clusters
from geo.analysis.density import density
from geo.catalog import DerivedSource, FeatureSource, Raster
from geo.columns import Column, Feature
from geo.plane.crs import CRS84, LAMBERT_72, reproject, transform
from geo.plane.grids import Grid
from participation.models.organisation import Organisation
from participation.models.project import Project
from participation.models.proposal import Proposal

COLUMNS = (
    Column("number", "number", "integer", "number"),
    Column("title", "title", "text", "title"),
    Column("supports", "n_supports", "integer", "supports"),
    Column("on_ballot", "on_ballot", "boolean", "on ballot"),
    Column("created", "created_at", "date", "created"),
)


def source_of(rows: Any, **changes: Any) -> FeatureSource:
    """The layer of these proposals."""
    given: dict[str, Any] = {
        "id": "pins",
        "title": "Pins",
        "description": "Test pins",
        "rows": rows,
        "geometry": "point",
        "geometry_type": "Point",
        "key": "number",
        "columns": COLUMNS,
        "updated": "1",
        "weight": "n_supports",
        "pin": ("title", "on_ballot", "created"),
    }
    return FeatureSource(**given | changes)


def measured(source: FeatureSource) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The places of a layer in Lambert 72 and what each weighs."""
    found = [feature for feature in source.features() if feature.geometry is not None]
    points = np.array([(feature.geometry.x, feature.geometry.y) for feature in found])  # type: ignore[union-attr]
    weights = np.array([float(feature.attributes["supports"]) for feature in found])
    return transform(points.reshape(-1, 2), CRS84, LAMBERT_72), weights


def hulls_of(source: FeatureSource, *, radius_m: float, min_count: int) -> DerivedSource:
    """The outlines of the clusters of a layer, as the layer "hulls"."""

    def compute() -> list[Feature]:
        found = clusters(*measured(source), radius_m=radius_m, min_count=min_count)
        return [
            Feature(
                group.number,
                reproject(group.hull, LAMBERT_72, CRS84),
                {"number": group.number, "n": group.n, "weight": group.weight},
            )
            for group in found.groups
        ]

    columns = (
        Column("number", "", "integer", "number"),
        Column("n", "", "integer", "pins"),
        Column("weight", "", "number", "weight"),
    )
    return DerivedSource("hulls", "Hulls", "", "Polygon", columns, source.updated, compute, source.fingerprint)


def heat_of(source: FeatureSource, *, bandwidth_m: float) -> Raster:
    """The heat map of a layer, as the layer "heat"."""

    def compute() -> Grid:
        return density(*measured(source), bandwidth_m=bandwidth_m, crs=LAMBERT_72).grid

    return Raster("heat", "Heat", "", source.updated, compute, source.fingerprint)


@pytest.fixture
def project(db: None) -> Project:
    town = Organisation.objects.create(
        slug="testdam", name="Testdam", site_name="Testdam", hosts=["testserver", "localhost"]
    )
    return Project.objects.create(organisation=town, slug="pins")


@pytest.fixture
def put(project: Project) -> Callable[..., Any]:
    """Put pins on the map (replacing those there were): lon, lat; number and title follow the order."""

    def place(places: Iterable[tuple[float, float] | None], **values: Any) -> Any:
        rows = Proposal.objects.filter(project=project)
        rows.delete()
        Proposal.objects.bulk_create(
            Proposal(
                project=project,
                number=number,
                title=f"Pin {number}",
                point=Point(*place, srid=4326) if place else None,
                n_supports=number % 3,
                created_at=timezone.now(),
                **values,
            )
            for number, place in enumerate(places, start=1)
        )
        return rows

    return place


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put layers on the list for the time of one test."""

    def register(*layers: Any) -> None:
        monkeypatch.setattr(catalog, "_providers", [lambda asker: layers if asker.organisation == "testdam" else ()])

    return register


@pytest.fixture
def plain_files(settings: Any) -> None:
    """Pages without the hashed names of collected files: how they look is not asked here."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }

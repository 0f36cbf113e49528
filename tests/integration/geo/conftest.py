"""A town with pins, for every question that the map asks of the database."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

from geo import catalog
from geo.catalog import Column, FeatureSource
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

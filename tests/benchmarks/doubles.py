"""How fast what may be the same is found among 100,000 proposals, against the same question without an index."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Literal, NamedTuple

import numpy as np
from django.db import connection, transaction

from participation.models import Organisation, Project
from participation.rules.places import LonLat
from participation.selectors.doubles import alike

N_PROPOSALS = 100_000
N_QUESTIONS = 200
# Without an index each takes hundreds of milliseconds: as many say enough.
N_PEER = 5
P95_MS = 50.0
FIFTH = 0.2
INDEX_OF_PLACES = """
SELECT indexname FROM pg_indexes WHERE tablename = 'participation_proposal' AND indexdef LIKE '%USING gist (point)'
"""
WEST, SOUTH = 2.6, 50.8
SIDE_DEGREES = 0.2
WHAT = ("Laadpaal", "Fietsenstalling", "Zitbank", "Bushokje", "Boom", "Speeltuin", "Zebrapad", "Vuilnisbak")
WHERE = ("kerk", "school", "station", "sporthal", "bibliotheek", "Grote Markt", "begraafplaats", "café De Zwaan")
STREETS = ("Ieperstraat", "Bruggestraat", "Casselstraat", "Boeschepestraat", "Krombeekseweg", "Sint-Jansstraat")


class Figures(NamedTuple):
    """One promise: ours, the peer or the limit, and their ratio, in the order a row of the benchmarks has."""

    name: str
    ours: float
    peer: float
    ratio: float
    goal: float
    sense: Literal[">=", "<="]


def _titles(chance: np.random.Generator, n: int) -> list[str]:
    parts = [chance.choice(words, n) for words in (WHAT, WHERE, STREETS)]
    numbers = chance.integers(1, 200, n)
    return [f"{what} aan de {where}, {street} {at}" for what, where, street, at in zip(*parts, numbers, strict=True)]


def _places(chance: np.random.Generator, n: int) -> list[LonLat]:
    """Half around 400 hearts, as pins lie, half everywhere."""
    hearts = chance.uniform(0, SIDE_DEGREES, (400, 2))
    close = hearts[chance.integers(0, 400, n // 2)] + chance.normal(0, 0.001, (n // 2, 2))
    spots = np.concatenate([close, chance.uniform(0, SIDE_DEGREES, (n - n // 2, 2))])
    chance.shuffle(spots)
    return [LonLat(WEST + x, SOUTH + y) for x, y in np.clip(spots, 0, SIDE_DEGREES).tolist()]


def prepare(n: int = N_PROPOSALS) -> Project:
    """Make a project with so many proposals."""
    chance = np.random.default_rng(1)
    town = Organisation.objects.create(slug="dubbels", name="Dubbels", site_name="Dubbels", languages=["nl"])
    project = Project.objects.create(organisation=town, slug="plekken", title={"nl": "Plekken"})
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY participation_proposal (project_id, number, origin, state, hidden_because, title, body, language,"
            " point, on_ballot, n_supports, comments_locked, created_at) FROM STDIN"
        ) as copy:
            for number, (title, place) in enumerate(zip(_titles(chance, n), _places(chance, n), strict=True), start=1):
                point = f"SRID=4326;POINT({place.lon} {place.lat})"
                copy.write_row(
                    (project.pk, number, "resident", "published", "", title, "", "nl", point, False, 0, False, now)
                )
        cursor.execute("VACUUM ANALYZE participation_proposal")
    return project


def _p95_ms(project: Project, questions: list[tuple[str, LonLat]]) -> float:
    took = []
    for title, place in questions:
        began = perf_counter()
        alike(project, title, place)
        took.append(perf_counter() - began)
    return float(np.percentile(took, 95) * 1000)


def rows(*, n: int = N_PROPOSALS) -> list[Figures]:
    """Ask what is near and alike, with the indexes and without; milliseconds."""
    project = prepare(n)
    chance = np.random.default_rng(2)
    questions = list(zip(_titles(chance, N_QUESTIONS), _places(chance, N_QUESTIONS), strict=True))
    _p95_ms(project, questions[:N_PEER])
    ours = _p95_ms(project, questions)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INDEX_OF_PLACES)
        ((index,),) = cursor.fetchall()
        cursor.execute(f"DROP INDEX {index}")
        peer = _p95_ms(project, questions[:N_PEER])
        transaction.set_rollback(True)
    return [
        Figures("near-and-alike-p95-ms", ours, P95_MS, ours / P95_MS, 1.0, "<="),
        Figures("near-and-alike-to-no-index", ours, peer, ours / peer, FIFTH, "<="),
    ]

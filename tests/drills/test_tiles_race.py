"""Pins come, go and are supported by many at once while others merge: the tiles still count what a recount counts."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.utils import timezone

from geo.models import Cell, Delta
from geo.queries.pyramid import merge
from participation.models import Person, Proposal, Support
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.hammer import hammer

pytestmark = pytest.mark.django_db(transaction=True)

N_THREADS = 16
# The merge without its lock: two at once upsert the same cells.
UNLOCKED = "pg_try_advisory_xact_lock(1265198455, (of_layer % 2147483647)::integer)"


def levels(layer: int) -> set[tuple[int, int, int, int]]:
    """What the cells of each level add up to, with what was not merged yet: one and the same for all levels."""
    found: dict[int, Counter[str]] = {}
    waiting: Counter[str] = Counter()
    for delta in Delta.objects.filter(layer=layer):
        waiting.update(n=delta.n, w=delta.w, sx=delta.sx, sy=delta.sy)
    for cell in Cell.objects.filter(layer=layer):
        found.setdefault(cell.key.bit_length() // 2, Counter(waiting)).update(
            n=cell.n, w=cell.w, sx=cell.sx, sy=cell.sy
        )
    return {(sums["n"], sums["w"], sums["sx"], sums["sy"]) for sums in found.values()}


def true_sums(cast: Cast) -> tuple[int, int, int, int]:
    """The same, from the rows."""
    rows = Proposal.objects.filter(project=cast.project, state="published", morton__isnull=False)
    values = list(rows.values_list("n_supports", "tile_x", "tile_y"))
    return (len(values), *(sum(column) for column in zip(*values, strict=True)))


def acts(cast: Cast, people: list[Person], seed: int) -> Callable[[int, int], object]:
    """What thread and round do: place, move, hide, show, support, take back, or merge."""

    def act(round_: int, thread: int) -> object:
        chance = random.Random(seed * 1_000_000 + round_ * 1000 + thread)
        number = 1000 + round_ * N_THREADS + thread
        place = Point(2.72 + chance.gauss(0, 0.002), 50.85 + chance.gauss(0, 0.002), srid=4326)
        rows = Proposal.objects.filter(project=cast.project, number__gte=1000)
        some = rows.filter(number=1000 + chance.randrange(round_ * N_THREADS + 1))
        match chance.choice(["place", "place", "move", "hide", "show", "support", "back", "merge", "merge"]):
            case "place":
                Proposal.objects.create(
                    project=cast.project, number=number, title="Pin", point=place, created_at=timezone.now()
                )
            case "move":
                return some.update(point=place)
            case "hide":
                return some.update(state="hidden")
            case "show":
                return some.update(state="published")
            case "support":
                hearts = [Support(proposal=pin, person=chance.choice(people)) for pin in some]
                return Support.objects.bulk_create(hearts, ignore_conflicts=True)
            case "back":
                return Support.objects.filter(proposal__in=some).delete()
            case _:
                return merge(cast.project.pk)
        return None

    return act


def failures(answers: list[list[object]]) -> int:
    """How many acts ended in an error of the database."""
    return sum(isinstance(answer, Exception) for answers_of_round in answers for answer in answers_of_round)


def test_tiles_stay_right_while_everybody_writes_and_merges(
    cast: Cast, tell: Tell, rounds: Callable[[int, int], int]
) -> None:
    people = [Person.objects.create_user(f"race-{n}@example.org") for n in range(5)]
    n_rounds = rounds(20, 300)
    answers = hammer(n_rounds, acts(cast, people, seed=1), n_threads=N_THREADS)
    failed = failures(answers)
    assert merge(cast.project.pk) is not None
    assert levels(cast.project.pk) == {true_sums(cast)}
    assert failed == 0

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('geo_merge'::regproc)")
        (source,) = cursor.fetchone()
        assert UNLOCKED in source
        cursor.execute(source.replace("%", "%%").replace(UNLOCKED.replace("%", "%%"), "true"), [])
    try:
        control = failures(hammer(n_rounds, acts(cast, people, seed=2), n_threads=N_THREADS))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(source.replace("%", "%%"), [])
    tell("tiles", attempts=n_rounds * N_THREADS, violations=failed, control_violations=control)

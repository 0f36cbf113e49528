"""Makes up people, ballots, supports and pins in bulk, for a demo and for measuring, never in a town's real project."""

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import shapely
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, OuterRef, Subquery, Value
from django.db.models.functions import Greatest, Least
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from participation.models import (
    Area,
    Ballot,
    BallotCast,
    Organisation,
    Person,
    Phase,
    Place,
    Project,
    Proposal,
    Support,
    Vote,
)
from participation.queries import voting as queries
from participation.rules.electorate import Channel
from participation.rules.places import LonLat
from participation.rules.voting import Choice, check_ballot
from participation.selectors.projects import ballot_rules
from participation.services.places import keep_exact, public_place
from participation.services.proposals import next_number

# Rows a statement: the round trip no longer counts, and longer texts only take longer to be read through.
BATCH = 500

N_SUPPORTERS = 2_000
# Most pins have no support, a few have hundreds: the tail seen on real boards (Pareto, index between 1 and 2).
SUPPORT_TAIL = 1.3
SUPPORTS_MAX = 600
# Where a town lists no places, pins clump around this many random spots.
N_RANDOM_SPOTS = 12
# A clump's usual width, as a share of the area's: 330 m in a town 11 km wide.
CLUMP_SHARE = 0.03
# One pin in seven lies wide of its clump, as single wishes do.
SHARE_WIDE, WIDER = 1 / 7, 6.0
PINS_SPAN = timedelta(days=30)


class NoAreaError(ValueError):
    """The project asks no place, or its area is empty."""


def make_people(rows: Sequence[tuple[str, str, str]]) -> list[Person]:
    """Find or make people (mail address, public name, language), in the order given; none gets a password."""
    emails = [email for email, _name, _language in rows]
    Person.objects.bulk_create(
        [
            Person(email=email, public_name=name, language=language, password=make_password(None))
            for email, name, language in rows
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    found = Person.objects.in_bulk(emails, field_name="email")
    return [found[email] for email in emails]


@dataclass(frozen=True, slots=True)
class PastBallot:
    """What one person cast, first to last: when, and which proposal numbers in order of choice; on paper by a clerk."""

    person: Person
    casts: Sequence[tuple[datetime, Sequence[int]]]
    clerk: Person | None = None


@transaction.atomic
def record_ballots(phase: Phase, ballots: Sequence[PastBallot]) -> None:
    """Write whole ballots as if they had been cast at the moments given.

    ``services.voting.cast_ballot`` cannot do this: it stamps the database's present time and refuses a vote that
    is over. The rows are the same as it writes, under the same constraints.

    Locks    pg_advisory_xact_lock(phase), as the closer.
    Refuses  what rules.voting.check_ballot refuses.
    Raises   ValueError for a moment outside the phase, KeyError for a number that is not on the ballot.
    """
    queries.lock_phase(phase.pk)
    option_pks = dict(Proposal.objects.filter(project=phase.project_id, on_ballot=True).values_list("number", "pk"))
    rows = Ballot.objects.bulk_create(
        [Ballot(phase=phase, person=ballot.person) for ballot in ballots], batch_size=BATCH
    )
    casts, choices = [], []
    for row, ballot in zip(rows, ballots, strict=True):
        for seq, (at, numbers) in enumerate(ballot.casts, start=1):
            check_ballot([Choice(number) for number in numbers], ballot_rules(phase), {})
            if not phase.opens_at <= at or (phase.closes_at is not None and at >= phase.closes_at):
                raise ValueError(f"{at} lies outside the phase")
            casts.append(
                BallotCast(
                    ballot=row,
                    phase=phase,
                    cap=phase.cap,
                    seq=seq,
                    nonce=uuid4(),
                    recorded_at=at,
                    channel=Channel.PAPER if ballot.clerk else Channel.WEB,
                    clerk=ballot.clerk,
                )
            )
            choices.append(numbers)
    BallotCast.objects.bulk_create(casts, batch_size=BATCH)
    Vote.objects.bulk_create(
        [
            Vote(cast=cast, cap=cast.cap, position=position, proposal_id=option_pks[number])
            for cast, numbers in zip(casts, choices, strict=True)
            for position, number in enumerate(numbers, start=1)
        ],
        batch_size=BATCH,
    )


@transaction.atomic
def record_supports(pairs: Collection[tuple[Proposal, Person]], *, opens_at: datetime, until: datetime) -> None:
    """Put people's hearts on proposals that have none yet, each some days after the proposal, in the time given."""
    Support.objects.bulk_create(
        [Support(proposal=proposal, person=person) for proposal, person in pairs], batch_size=BATCH
    )
    # A support is stamped with the present when it is made, so its moment is moved afterwards.
    proposed_at = Subquery(Proposal.objects.filter(pk=OuterRef("proposal_id")).values("created_at")[:1])
    wait = ExpressionWrapper(F("person_id") % 20 * Value(timedelta(hours=17)), output_field=DurationField())
    # The keys are listed: without statistics of tables filled a moment ago, a join is planned as if they were empty.
    Support.objects.filter(proposal__in={proposal.pk for proposal, _person in pairs}).update(
        created_at=Least(Value(until), Greatest(Value(opens_at), proposed_at) + wait)
    )


def set_areas(project: Project) -> None:
    """Say of every pin of a project that has none yet in which neighbourhood it lies, in one statement.

    Order    the first by name where borders touch, as selectors.organisations.area_at.
    """
    holding = Area.objects.filter(organisation=project.organisation_id, outline__intersects=OuterRef("point")).order_by(
        "name"
    )
    Proposal.objects.filter(project=project, area=None, point__isnull=False).update(
        area=Subquery(holding.values("pk")[:1])
    )


@dataclass(frozen=True, slots=True)
class _Spots:
    """What pins clump around: names (empty where random), positions, and how many times wider than usual."""

    names: Sequence[str]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    widths: NDArray[np.float64]
    weights: NDArray[np.float64]


def _spots(organisation: Organisation, area: BaseGeometry, rng: np.random.Generator) -> _Spots:
    places = [
        (place.name, place.point.x, place.point.y)
        for place in Place.objects.filter(organisation=organisation).order_by("name")
        if area.contains(shapely.Point(place.point.x, place.point.y))
    ]
    if not places:
        west, south, east, north = area.bounds
        lon = rng.uniform(west, east, 10_000)
        lat = rng.uniform(south, north, 10_000)
        inside = np.flatnonzero(shapely.contains_xy(area, lon, lat))[:N_RANDOM_SPOTS]
        places = [("", float(lon[at]), float(lat[at])) for at in inside]
    if not places:
        # So thin an area that none of ten thousand points hit it.
        middle = area.representative_point()
        places = [("", middle.x, middle.y)]
    n = len(places)
    # A few spots draw most of the pins (Zipf), in an order that the seed draws.
    weights = 1.0 / (1 + rng.permutation(n))
    return _Spots(
        names=[name for name, _lon, _lat in places],
        lon=np.array([lon for _name, lon, _lat in places]),
        lat=np.array([lat for _name, _lon, lat in places]),
        widths=rng.lognormal(0.0, 0.5, n),
        weights=weights / weights.sum(),
    )


def _points_inside(
    area: BaseGeometry, spots: _Spots, n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Draw ``n`` points around the spots, inside the area: longitudes, latitudes, and whose clump each is of."""
    squeeze = math.cos(math.radians(area.centroid.y))
    usual = CLUMP_SHARE * math.sqrt(area.area * squeeze)
    shapely.prepare(area)
    found: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]] = []
    missing = n
    while missing > 0:
        # Half as many again: what falls outside is thrown away.
        size = missing + missing // 2 + 100
        spot = rng.choice(len(spots.lon), size, p=spots.weights)
        width = usual * spots.widths[spot] * np.where(rng.random(size) < SHARE_WIDE, WIDER, 1.0)
        lon = spots.lon[spot] + rng.normal(0.0, 1.0, size) * width / squeeze
        lat = spots.lat[spot] + rng.normal(0.0, 1.0, size) * width
        inside = np.flatnonzero(shapely.contains_xy(area, lon, lat))[:missing]
        found.append((lon[inside], lat[inside], spot[inside]))
        missing -= len(inside)
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


@transaction.atomic
def scatter_pins(*, project: Project, n: int, seed: int, now: datetime, report: Callable[[int], None]) -> int:
    """Make ``n`` public pins with supports by made-up people; gives back how many supports.

    Locks    the project's row (next_number) to the end of the transaction.
    Order    the same seed gives the same pins in the same places with as many supports.
    Raises   NoAreaError.
    Cost     50,000 pins and their 120,000 supports in about half a minute; ``report`` hears how many are in.
    """
    if project.area is None or project.area.empty:
        raise NoAreaError
    positions, chance = np.random.default_rng(seed), random.Random(seed)  # noqa: S311 -- to be repeated, not secret
    area = shapely.from_wkb(bytes(project.area.wkb))
    spots = _spots(project.organisation, area, positions)
    lon, lat, spot = _points_inside(area, spots, n, positions)
    people = make_people([(f"pin-{i:04}@demo.invalid", f"Pin {i}", "nl") for i in range(1, N_SUPPORTERS + 1)])
    number = next_number(project)
    n_supports = 0
    for start in range(0, n, BATCH):
        where = [
            public_place(project, shapely.Point(x, y), LonLat(x, y), None)
            for x, y in zip(lon[start : start + BATCH].tolist(), lat[start : start + BATCH].tolist(), strict=True)
        ]
        pins = Proposal.objects.bulk_create(
            [
                Proposal(
                    project=project,
                    number=number + i,
                    title=f"{spots.names[spot[i]][:100]} {i + 1}".strip(),
                    point=where[i - start][0],
                    shape=where[i - start][1],
                    author=chance.choice(people),
                    created_at=now - PINS_SPAN * chance.random(),
                )
                for i in range(start, min(start + BATCH, n))
            ]
        )
        keep_exact((pin, exact) for pin, (_point, _shape, exact) in zip(pins, where, strict=True))
        supports = [
            Support(proposal=pin, person=person)
            for pin in pins
            for person in chance.sample(people, min(int(chance.paretovariate(SUPPORT_TAIL)) - 1, SUPPORTS_MAX))
        ]
        Support.objects.bulk_create(supports, batch_size=BATCH)
        n_supports += len(supports)
        report(start + len(pins))
    set_areas(project)
    return n_supports

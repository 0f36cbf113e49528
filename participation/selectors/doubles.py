"""Which proposals may be the same as one that is being written: near in space and alike in words."""

from contextlib import suppress
from typing import Any

from django.db.models import Case, F, FloatField, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from geo.queries.patience import PatienceError, at_most
from participation.models import Project, Proposal
from participation.rules.places import LonLat
from participation.selectors.proposals import nearby, public_proposals

# Of the trigrams of the shorter title, the share that stands together in the longer one. Tried on titles that
# residents wrote: from 0.4 up most are about the same thing once they also lie near.
ALIKE = 0.4
# Where no place narrows the search, words alone must say more; what the operator of the index asks by default.
ALIKE_ANYWHERE = 0.6
# Shorter says too little to look for.
SHORTEST = 4
# Common words in a large project without places match so much that ordering it takes a second.
PATIENCE_MS = 250


def _folded(text: str) -> Func:
    return Func(Value(text), function="participation_folded", output_field=TextField())


def alike(project: Project, title: str, place: LonLat | None, *, limit: int = 5) -> list[Proposal]:
    """Which public proposals are called something like this and lie near this place, each with its ``likeness``?

    Capitals and accents do not matter. How near is near is set with the project (``nearby_radius_m``); in a project
    without places the words alone decide.

    Nothing where the search takes too long: it is asked at every pause in typing, and only a help.

    Order    most alike first, then most supported.
    Cost     the index of places, or that of words (``proposal_alike``); tests/benchmarks/doubles.py.
    """
    if len(title.strip()) < SHORTEST:
        return []
    if place is not None:
        rows, enough = nearby(project, place), ALIKE
    else:
        rows, enough = public_proposals(project).filter(folded__trigram_word_similar=_folded(title)), ALIKE_ANYWHERE
    first = _with_likeness(rows, title).order_by("-likeness", "-n_supports", "number")[:limit]
    try:
        with at_most(PATIENCE_MS):
            # What is not alike enough is left out here: asked for as a condition, likeness would be computed twice.
            return [row for row in first if row.likeness >= enough]
    except PatienceError:
        return []


def alike_and_near(piece: Proposal, place: LonLat | None, *, limit: int) -> tuple[list[Proposal], list[Proposal]]:
    """What may be the same as this proposal, and what else lies near it; in one question to the database.

    Order    the first most alike first, the second nearest first.
    """
    if place is None:
        called = alike(piece.project, piece.title, None, limit=limit + 1)
        return [row for row in called if row.pk != piece.pk][:limit], []
    return _parted(nearby(piece.project, place).exclude(pk=piece.pk), piece.title, limit)


def near_by_title(near: QuerySet[Proposal], title: str, *, limit: int) -> tuple[list[Proposal], list[Proposal]]:
    """Part what lies near a place (``nearby``): what is called like this title as well, and the rest; ``limit`` in all.

    Without a title, and where comparing takes too long, all is the rest: it is asked as the map moves.

    Order    the first most alike first, the second nearest first.
    """
    if len(title.strip()) >= SHORTEST:
        with suppress(PatienceError), at_most(PATIENCE_MS):
            like, rest = _parted(near, title, limit)
            return like, rest[: limit - len(like)]
    return [], list(near[:limit])


def _parted(rows: QuerySet[Proposal], title: str, limit: int) -> tuple[list[Proposal], list[Proposal]]:
    """At most ``limit`` that are alike and as many that are not, of rows that know how far away they are."""
    compared = _with_likeness(rows, title).annotate(is_alike=Q(likeness__gte=ALIKE))
    found: list[Any] = list(compared.order_by("-is_alike", "away_m", "number")[: 2 * limit])
    like = sorted((row for row in found if row.is_alike), key=lambda row: (-row.likeness, row.number))
    return like[:limit], [row for row in found if not row.is_alike][:limit]


def _with_likeness(rows: QuerySet[Proposal], title: str) -> QuerySet[Any]:
    """Say of each row how alike its title is (``likeness``, 0 to 1)."""
    typed = _folded(title)

    def within(short: object, long: object) -> Func:
        return Func(short, long, function="word_similarity", output_field=FloatField())

    # A few words typed so far may stand in a long title, and a short title in what is typed.
    likeness = Case(
        When(GreaterThanOrEqual(Length(F("folded")), Length(typed)), then=within(typed, F("folded"))),
        default=within(F("folded"), typed),
    )
    return rows.annotate(likeness=likeness).defer("area__outline")

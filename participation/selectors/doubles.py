"""Which proposals may be the same as one that is being written: near in space and alike in words."""

from contextlib import suppress
from typing import Any

from django.db.models import F, FloatField, Func, Q, QuerySet, TextField, Value

from geo.queries.patience import PatienceError, at_most
from participation.models import Project, Proposal
from participation.queries.doubles import near_and_alike
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
    try:
        with at_most(PATIENCE_MS):
            if place is not None:
                return _near(project, title, place, limit)
            rows = public_proposals(project).filter(folded__trigram_word_similar=_folded(title))
            first = _with_likeness(rows, title).order_by("-likeness", "-n_supports", "number")[:limit]
            # What is not alike enough is left out here: asked for as a condition, likeness would be computed twice.
            return [row for row in first if row.likeness >= ALIKE_ANYWHERE]
    except PatienceError:
        return []


def _near(project: Project, title: str, place: LonLat, limit: int) -> list[Proposal]:
    found = near_and_alike(
        project_id=project.pk,
        title=title,
        place=place,
        metres=project.nearby_radius_m,
        enough=ALIKE,
        limit=limit,
    )
    rows: dict[int, Any] = public_proposals(project).defer("area__outline").in_bulk(list(found)) if found else {}
    for pk, row in rows.items():
        row.likeness = found[pk]
    return [rows[pk] for pk in found if pk in rows]


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
    likeness = Func(_folded(title), F("folded"), function="participation_likeness", output_field=FloatField())
    return rows.annotate(likeness=likeness).defer("area__outline")

"""Which proposals may be the same as one that is being written: near in space and alike in words."""

from django.db.models import F, FloatField, Func, QuerySet, TextField, Value
from django.db.models.functions import Greatest

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


def _folded(text: str) -> Func:
    return Func(Value(text), function="participation_folded", output_field=TextField())


def alike(project: Project, title: str, place: LonLat | None, *, limit: int = 5) -> list[Proposal]:
    """Which public proposals are called something like this and lie near this place, each with its ``likeness``?

    Capitals and accents do not matter. How near is near is set with the project (``nearby_radius_m``); in a project
    without places the words alone decide.

    Order    most alike first, then most supported.
    Cost     the index of places, or that of words (``proposal_alike``); tests/benchmarks/doubles.py.
    """
    if len(title.strip()) < SHORTEST:
        return []
    return list(alike_rows(project, title, place)[:limit])


def alike_rows(project: Project, title: str, place: LonLat | None) -> QuerySet[Proposal]:
    """The rows of ``alike``, for whoever narrows them further."""
    typed = _folded(title)
    rows = (
        nearby(project, place)
        if place is not None
        else public_proposals(project).filter(folded__trigram_word_similar=typed)
    )

    def within(short: object, long: object) -> Func:
        return Func(short, long, function="word_similarity", output_field=FloatField())

    # A few words typed so far may stand in a long title, and a short title in what is typed.
    likeness = Greatest(within(typed, F("folded")), within(F("folded"), typed))
    return (
        rows.annotate(likeness=likeness)
        .filter(likeness__gte=ALIKE if place is not None else ALIKE_ANYWHERE)
        .defer("area__outline")
        .order_by("-likeness", "-n_supports", "number")
    )

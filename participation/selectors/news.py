"""What is new in a project: which proposals were made public or answered last, by the day."""

from dataclasses import dataclass
from datetime import date
from itertools import islice

from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.timezone import localdate

from participation.models import Project, Proposal, Record, Response
from participation.models.record import NEWS
from participation.selectors.proposals import public_proposals

LATEST = 50
# So many acts are looked back at: several may be about one proposal, or about one that is not public any more.
_ACTS = 2 * LATEST
# One act may answer thousands.
_ANSWERED = 4 * LATEST


@dataclass(frozen=True, slots=True)
class News:
    """A public proposal, since which day it is public, and the day it was last answered or made public.

    Days, never hours: when exactly somebody sat at home and typed is nobody's business.
    """

    proposal: Proposal
    public_on: date
    changed_on: date


def latest_news(project: Project) -> list[News]:
    """The public proposals that were made public or answered last.

    Order    by the day, the latest first; of one day the highest number first.
    Cost     three queries, each bounded by an index, however many proposals there are: the latest that came in
             (proposal_queue), the latest acts that made something public or answered it (record_news), and what is
             known of these (record_about, responses by proposal).
    """
    came_in = public_proposals(project).order_by("-created_at", "-number").values_list("number", flat=True)[:LATEST]
    numbers = {*came_in, *_told(project)}
    subject = Concat(Value("proposal "), Cast(OuterRef("number"), CharField()))
    shown = Record.objects.filter(project=project, subject=subject, act="proposal.published").order_by("-at")
    answered = Response.objects.filter(proposal=OuterRef("pk")).order_by("-published_at")
    rows = (
        public_proposals(project)
        .filter(number__in=numbers)
        .annotate(
            shown_at=Subquery(shown.values("at")[:1]),
            answered_at=Subquery(answered.values("published_at")[:1]),
        )
        .defer("area__outline")
    )
    found = [_news(row) for row in rows]
    return sorted(found, key=lambda each: (each.changed_on, each.proposal.number), reverse=True)[:LATEST]


def _told(project: Project) -> set[int]:
    """The numbers that the latest acts made public or answered."""
    found: set[int] = set()
    acts = Record.objects.filter(project=project, act__in=NEWS).order_by("-at", "-pk")[:_ACTS]
    for act, subject, detail in acts.values_list("act", "subject", "detail"):
        if act == "proposal.published":
            found.add(int(subject.removeprefix("proposal ")))
        elif len(found) < _ANSWERED:
            found.update(islice(sorted(detail["numbers"], reverse=True), LATEST))
    return found


def _news(row: Proposal) -> News:
    shown_at, answered_at = row.shown_at, row.answered_at  # type: ignore[attr-defined]
    public_on = max(localdate(moment) for moment in (row.created_at, shown_at) if moment)
    return News(row, public_on, max(public_on, localdate(answered_at)) if answered_at else public_on)

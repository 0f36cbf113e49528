"""What staff see of a vote's rules: which vote, whether it is frozen, and which closing times were asked."""

from datetime import datetime

from django.db.models import QuerySet

from participation.models import Extension, Phase, Project
from participation.selectors.projects import standing


def vote_of_desk(project: Project, now: datetime) -> Phase | None:
    """The vote of a project that runs, else the latest that ran, else the first to come."""
    return standing(project, now).vote


def is_frozen(vote: Phase) -> bool:
    """Can the rules of this vote no longer change, because somebody cast a ballot or the votes were counted?"""
    return vote.closed_at is not None or vote.ballots.exists()


def areas_frozen(project: Project) -> bool:
    """Did people vote in this project under a rule by which the neighbourhood of an option counts?"""
    votes = Phase.objects.filter(project=project, kind="vote")
    return any(is_frozen(vote) for vote in votes if vote.one_per_area or vote.cap_per_area is not None)


def extensions_of(vote: Phase) -> QuerySet[Extension]:
    """Which later closing times were asked for, last first, with who asked and who agreed?"""
    return Extension.objects.filter(phase=vote).select_related("asked_by", "agreed_by")

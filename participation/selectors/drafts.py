"""What somebody began and did not send: where it can still be found, and whom it is time to remind."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from participation.models import BallotCast, Draft, Person, Phase, Photo, Project
from participation.rules.phases import PhaseKind

# A reminder comes when a ballot lay untouched for a day, or earlier when the vote is nearly over.
UNTOUCHED = timedelta(hours=24)
NEARLY_OVER = timedelta(hours=48)
# Whoever still sits at it is never reminded.
QUIET = timedelta(minutes=30)


def _ago(time: timedelta) -> Combinable:
    return ExpressionWrapper(Now() - time, output_field=DateTimeField())


def _not_cast_since() -> Q:
    """Was nothing cast in the draft's project after it was touched last?"""
    later = BallotCast.objects.filter(
        ballot__person=OuterRef("person"),
        phase__project=OuterRef("project"),
        recorded_at__gt=OuterRef("updated_at"),
    )
    return ~Q(Exists(later))


def _not_empty() -> Q:
    return Q(content__choices__0__isnull=False) | Q(content__has_key="written")


def draft_left(person: Person, project: Project, kind: Draft.Kind) -> Draft | None:
    """What did this person begin here last, in whichever browser? Nothing that a later cast made old."""
    rows = Draft.objects.filter(person=person, project=project, kind=kind).order_by("-updated_at")
    if kind is Draft.Kind.BALLOT:
        rows = rows.filter(_not_empty(), _not_cast_since())
    return rows.first()


def own_draft(person: Person, project: Project, kind: Draft.Kind, token: UUID) -> Draft | None:
    """The draft with this token, when it is this person's."""
    return Draft.objects.filter(token=token, person=person, project=project, kind=kind).first()


def ballots_to_remind_of() -> QuerySet[Draft]:
    """Which begun ballots is it time to remind of, by the database's clock?

    None of a vote that does not run, none that is empty or was cast since, none of somebody who wants no reminders
    or was reminded before.
    """
    runs = Phase.objects.filter(
        Q(closes_at__isnull=True) | Q(closes_at__gt=Now()),
        project=OuterRef("project"),
        kind=PhaseKind.VOTE,
        opens_at__lte=Now(),
        closed_at=None,
    )
    nearly_over = runs.filter(closes_at__lte=ExpressionWrapper(Now() + NEARLY_OVER, output_field=DateTimeField()))
    return Draft.objects.filter(
        _not_empty(),
        _not_cast_since(),
        Q(Exists(runs)),
        Q(updated_at__lte=_ago(UNTOUCHED)) | Q(Exists(nearly_over)) & Q(updated_at__lte=_ago(QUIET)),
        kind=Draft.Kind.BALLOT,
        project__state=Project.State.OPEN,
        person__is_active=True,
        person__email__isnull=False,
        person__reminders=True,
        reminded_at=None,
    ).order_by(F("updated_at"))


def draft_photos(token: str | None) -> list[Photo]:
    """The photos of the draft with this token, in the order they came."""
    return list(Photo.objects.filter(draft__token=token)) if token else []

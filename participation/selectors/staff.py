"""Who has which role in a town, who was invited, and what the audit trail says."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery

from participation.models import Invitation, Membership, Organisation, Project, ProjectRole, Record
from participation.rules.links import digest_of
from participation.rules.roles import STAFF, Role

# What counts as one; the codes on paper only stand in for them.
APP = (Authenticator.Type.TOTP,)
FACTORS = (*APP, Authenticator.Type.WEBAUTHN)


def staff_of(organisation: Organisation) -> QuerySet[Membership]:
    """Who has a role at the desk of this town, by name, with their latest act there (``last_at``)?"""
    last = Record.objects.filter(organisation=organisation, person=OuterRef("person")).order_by("-at").values("at")[:1]
    return (
        Membership.objects.filter(organisation=organisation, role__in=STAFF)
        .select_related("person")
        .annotate(last_at=Subquery(last, output_field=DateTimeField()))
        .order_by("person__public_name", "person__email", "pk")
    )


def project_staff_of(organisation: Organisation) -> QuerySet[ProjectRole]:
    """Who has a role in one project of this town, by project and name, with their latest act in it (``last_at``)?"""
    acts = Record.objects.filter(project=OuterRef("project"), person=OuterRef("person"))
    last = acts.order_by("-at").values("at")[:1]
    return (
        ProjectRole.objects.filter(project__organisation=organisation)
        .select_related("person", "project")
        .defer("project__area")
        .annotate(last_at=Subquery(last, output_field=DateTimeField()))
        .order_by("project__slug", "person__public_name", "person__email", "pk")
    )


def works_there(organisation: Organisation, project: Project | None, email: str) -> bool:
    """Has somebody with this address a role in this project, or in the whole town where none is named?"""
    if project is not None:
        return ProjectRole.objects.filter(project=project, person__email=email).exists()
    return Membership.objects.filter(organisation=organisation, person__email=email, role__in=STAFF).exists()


def n_managers(organisation: Organisation) -> int:
    """How many people can give roles in this town?"""
    return Membership.objects.filter(organisation=organisation, role=Role.MANAGER, person__is_active=True).count()


def with_second_factor(people: Iterable[int], kinds: Sequence[Authenticator.Type] = FACTORS) -> set[int]:
    """Who of these people has set up a second factor, one of these kinds?"""
    return set(Authenticator.objects.filter(user__in=list(people), type__in=kinds).values_list("user_id", flat=True))


def invitations_waiting(organisation: Organisation, now: datetime) -> QuerySet[Invitation]:
    """Which invitations can still be accepted?"""
    return Invitation.objects.filter(
        organisation=organisation, used_at=None, withdrawn_at=None, expires_at__gt=now
    ).select_related("invited_by", "project")


def invitation_of(organisation: Organisation, token: str) -> Invitation | None:
    """Find an invitation of this town by the secret of its link."""
    return Invitation.objects.filter(organisation=organisation, digest=digest_of(token)).first()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for in the audit trail; empty or None for everything. ``since`` and ``until`` are moments."""

    act: str = ""
    person: int | None = None
    project: str = ""
    since: datetime | None = None
    until: datetime | None = None


def trail(organisation: Organisation, asked: Asked) -> QuerySet[Record]:
    """The acts of a town, the latest first."""
    rows = Record.objects.filter(organisation=organisation).select_related("person", "project")
    if asked.act:
        rows = rows.filter(act=asked.act)
    if asked.person is not None:
        rows = rows.filter(person=asked.person)
    if asked.project:
        rows = rows.filter(project__slug=asked.project)
    if asked.since:
        rows = rows.filter(at__gte=asked.since)
    if asked.until:
        rows = rows.filter(at__lt=asked.until)
    return rows


def latest_acts(organisation: Organisation, where: Collection[int] | None) -> QuerySet[Record]:
    """The acts of a town, or of some of its projects, the latest first."""
    rows = trail(organisation, Asked())
    return rows if where is None else rows.filter(project__in=where)


def acts_done(organisation: Organisation) -> list[str]:
    """Which acts were done in this town?"""
    return list(
        Record.objects.filter(organisation=organisation).order_by("act").values_list("act", flat=True).distinct()
    )

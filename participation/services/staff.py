"""Invites people to the staff of a town or of one of its projects; gives, changes and takes back their roles."""

from collections.abc import Callable
from datetime import datetime

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from participation.models import Invitation, Membership, Organisation, Person, Project, ProjectRole
from participation.rules.links import INVITATION_LASTS, digest_of, new_token
from participation.rules.refusals import Code, Refused
from participation.rules.roles import STAFF, DeskAct, Role
from participation.selectors.roles import may_in_town
from participation.selectors.staff import invitation_of, n_managers, works_there
from participation.services.people import known_person
from participation.services.project_setup import organisation_or_refused
from participation.services.records import record_act
from participation.services.roll import mail_or_refused


def _require_people(organisation: Organisation, by: Person) -> None:
    if not may_in_town(organisation, by, DeskAct.PEOPLE):
        raise Refused(Code.NOT_STAFF)


def _lock_roles(organisation: Organisation) -> None:
    """Let nobody else change a role in this town until the transaction ends."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def _role(text: str) -> Role:
    try:
        role = Role(text)
    except ValueError:
        role = Role.RESIDENT
    if role not in STAFF:
        raise Refused(Code.STAFF_ROLE_BAD)
    return role


@transaction.atomic
def invite(
    *,
    organisation: Organisation,
    email: str,
    role: str,
    project: Project | None = None,
    language: str,
    link_of: Callable[[str], str],
    role_name: Callable[[Role], str],
    by: Person,
    now: datetime,
) -> Invitation:
    """Offer somebody a role by mail, in the whole town or in one project of it.

    ``link_of`` makes the link of a secret, which is sent and not kept. An earlier invitation of the same address to
    the same work is taken back: one link is good at a time.

    Refuses  person.not_staff, staff.role_bad, roll.bad_mail, invitation.staff_already.
    """
    _require_people(organisation, by)
    given, address = _role(role), mail_or_refused(email)
    if works_there(organisation, project, address):
        raise Refused(Code.INVITATION_STAFF_ALREADY, {"email": address})
    Invitation.objects.filter(
        organisation=organisation, project=project, email=address, used_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    token = new_token()
    invitation = Invitation.objects.create(
        organisation=organisation,
        project=project,
        email=address,
        role=given,
        digest=digest_of(token),
        invited_by=by,
        invited_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    _record(organisation, by, "staff.invited", f"invitation {invitation.pk}", project, role=given.value)
    with translation.override(language):
        context = {"invitation": invitation, "town": organisation, "by": by, "url": link_of(token)}
        context["role"] = role_name(given)
        send_mail(
            subject=gettext("Work along at the desk of %(town)s") % {"town": organisation.name},
            message=render_to_string("participation/mail/invitation.txt", context),
            from_email=None,
            recipient_list=[address],
        )
    return invitation


@transaction.atomic
def withdraw_invitation(*, organisation: Organisation, key: int, by: Person, now: datetime) -> None:
    """Take an invitation back that nobody accepted yet.

    Refuses  person.not_staff, invitation.unknown, invitation.used.
    """
    _require_people(organisation, by)
    found = Invitation.objects.select_for_update().filter(organisation=organisation, pk=key).first()
    if found is None:
        raise Refused(Code.INVITATION_UNKNOWN)
    check_invitation(found, now)
    found.withdrawn_at = now
    found.save(update_fields=["withdrawn_at"])
    _record(organisation, by, "staff.invitation_withdrawn", f"invitation {found.pk}", found.project)


def check_invitation(invitation: Invitation, now: datetime) -> None:
    """Say whether an invitation can still be accepted.

    Refuses  invitation.used, invitation.withdrawn, invitation.expired.
    """
    if invitation.used_at is not None:
        raise Refused(Code.INVITATION_USED)
    if invitation.withdrawn_at is not None:
        raise Refused(Code.INVITATION_WITHDRAWN)
    if invitation.expires_at <= now:
        raise Refused(Code.INVITATION_EXPIRED, {"expires_at": invitation.expires_at})


@transaction.atomic
def accept_invitation(*, organisation: Organisation, token: str, person: Person, now: datetime) -> Role:
    """Take on the role of an invitation. Only the address it was sent to can: a forwarded link gives nobody a role.

    Who got a role there meanwhile keeps that one: an old invitation takes nothing from anybody.

    Locks    the organisation's row, as every change of a role in the town: what somebody is cannot change while it is
             asked, and of two that accept at once one is refused (tests/drills/test_role_race.py).
    Refuses  invitation.unknown, invitation.used, invitation.withdrawn, invitation.expired, invitation.other_address,
             invitation.staff_already.
    """
    found = invitation_of(organisation, token)
    if found is None:
        raise Refused(Code.INVITATION_UNKNOWN)
    _lock_roles(organisation)
    found = Invitation.objects.select_for_update().get(pk=found.pk)
    check_invitation(found, now)
    if (person.email or "").lower() != found.email:
        raise Refused(Code.INVITATION_OTHER_ADDRESS)
    if works_there(organisation, found.project, person.email or ""):
        raise Refused(Code.INVITATION_STAFF_ALREADY, {"email": found.email})
    found.used_at, found.used_by = now, person
    found.save(update_fields=["used_at", "used_by"])
    if found.project is None:
        Membership.objects.update_or_create(organisation=organisation, person=person, defaults={"role": found.role})
    else:
        ProjectRole.objects.update_or_create(project=found.project, person=person, defaults={"role": found.role})
    _record(organisation, person, "staff.joined", f"person {person.pk}", found.project, role=found.role)
    return Role(found.role)


@transaction.atomic
def appoint_manager(*, organisation: str, email: str) -> tuple[Organisation, Person]:
    """Make somebody manager of the town of this slug, on the word of whoever runs the installation.

    Locks    the organisation's row.
    Refuses  organisation.unknown, roll.bad_mail.
    """
    town = organisation_or_refused(organisation)
    person = known_person(email=mail_or_refused(email), language=town.languages[0])
    _lock_roles(town)
    Membership.objects.update_or_create(organisation=town, person=person, defaults={"role": Role.MANAGER})
    record_act(
        organisation=town, by=None, act="staff.joined", subject=f"person {person.pk}", detail={"role": Role.MANAGER}
    )  # fmt: skip
    return town, person


@transaction.atomic
def change_role(*, organisation: Organisation, person: int, role: str, by: Person) -> Membership:
    """Give somebody of the staff another role, or none ("resident").

    Locks    the organisation's row: of two managers who demote each other one stays.
    Refuses  person.not_staff, staff.role_bad, staff.unknown, staff.last_manager.
    """
    _lock_roles(organisation)
    _require_people(organisation, by)
    given = Role.RESIDENT if role == Role.RESIDENT else _role(role)
    member = Membership.objects.filter(organisation=organisation, person=person, role__in=STAFF).first()
    if member is None:
        raise Refused(Code.STAFF_UNKNOWN)
    if member.role == Role.MANAGER and given is not Role.MANAGER and n_managers(organisation) < 2:
        raise Refused(Code.STAFF_LAST_MANAGER)
    before, member.role = member.role, given
    member.save(update_fields=["role"])
    act = "staff.removed" if given is Role.RESIDENT else "staff.role_changed"
    _record(organisation, by, act, f"person {person}", before=before, role=given.value)
    return member


@transaction.atomic
def change_project_role(*, organisation: Organisation, key: int, role: str, by: Person) -> ProjectRole:
    """Give somebody another role in one project, or end their work there ("resident"); gives back what it was.

    Locks    the row of the role.
    Refuses  person.not_staff, staff.role_bad, staff.unknown.
    """
    _require_people(organisation, by)
    given = Role.RESIDENT if role == Role.RESIDENT else _role(role)
    found = ProjectRole.objects.select_for_update(of=("self",)).filter(project__organisation=organisation, pk=key)
    row = found.select_related("project", "person").first()
    if row is None:
        raise Refused(Code.STAFF_UNKNOWN)
    before, act = row.role, "staff.role_changed"
    if given is Role.RESIDENT:
        row.delete()
        act = "staff.removed"
    else:
        row.role = given
        row.save(update_fields=["role"])
    _record(organisation, by, act, f"person {row.person_id}", row.project, before=before, role=given.value)
    return row


@transaction.atomic
def ask_second_factor(*, organisation: Organisation, needed: bool, by: Person) -> None:
    """Say whether the staff of a town need a second factor at the desk.

    Refuses  person.not_staff.
    """
    _require_people(organisation, by)
    Organisation.objects.filter(pk=organisation.pk).update(staff_second_factor=needed)
    _record(organisation, by, "staff.second_factor", "staff", needed=needed)


def _record(
    organisation: Organisation, by: Person, act: str, subject: str, project: Project | None = None, **detail: object
) -> None:
    record_act(organisation=organisation, project=project, by=by, act=act, subject=subject, detail=detail)

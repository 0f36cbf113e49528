"""Moves the closing time of a vote: one officer asks with a reason, another agrees, and everybody can read it."""

from datetime import datetime

from django.db import transaction

from participation.models import Extension, Person, Phase, Project, Record
from participation.queries import voting as queries
from participation.rules.phases import check_later
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import REASON_MAX, bounded
from participation.selectors.closing import vote_of_desk
from participation.services.proposals import require_desk


@transaction.atomic
def ask_extension(*, project: Project, closes_at: datetime, reason: str, by: Person) -> Extension:
    """Ask that the vote of a project closes later, or that one without an end gets one; nothing changes yet.

    Refuses  person.not_staff, vote.not_open (there is none), vote.closed, body.too_long, extension.reason_missing,
             extension.not_later, extension.too_soon.
    """
    require_desk(project, by, DeskAct.EXTEND)
    now = queries.database_now()
    vote = vote_of_desk(project, now)
    if vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    reason = bounded(reason, REASON_MAX)
    if not reason:
        raise Refused(Code.EXTENSION_REASON_MISSING)
    _check(vote, closes_at, now)
    asked = Extension.objects.create(phase=vote, closes_at=closes_at, reason=reason, asked_by=by, asked_at=now)
    _record(project, by, "phase.extension_asked", asked)
    return asked


@transaction.atomic
def agree_extension(*, project: Project, key: int, by: Person) -> Extension:
    """Agree to what another officer asked: the vote closes later from this moment on, as a public event.

    Locks    pg_advisory_xact_lock(phase), as closing does: of an agreement and a count in the same second one comes
             first, and the other sees it (tests/drills/test_extension_race.py); then the extension's and the
             phase's row.
    Refuses  person.not_staff, extension.not_waiting, extension.same_officer, vote.closed, extension.not_later,
             extension.too_soon.
    """
    require_desk(project, by, DeskAct.EXTEND)
    found = Extension.objects.filter(pk=key, phase__project=project).first()
    if found is None:
        raise Refused(Code.EXTENSION_NOT_WAITING)
    queries.lock_phase(found.phase_id)
    asked = Extension.objects.select_for_update(no_key=True).get(pk=key)
    if asked.agreed_at is not None:
        raise Refused(Code.EXTENSION_NOT_WAITING)
    if asked.asked_by_id == by.pk:
        raise Refused(Code.EXTENSION_SAME_OFFICER)
    vote = Phase.objects.select_for_update(no_key=True).get(pk=found.phase_id)
    now = queries.database_now()
    _check(vote, asked.closes_at, now)
    asked.agreed_by, asked.agreed_at = by, now
    asked.save(update_fields=["agreed_by", "agreed_at"])
    Phase.objects.filter(pk=vote.pk).update(closes_at=asked.closes_at)
    _record(project, by, "phase.extended", asked)
    return asked


def _check(vote: Phase, closes_at: datetime, now: datetime) -> None:
    over = vote.closed_at or (vote.closes_at if vote.closes_at and vote.closes_at <= now else None)
    if over:
        raise Refused(Code.VOTE_CLOSED, {"closed_at": over})
    check_later(closes_at, vote.closes_at, max(now, vote.opens_at))


def _record(project: Project, by: Person, act: str, asked: Extension) -> None:
    Record.objects.create(
        organisation=project.organisation,
        project=project,
        person=by,
        act=act,
        subject=f"phase {asked.phase_id}",
        detail={"closes_at": asked.closes_at.isoformat(), "reason": asked.reason},
    )

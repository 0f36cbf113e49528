"""Takes comments and reports in, and lets staff hide, lock and settle them.

Where the town lets anybody in, what comes without an account is bounded by where it comes from (services.pace).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from participation.models import Comment, Person, Proposal, Report
from participation.rules.limits import COMMENTS_AN_HOUR, HOUR, REPORTS_AN_HOUR, check_often, comment_text
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import REASON_MAX, bounded
from participation.selectors.access import require_act
from participation.selectors.comments import comments_on
from participation.selectors.projects import standing
from participation.selectors.roles import may_in
from participation.services.proposals import require_desk
from participation.services.records import record_act


def _check_often(rows: QuerySet[Comment] | QuerySet[Report], person: Person, most: int) -> None:
    """Count what this person sent in the last hour, one by one of what is sent at once.

    Locks    the person's row.
    Refuses  act.too_often.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    check_often(rows.count(), most)


@transaction.atomic
def add_comment(
    *, proposal: Proposal, person: Person | None, text: str, parent: int | None, language: str, now: datetime
) -> Comment:
    """Write a comment or a reply; public at once, or after a look by staff where the project says so.

    Staff is shown as the city, and not looked after. A reply to a reply stands under the first comment.
    What comes without an account is always looked at first.

    Locks    the person's row.
    Refuses  proposal.not_public, what selectors.access.require_act refuses, comment.locked, comment.missing,
             comment.too_long, comment.not_found, act.too_often.
    """
    if proposal.state != Proposal.State.PUBLISHED:
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    by_city = may_in(proposal.project, person, DeskAct.MODERATE)
    if not by_city:
        require_act(proposal.project, standing(proposal.project, now), Act.COMMENT, person)
    if proposal.comments_locked:
        raise Refused(Code.COMMENT_LOCKED)
    text = comment_text(text)
    if person is not None:
        _check_often(Comment.objects.filter(author=person, created_at__gt=now - HOUR), person, COMMENTS_AN_HOUR)
    above = None
    if parent is not None:
        above = comments_on(proposal).filter(pk=parent, state=Comment.State.PUBLISHED).first()
        if above is None:
            raise Refused(Code.COMMENT_NOT_FOUND)
    waits = person is None or (proposal.project.moderated_first and not by_city)
    comment = Comment.objects.create(
        # A reply stays with what it answers, also when that was joined with another proposal since.
        proposal_id=above.proposal_id if above else proposal.pk,
        parent_id=(above.parent_id or above.pk) if above else None,
        author=person,
        by_city=by_city,
        text=text,
        language=language,
        state=Comment.State.SUBMITTED if waits else Comment.State.PUBLISHED,
        created_at=now,
    )
    if by_city and person is not None:
        record_act(
            organisation=proposal.project.organisation,
            project=proposal.project,
            by=person,
            act="comment.by_city",
            subject=f"proposal {proposal.number}",
            detail={"comment": comment.pk},
        )
    return comment


@transaction.atomic
def decide_comment(*, comment: Comment, state: str, reason: str, by: Person) -> None:
    """Publish a comment, or hide it with a reason that stands in its place.

    Locks    the comment's row.
    Refuses  person.not_staff, body.too_long, reason.missing.
    """
    project = comment.proposal.project
    require_desk(project, by, DeskAct.MODERATE)
    reason = bounded(reason, REASON_MAX) if state == Comment.State.HIDDEN else ""
    if state == Comment.State.HIDDEN and not reason:
        raise Refused(Code.REASON_MISSING)
    row = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    before = {"state": row.state, "reason": row.hidden_because}
    row.state, row.hidden_because = state, reason
    row.save(update_fields=["state", "hidden_because"])
    record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="comment.hidden" if state == Comment.State.HIDDEN else "comment.published",
        subject=f"proposal {comment.proposal.number}",
        detail={"comment": row.pk, "before": before},
    )


@transaction.atomic
def lock_comments(*, proposal: Proposal, locked: bool, by: Person) -> None:
    """Close the comments on a proposal, or open them again; what was said stays.

    Refuses  person.not_staff.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    Proposal.objects.filter(pk=proposal.pk).update(comments_locked=locked)
    record_act(
        organisation=proposal.project.organisation,
        project=proposal.project,
        by=by,
        act="comments.locked" if locked else "comments.unlocked",
        subject=f"proposal {proposal.number}",
    )


@transaction.atomic
def report(
    *, proposal: Proposal, comment: Comment | None, person: Person | None, reason: str, text: str, now: datetime
) -> Report:
    """Tell staff that something is wrong with a proposal, or with a comment on it.

    Locks    the person's row.
    Refuses  proposal.not_public, what selectors.access.require_act refuses, report.reason_missing, body.too_long,
             report.twice, act.too_often.
    """
    if not proposal.is_read_by_all:
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    require_act(proposal.project, standing(proposal.project, now), Act.REPORT, person)
    if reason not in Report.Reason.values:
        raise Refused(Code.REPORT_REASON_MISSING)
    text = bounded(text, REASON_MAX)
    if person is not None:
        _check_often(Report.objects.filter(person=person, at__gt=now - HOUR), person, REPORTS_AN_HOUR)
        if Report.objects.filter(proposal=proposal, comment=comment, person=person).exists():
            raise Refused(Code.REPORT_TWICE)
    return Report.objects.create(
        proposal=proposal,
        comment=comment,
        person=person,
        reason=reason,
        text=text,
        at=now,
    )


@transaction.atomic
def settle_reports(*, proposal: Proposal, by: Person, now: datetime) -> int:
    """Say that the reports about a proposal and its comments were looked at; how many there were.

    Refuses  person.not_staff.
    """
    require_desk(proposal.project, by, DeskAct.MODERATE)
    waiting = Report.objects.filter(proposal=proposal, settled_at=None)
    keys = list(waiting.values_list("pk", flat=True))
    if keys:
        Report.objects.filter(pk__in=keys).update(settled_at=now, settled_by=by)
        record_act(
            organisation=proposal.project.organisation,
            project=proposal.project,
            by=by,
            act="reports.settled",
            subject=f"proposal {proposal.number}",
            detail={"reports": keys, "n": len(keys)},
        )
    return len(keys)

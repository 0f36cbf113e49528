"""Takes proposals in, supports them, and lets staff publish, hide and shortlist them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from participation.models import (
    Draft,
    InventoryObject,
    MergedProposal,
    Person,
    Phase,
    Photo,
    Project,
    Proposal,
    Record,
    Support,
    Theme,
)
from participation.queries.voting import database_now
from participation.rules.phases import Act
from participation.rules.places import Given
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import REASON_MAX, bounded, title_and_body
from participation.selectors.access import require_act
from participation.selectors.closing import is_frozen
from participation.selectors.projects import facts, standing
from participation.selectors.proposals import hearts_on
from participation.selectors.roles import may_in
from participation.services.answers import keep_with_proposal
from participation.services.places import keep_exact, require_free, settled


def next_number(project: Project) -> int:
    """Take the next free number of a project.

    Locks    the project's row to the end of the transaction: two proposals at once get two numbers.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    highest: int | None = Proposal.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    return (highest or 0) + 1


@transaction.atomic
def submit_proposal(
    *,
    project: Project,
    person: Person | None,
    title: str,
    body: str,
    place: Given | None,
    theme: str,
    language: str,
    now: datetime,
) -> Proposal:
    """Take a resident's proposal in; public at once, or after a look by staff where the project says so.

    What comes without an account, or lies in a zone that asks for it, is always looked at first.

    Locks    the project's row (next_number).
    Refuses  what selectors.access.require_act refuses; title.*, body.too_long, theme.unknown, what
             services.places.settled refuses, zone.reason_missing.
    """
    require_act(project, standing(project, now), Act.PROPOSE, person)
    title, body = title_and_body(title, body)
    found_theme = Theme.objects.filter(project=project, slug=theme).first() if theme else None
    if theme and found_theme is None:
        raise Refused(Code.THEME_UNKNOWN, {"theme": theme[:60]})
    where = settled(project, place)
    if where.zones.reason and not body:
        raise Refused(Code.ZONE_REASON_MISSING, {"name": where.zones.reason[0].name})
    is_looked_at = project.moderated_first or person is None or bool(where.zones.look)
    number = next_number(project)
    if where.chosen:
        # Once more, now that nobody else can propose it meanwhile.
        require_free(project, where.chosen)
    proposal = Proposal.objects.create(
        project=project,
        number=number,
        origin=Proposal.Origin.RESIDENT,
        state=Proposal.State.SUBMITTED if is_looked_at else Proposal.State.PUBLISHED,
        title=title,
        body=body,
        language=language,
        theme=found_theme,
        point=where.point,
        shape=where.shape,
        inventory_object=where.chosen,
        area=where.area,
        author=person,
        created_at=now,
    )
    keep_exact([(proposal, where.exact)])
    return proposal


@transaction.atomic
def send_draft(
    *,
    token: str | None,
    project: Project,
    person: Person | None,
    title: str,
    body: str,
    place: Given | None,
    theme: str,
    language: str,
    now: datetime,
) -> Proposal | None:
    """Submit a proposal and use up the draft it was written in; None when that draft was sent before.

    Locks    the draft's row: the second request of a double click waits for the first, then finds nothing to send
             (tests/drills/test_bad_input.py); then as submit_proposal.
    Refuses  as submit_proposal; form.changed, answers.incomplete (services.answers); the draft is kept then.
    """
    draft = Draft.objects.select_for_update().filter(token=token, project=project).first() if token else None
    if draft is None:
        return None
    proposal = submit_proposal(
        project=project,
        person=person,
        title=title,
        body=body,
        place=place,
        theme=theme,
        language=language,
        now=now,
    )
    keep_with_proposal(draft=draft, proposal=proposal, person=person, now=now)
    # The photos go along before the draft goes.
    Photo.objects.filter(draft=draft).update(draft=None, proposal=proposal)
    draft.delete()
    return proposal


def support(*, proposal: Proposal, person: Person, now: datetime) -> bool:
    """Put a person's heart on a proposal; False when it was there already, or on one that was joined with it.

    Locks    none: the unique key decides, so a double click counts once.
    Refuses  proposal.not_public, what selectors.access.require_act refuses.
    """
    if proposal.state != Proposal.State.PUBLISHED:
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    require_act(proposal.project, standing(proposal.project, now), Act.SUPPORT, person)
    if hearts_on(proposal, person).exists():
        return False
    Support.objects.bulk_create([Support(proposal=proposal, person=person)], ignore_conflicts=True)
    return True


def take_back_support(*, proposal: Proposal, person: Person, now: datetime) -> None:
    """Take a person's heart off a proposal, and off those that were joined with it.

    Refuses  support.*: when counting is over, what was counted stays.
    """
    standing(proposal.project, now).require(Act.SUPPORT)
    hearts_on(proposal, person).delete()


def require_desk(project: Project, by: Person, act: DeskAct) -> None:
    """Refuse whoever has not the role for an act at the desk of this project, in it or in its whole town.

    Refuses  person.not_staff.
    """
    if not may_in(project, by, act):
        raise Refused(Code.NOT_STAFF)


def _locked(project: Project, number: int) -> Proposal:
    found = Proposal.objects.select_for_update(no_key=True).filter(project=project, number=number).first()
    if found is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    return found


def _locked_with_object(project: Project, number: int) -> Proposal:
    """Lock a proposal that is to be seen again: of an inventory only while nobody else can propose its object."""
    if project.from_inventory:
        next_number(project)
    return _locked(project, number)


def _require_room(proposal: Proposal) -> None:
    """Refuse to bring a hidden proposal back while its object was proposed as often as it may be (object.taken)."""
    if proposal.inventory_object and proposal.state == Proposal.State.HIDDEN:
        require_free(proposal.project, proposal.inventory_object)


def _record(project: Project, by: Person, act: str, proposal: Proposal, **detail: object) -> None:
    Record.objects.create(
        organisation=project.organisation,
        project=project,
        person=by,
        act=act,
        subject=f"proposal {proposal.number}",
        detail=detail,
    )


@transaction.atomic
def publish_proposal(*, project: Project, number: int, by: Person) -> Proposal:
    """Make a proposal public. What was joined with another one is public as what it was.

    Locks    the proposal's row; before it the project's, for one of an inventory.
    Refuses  person.not_staff, proposal.not_found, object.taken (somebody else proposed it while it was hidden).
    """
    require_desk(project, by, DeskAct.MODERATE)
    proposal = _locked_with_object(project, number)
    _require_room(proposal)
    before = _before(proposal)
    _show(proposal, Proposal.State.PUBLISHED, "")
    _record(project, by, "proposal.published", proposal, before=before)
    return proposal


@transaction.atomic
def hide_proposal(*, project: Project, number: int, reason: str, by: Person) -> Proposal:
    """Take a proposal off the public pages, with a reason that everybody can read; it also leaves the ballot.

    Locks    the proposal's row.
    Refuses  person.not_staff, body.too_long, reason.missing, proposal.not_found.
    """
    require_desk(project, by, DeskAct.MODERATE)
    reason = bounded(reason, REASON_MAX)
    if not reason:
        raise Refused(Code.REASON_MISSING)
    proposal = _locked(project, number)
    was_option, before = proposal.on_ballot, _before(proposal)
    _show(proposal, Proposal.State.HIDDEN, reason)
    _record(project, by, "proposal.hidden", proposal, reason=reason, on_ballot=was_option, before=before)
    return proposal


@transaction.atomic
def show_as_before(*, project: Project, number: int, before: Mapping[str, object], after: str, by: Person) -> None:
    """Give a proposal the state back that it had before it was published or hidden, on the ballot where it was.

    Locks    the proposal's row; before it the project's, for one of an inventory.
    Refuses  person.not_staff, proposal.not_found; undo.not_possible when its state is no longer ``after``;
             object.taken when somebody else proposed its object meanwhile; ballot.frozen when it cannot come back to
             its ballot.
    """
    require_desk(project, by, DeskAct.MODERATE)
    proposal = _locked_with_object(project, number)
    if _before(proposal)["state"] != after:
        raise Refused(Code.UNDO_NOT_POSSIBLE)
    if before["state"] != Proposal.State.HIDDEN:
        _require_room(proposal)
    try:
        with transaction.atomic():
            _show(proposal, str(before["state"]), str(before["reason"]), on_ballot=bool(before["on_ballot"]))
    except IntegrityError as error:  # people voted meanwhile (trigger list_frozen)
        raise Refused(Code.BALLOT_FROZEN) from error
    if before["on_ballot"]:
        _record(project, by, "ballot.joined", proposal)


def _before(proposal: Proposal) -> dict[str, object]:
    """What an undo needs: the state, of what was joined with another one the state it will come back to."""
    part = MergedProposal.objects.filter(proposal=proposal, is_active=True).first()
    return {
        "state": part.state_before if part else proposal.state,
        "reason": proposal.hidden_because,
        "on_ballot": part.on_ballot_before if part else proposal.on_ballot,
    }


def _show(proposal: Proposal, state: str, reason: str, *, on_ballot: bool | None = None) -> None:
    """Write a state; an option that is hidden leaves its ballot."""
    stays = proposal.on_ballot if on_ballot is None else on_ballot
    stays = stays and state == Proposal.State.PUBLISHED
    if proposal.state == Proposal.State.MERGED:
        parts = MergedProposal.objects.filter(proposal=proposal, is_active=True)
        parts.update(state_before=state, on_ballot_before=stays)
        proposal.hidden_because = reason
    else:
        proposal.state, proposal.hidden_because, proposal.on_ballot = state, reason, stays
    proposal.save(update_fields=["state", "hidden_because", "on_ballot"])


@transaction.atomic
def set_shortlist(*, project: Project, numbers: Collection[int], on_ballot: bool, by: Person) -> list[int]:
    """Put public proposals on the ballot or take them off; gives back the numbers that changed.

    Once a ballot was cast nothing can leave the list this way, and something can join only where the phase
    said so beforehand (``write_ins_join``) and as long as it runs.

    Locks    the proposals' rows, in the order of their numbers, so that two planners never wait for each other; the
             trigger ``list_frozen`` looks once more, also for a first ballot that is being cast meanwhile.
    Refuses  person.not_staff, proposal.not_found, proposal.not_public, object.no_permission when the owner of what
             would join does not agree; ballot.frozen.
    """
    require_desk(project, by, DeskAct.SHORTLIST)
    rows = list(
        Proposal.objects.select_for_update(no_key=True, of=("self",))
        .filter(project=project, number__in=numbers)
        .select_related("inventory_object")
        .order_by("number")
    )
    missing = set(numbers) - {row.number for row in rows}
    if missing:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": min(missing)})
    if on_ballot and any(row.state != Proposal.State.PUBLISHED for row in rows):
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    for chosen in (row.inventory_object for row in rows if on_ballot and not row.on_ballot):
        if chosen is not None and chosen.permission == InventoryObject.Permission.REFUSED:
            raise Refused(Code.OBJECT_NO_PERMISSION, {"name": chosen.name})
    votes = Phase.objects.filter(project=project, kind="vote")
    voted = [facts(phase) for phase in votes if is_frozen(phase)]
    now = database_now()
    if voted and not (on_ballot and all(phase.joins and phase.is_open(now) for phase in voted)):
        raise Refused(Code.BALLOT_FROZEN)
    changed = [row for row in rows if row.on_ballot != on_ballot]
    for row in changed:
        row.on_ballot = on_ballot
        _record(project, by, "ballot.joined" if on_ballot else "ballot.left", row)
    try:
        with transaction.atomic():
            Proposal.objects.bulk_update(changed, ["on_ballot"])
    except IntegrityError as error:
        raise Refused(Code.BALLOT_FROZEN) from error
    return [row.number for row in changed]

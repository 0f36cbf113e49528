"""Takes proposals in, supports them, and lets staff publish, hide and shortlist them."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from participation.models import Draft, Person, Phase, Project, Proposal, Record, Support, Theme
from participation.queries.voting import database_now
from participation.rules.phases import Act
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct, may
from participation.rules.wording import REASON_MAX, cleaned, title_and_body
from participation.selectors.access import require_act
from participation.selectors.closing import is_frozen
from participation.selectors.organisations import role_in
from participation.selectors.projects import facts, standing
from participation.selectors.proposals import geos_point, place_verdict


def next_number(project: Project) -> int:
    """Take the next free number of a project.

    Locks    the project's row to the end of the transaction: two proposals at once get two numbers.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    highest: int | None = Proposal.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    return (highest or 0) + 1


def checked_place(project: Project, place: LonLat | None) -> tuple[LonLat | None, int | None]:
    """Give back the place and its neighbourhood's id.

    Refuses  pin.missing (a project with a map), pin.outside_area with ``metres`` outside.
    """
    if project.area is None:
        return None, None
    if place is None:
        raise Refused(Code.PIN_MISSING)
    verdict = place_verdict(project, place)
    if not verdict.inside:
        raise Refused(Code.PIN_OUTSIDE_AREA, {"metres": verdict.outside_by_m})
    return place, verdict.area.pk if verdict.area else None


@transaction.atomic
def submit_proposal(
    *,
    project: Project,
    person: Person | None,
    title: str,
    body: str,
    place: LonLat | None,
    theme: str,
    language: str,
    now: datetime,
) -> Proposal:
    """Take a resident's proposal in; public at once, or after a look by staff where the project says so.

    What comes without an account is always looked at first.

    Locks    the project's row (next_number).
    Refuses  what selectors.access.require_act refuses; title.*, body.too_long, theme.unknown, pin.*.
    """
    require_act(project, standing(project, now), Act.PROPOSE, person)
    title, body = title_and_body(title, body)
    found_theme = Theme.objects.filter(project=project, slug=theme).first() if theme else None
    if theme and found_theme is None:
        raise Refused(Code.THEME_UNKNOWN, {"theme": theme[:60]})
    place, area_id = checked_place(project, place)
    return Proposal.objects.create(
        project=project,
        number=next_number(project),
        origin=Proposal.Origin.RESIDENT,
        state=Proposal.State.SUBMITTED if project.moderated_first or person is None else Proposal.State.PUBLISHED,
        title=title,
        body=body,
        language=language,
        theme=found_theme,
        point=geos_point(place) if place else None,
        area_id=area_id,
        author=person,
        created_at=now,
    )


@transaction.atomic
def send_draft(
    *,
    token: str | None,
    project: Project,
    person: Person | None,
    title: str,
    body: str,
    place: LonLat | None,
    theme: str,
    language: str,
    now: datetime,
) -> Proposal | None:
    """Submit a proposal and use up the draft it was written in; None when that draft was sent before.

    Locks    the draft's row: the second request of a double click waits for the first, then finds nothing to send
             (tests/drills/test_bad_input.py); then as submit_proposal.
    Refuses  as submit_proposal; the draft is kept then.
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
    draft.delete()
    return proposal


def support(*, proposal: Proposal, person: Person, now: datetime) -> bool:
    """Put a person's heart on a proposal; False when it was there already.

    Locks    none: the unique key decides, so a double click counts once.
    Refuses  proposal.not_public, what selectors.access.require_act refuses.
    """
    if proposal.state != Proposal.State.PUBLISHED:
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
    require_act(proposal.project, standing(proposal.project, now), Act.SUPPORT, person)
    before = Support.objects.filter(proposal=proposal, person=person).exists()
    Support.objects.bulk_create([Support(proposal=proposal, person=person)], ignore_conflicts=True)
    return not before


def take_back_support(*, proposal: Proposal, person: Person, now: datetime) -> None:
    """Take a person's heart off a proposal.

    Refuses  support.*: when counting is over, what was counted stays.
    """
    standing(proposal.project, now).require(Act.SUPPORT)
    Support.objects.filter(proposal=proposal, person=person).delete()


def require_desk(project: Project, by: Person, act: DeskAct) -> None:
    """Refuse whoever has not the role for an act at the desk of this project's town.

    Refuses  person.not_staff.
    """
    if not may(role_in(project.organisation, by), act):
        raise Refused(Code.NOT_STAFF)


def _locked(project: Project, number: int) -> Proposal:
    found = Proposal.objects.select_for_update(no_key=True).filter(project=project, number=number).first()
    if found is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    return found


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
    """Make a proposal public.

    Locks    the proposal's row.
    Refuses  person.not_staff, proposal.not_found.
    """
    require_desk(project, by, DeskAct.MODERATE)
    proposal = _locked(project, number)
    proposal.state, proposal.hidden_because = Proposal.State.PUBLISHED, ""
    proposal.save(update_fields=["state", "hidden_because"])
    _record(project, by, "proposal.published", proposal)
    return proposal


@transaction.atomic
def hide_proposal(*, project: Project, number: int, reason: str, by: Person) -> Proposal:
    """Take a proposal off the public pages, with a reason its author can read; it also leaves the ballot.

    Locks    the proposal's row.
    Refuses  person.not_staff, proposal.not_found, reason.missing.
    """
    require_desk(project, by, DeskAct.MODERATE)
    reason = cleaned(reason)[:REASON_MAX]
    if not reason:
        raise Refused(Code.REASON_MISSING)
    proposal = _locked(project, number)
    was_option = proposal.on_ballot
    proposal.state, proposal.hidden_because, proposal.on_ballot = (
        Proposal.State.HIDDEN,
        reason,
        False,
    )
    proposal.save(update_fields=["state", "hidden_because", "on_ballot"])
    _record(project, by, "proposal.hidden", proposal, reason=proposal.hidden_because, on_ballot=was_option)
    return proposal


@transaction.atomic
def set_shortlist(*, project: Project, numbers: Collection[int], on_ballot: bool, by: Person) -> list[int]:
    """Put public proposals on the ballot or take them off; gives back the numbers that changed.

    Once a ballot was cast nothing can leave the list this way, and something can join only where the phase
    said so beforehand (``write_ins_join``) and as long as it runs.

    Locks    the proposals' rows, in the order of their numbers, so that two planners never wait for each other; the
             trigger ``list_frozen`` looks once more, also for a first ballot that is being cast meanwhile.
    Refuses  person.not_staff, proposal.not_found, proposal.not_public, ballot.frozen.
    """
    require_desk(project, by, DeskAct.SHORTLIST)
    rows = list(
        Proposal.objects.select_for_update(no_key=True).filter(project=project, number__in=numbers).order_by("number")
    )
    missing = set(numbers) - {row.number for row in rows}
    if missing:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": min(missing)})
    if on_ballot and any(row.state != Proposal.State.PUBLISHED for row in rows):
        raise Refused(Code.PROPOSAL_NOT_PUBLIC)
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

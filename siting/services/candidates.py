"""Makes candidates of what came in, and keeps the file about each: place, notes, checks."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from django.contrib.gis.geos import Point
from django.db import transaction

from participation import public
from participation.models import Person, Project
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.rules.wording import cleaned, title_and_body
from siting.models import Candidate, Check, LayerFeature, Origin
from siting.rules.links import web_address
from siting.selectors.candidates import next_candidate_number, options_without_candidate

CHECKED_BY_MAX, NOTE_MAX = 120, 2000


@dataclass(frozen=True, slots=True)
class ClusterAsItWas:
    """A cluster at the moment a candidate was made of it; ``pin`` is its lowest proposal."""

    number: int
    pin: int
    n: int
    weight: float
    radius_m: float
    min_count: int
    weigh: str


@dataclass(frozen=True, slots=True)
class From:
    """What a candidate comes from: proposals by number, a cluster (with its proposals), a feature; or nothing."""

    proposals: Collection[int] = field(default=())
    cluster: ClusterAsItWas | None = None
    feature: LayerFeature | None = None


@transaction.atomic
def make_candidate(
    *, project: Project, title: str, place: LonLat, notes: str, came_from: From, by: Person, now: datetime
) -> Candidate:
    """Begin the file of a site; its place is the planner's own, wherever the pins lie.

    Locks    the project's row: two candidates at once get two numbers.
    Refuses  title.*, body.too_long, proposal.not_found.
    """
    title, notes = title_and_body(title, notes)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    candidate = Candidate.objects.create(
        project=project,
        number=next_candidate_number(project),
        title=title,
        point=Point(place.lon, place.lat, srid=4326),
        notes=notes,
        created_by=by,
        created_at=now,
    )
    if came_from.cluster is not None:
        Origin.objects.create(candidate=candidate, kind=Origin.Kind.CLUSTER, cluster=asdict(came_from.cluster))
    if came_from.feature is not None:
        Origin.objects.create(candidate=candidate, kind=Origin.Kind.FEATURE, feature=came_from.feature)
    _add(candidate, project, came_from.proposals)
    if not candidate.origins.exists():
        Origin.objects.create(candidate=candidate, kind=Origin.Kind.HAND)
    _record(candidate, by, "candidate.made", {"proposals": sorted(came_from.proposals)})
    return candidate


@transaction.atomic
def make_candidates_of_ballot(*, project: Project, by: Person, now: datetime) -> list[Candidate]:
    """Begin the file of every option of the ballot that has a place and no file yet, where that option lies.

    Locks    the project's row: the second of two at once finds nothing left to make.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return [
        make_candidate(
            project=project,
            title=option.title,
            place=LonLat(option.point.x, option.point.y),
            notes="",
            came_from=From(proposals=[option.number]),
            by=by,
            now=now,
        )
        for option in options_without_candidate(project)
        if option.point is not None
    ]


@transaction.atomic
def change_candidate(*, candidate: Candidate, title: str, place: LonLat, notes: str, state: str, by: Person) -> None:
    """Change what the file says: title, place, notes, state.

    Locks    the candidate's row.
    Refuses  title.*, body.too_long; candidate.decided when it would move after a published decision.
    """
    title, notes = title_and_body(title, notes)
    candidate = Candidate.objects.select_for_update().get(pk=candidate.pk)
    moved = (candidate.point.x, candidate.point.y) != (place.lon, place.lat)
    if moved and candidate.decisions.filter(published_at__isnull=False).exists():
        raise Refused(Code.CANDIDATE_DECIDED)
    was = {"title": candidate.title, "state": candidate.state, "lon": candidate.point.x, "lat": candidate.point.y}
    candidate.title, candidate.notes = title, notes
    candidate.point = Point(place.lon, place.lat, srid=4326)
    candidate.state = state if state in Candidate.State.values else candidate.state
    candidate.save(update_fields=["title", "notes", "point", "state"])
    _record(candidate, by, "candidate.changed", {"was": was})


@transaction.atomic
def add_proposals(*, candidate: Candidate, project: Project, numbers: Collection[int], by: Person) -> None:
    """Say which further proposals a candidate is about: their supporters hear what becomes of it.

    Locks    the candidate's row.
    Refuses  proposal.not_found.
    """
    candidate = Candidate.objects.select_for_update().get(pk=candidate.pk)
    _add(candidate, project, numbers)
    candidate.origins.filter(kind=Origin.Kind.HAND).delete()
    _record(candidate, by, "candidate.proposals_added", {"proposals": sorted(numbers)})


@transaction.atomic
def drop_proposal(*, candidate: Candidate, number: int, by: Person) -> None:
    """Say that a candidate is not about this proposal after all.

    Locks    the candidate's row.
    """
    candidate = Candidate.objects.select_for_update().get(pk=candidate.pk)
    candidate.origins.filter(proposal__number=number).delete()
    if not candidate.origins.exists():
        Origin.objects.create(candidate=candidate, kind=Origin.Kind.HAND)
    _record(candidate, by, "candidate.proposal_dropped", {"proposals": [number]})


@transaction.atomic
def check_candidate(
    *,
    candidate: Candidate,
    kind: str,
    outcome: str,
    checked_by: str,
    checked_on: date,
    note: str,
    document: str,
    by: Person,
    now: datetime,
) -> Check:
    """Write down what was looked into, by whom, and what came out.

    Refuses  check.incomplete, link.bad.
    """
    checked_by, note = " ".join(cleaned(checked_by).split()), cleaned(note)
    if (
        kind not in Check.Kind.values
        or outcome not in Check.Outcome.values
        or not 0 < len(checked_by) <= CHECKED_BY_MAX
        or len(note) > NOTE_MAX
    ):
        raise Refused(Code.CHECK_INCOMPLETE)
    check = Check.objects.create(
        candidate=candidate,
        kind=kind,
        outcome=outcome,
        checked_by=checked_by,
        checked_on=checked_on,
        note=note,
        document=web_address(document),
        recorded_by=by,
        recorded_at=now,
    )
    _record(candidate, by, "candidate.checked", {"kind": kind, "outcome": outcome})
    return check


def _add(candidate: Candidate, project: Project, numbers: Collection[int]) -> None:
    found = {proposal.number: proposal for proposal in public.proposals_by_number(project, set(numbers))}
    for number in sorted(numbers):
        if number not in found:
            raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    Origin.objects.bulk_create(
        [
            Origin(candidate=candidate, kind=Origin.Kind.PROPOSAL, proposal=found[number])
            for number in sorted(set(numbers))
        ],
        ignore_conflicts=True,
    )


def _record(candidate: Candidate, by: Person, act: str, detail: dict[str, object]) -> None:
    project = candidate.project
    public.record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act=act,
        subject=f"candidate {candidate.number}",
        detail=detail,
    )

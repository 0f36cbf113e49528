"""Every act, by everybody, in every kind of phase, about a thing in every state, in two towns: as acts.py says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import Client

from participation.models import (
    Comment,
    Draft,
    Membership,
    Organisation,
    Person,
    Phase,
    Project,
    ProjectRole,
    Proposal,
    Record,
    Report,
)
from participation.queries.voting import database_now
from participation.rules.access import LEVELS, Level
from participation.rules.electorate import Eligibility
from participation.rules.phases import CLOSED, OPEN_ACTS, Act, PhaseKind
from participation.rules.places import LonLat
from participation.rules.questions import Asked
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct, Role, may
from participation.selectors.access import require_act
from participation.selectors.projects import standing
from participation.services.answers import send_answers
from participation.services.codes import make_resident_codes, redeem_resident_code
from participation.services.comments import add_comment, report
from participation.services.follows import follow
from participation.services.merging import merge_proposals
from participation.services.proposals import submit_proposal, support
from participation.services.voting import cast_ballot
from participation.web.access import offered
from participation.web.desk_queue import ACTS
from tests.cast import Cast, box, person, picks, text
from tests.contracts.acts import (
    ABOUT,
    ABOUT_NOTHING,
    ADMITS,
    ADMITS_TO_VOTE,
    BY_DEFAULT,
    DESK,
    DESK_ABOUT,
    DESK_COLUMNS,
    IN_OFFICE,
    NOT_VOTING,
    ON_BALLOT,
    OPENS,
    STATES,
    WHO,
    WRITE_INS,
)
from tests.forms import SURVEY, ask

HOUR = timedelta(hours=1)
STAFF = {
    "moderator": Role.MODERATOR,
    "planner": Role.PLANNER,
    "gis": Role.GIS,
    "communication": Role.COMMUNICATION,
    "manager": Role.MANAGER,
}


@dataclass
class Stage:
    """A town with a project of one phase, a proposal in each state, and everybody of the table."""

    project: Project
    phase: Phase
    people: dict[str, Person | None]
    numbers: dict[str, int]
    now: datetime

    def fresh(self) -> Project:
        """The project as it stands in the database now."""
        return Project.objects.get(pk=self.project.pk)


@pytest.fixture(params=["toonstad", "elders"])
def stage(request: pytest.FixtureRequest, cast: Cast) -> Stage:
    """The same in both towns: who is staff in one is a stranger in the other."""
    here, there = (cast.town, cast.other_town) if request.param == "toonstad" else (cast.other_town, cast.town)
    return set_stage(here, there)


def set_stage(town: Organisation, other: Organisation) -> Stage:
    """Put everybody there."""
    now = database_now()
    project = Project.objects.create(
        organisation=town, slug="tafel", title=text("Tafel"), area=box(2.60, 50.80, 2.80, 50.94)
    )
    phase = Phase.objects.create(project=project, position=1, kind="vote", opens_at=now - HOUR, cap=3)
    numbers = {}
    for number, state in enumerate(STATES, start=1):
        numbers[state] = number
        Proposal.objects.create(
            project=project,
            number=number,
            title=state,
            state=Proposal.State.PUBLISHED if state == ON_BALLOT else state,
            merged_into=Proposal.objects.get(project=project, state="published") if state == "merged" else None,
            on_ballot=state == ON_BALLOT,
            created_at=now,
        )
    people: dict[str, Person | None] = {"nobody": None, "letter": Person.objects.create_without_mail()}
    for who in WHO:
        if who in people:
            continue
        people[who] = found = person(f"tafel-{who}")
        place, role = (other, Role.MANAGER) if who == "other_town" else (town, STAFF.get(who, Role.RESIDENT))
        known = {"verified_at": now, "verified_by": "staff"} if who == "verified" else {}
        Membership.objects.create(organisation=place, person=found, role=role, **known)
    ids = {who: found.pk for who, found in people.items() if found}
    elsewhere = Project.objects.create(organisation=town, slug="stoel", title=text("Stoel"))
    for who, where in (("this_project", project), ("other_project", elsewhere)):
        ProjectRole.objects.create(project=where, person_id=ids[who], role=Role.MODERATOR)
    sender, receiver = people["manager"], people["verified_by_letter"]
    assert sender is not None
    assert receiver is not None
    (code,) = make_resident_codes(organisation=town, n=1, by=sender, now=now).codes
    redeem_resident_code(organisation=town, text=code, person=receiver, now=now)
    return Stage(project, phase, people, numbers, now)


def runs(stage: Stage, kind: str, opens_at: datetime, closes_at: datetime | None, **more: object) -> Phase:
    """Let the only phase be of this kind and time."""
    write_ins = kind == WRITE_INS
    fields = {"kind": "vote" if write_ins else kind, "write_ins": write_ins, "access": {}} | more
    Phase.objects.filter(pk=stage.phase.pk).update(opens_at=opens_at, closes_at=closes_at, **fields)
    return Phase.objects.select_related("project__organisation").get(pk=stage.phase.pk)


def propose(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Propose a place."""
    submit_proposal(
        project=stage.fresh(), person=who, title="Nieuw", body="", place=LonLat(2.7, 50.85), theme="", language="nl",
        now=database_now(),
    )  # fmt: skip


def give_support(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Put a heart on a proposal; nobody signed in is asked to be somebody first, as the page does."""
    proposal = piece(stage, number)
    if who is None:
        require_act(proposal.project, standing(proposal.project, database_now()), Act.SUPPORT, AnonymousUser())
    else:
        support(proposal=proposal, person=who, now=database_now())


def piece(stage: Stage, number: int) -> Proposal:
    """The proposal of this number, as views read it."""
    return Proposal.objects.select_related("project__organisation").get(project=stage.project, number=number)


def say(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Comment on a proposal."""
    add_comment(
        proposal=piece(stage, number), person=who, text="Ja", parent=None, language="nl", now=database_now()
    )  # fmt: skip


def tell(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Report a proposal."""
    report(
        proposal=piece(stage, number), comment=None, person=who, reason="spam", text="", now=database_now()
    )  # fmt: skip


def hear_of_it(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Follow a proposal; nobody signed in is asked to be somebody first, as the page does."""
    if who is None:
        require_act(stage.fresh(), standing(stage.fresh(), database_now()), Act.FOLLOW, AnonymousUser())
    else:
        follow(proposal=piece(stage, number), person=who, now=database_now())


def fill_in(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Send the form of the project."""
    project = stage.fresh()
    ask(project, Asked.ALONE, SURVEY)
    content = {"answers": {"q1": "o2"}, "version": 1}
    draft = Draft.objects.create(project=project, kind=Draft.Kind.FORM, content=content)
    send_answers(token=str(draft.token), project=project, person=who, language="nl", now=database_now())


def cast_vote(stage: Stage, who: Person | None, phase: Phase, number: int) -> None:
    """Vote for it; nobody signed in is asked to be somebody first, as the page does."""
    if who is None:
        raise Refused(Code.SIGN_IN_FIRST)
    cast_ballot(phase=phase, person=who, choices=picks([number]), nonce=uuid4())


# How each act that has a page is done; an act that gets one needs its way of doing it here.
DONE: dict[Act, Callable[[Stage, Person | None, Phase, int], None]] = {
    Act.PROPOSE: propose,
    Act.SUPPORT: give_support,
    Act.COMMENT: say,
    Act.ANSWER: fill_in,
    Act.REPORT: tell,
    Act.FOLLOW: hear_of_it,
    Act.VOTE: cast_vote,
}


def answer(stage: Stage, act: Act, who: str, phase: Phase, number: int) -> Code | None:
    """Do it, see what comes, and undo it."""
    code = None
    with transaction.atomic():
        try:
            with transaction.atomic():
                DONE[act](stage, stage.people[who], phase, number)
        except Refused as refused:
            code = refused.code
        transaction.set_rollback(True)
    return code


def expected(act: Act, kind: str, who: str, state: str, level: Level) -> Code | None:
    """What the table says: an act asks first whether what it is about is public, then whether it is open, then who."""
    about = ABOUT.get(act, {}).get(state)
    is_open = OPENS[kind][list(Act).index(act)] == "x"
    if act is Act.VOTE:
        # Who is not signed in is asked to do so before anything else; what is on the ballot is looked at last.
        if who == "nobody":
            return Code.SIGN_IN_FIRST
        return ADMITS_TO_VOTE[level][who] or about if is_open else CLOSED[act].now
    known = ADMITS[level][who]
    # A heart is somebody's before it is on anything, and so is a wish to hear of it; a comment may be nobody's.
    if about and not (act in {Act.SUPPORT, Act.FOLLOW} and who == "nobody"):
        return about
    if who in IN_OFFICE.get(act, ()):
        return None
    return known if is_open else CLOSED[act].now


# --- complete by construction ------------------------------------------------------------------


def test_the_table_has_a_cell_for_everything_there_is() -> None:
    assert set(OPENS) == {*PhaseKind, WRITE_INS}
    assert {len(row) for row in OPENS.values()} == {len(Act)}
    assert set(ADMITS) == set(Level)
    assert set(ADMITS_TO_VOTE) == set(LEVELS[Act.VOTE])
    assert all(set(row) == set(WHO) for row in (*ADMITS.values(), *ADMITS_TO_VOTE.values()))
    assert set(BY_DEFAULT) == set(Act)
    assert all(set(row) == set(STATES) for row in ABOUT.values())
    assert set(ABOUT) == set(Act) - ABOUT_NOTHING
    assert {each.partition(" ")[0] for each in DESK_ABOUT} == {*ACTS, "shortlist", "undo"}
    assert {len(row) for row in DESK_ABOUT.values()} == {len(STATES)}
    assert set(DESK) == set(DeskAct)
    assert set(DESK_COLUMNS) == set(Role)
    assert {len(row) for row in DESK.values()} == {len(Role)}
    assert set(STAFF.values()) == set(Role) - {Role.RESIDENT}


def test_every_act_that_has_a_page_is_done_here() -> None:
    assert set(DONE) == set(offered)


# --- what it says ------------------------------------------------------------------


@pytest.mark.parametrize("act", DeskAct)
def test_each_role_may_do_at_the_desk_what_the_table_says(act: DeskAct) -> None:
    said = "".join("x" if may(role, act) else "." for role in DESK_COLUMNS)
    assert said == DESK[act]
    assert not may(None, act)


def test_each_phase_opens_what_the_table_says() -> None:
    for kind in PhaseKind:
        assert "".join("x" if act in OPEN_ACTS[kind] else "." for act in Act) == OPENS[kind]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", OPENS)
def test_everybody_does_everything_in_every_phase(stage: Stage, kind: str) -> None:
    phase = runs(stage, kind, stage.now - HOUR, None)
    cells = [(act, who, state) for act in DONE for who in WHO for state in (STATES if act in ABOUT else (ON_BALLOT,))]
    got = {cell: answer(stage, cell[0], cell[1], phase, stage.numbers[cell[2]]) for cell in cells}
    assert got == {cell: expected(cell[0], kind, cell[1], cell[2], BY_DEFAULT[cell[0]]) for cell in cells}


@pytest.mark.django_db
@pytest.mark.parametrize("act", Act)
def test_everybody_meets_every_level(stage: Stage, act: Act) -> None:
    """Acts without a page of their own too: what they will ask is decided by now."""
    kind = next(kind for kind in PhaseKind if OPENS[kind][list(Act).index(act)] == "x")
    for level in LEVELS[act]:
        if act is Act.VOTE:
            phase = runs(stage, kind, stage.now - HOUR, None, eligibility=Eligibility(level.value))
        else:
            phase = runs(stage, kind, stage.now - HOUR, None, access={act.value: level.value})
        for who in WHO:
            if act in DONE:
                code = answer(stage, act, who, phase, stage.numbers[ON_BALLOT])
                assert code is expected(act, kind, who, ON_BALLOT, level), (level, who)
                continue
            with_who = stage.people[who] or AnonymousUser()
            code = None
            try:
                require_act(stage.fresh(), standing(stage.fresh(), database_now()), act, with_who)
            except Refused as refused:
                code = refused.code
            assert code is ADMITS[level][who], (level, who)


@pytest.mark.django_db
@pytest.mark.parametrize("act", DONE)
def test_every_act_says_when_it_opens_and_when_it_closed(stage: Stage, act: Act) -> None:
    kind = next(kind for kind in PhaseKind if OPENS[kind][list(Act).index(act)] == "x")
    number = stage.numbers[ON_BALLOT]
    phase = runs(stage, kind, stage.now + HOUR, stage.now + 2 * HOUR)
    assert answer(stage, act, "resident", phase, number) is CLOSED[act].yet
    phase = runs(stage, kind, stage.now - 2 * HOUR, stage.now - HOUR)
    assert answer(stage, act, "resident", phase, number) is CLOSED[act].over


# --- at the desk ------------------------------------------------------------------


def desk_stage(stage: Stage) -> dict[str, int]:
    """One proposal joined with the published one, and all that staff can act upon; the merge, and others' numbers."""
    mine = Proposal.objects.filter(project=stage.project)
    mine.update(author=stage.people["resident"])
    mine.filter(number=stage.numbers["merged"]).update(state="published", merged_into=None)
    moderator = stage.people["moderator"]
    assert moderator is not None
    merge = merge_proposals(
        project=stage.fresh(), numbers=[stage.numbers["merged"]], into=stage.numbers["published"], by=moderator,
        base_url="", now=stage.now,
    )  # fmt: skip
    other = Proposal.objects.create(project=stage.project, number=20, title="Nog een", created_at=stage.now)
    for row in mine.exclude(pk=other.pk):
        Comment.objects.create(pk=1000 + row.number, proposal=row, text="Ja", created_at=stage.now)
        Report.objects.create(proposal=row, reason="spam", at=stage.now)
    return {"merge": merge.pk, "number": other.number, "to": moderator.pk}


def done_at_the_desk(stage: Stage, client: Client, act: str, number: int, known: dict[str, int]) -> Code | None:
    """Do it as the queue does, see what comes, and take it back."""
    fields: dict[str, object] = {
        "act": act.partition(" ")[0], "direction": act.partition(" ")[2], "text": "Dank u.", "reason": "Daarom.",
        "tags": "een", "comment": 1000 + number, **known,
    }  # fmt: skip
    with transaction.atomic():
        if act == "undo":
            before = {"state": "published", "reason": "", "on_ballot": False}
            record = Record.objects.create(
                organisation=stage.project.organisation, project=stage.project, act="proposal.hidden",
                subject=f"proposal {number}", detail={"before": before},
            )  # fmt: skip
            before_it = Record.objects.count()
            answer = client.post(f"/desk/undo/{record.pk}/")
        elif act.startswith("shortlist "):
            ticked = {"number": str(number), "act": act.partition(" ")[2]}
            listed = Proposal.objects.filter(project=stage.project, number=number, on_ballot=ticked["act"] == "on")
            # Nothing is written of what is so already.
            before_it = Record.objects.count() - listed.count()
            answer = client.post("/desk/projects/tafel/ballot/change/", ticked)
        else:
            before_it = Record.objects.count()
            answer = client.post(f"/desk/projects/tafel/queue/{number}/", fields)
        n_acts = Record.objects.count()
        transaction.set_rollback(True)
    if answer.status_code == 302:
        assert n_acts > before_it, f"{act} leaves no line in the audit trail"
        return None
    found = re.search(r'data-code="([\w.]+)"', answer.content.decode())
    assert found is not None, (act, answer.status_code)
    return Code(found[1])


@pytest.mark.django_db
def test_staff_do_everything_with_a_piece_in_every_state_and_phase(stage: Stage, long: bool) -> None:
    """In every kind of phase with ``--long`` (make drills); else in a vote and one that is none."""
    known = desk_stage(stage)
    clients = {who: Client(SERVER_NAME=stage.project.organisation.hosts[0]) for who in ("planner", "other_town")}
    for who, client in clients.items():
        person_there = stage.people[who]
        assert person_there is not None
        client.force_login(person_there)
    for kind in OPENS if long else (PhaseKind.PROPOSE, PhaseKind.VOTE):
        runs(stage, kind, stage.now - HOUR, None)
        got = {
            act: tuple(done_at_the_desk(stage, clients["planner"], act, stage.numbers[at], known) for at in STATES)
            for act in DESK_ABOUT
        }
        assert got == (DESK_ABOUT if kind in {PhaseKind.VOTE, WRITE_INS} else NOT_VOTING), kind
    # The control: the manager of another town does none of it.
    for act in ACTS:
        path = f"/desk/projects/tafel/queue/{stage.numbers['published']}/"
        assert clients["other_town"].post(path, {"act": act, **known}).status_code == 404

"""Whoever takes over the server holds its role: nothing of a vote that was cast can be changed with it.

Each attack is tried on a real connection as the role of the server, and as the owner of the tables: what only the
role keeps out succeeds there (the control), what a trigger or a key keeps out fails there too.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.views import weaknesses
from participation.models import BallotCast, Extension, Phase, Proposal, Support, TallyRow, Vote
from participation.queries.web_role import State, state
from participation.services.closing import ask_extension
from participation.services.voting import cast_ballot, close_phase
from participation.tasks import close_due
from tests.cast import Cast, picks
from tests.contracts.pages import POST_ONLY, ROLES, ROWS, Row
from tests.contracts.test_pages import address, client_of, furnished, read
from tests.drills.conftest import Tell
from tests.drills.hammer import execute
from tests.drills.roles import connected, make_role, served_as_web
from tests.integration.test_methods import FROZEN
from tests.past import end

pytestmark = pytest.mark.django_db(transaction=True)

BY_ROLE = "role"  # the owner can: only the role keeps it out
NEW_CAST = (
    "INSERT INTO participation_ballotcast (ballot_id, phase_id, cap, seq, nonce, recorded_at)"
    " VALUES ({ballot}, {phase}, {cap}, 9, gen_random_uuid(), clock_timestamp())"
)
NEW_VOTE = "INSERT INTO participation_vote (cast_id, cap, position, proposal_id, value) VALUES ({cast}, {n}, 1)"
MY_CAST = NEW_CAST.format(ballot="{ballot}", phase="{phase}", cap=3)
ATTACKS = {
    # Written over, taken away, thrown away.
    "change a vote": ("UPDATE participation_vote SET proposal_id = {option}", "append-only"),
    "delete votes": ("DELETE FROM participation_vote", "append-only"),
    "throw votes away": ("TRUNCATE participation_vote", BY_ROLE),
    "change a cast": ("UPDATE participation_ballotcast SET seq = 7", "append-only"),
    "delete casts": ("DELETE FROM participation_ballotcast", "append-only"),
    "throw casts away": ("TRUNCATE participation_ballotcast CASCADE", BY_ROLE),
    "change the audit trail": ("UPDATE participation_record SET act = 'nothing'", "append-only"),
    "sign the audit trail otherwise": ("UPDATE participation_record SET person_id = {vera}", "append-only"),
    "delete the audit trail": ("DELETE FROM participation_record", "append-only"),
    "throw the audit trail away": ("TRUNCATE participation_record", BY_ROLE),
    "throw ballots away": ("TRUNCATE participation_ballot CASCADE", BY_ROLE),
    "delete ballots": ("DELETE FROM participation_ballot", "foreign key"),
    "delete the vote": ("DELETE FROM participation_phase WHERE id = {phase}", "stays with its project"),
    "delete the project": ("DELETE FROM participation_project WHERE id = {project}", "foreign key"),
    # Switching off what holds.
    "disable the triggers": ("ALTER TABLE participation_vote DISABLE TRIGGER ALL", BY_ROLE),
    "drop a trigger": ("DROP TRIGGER append_only ON participation_vote", BY_ROLE),
    "drop a key": ("ALTER TABLE participation_vote DROP CONSTRAINT vote_cap_of_cast", BY_ROLE),
    "drop the table": ("DROP TABLE participation_vote CASCADE", BY_ROLE),
    "rewrite a trigger": (
        "CREATE OR REPLACE FUNCTION participation_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
        BY_ROLE,
    ),
    "a trigger of one's own": (
        "CREATE TRIGGER own BEFORE INSERT ON participation_vote EXECUTE FUNCTION participation_count_supports()",
        BY_ROLE,
    ),
    "a rule of one's own": (
        "CREATE RULE own AS ON INSERT TO participation_vote DO INSTEAD NOTHING",
        BY_ROLE,
    ),
    "be a replica": ("SET session_replication_role = replica", BY_ROLE),
    "become the owner": ("SET ROLE {owner}", BY_ROLE),
    "become a superuser": ("ALTER ROLE kiesplek_web SUPERUSER", BY_ROLE),
    "take the right": ("GRANT TRUNCATE ON participation_vote TO kiesplek_web; TRUNCATE participation_vote", BY_ROLE),
    "a table of one's own": ("CREATE TABLE own (id int)", BY_ROLE),
    "a program of the machine": ("COPY participation_vote TO PROGRAM 'cat > /dev/null'", BY_ROLE),
    # Adding what is too much.
    "one vote more than the cap": (NEW_VOTE.format(cast="{cast}", n="3, 4, {option}"), "violates check"),
    "one vote more under another cap": (NEW_VOTE.format(cast="{cast}", n="9, 4, {option}"), "foreign key"),
    "one vote more within the cap": (NEW_VOTE.format(cast="{cast}", n="3, 3, {option}"), "votes come with their cast"),
    "a second ballot": (
        "INSERT INTO participation_ballot (phase_id, person_id, tag) VALUES ({phase}, {an}, gen_random_uuid())",
        "ballot_once",
    ),
    "a ballot let go of": ("UPDATE participation_ballot SET person_id = NULL", "stays with its person"),
    "a ballot handed on": ("UPDATE participation_ballot SET person_id = {vera}", "stays with its person"),
    "a ballot of another vote": ("UPDATE participation_ballot SET phase_id = {other}", "stays with its person"),
    "a cast under the cap of another vote": (
        NEW_CAST.format(ballot="{ballot}", phase="{other}", cap=30),
        "while its vote is open",
    ),
    "a cast of yesterday": (
        MY_CAST.replace("clock_timestamp()", "now() - interval '1 h'"),
        BY_ROLE,
    ),
    "a cast of tomorrow": (
        MY_CAST.replace("clock_timestamp()", "now() + interval '1 h'"),
        "while its vote is open",
    ),
    "a vote for what is not on the ballot": (
        f"WITH c AS ({MY_CAST} RETURNING id)"
        " INSERT INTO participation_vote (cast_id, cap, position, proposal_id, value)"
        " SELECT id, 3, 1, {off_ballot}, 1 FROM c",
        "an option of its ballot",
    ),
    "a vote for what is asked elsewhere": (
        f"WITH c AS ({MY_CAST} RETURNING id)"
        " INSERT INTO participation_vote (cast_id, cap, position, proposal_id, value)"
        " SELECT id, 3, 1, {elsewhere}, 1 FROM c",
        "an option of its ballot",
    ),
    # Moving the time.
    "no end any more": ("UPDATE participation_phase SET closes_at = NULL WHERE id = {phase}", "two officers"),
    "an end right now": (
        "UPDATE participation_phase SET closes_at = clock_timestamp() WHERE id = {phase}",
        "two officers",
    ),
    "a later end nobody asked for": (
        "UPDATE participation_phase SET closes_at = closes_at + interval '1 day' WHERE id = {phase}",
        "two officers",
    ),
    "a later end nobody agreed to": (
        "UPDATE participation_phase SET closes_at = (SELECT closes_at FROM participation_extension) WHERE id = {phase}",
        "two officers",
    ),
    "agreed to by who asked": (
        "UPDATE participation_extension SET agreed_by_id = asked_by_id, agreed_at = clock_timestamp()",
        "extension_by_two_officers",
    ),
    "asked otherwise than agreed": (
        "UPDATE participation_extension SET closes_at = closes_at + interval '1 day'",
        "never changed",
    ),
    "counted while it runs": (
        "UPDATE participation_phase SET closed_at = clock_timestamp() WHERE id = {phase}",
        "is counted once",
    ),
    "a tally before the end": (
        "INSERT INTO participation_tallyrow (phase_id, proposal_id, n_votes, rank, is_winner)"
        " VALUES ({phase}, {option}, 999, 1, true)",
        "when the vote is counted",
    ),
    # Changing what was voted on.
    "another title": ("UPDATE participation_proposal SET title = 'Anders' WHERE id = {option}", "frozen"),
    "another text": ("UPDATE participation_proposal SET body = 'Anders' WHERE id = {option}", "frozen"),
    "another place": (
        "UPDATE participation_proposal SET point = ST_SetSRID(ST_MakePoint(2.7, 50.9), 4326) WHERE id = {option}",
        "frozen",
    ),
    "another cost": ("UPDATE participation_proposal SET cost_cents = 1 WHERE id = {option}", "frozen"),
    "another number": ("UPDATE participation_proposal SET number = 99 WHERE id = {option}", "frozen"),
    "off the ballot": ("UPDATE participation_proposal SET on_ballot = false WHERE id = {option}", "list"),
    "hidden without a reason": (
        "UPDATE participation_proposal SET on_ballot = false, state = 'hidden' WHERE id = {option}",
        "list",
    ),
    "an option deleted": ("DELETE FROM participation_proposal WHERE id = {option}", "frozen"),
    "an empty box shown to the triggers": (
        "CREATE TEMPORARY TABLE participation_ballot (id int, phase_id int, person_id int);"
        " UPDATE public.participation_phase SET n_winners = 7 WHERE id = {phase}",
        "frozen",
    ),
}


@dataclass
class Box:
    """A vote with one ballot of two choices in the box, and what the attacks need to name."""

    cast: Cast
    names: dict[str, object]


@pytest.fixture
def box(cast: Cast) -> Box:
    """Cast one ballot, ask for a later end, and make the server's role."""
    make_role()
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1, 2]), nonce=uuid4())
    other = Phase.objects.create(
        project=cast.project, position=2, kind="vote", opens_at=cast.vote.opens_at, cap=30, write_ins_join=True
    )
    off = Proposal.objects.create(project=cast.project, number=20, title="Niet", created_at=cast.vote.opens_at)
    project = type(cast.project).objects.create(organisation=cast.town, slug="elders")
    elsewhere = Proposal.objects.create(
        project=project, number=1, title="Elders", on_ballot=True, created_at=cast.vote.opens_at
    )
    assert cast.vote.closes_at is not None
    later = cast.vote.closes_at + timedelta(days=3)
    ask_extension(project=cast.project, closes_at=later, reason="Storing", by=cast["Piet"])
    last = BallotCast.objects.get()
    names = {
        "phase": cast.vote.pk,
        "other": other.pk,
        "project": cast.project.pk,
        "option": cast.options[2].pk,
        "off_ballot": off.pk,
        "elsewhere": elsewhere.pk,
        "cast": last.pk,
        "ballot": last.ballot_id,
        "an": cast["An"].pk,
        "vera": cast["Vera"].pk,
        "owner": connection.settings_dict["USER"],
    }
    return Box(cast, names)


def attempt(statement: str, *, as_owner: bool) -> str:
    """Try it and undo it; what kept it out, "" when nothing did."""
    with connected(as_owner=as_owner) as session:
        try:
            session.execute(statement.encode())
            session.execute(b"SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.Error as error:
            return str(error)
        finally:
            session.rollback()
    return ""


def test_nothing_of_a_vote_can_be_changed_as_the_role_of_the_server(box: Box, tell: Tell) -> None:
    found: Counter[str] = Counter()
    for name, (statement, guard) in ATTACKS.items():
        text = statement.format(**box.names)
        kept = attempt(text, as_owner=False)
        assert kept, f"{name}: went through"
        as_owner = attempt(text, as_owner=True)
        if guard is BY_ROLE:
            assert not as_owner, f"{name}: the control is none, as the owner it says {as_owner}"
            found["control"] += 1
        else:
            assert guard in as_owner, f"{name}: as the owner it says {as_owner!r}"
    tell("roles", attempts=len(ATTACKS), violations=0, control_violations=found["control"])


@pytest.mark.parametrize("name", FROZEN)
def test_no_rule_changes_as_the_role_of_the_server(box: Box, name: str) -> None:
    value = FROZEN[name]
    column = "project_id" if name == "project" else name
    new = "(SELECT id FROM participation_project WHERE slug = 'elders')" if name == "project" else "%s"
    for as_owner in (False, True):
        with connected(as_owner=as_owner) as session, pytest.raises(psycopg.Error, match=r"frozen|foreign key"):
            session.execute(
                f"UPDATE participation_phase SET {column} = {new} WHERE id = {box.cast.vote.pk}".encode(),
                [] if name == "project" else [value],
            )


def test_an_empty_box_fools_a_trigger_that_looks_anywhere(box: Box) -> None:
    """The control of the search path."""
    looking = ("participation_has_ballots(bigint)", "participation_phase_rules_frozen()")
    for function in looking:
        execute(f"ALTER FUNCTION {function} RESET search_path")
    try:
        statement, _guard = ATTACKS["an empty box shown to the triggers"]
        assert attempt(statement.format(**box.names), as_owner=False) == ""
    finally:
        for function in looking:
            execute(f"ALTER FUNCTION {function} SET search_path = public, pg_temp")


AFTER_THE_CLOSE = {
    "a cast": MY_CAST,
    "counted again": "UPDATE participation_phase SET closed_at = NULL WHERE id = {phase}",
    "counted later": "UPDATE participation_phase SET closed_at = clock_timestamp() WHERE id = {phase}",
    "open again": "UPDATE participation_phase SET closes_at = now() + interval '2 days' WHERE id = {phase}",
    "another winner": "UPDATE participation_tallyrow SET is_winner = NOT is_winner",
    "no result": "DELETE FROM participation_tallyrow",
    "one row more": "INSERT INTO participation_tallyrow (phase_id, proposal_id, n_votes, rank, is_winner)"
    " VALUES ({phase}, {off_ballot}, 999, 99, true)",
    "another rule": "UPDATE participation_phase SET rule = 'greedy' WHERE id = {phase}",
    "an option that joins": "UPDATE participation_proposal SET on_ballot = true WHERE id = {off_ballot}",
}


@pytest.mark.parametrize("name", AFTER_THE_CLOSE)
def test_what_was_counted_stays_as_it_was_counted(box: Box, name: str) -> None:
    end(box.cast.vote)
    assert close_phase(box.cast.vote)
    for as_owner in (False, True):
        assert attempt(AFTER_THE_CLOSE[name].format(**box.names), as_owner=as_owner)


def test_a_person_can_be_erased_when_the_votes_were_counted(box: Box) -> None:
    end(box.cast.vote)
    assert close_phase(box.cast.vote)
    for table in ("ballot", "record"):
        assert attempt(f"UPDATE participation_{table} SET person_id = NULL", as_owner=False) == ""


def test_an_empty_ballot_lets_go_of_its_person(box: Box) -> None:
    cast_ballot(phase=box.cast.vote, person=box.cast["An"], choices=[], nonce=uuid4())
    assert attempt("UPDATE participation_ballot SET person_id = NULL", as_owner=False) == ""


# --- the role itself -------------------------------------------------------------------------------------------------


def test_the_command_may_run_as_often_as_one_likes_and_grants_new_tables(cast: Cast) -> None:
    make_role()
    execute("CREATE TABLE participation_new (id int)")
    try:
        assert "permission denied" in attempt("SELECT * FROM participation_new", as_owner=False)
        with served_as_web():
            found = state()
        assert found.unreadable == ["participation_new"]
        assert any("participation_new" in line for line in weaknesses(found))
        make_role()
        assert attempt("SELECT * FROM participation_new", as_owner=False) == ""
    finally:
        execute("DROP TABLE participation_new")


def test_without_the_right_to_make_roles_it_says_who_must(cast: Cast) -> None:
    execute("DROP ROLE IF EXISTS kiesplek_poor")
    execute("CREATE ROLE kiesplek_poor")
    try:
        execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO kiesplek_poor")
        execute("SET ROLE kiesplek_poor")
        with pytest.raises(CommandError, match="CREATEROLE"):
            call_command("web_role", name="kiesplek_none", stdout=StringIO())
    finally:
        execute("RESET ROLE")
        execute("DROP OWNED BY kiesplek_poor")
        execute("DROP ROLE kiesplek_poor")


def test_a_role_that_could_change_votes_is_refused(cast: Cast) -> None:
    with pytest.raises(CommandError):
        call_command("web_role", name=connection.settings_dict["USER"], stdout=StringIO())


def test_readiness_says_what_weakens_a_vote(cast: Cast) -> None:
    make_role()
    assert state().can_change_votes
    with served_as_web():
        assert not state().can_change_votes
    strong = State("kiesplek_web", can_change_votes=False, off=[], unreadable=[])
    assert weaknesses(strong) == []
    (said,) = weaknesses(strong._replace(role="postgres", can_change_votes=True))
    assert "could change votes" in said
    (said,) = weaknesses(strong._replace(off=["fsync"]))
    assert "fsync is off" in said


def readers(row: Row, *, everybody: bool) -> list[str]:
    """Who reads an address here: what another of the staff sees comes from the same tables, so one is enough."""
    allowed = [role for role in ROLES if row.expected[role] == 200]
    few = [role for role in allowed if role in {"nobody", "resident", "manager"}]
    return list(ROLES) if everybody else few or allowed[:1] or ["manager"]


def test_the_server_works_as_its_role(cast: Cast, long: bool) -> None:
    """Everything a server and its worker do, on a connection that can change no vote."""
    make_role()
    furnished(cast)
    slug = cast.project.slug
    with served_as_web():
        assert not state().can_change_votes
        for role in ROLES:
            client = client_of(cast, role)
            for name, row in ROWS.items():
                if row.expected is not POST_ONLY and role in readers(row, everybody=long):
                    response = client.get(address(name, row))
                    assert response.status_code == row.expected[role], name
                    read(response)
        new = Client()
        new.post(reverse("account_request_login_code"), {"email": "nieuw@example.org"})
        code = next(line for line in str(mail.outbox[-1].body).splitlines() if line.strip().isdecimal())
        assert new.post(reverse("account_confirm_login_code"), {"code": code.strip()}).status_code == 302
        new.post(reverse("suggest", args=(slug,)), {"lon": "2.7", "lat": "50.9", "next": "1"})
        new.post(reverse("suggest_what", args=(slug,)), {"title": "Nieuw"})
        assert new.post(reverse("suggest_check", args=(slug,))).status_code == 302
        proposal = Proposal.objects.get(title="Nieuw")
        piet, marc = client_of(cast, "planner"), client_of(cast, "manager")
        piet.post(reverse("desk_moderate", args=(slug, proposal.number)), {"act": "publish"})
        new.post(reverse("support", args=(slug, proposal.number)))
        assert Support.objects.count() == 1
        new.post(reverse("support", args=(slug, proposal.number)), {"take_back": "1"})
        assert Support.objects.count() == 0
        for choices in (["1", "2"], ["3"]):
            new.post(reverse("ballot_cast", args=(slug,)), {"nonce": uuid4(), "choice": choices})
        assert (BallotCast.objects.count(), Vote.objects.count()) == (2, 3)
        piet.post(reverse("desk_shortlist_change", args=(slug,)), {"number": proposal.number, "act": "on"})
        assert Proposal.objects.get(title="Nieuw").on_ballot
        piet.post(reverse("desk_moderate", args=(slug, 8)), {"act": "hide", "reason": "Kan niet"})
        piet.post(reverse("desk_vote_ask", args=(slug,)), {"closes_at": "2999-01-01T12:00", "reason": "Storing"})
        asked = Extension.objects.get()
        marc.post(reverse("desk_vote_agree", args=(slug, asked.pk)))
        cast.vote.refresh_from_db()
        assert cast.vote.closes_at == asked.closes_at
    end(cast.vote)
    with served_as_web():
        close_due(0)
        assert [row.proposal.number for row in TallyRow.objects.filter(is_winner=True)] == [3]
        assert client_of(cast, "nobody").get(reverse("results", args=(slug,))).status_code == 200

"""Who may vote, over all channels: each eligibility and what it refuses, codes, the roll and ballots on paper."""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from participation.models import (
    Ballot,
    BallotCast,
    CodeBatch,
    CodeTry,
    Membership,
    Organisation,
    Person,
    Phase,
    Record,
    VotingCode,
)
from participation.rules.electorate import as_printed, check_voter, digest_of, split
from participation.rules.refusals import Code, Refused
from participation.selectors.electorate import batches_of, terms_of, verified_counts, voter_in
from participation.selectors.projects import choices_cast, n_voters
from participation.services.codes import (
    count_try,
    forget_tries,
    make_codes,
    make_resident_codes,
    redeem_code,
    redeem_resident_code,
    withdraw_batch,
)
from participation.services.paper import Who, cast_on_paper, try_on_paper
from participation.services.roll import roll_key, unverify_resident, verify_resident
from participation.services.voting import cast_ballot
from participation.tasks import tell_of_paper_ballot
from tests.cast import Cast, picks

BORN = date(1980, 5, 17)


def now() -> datetime:
    """The time by this machine's clock, which the tests share with the database."""
    return datetime.now(UTC)


def set_up(cast: Cast, **rules: object) -> Phase:
    """Set the vote up."""
    Phase.objects.filter(pk=cast.vote.pk).update(**rules)
    cast.vote.refresh_from_db()
    return cast.vote


def why(act: Callable[..., object], *args: object, **kwargs: object) -> Code | None:
    """Why is this refused? None when it is not."""
    try:
        act(*args, **kwargs)
    except Refused as refused:
        return refused.code
    return None


def vote(cast: Cast, person: Person, numbers: list[int] | None = None, **more: Any) -> Code | None:
    """Cast, and say why it was refused if it was."""
    return why(
        lambda: cast_ballot(
            phase=cast.vote, person=person, choices=picks([1] if numbers is None else numbers), nonce=uuid4(), **more
        )
    )


def codes(cast: Cast, n: int = 3) -> list[str]:
    """Make codes."""
    return make_codes(phase=cast.vote, n=n, by=cast["Piet"], now=now()).codes


def redeem(cast: Cast, code: str, person: Person | None = None, held: Person | None = None) -> Person:
    """Use a code."""
    return redeem_code(phase=cast.vote, text=code, person=person, held=held, now=now())


def verify(cast: Cast, email: str, name: str = "An Peeters", born_on: date | None = BORN) -> Person:
    """Verify a resident."""
    return verify_resident(
        organisation=cast.town, email=email, name=name, born_on=born_on, language="nl", by=cast["Piet"], now=now(),
        today=localdate(),
    )  # fmt: skip


def on_paper(cast: Cast, who: Who, numbers: list[int] | None = None, *, of_age: bool = False) -> Any:
    """Cast a ballot on paper, Mo is the clerk."""
    return cast_on_paper(
        phase=cast.vote, who=who, choices=picks([2] if numbers is None else numbers), nonce=uuid4(), of_age=of_age,
        clerk=cast["Mo"], ballot_url="https://toonstad.example/projects/laden/ballot/", now=now(), today=localdate(),
    )  # fmt: skip


# --- who may vote ----------------------------------------------------------------------------------------------


def test_the_statement_that_casts_decides_as_the_rules_do(cast: Cast) -> None:
    """Every combination of terms and voters, on the site and on paper: the database and the rules say the same."""
    born = {"unknown": None, "child": localdate() - timedelta(days=365 * 10), "adult": BORN}
    voters = []
    for has_mail, is_verified, has_code, day in product((True, False), (True, False), (True, False), born.values()):
        person = (
            Person.objects.create_user(f"{uuid4()}@example.org") if has_mail else Person.objects.create_without_mail()
        )
        Membership.objects.create(
            organisation=cast.town, person=person, role="resident", born_on=day,
            verified_at=now() if is_verified else None, verified_by="staff" if is_verified else "",
        )  # fmt: skip
        voters.append((person, has_code))
    said = set()
    terms = product(("mail", "verified", "code"), (None, 16), (True, False))
    for position, (eligibility, min_age, takes_paper) in enumerate(terms, start=2):
        phase = Phase.objects.create(
            project=cast.project, position=position, kind="vote", opens_at=cast.vote.opens_at, cap=3,
            eligibility=eligibility, min_age=min_age, takes_paper=takes_paper,
        )  # fmt: skip
        batch = CodeBatch.objects.create(phase=phase, made_at=now(), n_codes=0)
        for at, (person, has_code) in enumerate(voters):
            if has_code:
                VotingCode.objects.create(
                    batch=batch, phase=phase, locator=f"{at:04}", salt=b"", digest=b"", person=person, used_at=now()
                )
            for clerk, of_age in product((None, cast["Mo"]), (True, False)):
                rules = why(
                    check_voter, voter_in(phase, person), terms_of(phase), on_paper=clerk is not None, of_age=of_age,
                    today=localdate(),
                )  # fmt: skip
                database = why(
                    cast_ballot, phase=phase, person=person, choices=picks([1]), nonce=uuid4(), of_age=of_age,
                    clerk=clerk,
                )  # fmt: skip
                assert database is rules, (eligibility, min_age, takes_paper, clerk, of_age, person.email, has_code)
                said.add(rules)
    assert said == {
        None, Code.SIGN_IN_FIRST, Code.VOTE_NOT_VERIFIED, Code.VOTE_NO_CODE, Code.VOTE_TOO_YOUNG,
        Code.VOTE_AGE_NOT_SAID, Code.VOTE_NO_PAPER,
    }  # fmt: skip


def test_a_refused_first_cast_leaves_nothing_behind_and_freezes_no_rules(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    assert vote(cast, cast["An"]) is Code.VOTE_NO_CODE
    assert vote(cast, cast["An"], []) is Code.VOTE_NO_CODE, "there is nothing to take back"
    assert not Ballot.objects.exists()
    set_up(cast, eligibility="mail")


def test_what_was_cast_can_be_taken_back_by_who_may_vote_no_more(cast: Cast) -> None:
    set_up(cast, eligibility="verified")
    verify(cast, "an@example.org")
    assert vote(cast, cast["An"]) is None
    unverify_resident(organisation=cast.town, email="an@example.org", by=cast["Piet"])
    assert vote(cast, cast["An"], [2]) is Code.VOTE_NOT_VERIFIED
    assert vote(cast, cast["An"], []) is None
    assert n_voters(cast.vote) == 0


def test_verified_in_another_town_is_not_verified_here(cast: Cast) -> None:
    set_up(cast, eligibility="verified")
    Membership.objects.create(
        organisation=cast.other_town, person=cast["An"], role="resident", verified_at=now(), verified_by="staff"
    )
    assert vote(cast, cast["An"]) is Code.VOTE_NOT_VERIFIED


def test_who_may_vote_costs_no_query_of_its_own(cast: Cast) -> None:
    """In a vote for everybody with a mail address nothing is asked but what casts; a statement more would be seen."""
    person = cast["An"]
    with CaptureQueriesContext(connection) as captured:
        assert vote(cast, person) is None
        voter_in(cast.vote, person)
    # The cast goes over psycopg's own cursor: what Django counts is the transaction around it.
    assert [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]] == []


# --- codes by letter -------------------------------------------------------------------------------------------


def test_a_code_is_kept_as_a_salted_hash_alone_and_used_once(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    first, second, third = codes(cast)
    rows = {row.locator: row for row in VotingCode.objects.all()}
    assert set(rows) == {split(code)[0] for code in (first, second, third)}
    locator, secret = split(first)
    assert bytes(rows[locator].digest) == digest_of(secret, bytes(rows[locator].salt))
    assert len({bytes(row.salt) for row in rows.values()}) == 3
    assert redeem(cast, as_printed(first).lower().replace("0", "o"), cast["An"]) == cast["An"]
    assert redeem(cast, first, cast["An"]) == cast["An"], "once more by the same person is no harm"
    assert why(lambda: redeem(cast, first, cast["Vera"])) is Code.CODE_USED
    assert why(lambda: redeem(cast, first)) is Code.CODE_USED
    assert why(lambda: redeem(cast, second, cast["An"])) is Code.CODE_ONE_EACH
    assert vote(cast, cast["An"]) is None
    assert BallotCast.objects.get().channel == "code"


def test_without_signing_in_a_person_without_mail_votes_by_letter(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    first, second, _third = codes(cast)
    one = redeem(cast, first)
    other = redeem(cast, second, held=one)
    assert one.email is None
    assert one != other
    assert redeem(cast, first, held=one) == one
    assert vote(cast, one) is None
    assert vote(cast, other) is None
    assert n_voters(cast.vote) == 2


def test_whoever_signs_in_later_takes_the_ballot_of_their_letter_along(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    first, second, _third = codes(cast)
    held = redeem(cast, first)
    assert vote(cast, held, [1]) is None
    assert redeem(cast, first, cast["An"], held) == cast["An"]
    assert choices_cast(cast.vote, cast["An"]) == picks([1])
    assert vote(cast, cast["An"], [2]) is None
    assert n_voters(cast.vote) == 1
    assert set(BallotCast.objects.values_list("channel", flat=True)) == {"code"}
    assert not Person.objects.filter(pk=held.pk).exists()
    # Somebody else's letter, used in the same browser, stays theirs.
    other = redeem(cast, second)
    assert why(lambda: redeem(cast, second, cast["An"], other)) is Code.CODE_ONE_EACH


def test_each_wrong_code_is_refused_in_its_own_way(cast: Cast) -> None:
    set_up(cast, eligibility="code")
    (code, lost, _other) = codes(cast)
    elsewhere = Phase.objects.create(
        project=cast.project, position=2, kind="vote", opens_at=now(), eligibility="code", cap=3
    )
    theirs = make_codes(phase=elsewhere, n=1, by=cast["Piet"], now=now()).codes[0]
    assert why(lambda: redeem(cast, theirs)) is Code.CODE_OTHER_VOTE
    assert why(lambda: redeem(cast, code[:4] + "0" * 12)) is Code.CODE_UNKNOWN, "the locator alone tells nothing"
    assert why(lambda: redeem(cast, "hallo")) is Code.CODE_UNKNOWN
    batch = CodeBatch.objects.get(phase=cast.vote)
    redeem(cast, code, cast["An"])
    assert withdraw_batch(of=cast.vote, batch_id=batch.pk, by=cast["Piet"], now=now()) == 2
    assert why(lambda: redeem(cast, lost)) is Code.CODE_WITHDRAWN
    assert why(lambda: redeem(cast, lost[:4] + "0" * 12)) is Code.CODE_UNKNOWN, "no guess learns what was withdrawn"
    assert vote(cast, cast["An"]) is None, "who used a code before keeps it"
    again = why(lambda: withdraw_batch(of=cast.vote, batch_id=batch.pk, by=cast["Piet"], now=now()))
    assert again is Code.CODE_NONE_LEFT
    wrong = why(lambda: withdraw_batch(of=elsewhere, batch_id=batch.pk, by=cast["Piet"], now=now()))
    assert wrong is Code.CODE_NONE_LEFT, "a batch of another vote is not there"
    counted = vars(batches_of(cast.vote).get())
    assert (counted["n_used"], counted["n_unused"]) == (1, 2)
    acts = list(Record.objects.order_by("pk").values_list("act", "detail__n"))
    assert acts == [("codes.made", 3), ("codes.made", 1), ("codes.withdrawn", 2)]


def test_codes_are_made_only_where_a_vote_asks_for_them(cast: Cast) -> None:
    assert why(lambda: codes(cast)) is Code.CODE_NOT_ASKED
    set_up(cast, eligibility="code")
    assert why(lambda: codes(cast, 0)) is Code.CODE_BAD_NUMBER
    assert why(lambda: codes(cast, 20_001)) is Code.CODE_BAD_NUMBER
    (code,) = codes(cast, 1)
    set_up(cast, closes_at=now())
    assert why(lambda: codes(cast)) is Code.VOTE_CLOSED
    assert why(lambda: redeem(cast, code)) is Code.VOTE_CLOSED


def test_wrong_tries_are_counted_and_right_ones_are_not(cast: Cast) -> None:
    for _ in range(10):
        forget_tries(count_try({"session": 2, "address": 3}))
    count_try({"session": 2, "address": 3})
    count_try({"session": 2, "address": 3})
    assert why(lambda: count_try({"session": 2, "address": 3})) is Code.CODE_TOO_MANY_TRIES
    assert why(lambda: count_try({"another": 2, "address": 3})) is None
    assert why(lambda: count_try({"a third": 2, "address": 3})) is Code.CODE_TOO_MANY_TRIES
    CodeTry.objects.update(at=now() - timedelta(seconds=61))
    assert why(lambda: count_try({"session": 2, "address": 3})) is None
    assert CodeTry.objects.count() == 2, "what is older than a minute is forgotten"


# --- the roll --------------------------------------------------------------------------------------------------


def test_the_roll_keeps_a_keyed_hash_and_never_the_name(cast: Cast) -> None:
    person = verify(cast, "Nieuw@Example.org", "Noëlle D’Hondt")
    member = Membership.objects.get(person=person)
    assert person.email == "nieuw@example.org"
    assert person.public_name == ""
    assert (member.born_on, member.verified_by) == (BORN, "staff")
    assert bytes(member.roll_key or b"") == roll_key(cast.town, "noelle d hondt", BORN)
    assert roll_key(cast.town, "Noelle DHondt", BORN) != roll_key(cast.other_town, "Noelle DHondt", BORN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT p.*, m.* FROM participation_person p, participation_membership m")
        assert "hondt" not in str(cursor.fetchall()).lower()
    assert verified_counts(cast.town) == {"staff": 1}
    assert Record.objects.get().act == "resident.verified"


def test_one_resident_is_verified_under_one_mail_address(cast: Cast) -> None:
    verify(cast, "an@example.org")
    assert verify(cast, "an@example.org", "An Peeters-Maes") == cast["An"], "a slip of the pen can be mended"
    assert why(lambda: verify(cast, "vera@example.org", "an maes peeters")) is Code.ROLL_KNOWN
    assert why(lambda: verify(cast, "", "an maes peeters")) is Code.ROLL_KNOWN
    assert why(lambda: verify(cast, "vera", "Vera")) is Code.ROLL_BAD_MAIL
    assert why(lambda: verify(cast, "vera@example.org", "Vera", None)) is Code.ROLL_BAD_DATE
    assert why(lambda: verify(cast, "vera@example.org", " ")) is Code.ROLL_NAME_MISSING
    assert Membership.objects.get(person=cast["Mo"], organisation=cast.town).role == "moderator"
    verify(cast, "mo@example.org", "Mo")
    assert Membership.objects.get(person=cast["Mo"], organisation=cast.town).role == "moderator"


def test_who_is_unverified_frees_the_name_unless_their_ballot_is_in_a_box(cast: Cast) -> None:
    set_up(cast, eligibility="verified")
    verify(cast, "an@example.org")
    unverify_resident(organisation=cast.town, email=" AN@example.org", by=cast["Piet"])
    verify(cast, "vera@example.org")
    assert vote(cast, cast["Vera"]) is None
    unverify_resident(organisation=cast.town, email="vera@example.org", by=cast["Piet"])
    assert why(lambda: verify(cast, "an@example.org")) is Code.ROLL_KNOWN
    nobody = why(lambda: unverify_resident(organisation=cast.town, email="an@example.org", by=cast["Piet"]))
    assert nobody is Code.ROLL_NOT_VERIFIED


# --- on paper --------------------------------------------------------------------------------------------------


def test_paper_is_a_cast_of_the_same_ballot(cast: Cast) -> None:
    set_up(cast, takes_paper=True)
    assert vote(cast, cast["An"], [1]) is None
    assert on_paper(cast, Who(email="AN@example.org"), [2, 3]).seq == 2
    assert choices_cast(cast.vote, cast["An"]) == picks([2, 3])
    assert vote(cast, cast["An"], [1]) is None
    assert choices_cast(cast.vote, cast["An"]) == picks([1])
    assert list(BallotCast.objects.order_by("seq").values_list("channel", "clerk__public_name")) == [
        ("web", None), ("paper", "Mo"), ("web", None),
    ]  # fmt: skip
    assert (Ballot.objects.count(), n_voters(cast.vote)) == (1, 1)


def test_whoever_is_known_by_mail_is_told_and_nobody_else(cast: Cast) -> None:
    set_up(cast, takes_paper=True)
    on_paper(cast, Who(name="Jef Maes", born_on=BORN))
    on_paper(cast, Who(email="an@example.org"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs")
        ((name, args),) = cursor.fetchall()
    assert name == "participation.tasks.tell_of_paper_ballot"
    tell_of_paper_ballot(**json.loads(args))
    (sent,) = mail.outbox
    assert sent.to == ["an@example.org"]
    assert "https://toonstad.example/projects/laden/ballot/" in sent.body
    assert "Laadpunten" in sent.subject
    assert "\n" not in sent.subject
    assert "Plek" not in sent.body, "what was chosen is nobody's but the voter's"


def test_a_letter_on_paper_and_on_the_site_is_one_ballot(cast: Cast) -> None:
    set_up(cast, eligibility="code", takes_paper=True)
    first, second, third = codes(cast)
    held = redeem(cast, first)
    assert vote(cast, held, [1]) is None
    assert on_paper(cast, Who(code=as_printed(first)), [2]).seq == 2
    assert on_paper(cast, Who(code=second), [3]).seq == 1
    assert on_paper(cast, Who(code=second), [4]).seq == 2
    assert why(lambda: redeem(cast, second)) is Code.CODE_USED, "whoever voted on paper cannot lend the letter"
    assert n_voters(cast.vote) == 2
    redeem(cast, third, cast["An"])
    assert on_paper(cast, Who(email="an@example.org"), [5]).seq == 1
    assert why(lambda: on_paper(cast, Who(email="vera@example.org"))) is Code.VOTE_NO_CODE
    assert why(lambda: on_paper(cast, Who(name="Jef Maes", born_on=BORN))) is Code.VOTE_NO_CODE
    assert not Membership.objects.filter(born_on=BORN).exists(), "a refused ballot made nobody known"


def test_paper_asks_what_the_vote_asks(cast: Cast) -> None:
    an, jef = Who(email="an@example.org"), Who(name="Jef Maes", born_on=BORN)
    assert why(lambda: on_paper(cast, an)) is Code.VOTE_NO_PAPER
    set_up(cast, takes_paper=True, eligibility="verified", min_age=16)
    assert why(lambda: on_paper(cast, an)) is Code.VOTE_NOT_VERIFIED
    assert why(lambda: on_paper(cast, jef)) is Code.VOTE_NOT_VERIFIED
    verify(cast, "", "Maes Jef")
    assert why(lambda: on_paper(cast, jef)) is None
    set_up(cast, opens_at=cast.vote.opens_at)
    verify(cast, "an@example.org", "An", localdate() - timedelta(days=365 * 12))
    assert why(lambda: on_paper(cast, an, of_age=True)) is Code.VOTE_TOO_YOUNG
    for who in (Who(), Who(email="an@example.org", code="x"), Who(email="an@example.org", name="An")):
        assert why(on_paper, cast, who) is Code.PAPER_WHO_MISSING


def test_trying_a_ballot_on_paper_leaves_nothing_behind(cast: Cast) -> None:
    set_up(cast, takes_paper=True, eligibility="code", min_age=16)
    (code, *_rest) = codes(cast)
    before = Person.objects.count()

    def attempt(who: Who, numbers: list[int], *, of_age: bool) -> Code | None:
        return why(
            lambda: try_on_paper(
                phase=cast.vote, who=who, choices=picks(numbers), of_age=of_age, now=now(), today=localdate()
            )
        )

    assert attempt(Who(code=code), [1, 2], of_age=False) is Code.VOTE_AGE_NOT_SAID
    assert attempt(Who(code=code), [1, 2, 3, 4], of_age=True) is Code.VOTE_TOO_MANY
    assert attempt(Who(code=code), [1, 2], of_age=True) is None
    assert attempt(Who(name="Jef", born_on=BORN), [1], of_age=True) is Code.VOTE_NO_CODE
    assert Person.objects.count() == before
    assert not VotingCode.objects.filter(used_at__isnull=False).exists()
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("paper_last", [True, False])
def test_who_voted_on_paper_and_is_verified_later_has_one_ballot(cast: Cast, *, paper_last: bool) -> None:
    set_up(cast, takes_paper=True)
    on_the_roll = Who(name="An Peeters", born_on=BORN)
    if paper_last:
        assert vote(cast, cast["An"], [1]) is None
        on_paper(cast, on_the_roll, [2])
    else:
        on_paper(cast, on_the_roll, [2])
        assert vote(cast, cast["An"], [1]) is None
    assert n_voters(cast.vote) == 2, "nobody knows yet that it is one person"
    verify(cast, "an@example.org", "peeters an")
    assert n_voters(cast.vote) == 1
    assert choices_cast(cast.vote, cast["An"]) == picks([2] if paper_last else [1])
    assert vote(cast, cast["An"], [3]) is None
    assert on_paper(cast, Who(name="An Peeters", born_on=BORN), [4]).seq > 1
    assert (n_voters(cast.vote), choices_cast(cast.vote, cast["An"])) == (1, picks([4]))


def test_a_ballot_on_paper_alone_moves_to_the_account(cast: Cast) -> None:
    set_up(cast, takes_paper=True)
    on_paper(cast, Who(name="An Peeters", born_on=BORN), [2])
    verify(cast, "an@example.org")
    assert (n_voters(cast.vote), choices_cast(cast.vote, cast["An"])) == (1, picks([2]))
    last = BallotCast.objects.filter(ballot__person=cast["An"]).get()
    assert (last.channel, last.clerk) == ("paper", cast["Mo"]), "it came on paper, and Mo had typed it in"
    assert not Person.objects.filter(email=None).exists()


def test_a_ballot_that_was_counted_stays_as_it_was_counted(cast: Cast) -> None:
    set_up(cast, takes_paper=True, closes_at=now() + timedelta(seconds=1))
    on_paper(cast, Who(name="An Peeters", born_on=BORN), [2])
    time.sleep(1.1)
    verify(cast, "an@example.org")
    cast.vote.refresh_from_db()
    assert cast.vote.closed_at is not None
    assert n_voters(cast.vote) == 1
    assert Ballot.objects.get().person is None
    assert not Person.objects.filter(email=None).exists()


# --- letters that verify residents -------------------------------------------------------------------------------


def letters(cast: Cast, n: int = 2) -> list[str]:
    """Make letters to residents."""
    return make_resident_codes(organisation=cast.town, n=n, by=cast["Piet"], now=now()).codes


def prove(cast: Cast, code: str, person: Person, town: Organisation | None = None) -> Code | None:
    """Use such a letter; why it was refused, if it was."""
    return why(redeem_resident_code, organisation=town or cast.town, text=code, person=person, now=now())


def test_a_letter_verifies_one_person_once(cast: Cast) -> None:
    first, second = letters(cast)
    set_up(cast, eligibility="verified")
    assert vote(cast, cast["An"]) is Code.VOTE_NOT_VERIFIED, "the control"
    assert prove(cast, first, cast["An"]) is None
    member = Membership.objects.get(organisation=cast.town, person=cast["An"])
    assert (member.verified_by, member.verified_at is not None, member.role) == ("letter", True, "resident")
    assert verified_counts(cast.town) == {"letter": 1}
    assert vote(cast, cast["An"]) is None
    record = Record.objects.get(act="resident.verified")
    assert (record.person, record.detail) == (cast["An"], {"how": "letter"})
    assert prove(cast, first, cast["An"]) is None, "pressed twice is no mistake"
    assert Record.objects.filter(act="resident.verified").count() == 1
    assert prove(cast, first, cast["Vera"]) is Code.CODE_USED
    assert prove(cast, second, cast["An"]) is Code.ROLL_VERIFIED_ALREADY
    assert prove(cast, second, cast["Vera"]) is None, "the second letter was not used up by An"
    unverify_resident(organisation=cast.town, email="an@example.org", by=cast["Piet"])
    assert prove(cast, first, cast["An"]) is Code.CODE_USED, (
        "what the desk took back does not come back with the letter"
    )


def test_a_letter_keeps_the_role_of_staff_and_asks_for_a_mail_address(cast: Cast) -> None:
    first, second = letters(cast)
    assert prove(cast, first, cast["Mo"]) is None
    assert Membership.objects.get(organisation=cast.town, person=cast["Mo"]).role == "moderator"
    assert prove(cast, second, Person.objects.create_without_mail()) is Code.ACCESS_NO_MAIL


def test_a_letter_is_of_one_town_and_one_purpose(cast: Cast) -> None:
    (resident_code, _other) = letters(cast)
    set_up(cast, eligibility="code")
    (vote_code,) = codes(cast, 1)
    assert why(redeem, cast, resident_code) is Code.CODE_FOR_RESIDENT
    assert prove(cast, vote_code, cast["An"]) is Code.CODE_OTHER_VOTE
    assert prove(cast, resident_code, cast["An"], cast.other_town) is Code.CODE_UNKNOWN
    assert prove(cast, "0" * 16, cast["An"]) is Code.CODE_UNKNOWN
    assert not Membership.objects.filter(verified_at__isnull=False).exists()
    assert not VotingCode.objects.filter(used_at__isnull=False).exists()


def test_letters_to_residents_that_were_lost_are_withdrawn(cast: Cast) -> None:
    first, second = letters(cast)
    (batch,) = batches_of(cast.town)
    assert prove(cast, first, cast["An"]) is None
    assert why(withdraw_batch, of=cast.other_town, batch_id=batch.pk, by=cast["Piet"], now=now()) is Code.CODE_NONE_LEFT
    assert withdraw_batch(of=cast.town, batch_id=batch.pk, by=cast["Piet"], now=now()) == 1
    assert prove(cast, second, cast["Vera"]) is Code.CODE_WITHDRAWN
    assert VotingCode.objects.filter(batch=batch, used_at=None).count() == 1
    done = set(Record.objects.values_list("act", flat=True))
    assert done == {"resident_codes.made", "resident_codes.withdrawn", "resident.verified"}

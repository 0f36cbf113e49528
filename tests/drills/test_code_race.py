"""One letter, one voter; one person, one ballot, whichever roads they take at the same moment."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils.timezone import localdate

from participation.models import CodeTry, Person, Phase, VotingCode
from participation.rules.refusals import Code, Refused
from participation.services import codes as service
from participation.services import paper
from participation.services.codes import count_try, make_codes, make_resident_codes, redeem_code, redeem_resident_code
from participation.services.paper import Who, cast_on_paper
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks
from tests.drills.conftest import Tell
from tests.drills.hammer import casting_otherwise, hammer, number, rows, without

pytestmark = pytest.mark.django_db(transaction=True)
Rounds = Callable[[int, int], int]

N_THREADS = 8
CONTROL_ROUNDS = 40


def by_letter(cast: Cast, n: int) -> list[str]:
    """Let the vote be by letter and on paper, and print letters."""
    Phase.objects.filter(pk=cast.vote.pk).update(eligibility="code", takes_paper=True)
    cast.vote.refresh_from_db()
    return make_codes(phase=cast.vote, n=n, by=cast["Piet"], now=datetime.now(UTC)).codes


def naive_bind(code: VotingCode, person: Person) -> None:
    """Bind a code as everybody writes it first: look whether it is free, then save."""
    fresh = VotingCode.objects.get(pk=code.pk)
    if fresh.used_at is not None:
        raise Refused(Code.CODE_USED)
    VotingCode.objects.filter(pk=code.pk).update(person=person, used_at=Now())


def twice_given(cast: Cast, codes: list[str]) -> int:
    """How often was one letter said to be good to more than one, when all hold it at the same moment?"""

    def redeem(at: int, _thread: int) -> Person:
        return redeem_code(phase=cast.vote, text=codes[at], person=None, held=None, now=datetime.now(UTC))

    answers = hammer(len(codes), redeem, n_threads=N_THREADS)
    for answer in (answer for one_round in answers for answer in one_round if isinstance(answer, Exception)):
        assert isinstance(answer, Refused), answer
        assert answer.code is Code.CODE_USED
    return sum(sum(isinstance(answer, Person) for answer in one_round) - 1 for one_round in answers)


def test_of_many_with_the_same_letter_one_wins(
    cast: Cast, tell: Tell, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = rounds(20, 500)
    codes = by_letter(cast, n + CONTROL_ROUNDS)
    held = twice_given(cast, codes[:n])
    assert number("SELECT count(*) FROM participation_person WHERE email IS NULL") == n, "losers left nobody behind"
    monkeypatch.setattr(service, "bind", naive_bind)
    control = twice_given(cast, codes[n:])
    tell("one-letter", attempts=n * N_THREADS, violations=held, control_violations=control)
    assert held == 0
    assert control, "without the condition in the statement one letter was still given once"


def test_of_many_with_the_same_letter_to_residents_one_is_verified(
    cast: Cast, tell: Tell, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(n: int) -> int:
        """How many were verified beyond one a letter, when all who hold it use it at the same moment?"""
        codes = make_resident_codes(organisation=cast.town, n=n, by=cast["Piet"], now=datetime.now(UTC)).codes
        people = [[Person.objects.create_user(f"{uuid4()}@example.org") for _ in range(N_THREADS)] for _ in codes]
        before = number("SELECT count(*) FROM participation_membership WHERE verified_by = 'letter'")

        def prove(at: int, thread: int) -> None:
            redeem_resident_code(
                organisation=cast.town, text=codes[at], person=people[at][thread], now=datetime.now(UTC)
            )  # fmt: skip

        for answer in (answer for one_round in hammer(n, prove, n_threads=N_THREADS) for answer in one_round):
            assert answer is None or (isinstance(answer, Refused) and answer.code is Code.CODE_USED), answer
        return number("SELECT count(*) FROM participation_membership WHERE verified_by = 'letter'") - before - n

    n = rounds(10, 300)
    held = too_many(n)
    monkeypatch.setattr(service, "bind", naive_bind)
    control = too_many(CONTROL_ROUNDS // 2)
    tell("one-resident-a-letter", attempts=n * N_THREADS, violations=held, control_violations=control)
    assert held == 0
    assert control, "without the condition in the statement one letter still verified one person"


def cast_by_all_roads(cast: Cast, codes: list[str]) -> int:
    """Holders on the site and clerks with the paper use each letter at once and cast: how many ballots too many?"""
    before = number("SELECT count(*) FROM participation_ballot")

    def vote(at: int, thread: int) -> int:
        now = datetime.now(UTC)
        if thread % 2:
            receipt = cast_on_paper(
                phase=cast.vote, who=Who(code=codes[at]), choices=picks([2]), nonce=uuid4(), of_age=False,
                clerk=cast["Mo"], ballot_url="https://toonstad.example/", now=now, today=localdate(now),
            )  # fmt: skip
            return receipt.seq
        holder = redeem_code(phase=cast.vote, text=codes[at], person=None, held=None, now=now)
        return cast_ballot(phase=cast.vote, person=holder, choices=picks([1]), nonce=uuid4()).seq

    for one_round in hammer(len(codes), vote, n_threads=4):
        assert any(isinstance(answer, int) for answer in one_round), "nobody got in"
        for answer in (answer for answer in one_round if isinstance(answer, Exception)):
            assert isinstance(answer, Refused), answer
            assert answer.code in {Code.CODE_USED, Code.VOTE_NO_CODE}, answer
    return number("SELECT count(*) FROM participation_ballot") - before - len(codes)


def test_one_ballot_a_letter_over_site_and_paper(
    cast: Cast, tell: Tell, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = rounds(20, 300)
    codes = by_letter(cast, n + CONTROL_ROUNDS)
    held = cast_by_all_roads(cast, codes[:n])
    gaps = rows(
        "SELECT ballot_id FROM participation_ballotcast GROUP BY ballot_id HAVING max(seq) <> count(*) OR min(seq) <> 1"
    )
    monkeypatch.setattr(service, "bind", naive_bind)
    monkeypatch.setattr(paper, "bind", naive_bind)
    control = cast_by_all_roads(cast, codes[n:])
    tell("one-ballot-a-letter", attempts=4 * n, violations=held, control_violations=control)
    assert held == 0
    assert gaps == []
    assert control, "without the condition in the statement a letter still made one ballot"


def test_the_same_person_on_the_site_and_on_paper_at_once_has_one_ballot(
    cast: Cast, tell: Tell, rounds: Rounds
) -> None:
    Phase.objects.filter(pk=cast.vote.pk).update(takes_paper=True)
    cast.vote.refresh_from_db()

    def too_many(people: list[Person]) -> int:
        """How many ballots do they have beyond one each, when they and the clerk cast at once?"""

        def vote(at: int, thread: int) -> int:
            if thread % 2 == 0:
                return cast_ballot(phase=cast.vote, person=people[at], choices=picks([1]), nonce=uuid4()).seq
            now = datetime.now(UTC)
            return cast_on_paper(
                phase=cast.vote, who=Who(email=str(people[at].email)), choices=picks([2]), nonce=uuid4(), of_age=False,
                clerk=cast["Mo"], ballot_url="https://toonstad.example/", now=now, today=localdate(now),
            ).seq  # fmt: skip

        before = number("SELECT count(*) FROM participation_ballot")
        gaps = [sorted(map(str, one_round)) for one_round in hammer(len(people), vote, n_threads=N_THREADS)]
        extra = number("SELECT count(*) FROM participation_ballot") - before - len(people)
        assert extra or gaps == [[str(seq) for seq in range(1, N_THREADS + 1)]] * len(people), gaps
        return extra

    n = rounds(10, 300)
    held = too_many([Person.objects.create_user(f"{uuid4()}@example.org") for _ in range(n)])
    naive = (
        ("VALUES (of_phase, of_person, gen_random_uuid())", "SELECT of_phase, of_person, gen_random_uuid()"),
        (
            "ON CONFLICT (phase_id, person_id) DO UPDATE SET person_id = EXCLUDED.person_id",
            "WHERE NOT EXISTS (SELECT FROM participation_ballot WHERE phase_id = of_phase AND person_id = of_person)",
        ),
    )
    with casting_otherwise(*naive), without("participation_ballot", "ballot_once"):
        control = too_many([Person.objects.create_user(f"{uuid4()}@example.org") for _ in range(CONTROL_ROUNDS)])
    tell("one-ballot-a-person", attempts=n * N_THREADS, violations=held, control_violations=control)
    assert held == 0
    assert control, "without the unique key there was still one ballot a person"


def naive_try(source: str, most: int) -> None:
    """Count tries as everybody writes it first: look how many there were, then note this one."""
    if CodeTry.objects.filter(source=source).count() >= most:
        raise Refused(Code.CODE_TOO_MANY_TRIES)
    CodeTry.objects.create(source=source)


def test_of_many_tries_at_once_no_more_than_allowed_get_on(cast: Cast, tell: Tell) -> None:
    def beyond(attempt: Callable[[int, int], object], n_rounds: int) -> int:
        """By how many was a limit of 5 passed?"""
        answers = hammer(n_rounds, attempt, n_threads=2 * N_THREADS)
        got_on = [sum(not isinstance(answer, Refused) for answer in one_round) for one_round in answers]
        return sum(max(n - 5, 0) for n in got_on)

    held = beyond(lambda at, _thread: count_try({f"session {at}": 5}), 10)
    control = beyond(lambda at, _thread: naive_try(f"naive {at}", 5), CONTROL_ROUNDS)
    tell("code-tries", attempts=20 * N_THREADS, violations=held, control_violations=control)
    assert held == 0
    assert control, "counted first and noted afterwards, no more than allowed got on"

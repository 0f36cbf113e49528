"""Questions: what an answer must be, which question is shown after which, what may be asked, what changed."""

from dataclasses import replace

import pytest

from participation.rules.questions import (
    AGREEMENT,
    LONG_MAX,
    QUESTIONS_MAX,
    STAFF_ONLY,
    Kind,
    Option,
    Question,
    When,
    as_typed,
    changes,
    checked_answers,
    checked_set,
    read,
    shown,
    written,
)
from participation.rules.refusals import Code, Refused
from participation.rules.templates import TEMPLATES


def ask(key: str, kind: Kind = Kind.SHORT, **more: object) -> Question:
    """A question called by its key; choices are a and b."""
    options = (Option("o1", {"nl": "Ja"}), Option("o2", {"nl": "Nee"})) if kind in {Kind.ONE, Kind.MANY} else ()
    return replace(Question(key, kind, {"nl": key}, options=options), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (Kind.SHORT, "  een\n twee ", "een twee"),
        (Kind.LONG, "a\r\nb\x00", "a\nb"),
        (Kind.ONE, "o2", "o2"),
        (Kind.MANY, ["o2", "o1"], ["o1", "o2"]),
        (Kind.MANY, "o1", ["o1"]),
        (Kind.AGREE, AGREEMENT[0], "1"),
        (Kind.NUMBER, "1 250,5", 1250.5),
        (Kind.NUMBER, "-3", -3),
        (Kind.DATE, "2026-02-28", "2026-02-28"),
        (Kind.POINT, "50,8553 2,7262", {"type": "Point", "coordinates": [2.7262, 50.8553]}),
        (Kind.LINE, "50.8, 2.7\n\n50.9, 2.7", {"type": "LineString", "coordinates": [[2.7, 50.8], [2.7, 50.9]]}),
        (
            Kind.AREA,
            "50.8, 2.7\n50.9, 2.7\n50.9, 2.8",
            {"type": "Polygon", "coordinates": [[[2.7, 50.8], [2.7, 50.9], [2.8, 50.9], [2.7, 50.8]]]},
        ),
    ],
)
def test_an_answer_is_kept_as_what_it_is(kind: Kind, typed: str | list[str], kept: object) -> None:
    found = checked_answers([ask("q1", kind)], {"q1": typed})
    assert (found.answers, found.refusals) == ({"q1": kept}, {})
    # What was kept can be put back into the form and means the same.
    assert checked_answers([ask("q1", kind)], {"q1": as_typed(kept)}).answers == {"q1": kept}


@pytest.mark.parametrize(
    ("question", "typed", "why"),
    [
        (ask("q1", is_required=True), " \n", Code.ANSWER_MISSING),
        (ask("q1", Kind.MANY, is_required=True), [], Code.ANSWER_MISSING),
        (ask("q1", Kind.LONG), "x" * (LONG_MAX + 1), Code.ANSWER_TOO_LONG),
        (ask("q1", Kind.ONE), "o9", Code.ANSWER_OPTION_UNKNOWN),
        (ask("q1", Kind.MANY), ["o1", "o9"], Code.ANSWER_OPTION_UNKNOWN),
        (ask("q1", Kind.AGREE), "6", Code.ANSWER_OPTION_UNKNOWN),
        (ask("q1", Kind.NUMBER), "veel", Code.ANSWER_NOT_A_NUMBER),
        (ask("q1", Kind.NUMBER), "nan", Code.ANSWER_NOT_A_NUMBER),
        (ask("q1", Kind.NUMBER), "1e999", Code.ANSWER_NOT_A_NUMBER),
        (ask("q1", Kind.NUMBER, at_least=6.0), "5", Code.ANSWER_TOO_SMALL),
        (ask("q1", Kind.NUMBER, at_most=6.0), "7", Code.ANSWER_TOO_LARGE),
        (ask("q1", Kind.DATE), "2026-02-30", Code.DATE_BAD),
        (ask("q1", Kind.POINT), "de markt", Code.ANSWER_CORNER_BAD),
        (ask("q1", Kind.POINT), "50.8, 2.7\n50.9, 2.7", Code.PIN_NOT_A_POINT),
        (ask("q1", Kind.POINT), "0, 0", Code.PIN_AT_ZERO),
        (ask("q1", Kind.LINE), "50.8, 2.7\n50.8, 2.7", Code.ANSWER_TOO_FEW_CORNERS),
        (ask("q1", Kind.AREA), "50.8, 2.7\n50.9, 2.8\n50.9, 2.7\n50.8, 2.8", Code.AREA_NOT_A_SURFACE),
        (ask("q1", Kind.LINE), "50.8, 2.7\n" * 501, Code.SETUP_TOO_MANY),
    ],
)
def test_a_bad_answer_is_refused_with_the_reason(question: Question, typed: str | list[str], why: Code) -> None:
    found = checked_answers([question], {"q1": typed})
    assert (found.answers, {key: refused.code for key, refused in found.refusals.items()}) == ({}, {"q1": why})


CHAIN = (
    ask("q1", Kind.ONE),
    ask("q2", Kind.MANY, when=When("q1", ("o1",)), is_required=True),
    ask("q3", when=When("q2", ("o2",)), is_required=True),
)


@pytest.mark.parametrize(
    ("raw", "kept", "refused"),
    [
        ({"q1": "o2", "q2": ["o2"], "q3": "weg"}, {"q1": "o2"}, set()),
        ({"q1": "", "q3": "weg"}, {}, set()),
        ({"q1": "o9", "q2": ["o2"], "q3": "weg"}, {}, {"q1"}),
        ({"q1": "o1"}, {"q1": "o1"}, {"q2"}),
        ({"q1": "o1", "q2": ["o1"], "q3": "weg"}, {"q1": "o1", "q2": ["o1"]}, set()),
        ({"q1": "o1", "q2": ["o1", "o2"], "q3": "hier"}, {"q1": "o1", "q2": ["o1", "o2"], "q3": "hier"}, set()),
    ],
)
def test_what_is_not_asked_needs_no_answer_and_none_is_kept(
    raw: dict[str, str | list[str]], kept: dict[str, object], refused: set[str]
) -> None:
    found = checked_answers(CHAIN, raw)
    assert (found.answers, set(found.refusals)) == (kept, refused)
    assert {one.key for one in shown(CHAIN, found.answers)} >= set(found.answers)


@pytest.mark.parametrize(
    ("questions", "why"),
    [
        ([ask(f"q{n}") for n in range(1000)], Code.SETUP_TOO_MANY),
        ([replace(ask("q1"), label={"fr": "Quoi ?"})], Code.QUESTION_LABEL_MISSING),
        ([replace(ask("q1"), label={"nl": "x" * 201})], Code.BODY_TOO_LONG),
        ([replace(ask("q1", Kind.ONE), options=(Option("o1", {"nl": "Ja"}),))], Code.QUESTION_TOO_FEW_OPTIONS),
        (
            [replace(ask("q1", Kind.ONE), options=(Option("o1", {"nl": "Ja"}), Option("o2", {"fr": "Non"})))],
            Code.QUESTION_OPTION_MISSING,
        ),
        ([ask("q1", Kind.NUMBER, at_least=2.0, at_most=1.0)], Code.QUESTION_BOUNDS_BAD),
        ([CHAIN[1], CHAIN[0]], Code.QUESTION_WHEN_BAD),
        ([ask("q1"), ask("q2", when=When("q1", ("o1",)))], Code.QUESTION_WHEN_BAD),
        ([ask("q1", Kind.ONE), ask("q2", when=When("q1", ("o7",)))], Code.QUESTION_WHEN_BAD),
        ([ask("q1", Kind.ONE), ask("q2", when=When("q1", ()))], Code.QUESTION_WHEN_BAD),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(questions: list[Question], why: Code) -> None:
    with pytest.raises(Refused) as refused:
        checked_set(questions, first_language="nl")
    assert refused.value.code is why


def test_as_many_as_may_be_are_taken_and_written_down_whole() -> None:
    questions = [*CHAIN, *(ask(f"q{n}") for n in range(4, QUESTIONS_MAX + 1))]
    assert read(written(checked_set(questions, first_language="nl"))) == tuple(questions)


def test_places_and_documents_are_never_public() -> None:
    asked = checked_set([ask(f"q{n}", kind, is_public=True) for n, kind in enumerate(Kind)], first_language="nl")
    assert (
        {one.kind for one in asked if not one.is_public} == STAFF_ONLY == {Kind.POINT, Kind.LINE, Kind.AREA, Kind.FILE}
    )


def test_what_changed_is_said_and_help_and_order_change_nothing() -> None:
    before = [ask("q1"), ask("q2"), ask("q3")]
    after = [replace(ask("q3"), help={"nl": "Denk na"}), replace(ask("q1"), is_public=True), ask("q4")]
    found = changes(before, after)
    assert (found.new, found.changed, [one.key for one in found.gone]) == (("q4",), ("q1",), ["q2"])
    assert not changes(before, before[::-1])


def test_the_questions_of_every_template_can_be_asked_in_four_languages() -> None:
    asked = [questions for template in TEMPLATES.values() for questions in template.questions.values()]
    assert len(asked) == 3
    for questions in asked:
        checked_set(questions, first_language="nl")
        texts = [one.label for one in questions] + [option.text for one in questions for option in one.options]
        texts += [one.help for one in questions if one.help]
        assert all(set(text) == {"nl", "fr", "en", "de"} for text in texts)

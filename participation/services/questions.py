"""Writes the questions of a project; what was asked in public stays as it was, and a new version follows it."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from participation.models import FormVersion, Person, Project
from participation.rules.questions import Asked, Question, Questions, checked_set, read, written
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.forms import questions_of, version_of
from participation.services.proposals import require_desk
from participation.services.records import record_act

NEW = "new"


def _locked(project: Project) -> Project:
    """The project as it stands; no two changes of its questions are under way at once, and none while it opens."""
    return Project.objects.select_for_update(no_key=True).select_related("organisation").get(pk=project.pk)


def write_questions(project: Project, asked: Asked, questions: Sequence[Question]) -> FormVersion:
    """Keep a set of questions: in place while the project is a draft, as a new version when it is public.

    Locks    the project's row; within a transaction.
    Refuses  what rules.questions.checked_set refuses.
    """
    fresh = _locked(project)
    good = written(checked_set(questions, first_language=(fresh.organisation.languages or ["nl"])[0]))
    last = version_of(fresh, asked)
    if last is not None and last.questions == good:
        return last
    if last is not None and fresh.state == Project.State.DRAFT:
        last.questions = good
        last.save(update_fields=["questions"])
        return last
    return FormVersion.objects.create(project=fresh, asked=asked, number=last.number + 1 if last else 1, questions=good)


def _change(project: Project, asked: Asked, questions: Sequence[Question], by: Person, how: str, key: str) -> None:
    version = write_questions(project, asked, questions)
    record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="project.changed",
        subject="questions",
        detail={"asked": asked.value, "how": how, "question": key, "version": version.number},
    )


def _place_of(questions: Questions, key: str) -> int:
    for at, one in enumerate(questions):
        if one.key == key:
            return at
    raise Refused(Code.QUESTION_GONE)


def _free_key(project: Project, asked: Asked) -> str:
    """A key no question of this set ever had."""
    rows = FormVersion.objects.filter(project=project, asked=asked).values_list("questions", flat=True)
    taken = [int(one.key[1:]) for questions in rows for one in read(questions)]
    return f"q{max(taken, default=0) + 1}"


@transaction.atomic
def set_question(*, project: Project, asked: Asked, question: Question, by: Person) -> str:
    """Add a question behind the others (its key is ``NEW``), or change one; gives back its key.

    Its kind never changes: the answers would no longer be of it.

    Locks    the project's row.
    Refuses  person.not_staff, question.gone, what rules.questions.checked_set refuses.
    """
    require_desk(project, by, DeskAct.SETUP)
    _locked(project)
    questions = questions_of(project, asked)
    if question.key == NEW:
        question = replace(question, key=_free_key(project, asked))
        _change(project, asked, [*questions, question], by, "added", question.key)
        return question.key
    at = _place_of(questions, question.key)
    question = replace(question, kind=questions[at].kind)
    _change(project, asked, [*questions[:at], question, *questions[at + 1 :]], by, "changed", question.key)
    return question.key


@transaction.atomic
def move_question(*, project: Project, asked: Asked, key: str, up: bool, by: Person) -> None:
    """Let a question change places with the one before or behind it; at the end of the row nothing happens.

    Locks    the project's row.
    Refuses  person.not_staff, question.gone, question.when_bad.
    """
    require_desk(project, by, DeskAct.SETUP)
    _locked(project)
    questions = list(questions_of(project, asked))
    at = _place_of(tuple(questions), key)
    other = at - 1 if up else at + 1
    if 0 <= other < len(questions):
        questions[at], questions[other] = questions[other], questions[at]
        _change(project, asked, questions, by, "moved", key)


@transaction.atomic
def remove_question(*, project: Project, asked: Asked, key: str, by: Person) -> None:
    """Ask something no more; what was answered to it is kept.

    Locks    the project's row.
    Refuses  person.not_staff, question.gone, question.when_bad (another one depends on it).
    """
    require_desk(project, by, DeskAct.SETUP)
    _locked(project)
    questions = questions_of(project, asked)
    at = _place_of(questions, key)
    _change(project, asked, [*questions[:at], *questions[at + 1 :]], by, "removed", key)


def copy_questions(source: Project, target: Project) -> None:
    """Ask in one project what is asked in another; within a transaction."""
    for asked in Asked:
        questions = questions_of(source, asked)
        if questions:
            FormVersion.objects.create(project=target, asked=asked, number=1, questions=written(questions))

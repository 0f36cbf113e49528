"""The questions of a project, who answered them, and what came of it."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import count
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from participation.models import AnswerFile, AnswerSheet, FormVersion, Organisation, Person, Project, Proposal
from participation.rules.phases import Act, PhaseKind
from participation.rules.questions import CHOICES, Asked, Kind, Question, Questions, is_shown, read
from participation.rules.small_cells import FEWEST, without_small
from participation.selectors.projects import facts

# What a summary shows of numbers: so many bars at most.
BINS = 10


def version_of(project: Project, asked: Asked) -> FormVersion | None:
    """What is asked now, or was last? None where nothing ever was."""
    return FormVersion.objects.filter(project=project, asked=asked).order_by("-number").first()


def version_numbered(project: Project, asked: Asked, number: int) -> FormVersion | None:
    """The questions as they stood under this number."""
    return FormVersion.objects.filter(project=project, asked=asked, number=number).first()


def questions_of(project: Project, asked: Asked) -> Questions:
    """The questions that are asked now."""
    version = version_of(project, asked)
    return read(version.questions) if version else ()


def last_option(project: Project, asked: Asked, key: str) -> int:
    """The number of the newest answer to choose that this question ever had; 0 for none. No number is given twice."""
    rows = FormVersion.objects.filter(project=project, asked=asked).values_list("questions", flat=True)
    options = (option for questions in rows for one in read(questions) if one.key == key for option in one.options)
    return max((int(option.key[1:]) for option in options), default=0)


class FormHere(Enum):
    """Has a project a form of its own: none, one beside its proposals, or nothing else?"""

    NONE = "none"
    BESIDE = "beside"
    ALONE = "alone"


def form_here(project: Project) -> FormHere:
    """Which form does this project have? It is one alone when no phase takes proposals or votes and there are none."""
    version = version_of(project, Asked.ALONE)
    if version is None or not version.questions:
        return FormHere.NONE
    phases = list(project.phases.all())
    takes = any(Act.PROPOSE in facts(phase).acts or phase.kind == PhaseKind.VOTE for phase in phases)
    return FormHere.BESIDE if takes or project.proposals.exists() else FormHere.ALONE


def sheets_of(project: Project, asked: Asked) -> QuerySet[AnswerSheet]:
    """What was answered, the latest first."""
    rows = AnswerSheet.objects.filter(project=project, proposal__isnull=asked is Asked.ALONE)
    return rows.select_related("version", "proposal").order_by("-sent_at", "-pk")


def that_count(rows: QuerySet[AnswerSheet]) -> QuerySet[AnswerSheet]:
    """Those that staff did not leave out."""
    return rows.filter(left_out_because="")


def sheet_of(project: Project, person: Person | AnonymousUser | None) -> AnswerSheet | None:
    """What did this person answer in the form?"""
    if not isinstance(person, Person):
        return None
    rows = AnswerSheet.objects.filter(project=project, person=person, proposal=None)
    return rows.select_related("version").first()


def forms_answered_by(person: Person, organisation: Organisation) -> QuerySet[AnswerSheet]:
    """Which forms of this town did this person answer?"""
    rows = AnswerSheet.objects.filter(person=person, proposal=None, project__organisation=organisation)
    return rows.select_related("project").defer("project__area").order_by("-sent_at")


def file_named(organisation: Organisation, key: UUID) -> AnswerFile | None:
    """The file with this key, when it was given to this town."""
    found = (
        AnswerFile.objects.filter(key=key)
        .select_related("draft__project", "sheet__project", "sheet__version", "sheet__proposal")
        .first()
    )
    about = (found.sheet or found.draft) if found else None
    return found if about is not None and about.project.organisation_id == organisation.pk else None


def draft_files(token: str | None) -> dict[str, AnswerFile]:
    """The files of the draft with this token, by question; the last one counts."""
    rows = AnswerFile.objects.filter(draft__token=token) if token else AnswerFile.objects.none()
    return {file.question: file for file in rows}


def public_keys(project: Project, asked: Asked) -> dict[str, set[int]]:
    """Which questions are public, and in which versions they were announced so: {key: versions' keys}.

    What was answered when a question was for staff alone stays with staff, also when the question is public now.
    """
    versions = list(FormVersion.objects.filter(project=project, asked=asked).order_by("number"))
    now = {one.key for one in read(versions[-1].questions) if one.is_public} if versions else set()
    return {
        key: {version.pk for version in versions if any(q.is_public and q.key == key for q in read(version.questions))}
        for key in now
    }


def answers_with(proposal: Proposal, *, staff: bool) -> list[tuple[Question, Any]]:
    """What was answered with a proposal: for everybody what is public, for staff all of it; in the order asked."""
    sheet = AnswerSheet.objects.filter(proposal=proposal).select_related("version").first()
    if sheet is None:
        return []
    public = {} if staff else public_keys(proposal.project, Asked.PROPOSAL)
    return [
        (one, sheet.answers[one.key])
        for one in read(sheet.version.questions)
        if one.key in sheet.answers and (staff or sheet.version_id in public.get(one.key, ()))
    ]


# --- what came of it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tallied:
    """What was answered to one question.

    ``n`` answered it, of ``n_asked`` who were shown it. ``counts`` is {option's key, or bar: people}, None where a
    figure is of so few that none is said; empty for what is not counted. ``texts`` are answers in words, the latest
    first.
    """

    question: Question
    n: int
    n_asked: int
    counts: dict[str, int | None]
    texts: list[str]

    @property
    def is_hidden(self) -> bool:
        """Are there figures that are not said?"""
        return None in self.counts.values()

    @property
    def is_of_few(self) -> bool:
        """Did so few people answer, or were so few asked, that their number would tell of somebody?"""
        return 0 < self.n < FEWEST or 0 < self.n_asked < FEWEST


def tallied(project: Project, asked: Asked, *, exact: bool, public: bool, texts: int = 0) -> tuple[int, list[Tallied]]:
    """Count what was answered: how many sheets there are, and each question in its order.

    ``exact`` says figures of so few people too that they tell of somebody; ``public`` counts what may be told to
    everybody alone. Questions that are asked no more are counted as well, as long as somebody answered them; what staff
    left out is not.

    Cost     reads every sheet of the project.
    """
    versions = {row.pk: read(row.questions) for row in FormVersion.objects.filter(project=project, asked=asked)}
    # The last words of a question are the ones it is shown with; of an option that is gone, those it had.
    known: dict[str, Question] = {}
    for one in (one for questions in versions.values() for one in questions):
        gone = [option for option in getattr(known.get(one.key), "options", ()) if option.key not in one.option_keys]
        known[one.key] = replace(one, options=(*one.options, *gone))
    last = [one.key for one in (versions[max(versions)] if versions else ())]
    order = list(dict.fromkeys([*last, *known]))
    told = public_keys(project, asked)
    rows = list(that_count(sheets_of(project, asked)).values_list("version_id", "answers"))
    found = []
    for key in order:
        mine = [
            (given, one)
            for version, given in rows
            for one in versions[version]
            if one.key == key and (not public or version in told.get(key, ()))
        ]
        if public and key not in told:
            continue
        values = [given[key] for given, _one in mine if key in given]
        if not values and key not in last:
            continue
        counts = counted(known[key], values, (one for _given, one in mine))
        found.append(
            Tallied(
                question=known[key],
                n=len(values),
                n_asked=sum(is_shown(one, given) for given, one in mine),
                counts=dict(counts) if exact else without_small(counts),
                texts=[str(value) for value in values[:texts]] if known[key].kind in {Kind.SHORT, Kind.LONG} else [],
            )
        )
    return len(rows), found


def counted(one: Question, values: Sequence[Any], versions: Iterable[Question]) -> dict[str, int]:
    """How often each option was chosen, in its order; numbers by bars of equal width ("10–19")."""
    if one.kind in CHOICES:
        # An option that is gone from the question was there when it was chosen.
        keys = dict.fromkeys([*one.option_keys, *(key for each in versions for key in each.option_keys)])
        chosen = Counter(key for value in values for key in (value if isinstance(value, list) else [value]))
        return {key: chosen[key] for key in keys}
    if one.kind is Kind.NUMBER and len(values) >= FEWEST:
        return _in_bars([float(value) for value in values])
    return {}


def _in_bars(values: Sequence[float]) -> dict[str, int]:
    """Count numbers by bars that begin at round numbers, so that no bar ends where somebody's own number does."""
    low, high = min(values), max(values)
    step = next(step for step in _steps() if math.floor(high / step) - math.floor(low / step) < BINS)
    bars = Counter(math.floor(value / step) for value in values)
    return {_bar(at * step, step): bars[at] for at in range(min(bars), max(bars) + 1)}


def _steps() -> Iterator[int]:
    """Round widths of a bar: 1, 2, 5, 10, 20, 50 ..."""
    for power in count():
        yield from (part * 10**power for part in (1, 2, 5))


def _bar(start: int, step: int) -> str:
    return str(start) if step == 1 else f"{start}–{start + step - 1}"

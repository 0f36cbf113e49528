"""The questions asked with every proposal: in the second step of suggesting, and on the proposal's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from participation.models import AnswerFile, Draft, Project, Proposal
from participation.rules.questions import UPLOADS, Asked, Question, read
from participation.rules.refusals import Code, Refused
from participation.selectors.forms import answers_with, draft_files, version_of
from participation.services.answers import ANSWERS, changes_since, checked, written_in
from participation.web.asking import bound_without_account
from participation.web.drafts import keep, token_of
from participation.web.questions import (
    answer_rows,
    asked_version,
    filled_in,
    hiding_css,
    place_map,
    said,
    shown_questions,
    take_files,
)

KIND = Draft.Kind.PROPOSAL


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the answers that were sent with a step: the draft they stand in, and why some are not right.

    ``stays``: the form asks for the same page again, because a file was added or taken away.
    """

    draft: Mapping[str, Any]
    refusals: dict[str, Refused] = field(default_factory=dict)
    changed: bool = False
    stays: bool = False

    def require(self) -> None:
        """Refuse to go on while something is not right.

        Refuses  form.changed, answers.incomplete.
        """
        if self.changed:
            raise Refused(Code.FORM_CHANGED)
        if self.refusals:
            raise Refused(Code.ANSWERS_INCOMPLETE)


def take_answers(request: HttpRequest, project: Project, draft: Mapping[str, Any]) -> Taken:
    """Keep the draft with the answers that were sent, and check them."""
    version = version_of(project, Asked.PROPOSAL)
    if version is None or "version" not in request.POST:
        keep(request, project, KIND, draft)
        return Taken(draft)
    content = filled_in(request, asked_version(request, project, Asked.PROPOSAL, version), draft)
    keep(request, project, KIND, content)
    if request.FILES:
        bound_without_account(request, "answer_file")
    row = Draft.objects.get(token=str(token_of(request, project, KIND)))
    refused = take_files(request, row, version)
    if changes_since(version, content):
        return Taken(content, refused, changed=True)
    if request.POST.get("drop_file") or request.POST.get("add_file"):
        return Taken(content, refused, stays=not refused)
    return Taken(
        content, checked(project, read(version.questions), _typed(request, project, content)).refusals | refused
    )


def _typed(request: HttpRequest, project: Project, content: Mapping[str, Any]) -> dict[str, str | list[str]]:
    return written_in(content) | {key: str(file.key) for key, file in _files(request, project).items()}


def _files(request: HttpRequest, project: Project) -> dict[str, AnswerFile]:
    return draft_files(token_of(request, project, KIND))


def asked_with(
    request: HttpRequest, project: Project, draft: Mapping[str, Any], refusals: Mapping[str, Refused] | None = None
) -> dict[str, Any]:
    """What the second step of suggesting draws of the questions; nothing where none are asked."""
    version = version_of(project, Asked.PROPOSAL)
    if version is None or not version.questions:
        return {}
    questions, raw = read(version.questions), written_in(draft)
    changed = changes_since(version, draft)
    return {
        "version": version,
        "rows": shown_questions(questions, raw, refusals=refusals, changed=changed, files=_files(request, project)),
        "css": hiding_css(questions),
        "place_map": place_map(project, questions),
        "gone": [
            (said(one.label), typed if isinstance(typed, str) else ", ".join(typed))
            for one in (changed.gone if changed else ())
            if (typed := raw.get(one.key))
        ],
    }


def rows_of_draft(request: HttpRequest, project: Project, draft: Mapping[str, Any]) -> list[dict[str, object]]:
    """What was answered so far, to be looked over before it is sent."""
    version = version_of(project, Asked.PROPOSAL)
    if version is None or not isinstance(draft.get(ANSWERS), dict):
        return []
    questions, files = read(version.questions), _files(request, project)
    answers = checked(project, questions, _typed(request, project, draft)).answers
    return answer_rows(questions, answers, {str(file.key): file for file in files.values()})


def rows_with(proposal: Proposal, *, staff: bool) -> list[dict[str, object]]:
    """What was answered with a proposal, as far as whoever asks may know it."""
    return said_rows(proposal, answers_with(proposal, staff=staff))


def said_rows(proposal: Proposal, given: Sequence[tuple[Question, Any]]) -> list[dict[str, object]]:
    """These answers to read; their files are looked for where there may be any."""
    has_files = any(one.kind in UPLOADS for one, _value in given)
    rows = AnswerFile.objects.filter(sheet__proposal=proposal) if has_files else ()
    files = {str(file.key): file for file in rows}
    return answer_rows([one for one, _value in given], {one.key: value for one, value in given}, files)

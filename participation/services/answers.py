"""Takes answers to a project's questions in: from the draft they were written in, checked once more, whole or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
import shapely.geometry
from django.db import transaction

from geo.plane.boxes import LEAST_DEGREE_M
from participation.models import AnswerFile, AnswerSheet, Draft, FormVersion, Person, Project, Proposal
from participation.rules.phases import Act
from participation.rules.places import LonLat
from participation.rules.questions import (
    PLACES,
    Asked,
    Changes,
    Checked,
    Questions,
    Raw,
    changes,
    checked_answers,
    corners_of,
    read,
)
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.wording import REASON_MAX, bounded
from participation.selectors.access import require_act
from participation.selectors.forms import draft_files, sheet_of, version_numbered, version_of
from participation.selectors.projects import standing
from participation.selectors.proposals import place_verdict
from participation.selectors.roles import may_in
from participation.services.records import record_act

_A_METRE_DEGREES = 0.00001
# What a draft keeps under these names: what was typed, and under which version of the questions.
ANSWERS, VERSION = "answers", "version"


def written_in(content: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """What was typed so far, by question."""
    found = content.get(ANSWERS)
    return dict(found) if isinstance(found, dict) else {}


def typed_in(draft: Draft) -> dict[str, str | list[str]]:
    """What was typed and sent along so far, by question; a file by its key."""
    return written_in(draft.content) | {key: str(file.key) for key, file in draft_files(str(draft.token)).items()}


def changes_since(version: FormVersion, content: Mapping[str, Any]) -> Changes | None:
    """What changed since somebody began to answer; None where nothing did, or where they did not begin."""
    seen = content.get(VERSION)
    if not isinstance(seen, int) or seen == version.number:
        return None
    before = version_numbered(version.project, Asked(version.asked), seen)
    return changes(read(before.questions) if before else (), read(version.questions)) or None


def checked(project: Project, questions: Questions, raw: Raw) -> Checked:
    """Check what was typed, places against the project's area too.

    Refuses  (in the result) as rules.questions.checked_answers, and pin.outside_area.
    """
    found = checked_answers(questions, raw)
    for one in questions:
        if one.kind in PLACES and one.key in found.answers and project.area is not None:
            try:
                _require_inside(project, found.answers[one.key])
            except Refused as refused:
                del found.answers[one.key]
                found.refusals[one.key] = refused
    return found


def _require_inside(project: Project, geometry: Mapping[str, Any]) -> None:
    """Refuse a place of which a part lies outside the area: corners as a pin would be, sides by a metre."""
    for lon, lat in corners_of(geometry):
        verdict = place_verdict(project, LonLat(lon, lat))
        if not verdict.inside:
            raise Refused(Code.PIN_OUTSIDE_AREA, {"metres": verdict.outside_by_m})
    assert project.area is not None
    area = shapely.from_wkb(bytes(project.area.wkb)).buffer(_A_METRE_DEGREES)
    outside = shapely.geometry.shape(geometry).difference(area)
    if not outside.is_empty:
        raise Refused(Code.PIN_OUTSIDE_AREA, {"metres": outside.distance(area) * LEAST_DEGREE_M or 1})


@dataclass(frozen=True, slots=True)
class Given:
    """A draft's answers, fit to be kept, and under which version they were asked."""

    version: FormVersion
    answers: dict[str, Any]


def given_in(project: Project, asked: Asked, draft: Draft) -> Given | None:
    """Read the answers of a draft; None where nothing is asked.

    Refuses  form.changed when other questions are asked now, answers.incomplete when one of them is not right.
    """
    version = version_of(project, asked)
    if version is None:
        return None
    questions = read(version.questions)
    if changes_since(version, draft.content):
        raise Refused(Code.FORM_CHANGED)
    found = checked(project, questions, typed_in(draft))
    if found.refusals:
        raise Refused(Code.ANSWERS_INCOMPLETE)
    return Given(version, found.answers)


def keep_with_proposal(*, draft: Draft, proposal: Proposal, person: Person | None, now: datetime) -> None:
    """Keep the answers of a draft with the proposal it became; in the transaction that makes it.

    Refuses  form.changed, answers.incomplete.
    """
    given = given_in(proposal.project, Asked.PROPOSAL, draft)
    if given is None or not given.answers:
        return
    sheet = AnswerSheet.objects.create(
        project=proposal.project,
        version=given.version,
        proposal=proposal,
        person=person,
        answers=given.answers,
        language=proposal.language,
        sent_at=now,
    )
    _take_files(draft, sheet)


@transaction.atomic
def send_answers(
    *, token: str | None, project: Project, person: Person | None, language: str, now: datetime
) -> AnswerSheet | None:
    """Send the form of a draft and use the draft up; None when that draft was sent before.

    Who is signed in has one sheet: what is sent later takes its place.

    Locks    the draft's row: the second request of a double click waits for the first and finds nothing to send; the
             unique key decides between two browsers of one person.
    Refuses  what selectors.access.require_act refuses; form.changed, answers.incomplete, answers.none; the draft is
             kept then.
    """
    draft = Draft.objects.select_for_update().filter(token=token, project=project).first() if token else None
    if draft is None:
        return None
    require_act(project, standing(project, now), Act.ANSWER, person)
    given = given_in(project, Asked.ALONE, draft)
    if given is None or not given.answers:
        raise Refused(Code.ANSWERS_NONE)
    sheet = sheet_of(project, person)
    if sheet is None:
        sheet = AnswerSheet(project=project, person=person, sent_at=now)
    else:
        sheet.changed_at = now
    sheet.version, sheet.answers, sheet.language = given.version, given.answers, language
    sheet.save()
    _take_files(draft, sheet)
    draft.delete()
    return sheet


@transaction.atomic
def leave_out(*, project: Project, number: int, reason: str, by: Person) -> AnswerSheet:
    """Leave what somebody answered in the form of a project out of its counts and files, such as spam.

    It stays to be read at the desk, and its sender reads the reason; sending it again changes nothing about that.

    Locks    the sheet's row.
    Refuses  person.not_staff, answers.not_found, reason.missing, body.too_long.
    """
    because = bounded(reason, REASON_MAX)
    sheet = _sheet_at_the_desk(project, number, by)
    if not because:
        raise Refused(Code.REASON_MISSING)
    return _counted_as(sheet, because, "answers.left_out", by)


@transaction.atomic
def take_back(*, project: Project, number: int, by: Person) -> AnswerSheet:
    """Count again what was left out.

    Locks    the sheet's row.
    Refuses  person.not_staff, answers.not_found.
    """
    return _counted_as(_sheet_at_the_desk(project, number, by), "", "answers.counted_again", by)


def _sheet_at_the_desk(project: Project, number: int, by: Person) -> AnswerSheet:
    if not may_in(project, by, DeskAct.MODERATE):
        raise Refused(Code.NOT_STAFF)
    found = AnswerSheet.objects.select_for_update().filter(project=project, proposal=None, pk=number).first()
    if found is None:
        raise Refused(Code.ANSWERS_NOT_FOUND, {"number": number})
    return found


def _counted_as(sheet: AnswerSheet, because: str, act: str, by: Person) -> AnswerSheet:
    """Note why a sheet does not count, or that it does; noting the same again leaves no second line."""
    if sheet.left_out_because != because:
        was, sheet.left_out_because = sheet.left_out_because, because
        sheet.save(update_fields=["left_out_because"])
        record_act(
            organisation=sheet.project.organisation,
            project=sheet.project,
            by=by,
            act=act,
            subject=f"form {sheet.pk}",
            detail={"reason": because} if because else {"before": was},
        )
    return sheet


def _take_files(draft: Draft, sheet: AnswerSheet) -> None:
    """Give the files that are answers to the sheet; others go with the draft or the former answer."""
    AnswerFile.objects.filter(draft=draft).update(draft=None, sheet=sheet)
    kept = {str(value) for value in sheet.answers.values() if isinstance(value, str)}
    for file in AnswerFile.objects.filter(sheet=sheet):
        if str(file.key) not in kept:
            file.delete()

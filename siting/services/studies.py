"""Makes studies, changes them until they run, computes them, copies them, and shows them to everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from participation import public
from participation.models import Area, Person, Project
from participation.rules.refusals import Code, Refused
from siting.models import Candidate, Criterion, HandValue, Study
from siting.rules import criteria as rules
from siting.rules.criteria import Value
from siting.rules.measures import UNIT_OF, Asked, Measure, Unit
from siting.rules.templates import TEMPLATES
from siting.selectors.measuring import Tell, measured, stamp_of
from siting.selectors.runs import RUN_STUDY
from siting.selectors.studies import candidates_for, kept_worth
from siting.services.running import Clock, Impossible, compute, queue_run, stop_run

# The data may change while they are read; so often they are read again.
READINGS = 3
# More would not be read by anybody, and the table would not be drawn.
MOST_CANDIDATES, MOST_CRITERIA = 5000, 40


@dataclass(frozen=True, slots=True)
class Settings:
    """What a study asks, apart from its criteria."""

    title: str
    question: str
    area: Area | None
    existing_layer: str
    n_first: int


@dataclass(frozen=True, slots=True)
class CriterionSettings:
    """One criterion as somebody set it."""

    name: str
    kind: rules.Kind
    weight: float
    worth: rules.Worth | None
    least: float | None
    most: float | None
    asked: Asked
    source: str


@transaction.atomic
def create_study(*, project: Project, by: Person, settings: Settings, template: str, now: datetime) -> Study:
    """Make a study with the criteria of a set, which may be changed then.

    Locks    the project's row: two studies at once get two numbers.
    """
    study = Study.objects.create(
        project=project,
        number=_next_number(project),
        title=settings.title,
        question=settings.question,
        template=template,
        area=settings.area,
        existing_layer=settings.existing_layer,
        n_first=settings.n_first,
        created_by=by,
        created_at=now,
    )
    for position, one in enumerate(TEMPLATES[template]):
        criterion = one.criterion
        Criterion.objects.create(
            study=study,
            position=position,
            code=criterion.code,
            kind=criterion.kind,
            weight=criterion.weight,
            worth=kept_worth(criterion.worth),
            least=criterion.least,
            most=criterion.most,
            measure=one.asked.measure,
            attribute=one.asked.attribute,
            radius_m=one.asked.radius_m,
            unit=one.unit,
            source=one.source,
        )
    _record(study, by, "study.made")
    return study


def _record(study: Study, by: Person | None, act: str, **detail: object) -> None:
    public.record_act(
        organisation=study.project.organisation,
        project=study.project,
        by=by,
        act=act,
        subject=f"study {study.number}",
        detail=detail,
    )


def _next_number(project: Project) -> int:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    highest: int | None = Study.objects.filter(project=project).aggregate(top=Max("number"))["top"]
    return (highest or 0) + 1


def _open(study: Study) -> Study:
    """Hold a study that may still be changed.

    Locks    its row to the end of the transaction.
    Refuses  study.frozen once it ran, study.running while it does.
    """
    held = Study.objects.select_for_update(of=("self",)).select_related("area", "project").get(pk=study.pk)
    if held.is_under_way:
        raise Refused(Code.STUDY_RUNNING)
    if held.state == Study.State.DONE:
        raise Refused(Code.STUDY_FROZEN)
    return held


@transaction.atomic
def change_study(*, study: Study, settings: Settings, by: Person | None) -> None:
    """Change what a study asks.

    Locks    the study's row.
    Refuses  study.frozen, study.running.
    """
    held = _open(study)
    held.title, held.question, held.area = settings.title, settings.question, settings.area
    held.existing_layer, held.n_first = settings.existing_layer, settings.n_first
    held.save(update_fields=["title", "question", "area", "existing_layer", "n_first"])
    _record(study, by, "study.changed", what="question")


@transaction.atomic
def set_criteria(
    *, study: Study, changed: Mapping[str, CriterionSettings], dropped: Sequence[str], by: Person | None
) -> None:
    """Change criteria by their code, and take some out.

    Locks    the study's row.
    Refuses  study.frozen, study.running.
    """
    held = _open(study)
    Criterion.objects.filter(study=held, code__in=list(dropped)).delete()
    for row in Criterion.objects.filter(study=held, code__in=list(changed)):
        _set(row, changed[row.code])
        row.save()
    _record(study, by, "study.changed", what="criteria", changed=sorted(changed), dropped=sorted(dropped))


@transaction.atomic
def add_criterion(*, study: Study, settings: CriterionSettings, by: Person | None) -> Criterion:
    """Add a criterion of one's own.

    Locks    the study's row.
    Refuses  study.frozen, study.running, study.too_many_criteria.
    """
    held = _open(study)
    if held.criteria.count() >= MOST_CRITERIA:
        raise Refused(Code.STUDY_TOO_MANY_CRITERIA, {"max": MOST_CRITERIA})
    position = 1 + (held.criteria.aggregate(top=Max("position"))["top"] or 0)
    row = Criterion(study=held, position=position, code=f"own.{position}")
    _set(row, settings)
    row.save()
    _record(study, by, "study.changed", what="criteria", added=row.code)
    return row


def _set(row: Criterion, settings: CriterionSettings) -> None:
    row.name, row.kind, row.weight = settings.name, settings.kind.value, settings.weight
    row.worth, row.least, row.most = kept_worth(settings.worth), settings.least, settings.most
    row.measure, row.layer = settings.asked.measure.value, settings.asked.layer
    row.attribute = settings.asked.attribute
    row.radius_m = None if settings.asked.radius_m is None else int(settings.asked.radius_m)
    row.source = settings.source
    levels = isinstance(settings.worth, rules.Levels)
    keeps = settings.asked.measure is Measure.HAND and row.unit and not levels
    row.unit = row.unit if keeps else (Unit.LEVEL if levels else UNIT_OF.get(settings.asked.measure, Unit.NUMBER)).value


@transaction.atomic
def type_values(*, study: Study, typed: Mapping[tuple[str, int], Value], by: Person, now: datetime) -> int:
    """Write values typed by hand, by criterion and number of the candidate; None takes one away. How many changed?

    Locks    the study's row.
    Refuses  study.frozen, study.running.
    """
    held = _open(study)
    criteria = {row.code: row for row in held.criteria.all() if row.measure == Measure.HAND}
    candidates = {row.number: row for row in Candidate.objects.filter(project=held.project_id)}
    known = {
        (row.criterion.code, row.candidate.number): row
        for row in HandValue.objects.filter(criterion__study=held).select_related("criterion", "candidate")
    }
    n_changed = 0
    for (code, number), value in typed.items():
        if code not in criteria or number not in candidates:
            continue
        before = known.get((code, number))
        if value == (before.value if before else None):
            continue
        n_changed += 1
        if before and value is None:
            before.delete()
        elif value is not None:
            HandValue.objects.update_or_create(
                criterion=criteria[code],
                candidate=candidates[number],
                defaults={"value": value, "typed_by": by, "typed_at": now},
            )
    if n_changed:
        _record(study, by, "study.changed", what="values", n=n_changed)
    return n_changed


@transaction.atomic
def start_study(*, study: Study, by: Person | None, now: datetime) -> None:
    """Put a study in the queue of the worker.

    Locks    the study's row.
    Refuses  study.frozen, study.running, study.no_candidates, study.no_criteria, study.too_many_candidates.
    """
    if study.state == Study.State.DONE:
        raise Refused(Code.STUDY_FROZEN)
    n_candidates = candidates_for(study).count()
    if n_candidates == 0:
        raise Refused(Code.STUDY_NO_CANDIDATES)
    if n_candidates > MOST_CANDIDATES:
        raise Refused(Code.STUDY_TOO_MANY_CANDIDATES, {"n": n_candidates, "max": MOST_CANDIDATES})
    if not study.criteria.exists():
        raise Refused(Code.STUDY_NO_CRITERIA)
    queue_run(study, RUN_STUDY, now=now)
    _record(study, by, "study.started")


@transaction.atomic
def stop_study(*, study: Study, by: Person | None, now: datetime) -> None:
    """Stop a study that waits or is being computed; one that is neither stays as it is."""
    if stop_run(study, now=now):
        _record(study, by, "study.stopped")


def run_study(pk: int, *, clock: Clock) -> None:
    """Compute a study that waits in the queue; whatever happens, it is whole or it is not there."""

    def work(tell: Tell) -> tuple[dict[str, Any], dict[str, Any]]:
        study = Study.objects.select_related("project__organisation", "area").get(pk=pk)
        stamp = stamp_of(study)
        for _reading in range(READINGS):
            result = measured(study, tell)
            now = stamp_of(study)
            if now == stamp:
                return stamp, result
            stamp = now
        raise Impossible("data_moves")

    compute(Study, pk, clock=clock, work=work)


@transaction.atomic
def clone_study(*, study: Study, by: Person, now: datetime, title: str = "") -> Study:
    """Copy a study with its criteria and typed values, to change one thing or to repeat it.

    Locks    the project's row.
    """
    copy = Study.objects.create(
        project=study.project,
        number=_next_number(study.project),
        title=title or study.title,
        question=study.question,
        template=study.template,
        area=study.area,
        existing_layer=study.existing_layer,
        n_first=study.n_first,
        cloned_from=study,
        created_by=by,
        created_at=now,
    )
    for row in study.criteria.all():
        typed = list(row.hand_values.all())
        row.pk, row.study = None, copy
        row._state.adding = True
        row.save()
        for value in typed:
            value.pk, value.criterion = None, row
            value._state.adding = True
        HandValue.objects.bulk_create(typed)
    _record(copy, by, "study.made")
    return copy


@transaction.atomic
def repeat_study(*, study: Study, by: Person, now: datetime) -> Study:
    """Copy a study and compute it again as it is.

    Locks    the project's row.
    Refuses  as start_study.
    """
    copy = clone_study(study=study, by=by, now=now)
    start_study(study=copy, by=by, now=now)
    return copy


@transaction.atomic
def publish_study(*, study: Study, is_public: bool, by: Person) -> None:
    """Show criteria and scores of a study to everybody, or to staff alone again.

    Locks    the study's row.
    Refuses  study.not_done.
    """
    held = Study.objects.select_for_update(of=("self",)).select_related("project").get(pk=study.pk)
    if held.state != Study.State.DONE:
        raise Refused(Code.STUDY_NOT_DONE)
    if held.is_public == is_public:
        return
    held.is_public = is_public
    held.save(update_fields=["is_public"])
    _record(held, by, "study.published" if is_public else "study.withdrawn")
    study.is_public = is_public

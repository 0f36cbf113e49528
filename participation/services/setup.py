"""Sets a project up at the desk, step by step: a draft until it is published, changed afterwards as far as it may."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import shapely
from django.contrib.gis.geos import MultiPolygon
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.text import slugify

from participation.models import Area, Organisation, Person, Phase, Project, Theme
from participation.rules.access import checked_levels
from participation.rules.phases import PhaseKind
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.rows import short_slug
from participation.rules.templates import Consider, Step, Template
from participation.rules.vote_settings import VoteSettings, by_method, checked
from participation.rules.wording import BODY_MAX, TITLE_MAX, bounded, cleaned, line
from participation.selectors.closing import is_frozen
from participation.selectors.roles import may_in_town
from participation.selectors.setup import missing, n_outside, phases_of, themes_in_use
from participation.services.copying import copy_ground
from participation.services.importing.areas import surface
from participation.services.project_setup import PHASE_NAMES, new_project
from participation.services.proposals import require_desk
from participation.services.questions import copy_questions
from participation.services.records import record_act

PHASES_MAX, THEMES_MAX = 20, 12
ONE_LINE = {"title", "question"}
VOTE_FIELDS = tuple(VoteSettings.__dataclass_fields__)


# --- beginning ------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_project(
    *,
    organisation: Organisation,
    title: str,
    template: Template | None,
    copy_of: Project | None,
    starts_at: datetime,
    by: Person,
) -> Project:
    """Make a draft with this title, from a template or from the structure of another project of the town.

    Of a project that is copied come words, area, zones, inventory, access, themes, phases, questions and rules; no
    contribution and no answer.

    Refuses  person.not_staff, title.missing, title.too_long.
    """
    if not may_in_town(organisation, by, DeskAct.SETUP):
        raise Refused(Code.NOT_STAFF)
    fields: dict[str, object] = {"state": Project.State.DRAFT, "moderated_first": True}
    if template and not template.has_map:
        fields["area_source"] = {"kind": "none"}
    if copy_of:
        names = ("question", "summary", "rules", "outcome", "area", "area_source", "access", "moderated_first")
        places = ("shapes", "place_optional", "blur_m", "from_inventory", "per_object", "nearby_radius_m")
        fields |= {name: getattr(copy_of, name) for name in (*names, *places)}
    elif organisation.outline and not (template and not template.has_map):
        fields |= {"area": organisation.outline, "area_source": {"kind": "town"}}
    slug = free_slug(organisation, title)
    project = new_project(town=organisation, slug=slug, title=title, template=template, **fields)
    if copy_of:
        _copy_parts(copy_of, project, starts_at)
    elif template:
        _add_steps(project, template.steps, template.vote, starts_at)
    record_act(organisation=organisation, project=project, by=by, act="project.begun", subject=f"project {slug}")
    return project


def free_slug(organisation: Organisation, title: str) -> str:
    """Make an address of a title that no other project of the town has."""
    plain = short_slug(slugify(cleaned(title))[:50].strip("-"), cleaned(title) or "project")
    taken = set(
        Project.objects.filter(organisation=organisation, slug__startswith=plain).values_list("slug", flat=True)
    )
    # "new" is where projects begin.
    names = [plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 4))]
    return next(name for name in names if name not in taken and name != "new")


def _copy_parts(source: Project, target: Project, starts_at: datetime) -> None:
    for theme in source.themes.all():
        Theme.objects.create(
            project=target, slug=theme.slug, name=theme.name, colour=theme.colour, position=theme.position
        )
    copy_ground(source, target)
    phases = phases_of(source)
    shift = starts_at - min((phase.opens_at for phase in phases), default=starts_at)
    for phase in phases:
        phase.pk, phase.project, phase.closed_at = None, target, None
        phase.opens_at += shift
        phase.closes_at = phase.closes_at + shift if phase.closes_at else None
        phase.save(force_insert=True)
    copy_questions(source, target)


def _add_steps(project: Project, steps: Sequence[Step], vote: VoteSettings, starts_at: datetime) -> None:
    taken = len(phases_of(project))
    if taken + len(steps) > PHASES_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": PHASES_MAX})
    for position, step in enumerate(steps, start=taken + 1):
        opens_at = starts_at + timedelta(days=step.after_days)
        Phase.objects.create(
            project=project,
            position=position,
            kind=step.kind,
            name=dict(step.name) or PHASE_NAMES[step.kind],
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=step.days) if step.days else None,
            **(asdict(vote) if step.kind is PhaseKind.VOTE else {}),
        )


# --- words ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_texts(*, project: Project, texts: Mapping[str, Mapping[str, str]], by: Person) -> None:
    """Set texts of a project by name and language; an empty one leaves its language out.

    Refuses  person.not_staff, title.too_long, body.too_long, setup.text_missing (title or question in the town's
             first language, once it is public).
    """
    require_desk(project, by, DeskAct.WORDS)
    first = (project.organisation.languages or ["nl"])[0]
    for name, by_language in texts.items():
        kept = {language: _clean(name, text) for language, text in by_language.items()}
        is_needed = name == "title" or (name == "question" and project.state != Project.State.DRAFT)
        if is_needed and not kept.get(first):
            raise Refused(Code.SETUP_TEXT_MISSING, {"what": name, "language": first})
        setattr(project, name, {language: text for language, text in kept.items() if text})
    project.save(update_fields=list(texts))
    note_change(project, by, ", ".join(texts))


def _clean(name: str, text: str) -> str:
    return line(text, TITLE_MAX, Code.TITLE_TOO_LONG) if name in ONE_LINE else bounded(text, BODY_MAX)


@transaction.atomic
def set_considered(*, project: Project, answers: Mapping[str, str], by: Person) -> None:
    """Keep what the planner answered to the critical questions.

    Refuses  person.not_staff, body.too_long.
    """
    require_desk(project, by, DeskAct.WORDS)
    project.considered = {ask.value: text for ask in Consider if (text := _clean("", answers.get(ask.value, "")))}
    project.save(update_fields=["considered"])
    note_change(project, by, "considered")


# --- area -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def set_area(*, project: Project, area: MultiPolygon | None, source: Mapping[str, object], by: Person) -> None:
    """Set where proposals may lie; none for a project that is not about places.

    Refuses  person.not_staff, setup.area_holds (proposals would lie outside, or lose their place).
    """
    require_desk(project, by, DeskAct.SETUP)
    had_places = project.proposals.filter(point__isnull=False).count()
    project.area, project.area_source = area, dict(source)
    lost = had_places if area is None else n_outside(project)
    if lost:
        raise Refused(Code.SETUP_AREA_HOLDS, {"n": lost})
    project.save(update_fields=["area", "area_source"])
    note_change(project, by, "area")


def area_of_neighbourhoods(organisation: Organisation, codes: Sequence[str]) -> MultiPolygon | None:
    """Join neighbourhoods of a town into one area; None where none is chosen."""
    outlines = Area.objects.filter(organisation=organisation, code__in=codes).values_list("outline", flat=True)
    shapes = [shapely.from_wkb(bytes(outline.wkb)) for outline in outlines]
    return surface(shapely.union_all(shapes))[0] if shapes else None


# --- phases ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """What is set of a phase: ``key`` of an existing one, its name by language, and its times."""

    key: int
    name: Mapping[str, str]
    opens_at: datetime
    closes_at: datetime | None


@transaction.atomic
def set_phases(*, project: Project, rows: Sequence[PhaseRow], by: Person, now: datetime) -> None:
    """Set names and times of phases, in the order given.

    In a project that is public, a phase that began keeps its beginning; a vote with ballots keeps its times.

    Refuses  person.not_staff, setup.phase_unknown, setup.phase_backwards, setup.phase_begun, setup.phase_open_ended.
    """
    require_desk(project, by, DeskAct.SETUP)
    known = {phase.pk: phase for phase in phases_of(project)}
    if {row.key for row in rows} != set(known):
        raise Refused(Code.SETUP_PHASE_UNKNOWN)
    for position, row in enumerate(rows, start=1):
        phase = known[row.key]
        named = {language: text for language, given in row.name.items() if (text := _clean("title", given))}
        phase.name = named or phase.name or PHASE_NAMES[PhaseKind(phase.kind)]
        facts = {"name": phase.name}
        if row.closes_at is not None and row.closes_at <= row.opens_at:
            raise Refused(Code.SETUP_PHASE_BACKWARDS, facts)
        began = project.state != Project.State.DRAFT and phase.opens_at <= now
        if began and row.opens_at != phase.opens_at:
            raise Refused(Code.SETUP_PHASE_BEGUN, facts)
        if row.closes_at != phase.closes_at and phase.kind == PhaseKind.VOTE and is_frozen(phase):
            raise Refused(Code.SETUP_PHASE_OPEN_ENDED, facts)
        phase.position, phase.opens_at, phase.closes_at = position, row.opens_at, row.closes_at
        phase.save(update_fields=["position", "name", "opens_at", "closes_at"])
    note_change(project, by, "phases")


@transaction.atomic
def add_phases(*, project: Project, steps: Sequence[Step], starts_at: datetime, by: Person) -> None:
    """Add phases behind the last one.

    Refuses  person.not_staff, setup.too_many.
    """
    require_desk(project, by, DeskAct.SETUP)
    _add_steps(project, steps, VoteSettings(), starts_at)
    note_change(project, by, "phases")


@transaction.atomic
def remove_phase(*, project: Project, key: int, by: Person, now: datetime) -> None:
    """Take a phase out that has not begun, or any of a draft.

    Locks    none of its own: the trigger phase_kept looks once more.
    Refuses  person.not_staff, setup.phase_unknown, setup.phase_begun.
    """
    require_desk(project, by, DeskAct.SETUP)
    phase = Phase.objects.filter(project=project, pk=key).first()
    if phase is None:
        raise Refused(Code.SETUP_PHASE_UNKNOWN)
    began = project.state != Project.State.DRAFT and phase.opens_at <= now
    try:
        with transaction.atomic():
            if began:
                raise IntegrityError
            phase.delete()
    except IntegrityError as error:
        raise Refused(Code.SETUP_PHASE_BEGUN, {"name": phase.name}) from error
    for position, left in enumerate(phases_of(project), start=1):
        Phase.objects.filter(pk=left.pk).update(position=position)
    note_change(project, by, "phases")


# --- access, themes, vote ---------------------------------------------------------------------------------------------


@transaction.atomic
def set_access(
    *,
    project: Project,
    levels: Mapping[str, str],
    by_phase: Mapping[int, Mapping[str, str]],
    moderated_first: bool,
    by: Person,
) -> None:
    """Say how well somebody must be known for each act, in the project and otherwise in single phases.

    Refuses  person.not_staff, access.level_bad.
    """
    require_desk(project, by, DeskAct.SETUP)
    project.access, project.moderated_first = checked_levels(levels), moderated_first
    project.save(update_fields=["access", "moderated_first"])
    for phase in phases_of(project):
        given = {act: level for act, level in by_phase.get(phase.pk, {}).items() if level}
        checked_levels(given)
        Phase.objects.filter(pk=phase.pk).update(access=given)
    note_change(project, by, "access")


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """What is set of a theme: ``key`` of an existing one or None, its name by language, its colour."""

    key: int | None
    name: Mapping[str, str]
    colour: str


@transaction.atomic
def set_themes(*, project: Project, rows: Sequence[ThemeRow], by: Person) -> None:
    """Set the themes of a project in the order given; one without a name goes, unless proposals have it.

    Refuses  person.not_staff, setup.too_many, setup.theme_in_use, title.too_long.
    """
    require_desk(project, by, DeskAct.SETUP)
    known = {theme.pk: theme for theme in Theme.objects.filter(project=project)}
    in_use = themes_in_use(project)
    position = 0
    for row in rows:
        name = {language: text for language, given in row.name.items() if (text := _clean("title", given))}
        theme = known.get(row.key) if row.key else None
        if theme and not name:
            if theme.pk in in_use:
                raise Refused(Code.SETUP_THEME_IN_USE, {"name": theme.name})
            theme.delete()
        if not name:
            continue
        if position >= THEMES_MAX:
            raise Refused(Code.SETUP_TOO_MANY, {"max": THEMES_MAX})
        theme = theme or Theme(project=project, slug=_theme_slug(project, name))
        theme.name, theme.colour, theme.position = name, row.colour, position
        theme.save()
        position += 1
    # The map draws pins by theme: what was cached of it is stale.
    Project.objects.filter(pk=project.pk).update(revision=F("revision") + 1)
    note_change(project, by, "themes")


def _theme_slug(project: Project, name: Mapping[str, str]) -> str:
    plain = next(iter(name.values()))
    slug = short_slug(slugify(plain), plain)
    taken = set(Theme.objects.filter(project=project).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug[:50]}-{n}" for n in range(2, THEMES_MAX + 3))) if one not in taken)


def settings_of(vote: Phase) -> VoteSettings:
    """The rules of a vote as they stand."""
    return VoteSettings(**{name: getattr(vote, name) for name in VOTE_FIELDS})


@transaction.atomic
def set_vote(*, project: Project, key: int, settings: VoteSettings, by: Person) -> None:
    """Set all rules of a vote, before anybody voted.

    Locks    none of its own: the trigger phase_rules_frozen holds it against a first ballot under way.
    Refuses  person.not_staff, setup.phase_unknown, setup.rules_frozen, what rules.vote_settings.checked refuses.
    """
    require_desk(project, by, DeskAct.SETUP)
    good = checked(settings)
    try:
        with transaction.atomic():
            n = Phase.objects.filter(project=project, pk=key, kind=PhaseKind.VOTE).update(**asdict(good))
    except IntegrityError as error:
        raise Refused(Code.SETUP_RULES_FROZEN) from error
    if not n:
        raise Refused(Code.SETUP_PHASE_UNKNOWN)
    note_change(project, by, "vote", method=good.method.value, rule=good.rule.value)


def with_method(vote: Phase, settings: VoteSettings) -> VoteSettings:
    """Where the method was changed and the rule was not, the rule that goes with it; a sum stays asked for."""
    if settings.method == vote.method:
        return settings
    return replace(by_method(settings.method, settings), budget_cents=settings.budget_cents)


# --- publishing -----------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_project(*, project: Project, by: Person) -> Project:
    """Make a draft public; its phases open by their dates.

    Locks    the project's row.
    Refuses  person.not_staff, setup.not_a_draft, whatever is missing (selectors.setup.missing).
    """
    require_desk(project, by, DeskAct.SETUP)
    fresh = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if fresh.state != Project.State.DRAFT:
        raise Refused(Code.SETUP_NOT_A_DRAFT)
    for _step, why in missing(project):
        raise why
    Project.objects.filter(pk=project.pk).update(state=Project.State.OPEN)
    record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="project.published",
        subject=f"project {project.slug}",
    )
    project.state = Project.State.OPEN
    return project


def note_change(project: Project, by: Person, what: str, **detail: object) -> None:
    """Note who changed what in a project, a draft or not."""
    record_act(
        organisation=project.organisation, project=project, by=by, act="project.changed", subject=what, detail=detail
    )

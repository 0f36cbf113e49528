"""Opens a project, and a town to hold it."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import MultiPolygon
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from participation.models import FormVersion, Organisation, Phase, Project, Record, Theme
from participation.rules.phases import PhaseKind
from participation.rules.questions import written
from participation.rules.refusals import Code, Refused
from participation.rules.rows import SLUG_MAX
from participation.rules.templates import Template
from participation.rules.vote_settings import VoteSettings, by_method
from participation.rules.voting import Method
from participation.rules.wording import title_and_body
from participation.selectors.operating import organisation_called, towns

PHASE_NAMES: dict[PhaseKind, dict[str, str]] = {
    PhaseKind.INFORM: {"nl": "Lezen", "fr": "S’informer", "en": "Read", "de": "Lesen"},
    PhaseKind.PROPOSE: {"nl": "Voorstellen doen", "fr": "Proposer", "en": "Propose", "de": "Vorschlagen"},
    PhaseKind.DISCUSS: {"nl": "Bespreken", "fr": "Discuter", "en": "Discuss", "de": "Besprechen"},
    PhaseKind.SHORTLIST: {"nl": "Selectie", "fr": "Sélection", "en": "Shortlist", "de": "Auswahl"},
    PhaseKind.VOTE: {"nl": "Stemmen", "fr": "Voter", "en": "Vote", "de": "Abstimmen"},
    PhaseKind.DECIDE: {"nl": "Beslissen", "fr": "Décider", "en": "Decide", "de": "Entscheiden"},
    PhaseKind.ROLL_OUT: {"nl": "Uitvoeren", "fr": "Réaliser", "en": "Build", "de": "Umsetzen"},
}


def check_slug(slug: str) -> None:
    """Say whether this can stand in an address.

    Refuses  project.slug_bad.
    """
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise Refused(Code.SLUG_BAD, {"slug": slug[:80], "max": SLUG_MAX}) from error
    if slug != slug.lower() or len(slug) > SLUG_MAX:
        raise Refused(Code.SLUG_BAD, {"slug": slug[:80], "max": SLUG_MAX})


def organisation_or_refused(slug: str) -> Organisation:
    """Find a town.

    Refuses  organisation.unknown.
    """
    found = organisation_called(slug)
    if found is None:
        raise Refused(Code.ORGANISATION_UNKNOWN, {"slug": slug[:80], "known": towns() or ["-"]})
    return found


def town_or_new(slug: str, new_name: str) -> Organisation:
    """Find a town, or make it where it is not there and ``new_name`` says how it is called.

    Refuses  organisation.unknown, project.slug_bad.
    """
    if not new_name:
        return organisation_or_refused(slug)
    found = organisation_called(slug)
    if found is not None:
        return found
    check_slug(slug)
    return Organisation.objects.create(
        slug=slug,
        name=new_name,
        site_name=new_name,
        languages=["nl", "fr", "en", "de"],
        # In the demo whoever looks around comes in with the code of the outbox alone.
        staff_second_factor=not settings.DEMO,
    )


def new_project(*, town: Organisation, slug: str, title: str, template: Template | None, **fields: Any) -> Project:
    """Make the row of a project with the words and settings of its template.

    Refuses  project.slug_bad, project.slug_taken, title.missing, title.too_long.
    """
    check_slug(slug)
    title, _ = title_and_body(title, "")
    if Project.objects.filter(organisation=town, slug=slug).exists():
        raise Refused(Code.SLUG_TAKEN, {"organisation": town.slug, "slug": slug})
    texts = {(town.languages or ["nl"])[0]: title}
    given: dict[str, Any] = {"question": texts}
    if template:
        given = {
            "question": template.question,
            "summary": template.summary,
            "rules": template.rules,
            "outcome": template.outcome,
            "nearby_radius_m": template.nearby_radius_m,
            "access": dict(template.access),
            "shapes": [shape.value for shape in template.shapes],
            "from_inventory": template.from_inventory,
            "per_object": template.per_object,
        }
    project = Project.objects.create(organisation=town, slug=slug, title=texts, **given | fields)
    for position, theme in enumerate(template.themes if template else ()):
        Theme.objects.create(project=project, slug=theme.slug, name=theme.name, colour=theme.colour, position=position)
    for asked, questions in template.questions.items() if template else ():
        FormVersion.objects.create(project=project, asked=asked, number=1, questions=written(questions))
    return project


@transaction.atomic
def create_project(
    *,
    organisation: str,
    new_organisation: str,
    slug: str,
    title: str,
    area: MultiPolygon | None,
    phase: PhaseKind,
    template: Template | None,
    method: Method | None,
    budget_cents: int | None,
    now: datetime,
) -> Project:
    """Open a project in one phase that runs from now on, without an end until staff set one.

    Refuses  organisation.unknown, project.slug_bad, project.slug_taken, title.missing, title.too_long.
    """
    check_slug(slug)
    town = town_or_new(organisation, new_organisation)
    project = new_project(town=town, slug=slug, title=title, template=template, area=area)
    settings = template.vote if template else VoteSettings()
    if budget_cents is not None:
        settings = replace(settings, budget_cents=budget_cents)
    rules = asdict(by_method(method or settings.method, settings))
    Phase.objects.create(project=project, position=1, kind=phase, name=PHASE_NAMES[phase], opens_at=now, **rules)
    Record.objects.create(organisation=town, project=project, act="project.created", subject=f"project {slug}")
    return project

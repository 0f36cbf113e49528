"""Opens a project, and a town to hold it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.geos import MultiPolygon
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from participation.models import Organisation, Phase, Project, Record
from participation.rules.phases import PhaseKind
from participation.rules.refusals import Code, Refused
from participation.rules.rows import SLUG_MAX
from participation.rules.wording import title_and_body
from participation.selectors.operating import organisation_called, towns


@dataclass(frozen=True, slots=True)
class Template:
    """What projects of one sort begin with: texts by language, and the rules of their vote."""

    question: dict[str, str]
    rules: dict[str, str]
    cap: int
    n_winners: int
    write_ins: bool = False
    nearby_radius_m: int = 250


PHASE_NAMES: dict[PhaseKind, dict[str, str]] = {
    PhaseKind.INFORM: {"nl": "Lezen", "fr": "S’informer", "en": "Read", "de": "Lesen"},
    PhaseKind.PROPOSE: {"nl": "Voorstellen doen", "fr": "Proposer", "en": "Propose", "de": "Vorschlagen"},
    PhaseKind.DISCUSS: {"nl": "Bespreken", "fr": "Discuter", "en": "Discuss", "de": "Besprechen"},
    PhaseKind.SHORTLIST: {"nl": "Selectie", "fr": "Sélection", "en": "Shortlist", "de": "Auswahl"},
    PhaseKind.VOTE: {"nl": "Stemmen", "fr": "Voter", "en": "Vote", "de": "Abstimmen"},
    PhaseKind.DECIDE: {"nl": "Beslissen", "fr": "Décider", "en": "Decide", "de": "Entscheiden"},
    PhaseKind.ROLL_OUT: {"nl": "Uitvoeren", "fr": "Réaliser", "en": "Build", "de": "Umsetzen"},
}

TEMPLATES: dict[str, Template] = {
    "charging-points": Template(
        question={
            "nl": "Waar wil jij een laadpaal?",
            "fr": "Où voulez-vous une borne de recharge ?",
            "en": "Where do you want a charging point?",
            "de": "Wo möchten Sie eine Ladesäule?",
        },
        rules={
            "nl": "Drukke en centrale plekken eerst.\nGoed gespreid over stad en dorpen.\n"
            "Liefst een parking of haakse parkeerplaatsen, niet langs de straat.",
            "fr": "D’abord les lieux centraux et fréquentés.\nUne bonne répartition entre ville et villages.\n"
            "De préférence un parking ou des places perpendiculaires, pas le long de la rue.",
            "en": "Central and busy places first.\nWell spread over town and villages.\n"
            "Preferably a car park or perpendicular bays, not along the street.",
            "de": "Zuerst zentrale und belebte Orte.\nGut verteilt über Stadt und Dörfer.\n"
            "Am besten ein Parkplatz oder Senkrechtparkplätze, nicht am Straßenrand.",
        },
        cap=5,
        n_winners=12,
        write_ins=True,
    ),
    "benches": Template(
        question={
            "nl": "Waar komt een zitbank?",
            "fr": "Où placer un banc ?",
            "en": "Where should a bench come?",
            "de": "Wo soll eine Bank stehen?",
        },
        rules={
            "nl": "Op openbaar domein.\nEr blijft genoeg plaats om voorbij te gaan.",
            "fr": "Sur le domaine public.\nIl reste assez de place pour passer.",
            "en": "On public ground.\nEnough room is left to pass.",
            "de": "Auf öffentlichem Grund.\nEs bleibt genug Platz, um vorbeizugehen.",
        },
        cap=3,
        n_winners=6,
        nearby_radius_m=100,
    ),
    "line-up": Template(
        question={
            "nl": "Wie moet er optreden?",
            "fr": "Qui doit se produire ?",
            "en": "Who should play?",
            "de": "Wer soll auftreten?",
        },
        rules={
            "nl": "Eén groep of artiest per voorstel.",
            "fr": "Un groupe ou artiste par proposition.",
            "en": "One group or artist in each proposal.",
            "de": "Eine Gruppe oder ein Künstler je Vorschlag.",
        },
        cap=5,
        n_winners=12,
    ),
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
    return Organisation.objects.create(slug=slug, name=new_name, site_name=new_name, languages=["nl", "fr", "en", "de"])


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
    now: datetime,
) -> Project:
    """Open a project in one phase that runs from now on, without an end until staff set one.

    Refuses  organisation.unknown, project.slug_bad, project.slug_taken, title.missing, title.too_long.
    """
    check_slug(slug)
    title, _ = title_and_body(title, "")
    town = town_or_new(organisation, new_organisation)
    if Project.objects.filter(organisation=town, slug=slug).exists():
        raise Refused(Code.SLUG_TAKEN, {"organisation": town.slug, "slug": slug})
    texts = {(town.languages or ["nl"])[0]: title}
    project = Project.objects.create(
        organisation=town,
        slug=slug,
        title=texts,
        question=template.question if template else texts,
        rules=template.rules if template else {},
        area=area,
        nearby_radius_m=template.nearby_radius_m if template else 250,
    )
    rules = {"cap": template.cap, "n_winners": template.n_winners, "write_ins": template.write_ins} if template else {}
    Phase.objects.create(project=project, position=1, kind=phase, name=PHASE_NAMES[phase], opens_at=now, **rules)
    Record.objects.create(organisation=town, project=project, act="project.created", subject=f"project {slug}")
    return project

"""A project that is being set up: what is missing before it can go public, and what can no longer change."""

from django.db.models import Q

from participation.models import Area, Organisation, Phase, Project, Proposal
from participation.rules.phases import PhaseKind
from participation.rules.refusals import Code, Refused
from participation.selectors.closing import is_frozen
from participation.selectors.queue import projects_at_the_desk

_A_METRE_DEGREES = 0.00001


def project_of_desk(organisation: Organisation, slug: str) -> Project | None:
    """Find a project of this town, drafts included, with its area, phases and themes."""
    found = projects_at_the_desk(organisation).defer(None).prefetch_related("themes").filter(slug=slug).first()
    if found is not None:
        found.organisation = organisation
    return found


def phases_of(project: Project) -> list[Phase]:
    """Its phases in their order, as they stand now."""
    return list(Phase.objects.filter(project=project).order_by("position"))


def votes_of(project: Project) -> list[Phase]:
    """Its votes in their order."""
    return [phase for phase in phases_of(project) if phase.kind == PhaseKind.VOTE]


def frozen_votes(project: Project) -> set[int]:
    """Which of its votes have rules that can no longer change?"""
    return {vote.pk for vote in votes_of(project) if is_frozen(vote)}


def areas_of(organisation: Organisation) -> list[Area]:
    """The neighbourhoods of a town by name, without their outlines."""
    return list(Area.objects.filter(organisation=organisation).defer("outline").order_by("name"))


def n_outside(project: Project) -> int:
    """How many of its proposals would lie outside its area, a metre beside the border included?"""
    if project.area is None:
        return 0
    near = project.area.buffer(_A_METRE_DEGREES)
    placed = Proposal.objects.filter(project=project, point__isnull=False)
    # Where a place is shown roughly, the exact one counts; of a shape, all of it.
    exact, shape, spot = (
        Q(exact__isnull=False),
        Q(shape__isnull=False),
        Q(point__dwithin=(project.area, _A_METRE_DEGREES)),
    )
    return placed.filter(
        exact & ~Q(exact__place__coveredby=near) | ~exact & shape & ~Q(shape__coveredby=near) | ~exact & ~shape & ~spot
    ).count()


def themes_in_use(project: Project) -> set[int]:
    """Which of its themes have proposals?"""
    return set(Proposal.objects.filter(project=project, theme__isnull=False).values_list("theme_id", flat=True))


def missing(project: Project) -> list[tuple[str, Refused]]:
    """What stands between a project and the public: (step, why), in the order of the steps."""
    first = (project.organisation.languages or ["nl"])[0]
    gaps: list[tuple[str, Refused]] = [
        (
            "question" if name in {"title", "question"} else "rules",
            Refused(Code.SETUP_TEXT_MISSING, {"what": name, "language": first}),
        )
        for name in ("title", "question", "outcome")
        if not getattr(project, name).get(first)
    ]
    if project.area is None and project.area_source.get("kind") != "none":
        gaps.append(("area", Refused(Code.SETUP_AREA_MISSING)))
    if project.from_inventory and project.area is not None and not project.inventory.exists():
        gaps.append(("area", Refused(Code.SETUP_INVENTORY_EMPTY)))
    if not phases_of(project):
        gaps.append(("phases", Refused(Code.SETUP_NO_PHASES)))
    return gaps

"""Which files were taken in, and what hangs on what an import made."""

from django.db.models import QuerySet

from participation.models import Area, Import, ImportedRow, Organisation, Project, Proposal
from participation.selectors.closing import areas_frozen


def imports_of(project: Project) -> QuerySet[Import]:
    """Which files were uploaded for this project, the latest first?"""
    return Import.objects.filter(project=project).select_related("by", "project__organisation")


def import_of(project: Project, key: int) -> Import | None:
    """The file of this number that was uploaded for this project."""
    return imports_of(project).filter(pk=key).first()


def area_imports_of(organisation: Organisation) -> QuerySet[Import]:
    """Which files of neighbourhoods were uploaded for this town, the latest first?"""
    return Import.objects.filter(organisation=organisation).select_related("by", "organisation")


def rows_of(found: Import, *acts: str) -> QuerySet[ImportedRow]:
    """The rows of a file of which this becomes, all when none is named, in the order of the file."""
    rows = ImportedRow.objects.filter(of=found).order_by("line", "pk")
    return rows.filter(act__in=acts) if acts else rows


def hangs_on(proposal: Proposal) -> bool:
    """Did anybody support, follow or report it, say something on it, join it with another, or put it on the ballot?"""
    others = ("responses", "comments", "follows", "reports", "merge_parts", "merges_into")
    return proposal.on_ballot or proposal.n_supports > 0 or any(getattr(proposal, name).exists() for name in others)


def is_voted_on_by_area(area: Area) -> bool:
    """Does anything lie in this neighbourhood that people voted on under a rule by which that counts?"""
    options = Proposal.objects.filter(area=area, on_ballot=True)
    projects = Project.objects.filter(pk__in=options.values("project"))
    return any(areas_frozen(project) for project in projects)

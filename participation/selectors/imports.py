"""Which files of proposals were taken in, and what hangs on a proposal that an import made."""

from django.db.models import QuerySet

from participation.models import Import, ImportedRow, Project, Proposal


def imports_of(project: Project) -> QuerySet[Import]:
    """Which files were uploaded for this project, the latest first?"""
    return Import.objects.filter(project=project).select_related("by")


def import_of(project: Project, pk: int) -> Import | None:
    """The file of this number, when it is this project's."""
    return Import.objects.filter(project=project, pk=pk).select_related("by").first()


def rows_of(found: Import, *acts: str) -> QuerySet[ImportedRow]:
    """The rows of a file of which this becomes, all when none is named, in the order of the file."""
    rows = ImportedRow.objects.filter(of=found).order_by("line", "pk")
    return rows.filter(act__in=acts) if acts else rows


def hangs_on(proposal: Proposal) -> bool:
    """Did anybody support, follow or report it, say something on it, join it with another, or put it on the ballot?"""
    others = ("responses", "comments", "follows", "reports", "merge_parts", "merges_into")
    return proposal.on_ballot or proposal.n_supports > 0 or any(getattr(proposal, name).exists() for name in others)

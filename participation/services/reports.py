"""Says of reports that they were looked at, and that they wait again; the acts that do so keep which they were."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Now

from participation.models import Person, Report


def settle(rows: QuerySet[Report], by: Person) -> list[int]:
    """Settle those of these reports that wait, and give back their keys for the audit trail.

    Locks    the rows of the reports: of two who settle them at once, one does.
    """
    keys = list(
        rows.filter(settled_at=None).select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)
    )
    if keys:
        Report.objects.filter(pk__in=keys).update(settled_at=Now(), settled_by=by)
    return keys


def kept_of(keys: list[int]) -> dict[str, object]:
    """What the line of an act keeps of the reports that it settled: nothing where there were none."""
    return {"reports": keys} if keys else {}


def open_again(keys: Iterable[int]) -> None:
    """Let these reports wait again."""
    Report.objects.filter(pk__in=list(keys)).update(settled_at=None, settled_by=None)

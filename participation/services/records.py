"""Keeps the audit trail."""

from collections.abc import Mapping

from participation.models import Organisation, Person, Project, Record


def record_act(
    *,
    organisation: Organisation,
    by: Person | None,
    act: str,
    subject: str,
    project: Project | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write down what was done, by whom, on what; in the transaction that does it."""
    Record.objects.create(
        organisation=organisation, project=project, person=by, act=act, subject=subject[:100], detail=dict(detail or {})
    )

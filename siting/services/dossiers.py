"""Publishes the decision dossier: what is published stays as it is, and a later publication is a new version."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from participation import public
from participation.models import Person, Project
from participation.rules.refusals import Code, Refused
from siting.models import Dossier, Study
from siting.rules.stamps import digest
from siting.selectors.dossier import contents, dossiers_of, scenarios_done


@transaction.atomic
def publish_dossier(
    *, project: Project, study: Study, scenarios: Collection[int], by: Person, now: datetime, seen: str = ""
) -> Dossier:
    """Freeze the dossier about this study and these of its scenarios (by number), and let everybody read it.

    ``seen`` is the fingerprint of what the planner looked at; where it is given nothing else is published.

    Locks    the project's row: two publications at once do not get one number, and the second finds nothing new.
    Refuses  study.not_done, dossier.scenario_not_done, dossier.changed, dossier.nothing_new.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if study.state != Study.State.DONE:
        raise Refused(Code.STUDY_NOT_DONE)
    done = {row.number: row for row in scenarios_done(study)}
    for number in sorted(scenarios):
        if number not in done:
            raise Refused(Code.DOSSIER_SCENARIO_NOT_DONE, {"number": number})
    content = contents(project, study, [done[number] for number in sorted(set(scenarios))])
    content_hash = digest(content)
    if seen and seen != content_hash:
        raise Refused(Code.DOSSIER_CHANGED)
    latest = dossiers_of(project).first()
    if latest is not None and latest.content_hash == content_hash:
        raise Refused(Code.DOSSIER_NOTHING_NEW, {"version": latest.version})
    found = Dossier.objects.create(
        project=project,
        version=latest.version + 1 if latest else 1,
        content=content,
        content_hash=content_hash,
        published_by=by,
        published_at=now,
    )
    public.record_act(
        organisation=project.organisation,
        project=project,
        by=by,
        act="dossier.published",
        subject=f"{found.version}",
        detail={"study": study.number, "scenarios": sorted(scenarios), "hash": content_hash},
    )
    return found

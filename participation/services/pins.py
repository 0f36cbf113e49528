"""Puts right what the tiles count: after somebody wrote past the triggers, as a restore of single tables does."""

from django.db import transaction
from django.db.models import F

from participation.models import Project, Proposal
from participation.queries import pins


@transaction.atomic
def rebuild_tiles(project: Project) -> int:
    """Count the public pins of a project anew for its tiles: how many there are.

    Locks    the merge of this project's tiles; nobody who places a pin waits for it.
    """
    pins.rebuild(project.pk)
    # What browsers and servers remember of the tiles was perhaps wrong.
    Project.objects.filter(pk=project.pk).update(revision=F("revision") + 1)
    return Proposal.objects.filter(project=project, state=Proposal.State.PUBLISHED, point__isnull=False).count()

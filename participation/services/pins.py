"""Puts right what the tiles count: after somebody wrote past the triggers, as a restore of single tables does."""

from django.db import transaction
from django.db.models import F

from geo.queries import pyramid
from participation.models import Project
from participation.selectors.layers import proposals_layer


@transaction.atomic
def rebuild_tiles(project: Project) -> int:
    """Count the public pins of a project anew for its tiles: how many there are.

    Locks    the merge of this project's tiles; nobody who places a pin waits for it.
    """
    layer = proposals_layer(project, has_map=True)
    if layer.counted is None or layer.sums is None:
        return 0
    n = pyramid.rebuild(layer.counted, layer.sums)
    # What browsers and servers remember of the tiles was perhaps wrong.
    Project.objects.filter(pk=project.pk).update(revision=F("revision") + 1)
    return n

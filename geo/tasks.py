"""What geo does without anybody waiting for it: the log of changes of the tiles is kept short."""

from procrastinate.contrib.django import app

from geo.queries.pyramid import merge, waiting


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="merge_tiles")
def merge_tiles(timestamp: int) -> None:
    """Merge what changed in the last minute. Tiles are right without it, and a little quicker with it."""
    for layer in waiting():
        merge(layer)

"""Has files of layers made in the background: asked for, made whole or not at all, forgotten after a day."""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import translation
from procrastinate.contrib.django import app

from geo import export as files
from geo.catalog import AnyLayer, Asker, Raster, UnknownLayer, layer
from geo.ogc.downloads import asked_of
from geo.plane.crs import Crs, parse
from geo.problems import LayerNotFound, Problem
from participation.models import Export, Organisation, Person
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.exports import is_lost
from participation.selectors.roles import roles_in
from participation.services.records import record_act

MAKE_EXPORT = "participation.make_export"
# One file at a time: beside it a worker counts votes and sends mails.
LOCK = "participation.exports"
KEPT = timedelta(days=1)
MOST_WAITING = 5
# How often it is said how far the work is, and looked whether it is still wanted.
TELL_SECONDS = 1.0
_UNFINISHED = ".unfinished-"


class _NotWanted(Exception):  # noqa: N818 -- no error
    """Whoever asked for the file does not want it any more."""


def folder() -> Path:
    """Where the files lie."""
    found: Path = Path(settings.MEDIA_ROOT) / "exports"
    found.mkdir(parents=True, exist_ok=True)
    return found


def ask_export(
    *,
    organisation: Organisation,
    person: Person,
    shown: AnyLayer,
    format_name: str,
    crs: Crs,
    asked: Mapping[str, str],
    language: str,
    now: datetime,
) -> Export:
    """Have a worker write a layer that this person sees; put in line in the transaction that asks for it.

    Locks    the person's row: nobody has more files made at a time than MOST_WAITING.
    Refuses  export.too_many.
    Raises   FormatUnfit, PlaneUnfit, and what a filter is refused for.
    """
    files.check(shown, format_name, crs)
    rows = asked_of(shown, asked)
    n = 0 if isinstance(shown, Raster) else shown.count(rows.box, where=rows.where, condition=rows.condition)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        waiting = Export.objects.filter(person=person, state__in=[Export.State.WAITING, Export.State.RUNNING])
        if sum(not is_lost(each, now=now) for each in waiting) >= MOST_WAITING:
            raise Refused(Code.EXPORT_TOO_MANY, {"max": MOST_WAITING})
        export = Export.objects.create(
            organisation=organisation,
            person=person,
            layer=shown.id,
            title=str(shown.title)[:300],
            format=format_name,
            crs=crs.name,
            asked=dict(asked),
            language=language,
            n_rows=n,
            file_name=files.file_name(shown, format_name, crs),
            asked_at=now,
            told_at=now,
            expires_at=now + KEPT,
        )
        if roles_in(organisation, person).may_somewhere(DeskAct.SEE):
            detail = {"export": export.pk, "format": format_name, "n": n}
            record_act(organisation=organisation, by=person, act="export.asked", subject=shown.id, detail=detail)
        app.configure_task(MAKE_EXPORT, lock=LOCK).defer(pk=export.pk)
    return export


def cancel_export(*, export: Export) -> None:
    """Have no more of a file made; one that is ready is deleted."""
    states = [Export.State.WAITING, Export.State.RUNNING, Export.State.DONE]
    if Export.objects.filter(pk=export.pk, state__in=states).update(state=Export.State.CANCELLED, stored=""):
        _delete(export.stored)


def make_export(*, pk: int) -> None:
    """Write one file; one that is made, stopped or forgotten is left alone.

    The rows are those that its person may see now, not when it was asked for. A file is moved to its name when it is
    whole; whatever happens before that leaves nothing behind.
    """
    if not Export.objects.filter(pk=pk, state=Export.State.WAITING).update(state=Export.State.RUNNING, told_at=Now()):
        return
    export = Export.objects.select_related("organisation", "person").get(pk=pk)
    # In the same folder, so that moving it is one step.
    unfinished = Path(tempfile.mkdtemp(dir=folder(), prefix=_UNFINISHED))
    stored = uuid4().hex
    try:
        with translation.override(export.language):
            try:
                path = unfinished / f"{export.layer}.{export.format}"
                columns = _write(export, path)
                n_bytes = path.stat().st_size
                os.replace(path, folder() / stored)
            except Problem as problem:
                _end(export, state=Export.State.FAILED, why=str(problem))
                return
        made: dict[str, object] = {"stored": stored, "columns": columns, "n_bytes": n_bytes, "n_done": export.n_rows}
        if not _end(export, state=Export.State.DONE, **made):
            _delete(stored)
    except _NotWanted:
        return
    except Exception:
        _end(export, state=Export.State.FAILED)
        raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(export: Export, path: Path) -> list[str]:
    """Write the file; which columns it holds."""
    try:
        found = layer(Asker(export.organisation.slug, export.person), export.layer)
    except UnknownLayer as error:
        raise LayerNotFound(layer=export.layer) from error
    said_at = time.monotonic()

    def told(n: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at < TELL_SECONDS:
            return
        said_at = time.monotonic()
        running = Export.objects.filter(pk=export.pk, state=Export.State.RUNNING)
        if not running.update(n_done=n, told_at=Now()):
            raise _NotWanted

    files.write(found, export.format, parse(export.crs), asked_of(found, export.asked), path, told=told)
    return [] if isinstance(found, Raster) else [column.name for column in found.columns]


def _end(export: Export, **changes: object) -> bool:
    """Write down how it ended, unless somebody stopped it meanwhile."""
    running = Export.objects.filter(pk=export.pk, state=Export.State.RUNNING)
    return bool(running.update(told_at=Now(), **changes))


def _delete(stored: str) -> None:
    if stored:
        (folder() / stored).unlink(missing_ok=True)


def forget_exports(*, now: datetime) -> int:
    """Delete the files whose day is over, and what killed workers left behind; how many were forgotten."""
    old = Export.objects.filter(expires_at__lt=now)
    for export in old:
        _delete(export.stored)
    n, _by_table = old.delete()
    kept = set(Export.objects.exclude(stored="").values_list("stored", flat=True))
    for path in folder().iterdir():
        age = now.timestamp() - path.stat().st_mtime
        if path.name not in kept and age > KEPT.total_seconds():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return n

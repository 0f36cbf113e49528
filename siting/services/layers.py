"""Takes layers in: a file is read apart and kept as a draft, looked at, and put to use; an older version stays."""

import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.text import slugify
from shapely.geometry.base import BaseGeometry

from geo.formats.rows import RowFault, UnreadableFile
from geo.intake.apart import Reading, reading_of, refused_in
from participation import public
from participation.models import Organisation, Person
from participation.rules.refusals import Code, Refused
from participation.rules.rows import short_slug
from participation.rules.wording import cleaned
from siting.models import Layer, LayerFeature
from siting.selectors.differences import differing_paths
from siting.selectors.layers import candidates_using, in_use, next_version, versions_of
from siting.services.comparing import write_differences

BATCH = 2000
NAME_MAX, SOURCE_MAX, LICENCE_MAX = 100, 300, 200
DRAFTS_KEPT = timedelta(days=1)
# What a layer consists of, by the kinds of places that came by; anything else is mixed.
_SINGLE = {"Point", "LineString", "Polygon"}

T = TypeVar("T")


def draft_layer(
    *,
    organisation: Organisation,
    file: "UploadedFile[Any] | Path",
    file_name: str,
    name: str,
    kind: str,
    source: str,
    licence: str,
    is_public: bool,
    by: Person | None,
    now: datetime,
    file_layer: str = "",
    crs: str = "",
    lon: str = "",
    lat: str = "",
    replaces: Layer | None = None,
) -> Layer:
    """Take a file in as a draft, and read it as far as it says what it is; ``report`` tells what is still to choose.

    Refuses  layer.name_missing, layer.source_missing, layer.licence_missing, file.unreadable.
    Cost     reads the file in a process of its own (geo.intake.apart).
    """
    name, source, licence = (" ".join(cleaned(text).split()) for text in (name, source, licence))
    for text, most, code in (
        (name, NAME_MAX, Code.LAYER_NAME_MISSING),
        (source, SOURCE_MAX, Code.LAYER_SOURCE_MISSING),
        (licence, LICENCE_MAX, Code.LAYER_LICENCE_MISSING),
    ):
        if not text or len(text) > most:
            raise Refused(code, {"max": most})
    slug = replaces.slug if replaces else short_slug(slugify(name), name)
    layer = Layer(
        organisation=organisation,
        slug=slug,
        name=name,
        kind=kind if kind in Layer.Kind.values else Layer.Kind.CONTEXT,
        source=source,
        licence=licence,
        is_public=is_public,
        file_name=cleaned(file_name)[-200:] or "file",
        uploaded_by=by,
        uploaded_at=now,
    )
    # A name nobody chose: what a stranger calls a file has no say in where it lies.
    stored = f"{uuid4().hex}{Path(layer.file_name).suffix[:10].lower()}"
    try:
        with transaction.atomic():
            Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
            layer.version = next_version(organisation, slug)
            if isinstance(file, Path):
                with file.open("rb") as opened:
                    layer.file.save(stored, File(opened), save=False)
            else:
                layer.file.save(stored, file, save=False)
            layer.save()
            _read(layer, file_layer=file_layer, crs=crs, lon=lon, lat=lat)
            _record(layer, by, "layer.uploaded", {"version": layer.version, "file": layer.file_name})
    except BaseException:
        # The row is not there any more; its file must not stay either.
        if layer.file:
            for path in _beside(layer):
                path.unlink(missing_ok=True)
            layer.file.delete(save=False)
        raise
    return layer


@transaction.atomic
def read_again(*, layer: Layer, file_layer: str, crs: str, lon: str, lat: str, by: Person) -> Layer:
    """Read a draft's file with another layer of it, in another plane, or its places by other columns.

    Locks    the draft's row.
    Refuses  layer.not_a_draft, file.unreadable.
    """
    layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
    if layer.state != Layer.State.DRAFT:
        raise Refused(Code.LAYER_NOT_A_DRAFT)
    _read(layer, file_layer=file_layer, crs=crs, lon=lon, lat=lat)
    said = {"layer": file_layer, "crs": crs, "lon": lon, "lat": lat}
    _record(layer, by, "layer.read_anew", {"version": layer.version} | {name: is_ for name, is_ in said.items() if is_})
    return layer


@transaction.atomic
def compare_layer(*, layer: Layer, key_column: str, by: Person) -> Layer:
    """Compare a draft with the version in use, its features known again by this column, or by all they hold.

    Locks    the draft's row.
    Refuses  layer.not_a_draft, layer.not_read.
    """
    layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
    if layer.state != Layer.State.DRAFT:
        raise Refused(Code.LAYER_NOT_A_DRAFT)
    if not layer.n_features:
        raise Refused(Code.LAYER_NOT_READ)
    layer.key_column = key_column if key_column in layer.names else ""
    write_differences(layer)
    layer.save(update_fields=["key_column", "report"])
    _record(layer, by, "layer.compared", {"version": layer.version, "key": layer.key_column})
    return layer


@transaction.atomic
def accept_layer(*, layer: Layer, shown: Collection[str], by: Person | None) -> Layer:
    """Put a draft to use; the version in use until now is kept, and no longer shown.

    ``shown`` names the attributes that everybody sees where the layer is public; staff see all.

    Locks    the organisation's row: two new versions follow each other.
    Refuses  layer.not_a_draft, layer.not_read (nothing of it was read yet); import.changed when another version is in
             use than the one it was compared with.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=layer.organisation_id)
    layer.refresh_from_db()
    if layer.state != Layer.State.DRAFT:
        raise Refused(Code.LAYER_NOT_A_DRAFT)
    if not layer.n_features:
        raise Refused(Code.LAYER_NOT_READ)
    former = in_use(layer)
    if former and layer.report.get("compared", {}).get("with") != former.version:
        raise Refused(Code.IMPORT_CHANGED)
    versions_of(layer).filter(state=Layer.State.CURRENT).update(state=Layer.State.REPLACED)
    layer.state, layer.shown = Layer.State.CURRENT, _among(layer, shown)
    layer.save(update_fields=["state", "shown"])
    facts = {"version": layer.version, "n_features": layer.n_features, "everybody_sees": layer.shown}
    _record(layer, by, "layer.accepted", facts)
    return layer


@transaction.atomic
def restore_layer(*, layer: Layer, by: Person) -> Layer:
    """Put an earlier version to use again; the one in use until now is kept as an earlier one.

    Locks    the organisation's row: two new versions follow each other.
    Refuses  layer.not_replaced.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=layer.organisation_id)
    layer.refresh_from_db()
    if layer.state != Layer.State.REPLACED:
        raise Refused(Code.LAYER_NOT_REPLACED)
    versions_of(layer).filter(state=Layer.State.CURRENT).update(state=Layer.State.REPLACED)
    layer.state = Layer.State.CURRENT
    layer.save(update_fields=["state"])
    _record(layer, by, "layer.restored", {"version": layer.version})
    return layer


def refused_rows(layer: Layer) -> Iterator[tuple[int, RowFault]]:
    """The rows of a layer's file that could not be taken, by their line, each with why."""
    path = _refused_path(layer)
    return refused_in(path) if path.is_file() else iter(())


def _beside(layer: Layer) -> list[Path]:
    """What is kept beside a layer's file."""
    return [_refused_path(layer), *differing_paths(layer)]


def _keep_refused(layer: Layer, reading: Reading) -> None:
    path = _refused_path(layer)
    path.unlink(missing_ok=True)
    if reading.refused.stat().st_size:
        shutil.move(reading.refused, path)


def _refused_path(layer: Layer) -> Path:
    return Path(f"{layer.file.path}.refused")


@transaction.atomic
def show_layer(*, layer: Layer, is_public: bool, by: Person) -> None:
    """Show a layer to everybody, or to staff alone.

    Locks    the layer's row.
    """
    layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
    layer.is_public = is_public
    layer.save(update_fields=["is_public"])
    _record(layer, by, "layer.shown" if is_public else "layer.kept_inside", {"version": layer.version})


@transaction.atomic
def choose_columns(*, layer: Layer, shown: Collection[str], by: Person) -> None:
    """Say which attributes of a layer everybody sees where it is public; staff see all.

    Locks    the layer's row.
    """
    layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
    layer.shown = _among(layer, shown)
    layer.save(update_fields=["shown"])
    _record(layer, by, "layer.columns_chosen", {"version": layer.version, "everybody_sees": layer.shown})


def _among(layer: Layer, names: Collection[str]) -> list[str]:
    return [name for name in layer.names if name in names]


@transaction.atomic
def delete_layer(*, layer: Layer, by: Person | None) -> None:
    """Forget one version of a layer, with its file.

    Locks    the layer's row.
    Refuses  layer.in_use when a candidate or a study was made with it.
    """
    layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
    if n_used := candidates_using(layer):
        raise Refused(Code.LAYER_IN_USE, {"n": n_used})
    _forget_features(layer)
    storage, stored = layer.file.storage, layer.file.name
    beside = _beside(layer) if stored else []
    try:
        layer.delete()
    except (ProtectedError, RestrictedError) as error:
        raise Refused(Code.LAYER_IN_USE, {"n": 1}) from error
    _record(layer, by, "layer.deleted", {"version": layer.version})
    if stored:
        transaction.on_commit(lambda: storage.delete(stored))
    for path in beside:
        transaction.on_commit(partial(path.unlink, missing_ok=True))


def forget_old_drafts(*, now: datetime) -> int:
    """Delete the drafts that nobody put to use within a day; how many."""
    old = Layer.objects.filter(state=Layer.State.DRAFT, uploaded_at__lt=now - DRAFTS_KEPT)
    drafts = list(old)
    for draft in drafts:
        delete_layer(layer=draft, by=None)
    return len(drafts)


def _record(layer: Layer, by: Person | None, act: str, detail: dict[str, object]) -> None:
    public.record_act(organisation=layer.organisation, by=by, act=act, subject=layer.name, detail=detail)


def _forget_features(layer: Layer) -> None:
    # Without Django's own cascade, which would fetch every outline into memory first; the database's keys still hold.
    rows = LayerFeature.objects.filter(layer=layer)
    rows._raw_delete(rows.db)


def _read(layer: Layer, *, file_layer: str, crs: str, lon: str, lat: str) -> None:
    """Read the file of a draft anew, keep what was found, and compare it with the version in use."""
    _forget_features(layer)
    path = Path(layer.file.path)
    try:
        with reading_of(
            path, name=layer.file_name, layer=file_layer, crs=crs, lon=lon, lat=lat, needs_places=False
        ) as reading:
            layer.file_layer, layer.crs, layer.lon, layer.lat = reading.layer, reading.crs, lon, lat
            layer.n_features, layer.geometry_type = 0, _type(reading)
            layer.attributes = list(reading.attributes)
            layer.report = _report(reading)
            if not layer.report["needs"]:
                layer.n_features = reading.counts["n_features"]
                _keep_refused(layer, reading)
                _keep(layer, reading)
    except UnreadableFile as refused:
        raise Refused(Code.FILE_UNREADABLE, {"why": str(refused).rstrip(".")}) from refused
    former = in_use(layer)
    # Nothing is public by itself, but what was so in the version that this one replaces.
    layer.shown = _among(layer, former.shown) if former else []
    asked = layer.key_column or (former.key_column if former else "")
    layer.key_column = asked if asked in layer.names else ""
    write_differences(layer)
    layer.save()


def _report(reading: Reading) -> dict[str, Any]:
    examples = [{"line": line, "code": fault.code, "facts": dict(fault.facts)} for line, fault in reading.examples]
    n, n_without = (reading.counts.get(name, 0) for name in ("n_features", "n_without_place"))
    return reading.counts | {
        # A table in which no usual column says where its rows lie.
        "needs": reading.needs or ("places" if n and n == n_without else ""),
        "layers": list(reading.layers),
        "crs_in_file": reading.crs_in_file,
        "faults": reading.faults,
        "examples": examples,
        "types": reading.types,
    }


def _type(reading: Reading) -> str:
    """Point, LineString, Polygon; of several parts where one feature has some; "Geometry" where they are mixed."""
    singles = {name.removeprefix("Multi") for name in reading.types}
    if len(singles) != 1 or not singles <= _SINGLE:
        return "Geometry" if reading.types else ""
    single = singles.pop()
    return single if single in reading.types and len(reading.types) == 1 else f"Multi{single}"


def _keep(layer: Layer, reading: Reading) -> None:
    def rows() -> Iterator[LayerFeature]:
        for feature in reading.features():
            place = _place(feature.geometry, layer.geometry_type)
            yield LayerFeature(layer=layer, key=feature.key, geometry=place, properties=feature.attributes)

    for batch in _batches(rows()):
        LayerFeature.objects.bulk_create(batch)


def _place(shape: BaseGeometry | None, wanted: str) -> GEOSGeometry | None:
    if shape is None:
        return None
    if wanted.startswith("Multi") and not shape.geom_type.startswith("Multi"):
        shape = getattr(shapely, wanted)([shape])
    return GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    several = iter(rows)
    while batch := list(islice(several, BATCH)):
        yield batch

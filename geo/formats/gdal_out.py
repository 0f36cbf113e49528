"""What the formats written by GDAL have in common: one stream of columns, and a file that is whole or not there."""

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
import pyogrio.errors
import pyogrio.raw

from geo.formats.frames import GEOMETRY, Frame, Heading, schema, with_places

# How GDAL calls a layer of different kinds of places.
_NAMES = {"Geometry": "Unknown"}
_ERRORS = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError, RuntimeError)


def write(
    frames: Iterable[Frame],
    heading: Heading,
    path: Path,
    *,
    driver: str,
    fields: Any = None,
    **options: Any,
) -> None:
    """Write frames with a driver of GDAL's, as one stream: it opens the file once.

    Shape    ``fields``: the Arrow columns, where the format wants them otherwise than ``schema`` says.
    Raises   OSError when the disk is full or writing breaks off; what the frames raise.
    """
    wanted = schema(heading.columns) if fields is None else fields
    has_places = heading.geometry_type is not None
    n_written = 0
    raised: list[BaseException] = []

    def batches() -> Iterator[Any]:
        nonlocal n_written
        try:
            for batch in with_places(frames, heading, wanted):
                n_written += len(batch)
                yield batch
        except BaseException as error:
            # GDAL knows only that there was an error.
            raised.append(error)
            raise

    whole = wanted.append(pa.field(GEOMETRY, pa.binary())) if has_places else wanted
    try:
        pyogrio.raw.write_arrow(
            pa.RecordBatchReader.from_batches(whole, batches()),
            path,
            layer=heading.name,
            driver=driver,
            geometry_name=GEOMETRY if has_places else None,
            geometry_type=_NAMES.get(heading.geometry_type or "", heading.geometry_type),
            crs=heading.crs.name if has_places else None,
            **options,
        )
        n_there = pyogrio.read_info(path, layer=0, force_feature_count=True)["features"]
    except _ERRORS as error:
        if raised:
            raise raised[0] from error
        raise OSError(errno.EIO, str(error)[:200], os.fspath(path)) from error
    if raised:
        raise raised[0]
    # Some drivers tell nobody that the disk was full.
    if n_there != n_written:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))

"""Reads a file of places that staff upload, in a process apart."""

import csv
import io
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from geo.formats.rows import UnreadableFile
from geo.intake.apart import Taken, reading_of
from participation.rules.refusals import Code, Refused


def csv_line(*cells: object) -> str:
    """One line of a table, to be sent on at once; what a stranger wrote was made inert before."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def places_in(file: "UploadedFile[Any]", crs: str) -> list[Taken]:
    """The features of a stranger's file that have a place.

    Refuses  file.unreadable.
    """
    with NamedTemporaryFile(suffix=Path(str(file.name)).suffix[:10].lower()) as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        try:
            with reading_of(Path(copy.name), name=str(file.name), crs=crs) as reading:
                if reading.needs:
                    why = (
                        _("it does not say in which coordinate system it is; choose one")
                        if reading.needs == "crs"
                        else _("it holds several layers; save the one you need alone")
                    )
                    raise Refused(Code.FILE_UNREADABLE, {"why": why})
                return [taken for taken in reading.features() if taken.geometry is not None]
        except UnreadableFile as error:
            raise Refused(Code.FILE_UNREADABLE, {"why": str(error).rstrip(".")}) from error

"""Proposals from a file, at the desk: upload, say which column is what, see row by row, take in, take back."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from geo.formats.formulas import inert
from geo.formats.rows import SENTENCES as FAULTS
from geo.formats.rows import RowFault
from geo.intake.apart import MAX_BYTES
from geo.plane.crs import ALL, CRS84
from participation.models import Import, ImportedRow, Project
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.imports import import_of, imports_of, rows_of
from participation.services.importing.desk import (
    NUMBER,
    carry_out_import,
    delete_import,
    plan_import,
    read_import,
    undo_import,
    upload_import,
)
from participation.web.asking import desk, now, person_of
from participation.web.desk import desk_items, desk_project
from participation.web.sentences import sentence, status_of

_MB = 1024 * 1024
# Of each kind of row so many are shown; the file with all rows holds them all.
SHOWN = 100
PLANES = [(crs.name, f"{crs.title} ({crs.name})") for crs in ALL if crs is not CRS84]
# How columns are usually called that hold these.
GUESSES = {
    "title": ("title", "titel", "titre", "name", "naam", "nom", "bezeichnung"),
    "body": ("body", "description", "omschrijving", "beschrijving", "text", "tekst", "texte", "comment"),
    "theme": ("theme", "thema", "thème"),
    "key": ("id", "key", "code", "sleutel"),
    "date": ("date", "datum", "created_on"),
}
# The columns of our own files: their rows are known by the number of the proposal.
OWN = {NUMBER, "title", "created_on"}
FIELD_NAMES = {
    "title": gettext_lazy("Title"),
    "body": gettext_lazy("Text"),
    "theme": gettext_lazy("Theme"),
    "place": gettext_lazy("Place"),
}
LEFT = {
    "changed": gettext_lazy("Left: somebody changed it since."),
    "in_use": gettext_lazy("Left: it is supported, answered, on the ballot or used in a study."),
}


class FileForm(forms.Form):
    """A file with proposals."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, Excel (XLSX), GeoPackage, Shapefile (its parts in one zip), GeoJSON, FlatGeobuf, GeoParquet or KML; "
            "at most 100 MB."
        ),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is looked at."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(gettext("The file is larger than %(mb)s MB.") % {"mb": MAX_BYTES // _MB})
        return file


class ColumnsForm(forms.Form):
    """Which column of the file holds what."""

    title = forms.ChoiceField(label=_("Title"), required=False)
    body = forms.ChoiceField(label=_("Text"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), required=False, help_text=_("Themes that are new are made."))
    date = forms.ChoiceField(label=_("Proposed on"), required=False)
    key = forms.ChoiceField(
        label=_("Number or key"),
        required=False,
        help_text=_(
            "By which a row is known again: a second file then changes what the first one brought. In files from here "
            "that is “number”. Without it a row is known by all it holds."
        ),
    )

    def __init__(self, names: list[str], data: Any = None) -> None:
        super().__init__(data, initial=guessed(names))
        for field in self.fields.values():
            field.choices = [("", gettext("no column")), *((name, name) for name in names)]  # type: ignore[attr-defined]


def guessed(names: list[str]) -> dict[str, str]:
    """Which column is likely to hold what."""
    lower = {name.lower(): name for name in reversed(names)}
    found = {
        field: next((lower[guess] for guess in guesses if guess in lower), "") for field, guesses in GUESSES.items()
    }
    return found | ({"key": NUMBER} if set(names) >= OWN else {})


@desk(DeskAct.LAYERS)
def imports_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which files were taken in, and take a new one."""
    project = desk_project(request, slug)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file, person = form.cleaned_data["file"], person_of(request)
        assert person is not None
        try:
            draft = upload_import(project=project, file=file, file_name=file.name, by=person, now=now())
        except Refused as refused:
            form.add_error("file", sentence(refused.code, refused.facts))
        else:
            return redirect("desk_import", slug=slug, pk=draft.pk)
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "form": form,
        "imports": imports_of(project),
    }
    return render(request, "participation/desk_imports.html", context, status=422 if form.errors else 200)


def _import_or_404(request: HttpRequest, slug: str, pk: int) -> tuple[Project, Import]:
    project = desk_project(request, slug)
    found = import_of(project, pk)
    if found is None:
        raise Http404("no such file")
    return project, found


@desk(DeskAct.LAYERS)
def import_page(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one file: what is still to be said of it, what would become of its rows, or what did."""
    project, found = _import_or_404(request, slug, pk)
    return _shown(request, project, found)


def _shown(request: HttpRequest, project: Project, found: Import, refused: Refused | None = None) -> HttpResponse:
    report, names = found.report, found.report.get("names", [])
    is_draft = found.state == Import.State.DRAFT
    data = found.columns or (request.POST if request.POST.get("act") == "columns" else None)
    no_place = bool(
        project.area is not None and report.get("n_features") and report.get("n_without_place") == report["n_features"]
    )
    parts = {
        act: {"rows": [_told(row) for row in rows_of(found, act)[:SHOWN]], "n": found.counts.get(act, 0)}
        for act in (ImportedRow.Act.CHANGED, ImportedRow.Act.NEW, ImportedRow.Act.REFUSED)
        if found.counts.get(act)
    }
    context = {
        "project": project,
        "desk_items": desk_items(request, project),
        "found": found,
        "is_draft": is_draft,
        "needs": report.get("needs", ""),
        "no_place": no_place and is_draft,
        "planes": PLANES,
        "names": names,
        "form": ColumnsForm(names, data) if is_draft else None,
        "refused": refused and {"code": refused.code.value, "sentence": sentence(refused.code, refused.facts)},
        "columns": [{"label": name} for name in names],
        "first": report.get("first", []),
        "parts": parts,
        "n_changes": found.counts.get("new", 0) + found.counts.get("changed", 0),
        "n_same": found.counts.get("same", 0),
        "shown_most": SHOWN,
    }
    return render(request, "participation/desk_import.html", context, status=status_of(refused) if refused else 200)


def _told(row: ImportedRow) -> dict[str, Any]:
    """A row as the page says it: what differs, or why it is refused."""
    lines = [
        {"name": said, "before": _value(row.before.get(name)), "after": _value(row.after[name])}
        for name, said in FIELD_NAMES.items()
        if name in row.after
    ]
    told = {"row": row, "lines": lines, "why": why_refused(row) if row.code else ""}
    return told | {"left": LEFT.get(row.left, "")}


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(f"{number:.6f}" for number in value)
    return "" if value is None else str(value)


def why_refused(row: ImportedRow) -> str:
    """Why a row is refused, in words."""
    if row.code in FAULTS:
        return RowFault(row.code, row.facts).sentence
    return sentence(Code(row.code), row.facts)


@require_POST
@desk(DeskAct.LAYERS)
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Read a file otherwise, say what its columns are, take it in, take it back, or throw it away."""
    project, found = _import_or_404(request, slug, pk)
    given, person = request.POST, person_of(request)
    assert person is not None
    try:
        match given.get("act"):
            case "read":
                read_import(
                    found,
                    file_layer=given.get("file_layer", "")[:200],
                    crs=given.get("crs", "")[:20],
                    lon=given.get("lon", "")[:200],
                    lat=given.get("lat", "")[:200],
                )
            case "columns":
                plan_import(draft=found, columns=given.dict(), now=now())
            case "take":
                _take(request, found)
            case "undo":
                undone = undo_import(done=found, by=person, now=now())
                messages.info(
                    request, gettext("%(n)s proposals were taken back.") % {"n": undone.counts.get("undone", 0)}
                )
            case "delete":
                delete_import(draft=found)
                return redirect("desk_imports", slug=slug)
    except Refused as refused:
        found.refresh_from_db()
        return _shown(request, project, found, refused)
    return redirect("desk_import", slug=slug, pk=pk)


def _take(request: HttpRequest, found: Import) -> None:
    """Take a file in; where something changed since it was looked at, look again first."""
    person = person_of(request)
    assert person is not None
    try:
        done = carry_out_import(draft=found, by=person, now=now())
    except Refused as refused:
        if refused.code is Code.IMPORT_CHANGED:
            plan_import(draft=found, columns=found.columns, now=now())
        raise
    facts = {"new": done.counts.get("new", 0), "changed": done.counts.get("changed", 0)}
    messages.success(request, gettext("Taken in: %(new)s new, %(changed)s changed.") % facts)


class _Echo(io.StringIO):
    """Hands each written line on at once."""

    def write(self, text: str) -> str:  # type: ignore[override]
        """Give the line back."""
        return text


def _lines(rows: Iterator[ImportedRow]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(["line", "key", "number", "act", "code", "sentence", "before", "after"])
    for row in rows:
        said = [
            "; ".join(f"{name}: {_value(value)}" for name, value in held.items()) for held in (row.before, row.after)
        ]
        why = why_refused(row) if row.code else str(LEFT.get(row.left, ""))
        cells = [row.key, str(row.number or ""), row.act, row.code or row.left, why, *said]
        yield writer.writerow([row.line, *map(inert, cells)])


@desk(DeskAct.LAYERS)
def rows_file(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Hand out what becomes of every row, as CSV."""
    _project, found = _import_or_404(request, slug, pk)
    rows = rows_of(found).iterator(chunk_size=500)
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{found.pk}.csv"'
    return answer

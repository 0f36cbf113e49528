"""Files at the desk, of proposals, supports or neighbourhoods: upload, say which column is what, see row by row, take
in, take back."""

import json
from typing import Any

import shapely
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from geo.formats.rows import SENTENCES as FAULTS
from geo.formats.rows import RowFault
from geo.intake.apart import MAX_BYTES
from participation.models import Area, Import, ImportedRow, Organisation, Project
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.imports import area_imports_of, imports_of, rows_of
from participation.services.importing.desk import (
    carry_out_import,
    delete_import,
    plan_import,
    read_import,
    undo_import,
    upload_import,
)
from participation.services.importing.rows import NUMBER
from participation.web.asking import desk, now, town_of
from participation.web.desk import clerk, desk_items, desk_project, town_items
from participation.web.differences import SHOWN, Line, Part, Told, held, shape_words, table
from participation.web.maps import town_map
from participation.web.reading import PLANES, asked_reading
from participation.web.sentences import sentence, status_of
from participation.web.taken import take_file

_MB = 1024 * 1024
# As many outlines as a map can show, as fine as it can show them.
DRAWN, _DRAWN_DEGREES = 1500, 0.00005
# How columns are usually called that hold these.
_KEYS = ("id", "key", "code", "sleutel")
_NAMES = ("name", "naam", "nom", "bezeichnung")
GUESSES = {
    Import.Kind.PROPOSALS: {
        "title": ("title", "titel", "titre", *_NAMES),
        "body": ("body", "description", "omschrijving", "beschrijving", "text", "tekst", "texte", "comment"),
        "theme": ("theme", "thema", "thème"),
        "key": _KEYS,
        "date": ("date", "datum", "created_on"),
        "object": ("object",),
    },
    Import.Kind.SUPPORTS: {
        "key": ("proposal", "voorstel", "proposition", "vorschlag", NUMBER, *_KEYS),
        "person": ("mail", "email", "e-mail", "person", "persoon", "wie", "personne"),
    },
    Import.Kind.AREAS: {
        "name": (*_NAMES, "wijk", "buurt", "quartier"),
        "code": ("code", "wijkcode", "nis_code", "id"),
        "population": ("population", "inwoners", "inhabitants", "habitants", "einwohner"),
    },
}
# The columns of our own files: their rows are known by the number of the proposal.
OWN = {NUMBER, "title", "created_on"}
FIELD_NAMES = {
    "title": gettext_lazy("Title"),
    "body": gettext_lazy("Text"),
    "theme": gettext_lazy("Theme"),
    "place": gettext_lazy("Place"),
    "name": gettext_lazy("Name"),
    "population": gettext_lazy("Inhabitants"),
    "outline": gettext_lazy("Outline"),
}
PARTS = {
    ImportedRow.Act.CHANGED: gettext_lazy("Changed"),
    ImportedRow.Act.NEW: gettext_lazy("New"),
    ImportedRow.Act.REFUSED: gettext_lazy("Refused"),
}
NOTES = {
    "look": gettext_lazy("It lies in a zone that asks for a look first: it waits in the queue before it is public."),
    "not_moved": gettext_lazy(
        "The place stays as it is: on the map of this project stands a rough place, an object, or a line or an area."
    ),
}
LEFT = {
    "changed": gettext_lazy("Left: somebody changed it since."),
    "in_use": gettext_lazy("Left: it is supported, answered, on the ballot or used in a study."),
    "gone": gettext_lazy("It was gone already."),
}


class AreaFileForm(forms.Form):
    """A file with neighbourhoods."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "GeoPackage, Shapefile (its parts in one zip), GeoJSON, FlatGeobuf, GeoParquet or KML; at most 100 MB."
        ),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is looked at."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(gettext("The file is larger than %(mb)s MB.") % {"mb": MAX_BYTES // _MB})
        return file


class FileForm(AreaFileForm):
    """A file with proposals or supports."""

    kind = forms.ChoiceField(
        label=_("What does it hold?"),
        choices=[
            (Import.Kind.PROPOSALS, _("Proposals")),
            (Import.Kind.SUPPORTS, _("Who supports which proposal")),
        ],
        widget=forms.RadioSelect,
        initial=Import.Kind.PROPOSALS,
        required=False,
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, Excel (XLSX), GeoPackage, Shapefile (its parts in one zip), GeoJSON, FlatGeobuf, GeoParquet, KML, or "
            "charging locations as OCPI writes them; at most 100 MB."
        ),
    )
    field_order = ("kind", "file")

    def clean_kind(self) -> str:
        """Take a file for proposals where nothing else is said."""
        return self.cleaned_data["kind"] or Import.Kind.PROPOSALS


class ColumnsForm(forms.Form):
    """Which column of the file holds what."""

    def __init__(self, found: Import, data: Any = None) -> None:
        names: list[str] = found.report.get("names", [])
        super().__init__(data, initial=guessed(Import.Kind(found.kind), names))
        for field in self.fields.values():
            field.choices = [("", gettext("no column")), *((name, name) for name in names)]  # type: ignore[attr-defined]


class ProposalColumnsForm(ColumnsForm):
    """Which column says what of a proposal."""

    title = forms.ChoiceField(label=_("Title"), required=False)
    body = forms.ChoiceField(label=_("Text"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), required=False, help_text=_("Themes that are new are made."))
    date = forms.ChoiceField(label=_("Proposed on"), required=False)
    object = forms.ChoiceField(
        label=_("Object"), required=False, help_text=_("The number or the key of the object in the inventory.")
    )
    key = forms.ChoiceField(
        label=_("Number or key"),
        required=False,
        help_text=_(
            "By which a row is known again: a second file then changes what the first one brought. In files from here "
            "that is “number”. Without it a row is known by all it holds."
        ),
    )

    def __init__(self, found: Import, data: Any = None) -> None:
        super().__init__(found, data)
        if found.project is None or not found.project.from_inventory:
            del self.fields["object"]


class SupportColumnsForm(ColumnsForm):
    """Which column says what is supported, and by whom."""

    key = forms.ChoiceField(
        label=_("Number or key of the proposal"),
        required=False,
        help_text=_("In files from here that is “number”; else the key that the proposals came in with."),
    )
    person = forms.ChoiceField(
        label=_("Who"),
        required=False,
        help_text=_("Such as a mail address. It is not kept: what is kept is a mark that counts each person once."),
    )


class AreaColumnsForm(ColumnsForm):
    """Which column says what of a neighbourhood."""

    name = forms.ChoiceField(label=_("Name"), required=False)
    code = forms.ChoiceField(
        label=_("Code"),
        required=False,
        help_text=_("By which a neighbourhood is known again; else that is its name."),
    )
    population = forms.ChoiceField(label=_("Inhabitants"), required=False)


COLUMNS_FORMS: dict[str, type[ColumnsForm]] = {
    Import.Kind.PROPOSALS: ProposalColumnsForm,
    Import.Kind.SUPPORTS: SupportColumnsForm,
    Import.Kind.AREAS: AreaColumnsForm,
}


def guessed(kind: Import.Kind, names: list[str]) -> dict[str, str]:
    """Which column is likely to hold what."""
    lower = {name.lower(): name for name in reversed(names)}
    found = {
        field: next((lower[guess] for guess in guesses if guess in lower), "")
        for field, guesses in GUESSES[kind].items()
    }
    return found | ({"key": NUMBER} if kind == Import.Kind.PROPOSALS and set(names) >= OWN else {})


@desk(DeskAct.LAYERS)
def imports_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which files were taken in for a project, and take a new one."""
    project = desk_project(request, slug)
    form: AreaFileForm = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    context = {"project": project, "desk_items": desk_items(request, project), "imports": imports_of(project)}
    return _listed(request, project, form, context)


@desk(DeskAct.LAYERS)
def areas_page(request: HttpRequest) -> HttpResponse:
    """Show the neighbourhoods of the town, which files they came in, and take a new one."""
    town = town_of(request)
    form = AreaFileForm(request.POST, request.FILES) if request.method == "POST" else AreaFileForm()
    areas = list(Area.objects.filter(organisation=town))
    outlines = [shapely.from_wkb(bytes(area.outline.wkb)) for area in areas]
    context = {
        "project": None,
        "desk_items": town_items(request),
        "imports": area_imports_of(town),
        "areas": areas,
        "map": _map(town, outlines),
    }
    return _listed(request, town, form, context)


def _listed(
    request: HttpRequest, of: Project | Organisation, form: AreaFileForm, context: dict[str, Any]
) -> HttpResponse:
    if form.is_valid():
        file, kind = form.cleaned_data["file"], form.cleaned_data.get("kind", Import.Kind.AREAS)
        try:
            draft = upload_import(of=of, kind=kind, file=file, file_name=file.name, by=clerk(request), now=now())
        except Refused as refused:
            form.add_error("file", sentence(refused.code, refused.facts))
        else:
            return redirect(_address(draft))
    context |= {"form": form, "files": [{"of": one, "href": _address(one)} for one in context["imports"]]}
    return render(request, "participation/desk_imports.html", context, status=422 if form.errors else 200)


def _address(found: Import, what: str = "") -> str:
    """Where a file is shown, or what of it: ``_change``, ``_rows``."""
    if found.project is None:
        return reverse(f"desk_area_import{what}", args=(found.pk,))
    return reverse(f"desk_import{what}", args=(found.project.slug, found.pk))


def _import_or_404(request: HttpRequest, slug: str, pk: int) -> Import:
    rows = imports_of(desk_project(request, slug)) if slug else area_imports_of(town_of(request))
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("no such file")
    return found


@desk(DeskAct.LAYERS)
def import_page(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    """Show one file: what is still to be said of it, what would become of its rows, or what did."""
    return _shown(request, _import_or_404(request, slug, pk))


def _shown(request: HttpRequest, found: Import, refused: Refused | None = None) -> HttpResponse:
    report, project = found.report, found.project
    is_draft = found.state == Import.State.DRAFT
    data = found.columns or (request.POST if request.POST.get("act") == "columns" else None)
    no_place = bool(
        found.kind == Import.Kind.PROPOSALS
        and project is not None
        and project.area is not None
        and not project.from_inventory
        and report.get("n_features")
        and report.get("n_without_place") == report["n_features"]
    )
    parts = [
        Part(
            title,
            [_told(row, project) for row in rows_of(found, act)[:SHOWN]],
            found.counts[act],
            is_change=act == ImportedRow.Act.CHANGED,
        )
        for act, title in PARTS.items()
        if found.counts.get(act)
    ]
    context = {
        "project": project,
        "desk_items": desk_items(request, project) if project is not None else town_items(request),
        "found": found,
        "list_url": reverse("desk_imports", args=(project.slug,)) if project is not None else reverse("desk_areas"),
        "change_url": _address(found, "_change"),
        "rows_url": _address(found, "_rows"),
        "is_draft": is_draft,
        "needs": report.get("needs", ""),
        "no_place": no_place and is_draft,
        "reads_anew": bool(report.get("needs")) or no_place,
        "planes": PLANES,
        "names": report.get("names", []),
        "form": COLUMNS_FORMS[found.kind](found, data) if is_draft else None,
        "refused": refused and {"code": refused.code.value, "sentence": sentence(refused.code, refused.facts)},
        "columns": [{"label": name} for name in report.get("names", [])],
        "first": report.get("first", []),
        "parts": parts,
        "n_changes": found.counts.get("new", 0) + found.counts.get("changed", 0),
        "n_same": found.counts.get("same", 0),
        "shown_most": SHOWN,
        "map": _map(found.town, _outlines(found)) if found.kind == Import.Kind.AREAS and found.counts else None,
    }
    return render(request, "participation/desk_import.html", context, status=status_of(refused) if refused else 200)


def _outlines(found: Import) -> list[shapely.Geometry]:
    """The outlines that a file brings or changes."""
    rows = rows_of(found, ImportedRow.Act.NEW, ImportedRow.Act.CHANGED)[:DRAWN]
    return [shapely.from_wkb(row.after["outline"]) for row in rows if "outline" in row.after]


def _map(town: Organisation, outlines: list[shapely.Geometry]) -> dict[str, Any] | None:
    """These outlines over the town."""
    if not outlines:
        return None
    plain = shapely.set_precision(shapely.simplify(outlines, _DRAWN_DEGREES), _DRAWN_DEGREES / 5, mode="pointwise")
    features = [
        {"type": "Feature", "geometry": json.loads(shapely.to_geojson(shape)), "properties": {}} for shape in plain
    ]
    west, south, east, north = (float(side) for side in shapely.total_bounds(outlines))
    pad = 0.002
    bounds = [west - pad, south - pad, east + pad, north + pad]
    return town_map(town) | {"bounds": bounds, "areas": {"type": "FeatureCollection", "features": features}}


def _told(row: ImportedRow, project: Project | None) -> Told:
    """A row as the page says it: what differs, or why it is refused."""
    lines = [
        Line(said, _value(name, row.before.get(name)), _value(name, row.after[name]))
        for name, said in FIELD_NAMES.items()
        if name in row.after
    ]
    where, href = gettext("line %(n)s") % {"n": row.line}, ""
    if row.number and project is not None:
        where = gettext("proposal %(n)s") % {"n": row.number}
        href = reverse("proposal", args=(project.slug, row.number))
    notes = tuple(filter(None, (NOTES.get(row.note), LEFT.get(row.left))))
    return Told(where, lines, href=href, why=why_refused(row) if row.code else "", code=row.code, notes=notes)


def _value(name: str, value: object) -> str:
    if name == "outline" and value:
        return shape_words(shapely.from_wkb(str(value)))
    if isinstance(value, dict):
        return shape_words(shapely.from_geojson(json.dumps(value)))
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
def change(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    """Read a file otherwise, say what its columns are, take it in, take it back, or throw it away."""
    found = _import_or_404(request, slug, pk)
    given = request.POST
    try:
        match given.get("act"):
            case "read":
                read_import(found, **asked_reading(given), by=clerk(request))
            case "columns":
                plan_import(draft=found, columns=given.dict(), by=clerk(request), now=now())
            case "take":
                _take(request, found)
            case "undo":
                undone = undo_import(done=found, by=clerk(request), now=now())
                messages.info(request, gettext("%(n)s rows were taken back.") % {"n": undone.counts.get("undone", 0)})
            case "delete":
                delete_import(draft=found, by=clerk(request))
                return redirect("desk_imports", slug=slug) if slug else redirect("desk_areas")
    except Refused as refused:
        found.refresh_from_db()
        return _shown(request, found, refused)
    return redirect(_address(found))


def _take(request: HttpRequest, found: Import) -> None:
    """Take a file in; where something changed since it was looked at, look again first."""
    try:
        done = carry_out_import(draft=found, by=clerk(request), now=now())
    except Refused as refused:
        if refused.code is Code.IMPORT_CHANGED:
            plan_import(draft=found, columns=found.columns, by=clerk(request), now=now())
        raise
    facts = {"new": done.counts.get("new", 0), "changed": done.counts.get("changed", 0)}
    messages.success(request, gettext("Taken in: %(new)s new, %(changed)s changed.") % facts)


HEADING = ("line", "key", "number", "act", "code", "sentence", "before", "after")


def _cells(row: ImportedRow) -> tuple[object, ...]:
    said = [held({name: _value(name, value) for name, value in each.items()}) for each in (row.before, row.after)]
    why = why_refused(row) if row.code else str((LEFT | NOTES).get(row.left or row.note, ""))
    return (row.line, row.key, str(row.number or ""), row.act, row.code or row.left or row.note, why, *said)


@desk(DeskAct.LAYERS)
def rows_file(request: HttpRequest, pk: int, slug: str = "") -> HttpResponseBase:
    """Hand out what becomes of every row, as CSV."""
    found = _import_or_404(request, slug, pk)
    rows = rows_of(found).iterator(chunk_size=500)
    take_file(request, "import", project=found.project, file=found.file_name, format="csv", n=rows_of(found).count())
    answer = StreamingHttpResponse(table(HEADING, map(_cells, rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{found.pk}.csv"'
    return answer

"""Files that are too large to wait for: asked for, watched, taken along by who asked."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from geo import export as files
from geo.catalog import Asker, Raster, UnknownLayer, layer
from geo.ogc.answers import refusal
from geo.ogc.downloads import about_address, describe
from geo.plane.crs import parse
from geo.problems import Problem, ServerBusy
from geo.slots import EXPORTS
from participation.models import Export
from participation.rules.refusals import Code, Refused
from participation.selectors.exports import export_of, exports_of, is_lost
from participation.selectors.layers import is_everybodys, project_of_layer
from participation.services.exports import ask_export, cancel_export, folder
from participation.services.taken import note_taken
from participation.web.asking import answering_refusals, now, person_of, refused_page, sign_in_first, town_of

# What a form may send along to choose rows.
CHOOSING = ("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs")
# With more rows than this nobody is left waiting for an answer.
MOST_AT_ONCE = 50_000


@answering_refusals
def exports_page(request: HttpRequest) -> HttpResponseBase:
    """Show what this person asked for; take a new wish."""
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=reverse("exports"))
    town = town_of(request)
    if request.method == "POST":
        given = request.POST
        try:
            shown = layer(Asker(town.slug, person), given.get("layer", ""))
            columns = [column.name for column in getattr(shown, "columns", ())]
            made = ask_export(
                organisation=town,
                person=person,
                shown=shown,
                format_name=given.get("format", ""),
                crs=parse(given.get("crs", "EPSG:4326")),
                asked={name: given[name] for name in (*CHOOSING, *columns) if given.get(name)},
                language=get_language() or "nl",
                now=now(),
            )
        except (UnknownLayer, ValueError) as error:
            raise Http404("no such layer or plane") from error
        except Problem as problem:
            # The form offers only what can be; this came from elsewhere.
            return refusal(problem)
        return redirect("my_export", pk=made.pk)
    return render(request, "participation/exports.html", {"exports": exports_of(person, town)})


def _mine(request: HttpRequest, pk: int) -> Export:
    person = person_of(request)
    found = export_of(person, town_of(request), pk) if person is not None else None
    if found is None:
        raise Http404("no such file")
    return found


def export_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a file is, and where to take it from."""
    if person_of(request) is None:
        return sign_in_first(request, back_to=request.path)
    export = _mine(request, pk)
    context = {
        "export": export,
        "is_lost": is_lost(export, now=now()),
        "is_over": export.expires_at <= now(),
        "about": _about(export),
        "hidden": {"layer": export.layer, "format": export.format, "crs": export.crs, **export.asked},
    }
    return render(request, "participation/export.html", context)


def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand the file out, to who asked for it alone, as long as they may see the layer."""
    if person_of(request) is None:
        return sign_in_first(request, back_to=reverse("my_export", args=(pk,)))
    export = _mine(request, pk)
    if export.expires_at <= now():
        return refused_page(request, Refused(Code.EXPORT_EXPIRED), back_to=reverse("exports"))
    try:
        return handed_out(request, export)
    except Refused as refused:
        return refused_page(request, refused, back_to=reverse("my_export", args=(pk,)))
    except UnknownLayer as error:
        raise Http404("not for this person any more") from error
    except ServerBusy as busy:
        return refusal(busy)


@EXPORTS.until_sent
def handed_out(request: HttpRequest, export: Export) -> FileResponse:
    """The file itself, as long as who asked for it may see the layer and every column that the file holds.

    Refuses  export.not_done.
    Raises   UnknownLayer, ServerBusy.
    """
    path = folder() / export.stored
    if export.state != Export.State.DONE or not path.is_file():
        raise Refused(Code.EXPORT_NOT_DONE)
    shown = layer(Asker(export.organisation.slug, export.person), export.layer)
    if not isinstance(shown, Raster) and not set(export.columns) <= {column.name for column in shown.columns}:
        raise UnknownLayer(export.layer)
    if not is_everybodys(export.organisation, shown):
        note_taken(
            organisation=export.organisation,
            by=export.person,
            what=export.layer,
            project=project_of_layer(export.organisation, shown),
            format=export.format,
            n=export.n_rows,
        )
    response = FileResponse(
        (folder() / export.stored).open("rb"),
        as_attachment=True,
        filename=export.file_name,
        content_type=files.TYPES[export.format],
    )
    response["Cache-Control"] = "no-store"
    describe(response, request.build_absolute_uri(_about(export)))
    return response


def _about(export: Export) -> str:
    return about_address(export.layer, export.format, {"crs": export.crs, **export.asked})


@require_POST
def export_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop making a file, or delete it."""
    if person_of(request) is None:
        return sign_in_first(request, back_to=reverse("my_export", args=(pk,)))
    cancel_export(export=_mine(request, pk))
    return redirect("my_export", pk=pk)

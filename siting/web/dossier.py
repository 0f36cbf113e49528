"""A decision dossier that was published: everyone reads it as a page, PDF, workbook and data, older versions too."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from participation.models import Project
from participation.web.asking import project_or_404
from participation.web.catalogue import PDF, Address
from participation.web.dcat import Offer
from participation.web.projects import page_context
from siting.selectors.dossier import dossier_of, dossiers_of, has_dossier
from siting.web.dossier_blocks import day
from siting.web.dossier_pages import (
    FILES,
    XLSX,
    Shown,
    chapters_of,
    context_of,
    file_of,
    language_choices,
    language_for,
    published,
    with_pictures,
)
from siting.web.dossier_pictures import SCREEN_MM, drawings, drawn


def _asked(request: HttpRequest, slug: str) -> Shown:
    """Find the version asked for, the latest where none is."""
    project = project_or_404(request, slug)
    asked = request.GET.get("version", "")
    if asked and not (asked.isascii() and asked.isdecimal() and len(asked) < 7):
        raise Http404("no such version")
    version = dossier_of(project, int(asked) if asked else None)
    if version is None:
        raise Http404("no dossier was published")
    return published(project, version)


@require_safe
def dossier_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a dossier that was published."""
    shown = _asked(request, slug)
    assert shown.version is not None
    with translation.override(language_for(request, shown.project)):
        query = [("version", str(shown.version.version)), ("language", get_language() or "nl")]
        # At an address of their own, so that the words are there first on a slow line.
        how, here, tail = drawings(shown.told, SCREEN_MM), reverse("dossier", args=(slug,)), urlencode(query)
        chapters = with_pictures(
            chapters_of(shown, request), lambda name: f"{here}{name}.svg?{tail}" if name in how else ""
        )
        context = page_context(request, shown.project) | context_of(shown, chapters)
        context |= {
            "files": [(kind.upper(), f"{reverse('dossier_file', args=(slug, kind))}?{tail}") for kind in FILES],
            "versions": [
                {"number": one.version, "at": day(one.published_at.isoformat()), "is_this": one.pk == shown.version.pk}
                for one in dossiers_of(shown.project)
            ],
            "languages": language_choices(shown.project),
            "language": get_language(),
        }  # fmt: skip
        return render(request, "siting/dossier.html", context)


@require_safe
def dossier_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Give a dossier that was published as PDF, workbook or data."""
    if kind not in FILES:
        raise Http404("no such file")
    shown = _asked(request, slug)
    with translation.override(language_for(request, shown.project)):
        return file_of(request, shown, kind)


@require_safe
def dossier_picture(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Give one map or chart of a dossier that was published."""
    shown = _asked(request, slug)
    with translation.override(language_for(request, shown.project)):
        how = drawings(shown.told, SCREEN_MM)
        if name not in how:
            raise Http404("no such picture")
        svg = drawn(name, how, of=shown.of, width_mm=SCREEN_MM)
    return HttpResponse(svg, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=3600"})


def offers(project: Project, address: Address) -> Iterator[Offer]:
    """What a catalogue says of the dossier of a project: its latest version in each form."""
    if has_dossier(project):
        for kind, media_type in (("pdf", PDF), ("xlsx", XLSX), ("json", "application/json")):
            at = address("dossier_file", project.slug, kind)
            yield Offer(gettext("Decision dossier"), kind.upper(), at, media_type)

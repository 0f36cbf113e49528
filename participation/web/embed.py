"""A project within the page of another site: its map and list to look at, and links that open here."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from participation.models import Project
from participation.rules.text import in_language
from participation.selectors.proposals import n_public, public_proposals
from participation.web.asking import project_or_404, town_of
from participation.web.maps import map_config

LISTED = 20
ONLY_MAP = "map"
# What a line to copy begins with; the page that holds it knows how much room there is.
HEIGHT_PX, MAP_HEIGHT_PX = 900, 500


@require_safe
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project without anything that could be pressed by mistake: no form, no session, no cookie.

    ``?only=map`` leaves the list out where there is a map, ``?lang=`` says it in this language: both stand in the
    address, because browsers keep cookies from pages in a frame. Only sites that the town named may frame it; all other
    pages of the house let nobody.
    """
    wanted, before = request.GET.get("lang", ""), translation.get_language()
    language = wanted if wanted in dict(settings.LANGUAGES) else before
    with translation.override(language):
        response = _shown(request, project_or_404(request, slug))
    response["Content-Language"] = language or settings.LANGUAGE_CODE
    if hosts := town_of(request).embed_hosts:
        response.xframe_options_exempt = True
        response._csp_replace = {"frame-ancestors": [f"https://{host}" for host in hosts]}  # type: ignore[attr-defined]
    return response


def _shown(request: HttpRequest, project: Project) -> HttpResponse:
    has_map = project.area is not None
    is_map_alone = has_map and request.GET.get("only") == ONLY_MAP
    rows = public_proposals(project).defer("area__outline").order_by("-created_at", "-number")
    context = {
        "project": project,
        "map": map_config(project) if has_map else None,
        "is_map_alone": is_map_alone,
        "proposals": [] if is_map_alone else rows[:LISTED],
        "n_proposals": n_public(project),
    }
    return render(request, "participation/embed.html", context)


@dataclass(frozen=True, slots=True)
class Line:
    """One line to copy into the page of another site, and what it shows."""

    shows: str
    html: str


def embed_lines(request: HttpRequest, project: Project) -> tuple[list[Line], list[Line]]:
    """The lines of a project: in the language of whoever reads that page, and always in one of the town's."""
    languages = [language for language in town_of(request).languages if language in dict(settings.LANGUAGES)]
    fixed = [line for language in languages for line in _lines(request, project, language)]
    return _lines(request, project), fixed


def _lines(request: HttpRequest, project: Project, language: str = "") -> list[Line]:
    address = request.build_absolute_uri(reverse("embed", args=(project.slug,)))
    title = in_language(project.title, language or translation.get_language() or settings.LANGUAGE_CODE)
    said = f" ({translation.get_language_info(language)['name_translated']})" if language else ""
    found = []
    for only, label, height in _ways(project):
        asked = urlencode({name: value for name, value in (("only", only), ("lang", language)) if value})
        html = format_html(
            '<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy"></iframe>',
            f"{address}?{asked}" if asked else address,
            title,
            height,
        )
        found.append(Line(f"{label}{said}", html))
    return found


def _ways(project: Project) -> list[tuple[str, str, int]]:
    if project.area is None:
        return [("", gettext("The list"), HEIGHT_PX)]
    return [("", gettext("Map and list"), HEIGHT_PX), (ONLY_MAP, gettext("The map alone"), MAP_HEIGHT_PX)]

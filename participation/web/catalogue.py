"""The open data of a town: its catalogue for portals, a page for people, and what search engines read of a project."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate
from django.utils.translation import get_language, gettext, gettext_noop
from django.views.decorators.http import require_safe

from geo.catalog import AnyLayer, Asker, FeatureSource, Raster, layers_for
from geo.export import TYPES, formats_of
from geo.ogc.answers import is_unchanged, json_answer, tag
from participation.models import Organisation, Project
from participation.rules.licences import LICENCES, Licence
from participation.selectors.catalogue import catalogued_projects
from participation.selectors.layers import counted_vote
from participation.selectors.report import has_answers
from participation.web import dcat
from participation.web.asking import town_of
from participation.web.dcat import DataSet, Offer, Service, Town

# A portal harvests once a day; a search engine asks as it likes.
FRESH_SECONDS = 600
JSON, PDF, ATOM = "application/json", "application/pdf", "application/atom+xml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RESULT_FILES = {"csv": "text/csv", "xlsx": XLSX, "json": JSON}

# The order in which people look for a format.
FIRST = ("csv", "xlsx", "geojson", "gpkg")

# Gives the whole address of a page: name of the URL, its arguments.
Address = Callable[..., str]
# What other apps hand out of a project beside its layers.
more_offers: list[Callable[[Project, Address], Iterable[Offer]]] = []

# Made into texts of every language of the town.
TITLE = gettext_noop("Open data of %(town)s")
ABOUT = gettext_noop(
    "What residents of %(town)s propose and support in each project, and what the town answers and decides: without"
    " names, by the day, and with numbers of people only from five on."
)


def _address(request: HttpRequest) -> Address:
    return lambda name, *args: request.build_absolute_uri(reverse(name, args=args))


def _everywhere(town: Organisation, text: str) -> dict[str, str]:
    """A text of ours in every language that the town speaks."""
    said = {}
    for language in town.languages:
        with translation.override(language):
            said[language] = gettext(text) % {"town": town.name}
    return said


def town_facts(request: HttpRequest) -> Town:
    """Who publishes."""
    town, address = town_of(request), _address(request)
    return Town(
        name=town.name,
        home=address("home"),
        catalogue=address("catalogue"),
        explained=address("data"),
        mail=town.contact_email,
        languages=[language for language in town.languages if language in dcat.LANGUAGES],
        title=_everywhere(town, TITLE),
        about=_everywhere(town, ABOUT),
    )


def public_sets(request: HttpRequest) -> Iterator[DataSet]:
    """Every public data set: one for each project, then what the town shows beside them.

    Whoever asks, it is what nobody in particular may see; titles of layers in the language at hand.
    """
    town, address = town_of(request), _address(request)
    layers: dict[str, list[AnyLayer]] = {}
    for layer in layers_for(Asker(town.slug, AnonymousUser())):
        layers.setdefault(layer.dataset, []).append(layer)
    for project in catalogued_projects(town):
        project.organisation = town
        yield project_set(project, layers.get(project.slug, []), address)
    for layer in layers.get("", []):
        yield _layer_set(town, layer, address)


def project_set(project: Project, layers: Iterable[AnyLayer], address: Address) -> DataSet:
    """One project (of ``catalogued_projects``) as a data set, with everything there is of it."""
    box = project.box  # type: ignore[attr-defined]
    return replace(
        described(project, address),
        offers=[*_layer_offers(project, layers, address), *_other_offers(project, address)],
        modified=localdate(project.changed_at),  # type: ignore[attr-defined]
        box=box.extent if box is not None else None,
    )


def described(project: Project, address: Address) -> DataSet:
    """What a project says of itself as a data set: no files, and where and when it changed is not asked.

    Cost     none, once its phases and themes are at hand.
    """
    phases = list(project.phases.all())
    ends = [phase.closes_at for phase in phases]
    last = localdate(max(end for end in ends if end)) if ends and all(ends) else None
    begins = min((phase.opens_at for phase in phases), default=project.created_at)
    return DataSet(
        page=address("project", project.slug),
        identifier=f"{project.organisation.slug}/{project.slug}",
        title=project.title,
        about={language: text for language, text in project.summary.items() if text} or project.question,
        offers=(),
        licence=licence_of(project.organisation),
        issued=localdate(begins),
        begins=localdate(begins),
        ends=last,
        keywords=[theme.name for theme in project.themes.all()],
        blur_m=project.blur_m,
        grows=last is None or last >= localdate(),
    )


def _layer_set(town: Organisation, layer: AnyLayer, address: Address) -> DataSet:
    """A layer that belongs to no project: the town's neighbourhoods, or what it uploaded with a licence of its own."""
    language = get_language() or "nl"
    is_ours = layer.id == "areas"
    return DataSet(
        page=address("ogc_collection", layer.id),
        identifier=f"{town.slug}/{layer.id}",
        title={language: str(layer.title)},
        about={language: str(layer.description)},
        offers=list(_offers(layer, address)),
        licence=licence_of(town) if is_ours else None,
        rights="" if is_ours else str(layer.description),
        box=town.outline.extent if town.outline else None,
    )


def licence_of(town: Organisation) -> Licence:
    """Under which licence does this town give its data?"""
    return LICENCES[town.licence]


def _layer_offers(project: Project, layers: Iterable[AnyLayer], address: Address) -> Iterator[Offer]:
    for layer in layers:
        # Without a single pin there is no heat to draw, and its address says so with 404.
        if not isinstance(layer, Raster) or project.has_pins:  # type: ignore[attr-defined]
            yield from _offers(layer, address)


def _offers(layer: AnyLayer, address: Address) -> Iterator[Offer]:
    """A layer in every format, and live."""
    about = str(layer.description)
    for name in sorted(formats_of(layer), key=lambda name: (name not in FIRST, name)):
        at = address("export", f"{layer.id}.{name}")
        explained = address("export_about", f"{layer.id}.{name}")
        yield Offer(str(layer.title), name.upper(), at, TYPES[name], about, explained=explained)
    if isinstance(layer, Raster):
        return
    door = address("ogc_landing")
    live = address("ogc_items", layer.id) + "?f=json"
    yield Offer(str(layer.title), "OGC API Features", live, "application/geo+json", about, door)
    if isinstance(layer, FeatureSource) and layer.geometry_type == "Point":
        tiles = address("tile_set", layer.id, "WebMercatorQuad") + "?f=tilejson"
        yield Offer(str(layer.title), "TileJSON", tiles, JSON, about, door)


def _other_offers(project: Project, address: Address) -> Iterator[Offer]:
    yield Offer(gettext("What is new"), "Atom, GeoRSS", address("feed", project.slug), ATOM)
    api = address("api")
    yield Offer(gettext("The project"), "JSON API", address("api_project", project.slug), JSON, "", api)
    if counted_vote(project) is not None:
        for kind, media_type in RESULT_FILES.items():
            at = address("results_file", project.slug, kind)
            yield Offer(gettext("Result of the vote"), kind.upper(), at, media_type)
    if has_answers(project):
        yield Offer(gettext("What the town answered"), "PDF", address("answers_pdf", project.slug), PDF)
    for more in more_offers:
        yield from more(project, address)


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Hand out the catalogue: DCAT-AP in JSON-LD, the same for everybody."""
    town, address = town_of(request), _address(request)
    # The texts of ours beside those of the town: in the town's first language, whoever asks.
    with translation.override(town.languages[0] if town.languages else "nl"):
        services = [
            Service(address("ogc_landing"), address("ogc_api"), "OGC API Features, OGC API Tiles"),
            Service(address("api"), address("api_openapi"), "JSON API"),
        ]
        content = dcat.catalogue(town_facts(request), licence_of(town), list(public_sets(request)), services)
        etag = tag(content)
        if is_unchanged(request, etag):
            response = HttpResponse(status=304)
        else:
            response = json_answer(content, "application/ld+json")
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def for_search_engines(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What a search engine reads on the page of a project: its proposals alone, not what follows from them.

    Cost     no query: the page has what it needs at hand.
    """
    address, name = _address(request), f"{project.slug}-proposals"
    offers = [
        Offer(gettext("Proposals"), ending.upper(), address("export", f"{name}.{ending}"), TYPES[ending])
        for ending in FIRST
        if ending in TYPES
    ]
    box = project.area.extent if project.area is not None else None
    told = replace(described(project, address), offers=offers, box=box)
    return dcat.schema_org(town_facts(request), told, get_language() or "nl")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A data set as the page for people shows it: what most people want, and everything by what it is of."""

    told: DataSet
    first: list[Offer]
    groups: list[tuple[str, list[Offer]]]

    @property
    def explained(self) -> Offer | None:
        """The file of the first group that says best what is in it."""
        return next((offer for offer in self.first if offer.explained), None)


def shelf_of(told: DataSet) -> Shelf:
    """Put a data set on its shelf."""
    groups: dict[str, list[Offer]] = {}
    for offer in told.offers:
        groups.setdefault(offer.of, []).append(offer)
    first = next(iter(groups.values()), [])
    return Shelf(told, [offer for offer in first if offer.kind.lower() in FIRST], list(groups.items()))


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Say to people what is in the data, how to take it along, and why nobody can be recognised."""
    context = {
        "shelves": [shelf_of(told) for told in public_sets(request)],
        "licence": licence_of(town_of(request)),
        "ogc_url": _address(request)("ogc_landing"),
    }
    return render(request, "participation/data.html", context)

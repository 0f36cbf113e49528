"""OGC API Features: landing page, layers, their features; JSON for machines, pages for people."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import shapely
from django.core.cache import cache
from django.db.utils import DataError, InternalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation

from geo import problems
from geo.catalog import Layer, Raster, layers_for
from geo.columns import Feature
from geo.formats.geojson_text import feature_text
from geo.memory import KEPT_SECONDS
from geo.ogc import documents, openapi, parameters
from geo.ogc.answers import address_of, any_layer, asker_of, is_unchanged, json_answer, keep, leaving, reading, tag
from geo.plane.crs import CRS84, Crs, flip, reproject
from geo.slots import FEATURES

# Short, as for tiles: what was just entered is looked for in QGIS too.
FRESH_SECONDS = 10

_OF_A_PAGE = (
    "bbox", "bbox-crs", "crs", "limit", "after", "datetime", "f",
    "filter", "filter-lang", "filter-crs", "sortby", "properties",
)  # fmt: skip
# Those that choose no rows.
_OF_NO_ROWS = {"crs", "limit", "after", "f", "sortby", "properties"}


@reading
def landing(request: HttpRequest) -> HttpResponseBase:
    """Where everything stands."""
    given = parameters.known(request, ["f"])
    return _answer(request, given, documents.landing(address_of(request), _town(request)), "geo/landing.html")


@reading
def conformance(request: HttpRequest) -> HttpResponseBase:
    """The standards kept."""
    given = parameters.known(request, ["f"])
    return _answer(request, given, documents.conformance(address_of(request)), "geo/conformance.html")


@reading
def api(request: HttpRequest) -> HttpResponseBase:
    """The description for machines (OpenAPI 3.0)."""
    given = parameters.known(request, ["f"])
    if given.get("f", "json") != "json":
        raise problems.FormatUnknown(format=given["f"], known="json")
    content = openapi.api(address_of(request), _town(request), _layers(request))
    return json_answer(content, documents.OPENAPI)


@reading
@FEATURES
def collections(request: HttpRequest) -> HttpResponseBase:
    """The layers."""
    given = parameters.known(request, ["f"])
    content = documents.collections(address_of(request), _layers(request))
    return _answer(request, given, content, "geo/collections.html")


@reading
@FEATURES
def collection(request: HttpRequest, layer: str) -> HttpResponseBase:
    """One layer."""
    given = parameters.known(request, ["f"])
    found = _layer(request, layer)
    address = address_of(request)
    content = documents.collection(address, found)
    return _answer(request, given, content, "geo/collection.html", layer=found, files=documents.files(address, found))


@reading
def queryables(request: HttpRequest, layer: str) -> HttpResponseBase:
    """What a filter may ask about one layer (JSON Schema)."""
    given = parameters.known(request, ["f"])
    found = _layer(request, layer)
    content = documents.queryables(address_of(request), found)
    return _answer(
        request, given, content, "geo/queryables.html", documents.SCHEMA, layer=found, example=_example(found)
    )


@reading
@FEATURES
def items(request: HttpRequest, layer: str) -> HttpResponseBase:
    """A page of features in the order of their keys."""
    found = _layer(request, layer)
    columns = [column for column in found.columns if column.name not in _OF_A_PAGE]
    given = parameters.known(request, [*_OF_A_PAGE, *(column.name for column in columns)])
    crs, box = parameters.crs(given.get("crs")), parameters.box(given)
    order = parameters.order(given.get("sortby"), found.columns)
    limit, after = parameters.limit(given.get("limit")), parameters.after(given.get("after"), order, found.columns)
    where, shown = parameters.where(given, columns), parameters.shown(given.get("properties"), found.columns)
    condition = parameters.condition(
        given, found.columns, has_geometry=found.geometry_type is not None, time=found.time
    )
    form = _form(request, given)
    leaving(request, found)
    etag = tag(found.fingerprint, sorted(given.items()), form, translation.get_language())
    if is_unchanged(request, etag):
        response = HttpResponse(status=304)
        keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept", "Accept-Language"])
        return response

    # One more than the page holds: whether there is a next page is then known without counting.
    try:
        features = list(
            found.features(box, after=after, limit=limit + 1, where=where, condition=condition, order=order)
        )
        n_matched = _n_matched(found, given, partial(found.count, box, where=where, condition=condition))
    except (DataError, InternalError) as error:
        # A place that GEOS cannot compare with a self-crossing outline, a number no column of this kind can hold.
        raise problems.FilterBad(why=str(error)[:80]) from error
    has_more, features = len(features) > limit, features[:limit]
    address = address_of(request)
    here = address("ogc_items", found.id)
    own, other = _types(form, documents.GEOJSON)
    links = [
        documents.link("self", _with(here, given), own),
        documents.link("alternate", _with(here, given | {"f": "json" if form == "html" else "html"}), other),
        documents.link("collection", address("ogc_collection", found.id), documents.JSON),
    ]
    next_page = _with(here, given | {"after": parameters.behind(features[-1], order)}) if has_more else None
    names = [column.name for column in shown]
    if len(shown) < len(found.columns):
        features = [each._replace(attributes={name: each.attributes[name] for name in names}) for each in features]
    if next_page:
        links.append(documents.link("next", next_page, own))
    facts = {
        "numberMatched": n_matched,
        "numberReturned": len(features),
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": links,
    }
    if form == "html":
        context = {"layer": found, "shown": shown, "features": features, "next_page": next_page, **facts}
        response = render(request, "geo/items.html", context)
    else:
        head = json_answer({"type": "FeatureCollection", **facts}).content.decode()
        told = ",\n".join(feature_text(_in_plane(feature, crs), crs.digits) for feature in features)
        response = HttpResponse(f'{head[:-1]},"features":[{told}]}}'.encode(), content_type=documents.GEOJSON)
        response["Content-Crs"] = f"<{crs.uri}>"
    # Also where a program reads heads only (RFC 8288; Features part 3 looks for the queryables here).
    links.append(documents.link(documents.QUERYABLES, address("ogc_queryables", found.id), documents.SCHEMA))
    response["Link"] = ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"; type="{each["type"]}"' for each in links)
    keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept", "Accept-Language"])
    return response


@reading
def item(request: HttpRequest, layer: str, key: str) -> HttpResponseBase:
    """One feature."""
    found = _layer(request, layer)
    given = parameters.known(request, ["crs", "f"])
    crs, number = parameters.crs(given.get("crs")), parameters.whole(key)
    feature = found.feature(number) if number is not None else None
    if feature is None:
        raise problems.FeatureNotFound(feature=key)
    form = _form(request, given)
    leaving(request, found)
    address = address_of(request)
    links = [
        *documents.self_links(address("ogc_item", found.id, feature.key), *_types(form, documents.GEOJSON)),
        documents.link("collection", address("ogc_collection", found.id), documents.JSON),
    ]
    if form == "html":
        response = render(request, "geo/item.html", {"layer": found, "feature": feature, "links": links})
    else:
        told = feature_text(_in_plane(feature, crs), crs.digits)
        more = json_answer({"links": links}).content.decode()
        response = HttpResponse(f"{told[:-1]},{more[1:]}".encode(), content_type=documents.GEOJSON)
        response["Content-Crs"] = f"<{crs.uri}>"
    etag = tag(found.fingerprint, key, sorted(given.items()), form, translation.get_language())
    keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept", "Accept-Language"])
    return response


def _n_matched(layer: Layer, given: Mapping[str, str], count: Callable[[], int]) -> int:
    """How many features these parameters choose: counted for the first page, and known for those that follow."""
    chosen = [(name, value) for name, value in sorted(given.items()) if name not in _OF_NO_ROWS]
    found = cache.get_or_set(f"geo.count.{tag(layer.id, layer.fingerprint, chosen)}", count, KEPT_SECONDS)
    return int(found)  # type: ignore[arg-type]


def _in_plane(feature: Feature, crs: Crs) -> Feature:
    """The feature as the system named by ``crs.uri`` wants it: in its plane and in the order of its axes."""
    if feature.geometry is None:
        return feature
    place = shapely.force_2d(reproject(feature.geometry, CRS84, crs))
    return feature._replace(geometry=flip(place) if crs.flips else place)


def _layers(request: HttpRequest) -> Iterator[Layer]:
    return (layer for layer in layers_for(asker_of(request)) if not isinstance(layer, Raster))


def _layer(request: HttpRequest, name: str) -> Layer:
    found = any_layer(request, name)
    if isinstance(found, Raster):
        raise problems.NotAFeatureLayer(layer=name)
    return found


def _example(layer: Layer) -> str:
    """A filter that this layer understands, to copy."""
    asks = [f"{column.name} >= 5" for column in layer.columns if column.kind == "integer"][-1:]
    if layer.geometry_type:
        asks.append("S_INTERSECTS(geometry, BBOX(2.7, 50.8, 2.8, 50.9))")
    return " AND ".join(asks)


def _town(request: HttpRequest) -> str:
    return str(request.organisation.name)  # type: ignore[attr-defined]


def _with(address: str, given: dict[str, str]) -> str:
    return f"{address}?{urlencode(given)}" if given else address


def _form(request: HttpRequest, given: dict[str, str]) -> str:
    """For machines or for people: as ``f`` says, else as the browser does.

    Raises   FormatUnknown.
    """
    wanted = given.get("f")
    if wanted is None:
        preferred = request.get_preferred_type([documents.GEOJSON, documents.JSON, documents.HTML])
        return "html" if preferred == documents.HTML else "json"
    if wanted not in {"json", "html"}:
        raise problems.FormatUnknown(format=wanted, known="json, html")
    return wanted


def _types(form: str, machine: str) -> tuple[str, str]:
    """The type of this form and of the other."""
    return (machine, documents.HTML) if form == "json" else (documents.HTML, machine)


def _answer(
    request: HttpRequest,
    given: dict[str, str],
    content: dict[str, Any],
    template: str,
    machine: str = documents.JSON,
    **context: Any,
) -> HttpResponse:
    """A document for machines, or the page that shows it."""
    form = _form(request, given)
    response = render(request, template, content | context) if form == "html" else json_answer(content, machine)
    etag = tag(content, form, translation.get_language())
    keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept", "Accept-Language"])
    return response

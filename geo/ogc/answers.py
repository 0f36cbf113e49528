"""What every answer here has in common: who asks, problem+json, JSON, ETag."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from http import HTTPStatus

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from geo import problems
from geo.catalog import AnyLayer, Asker, FeatureSource, UnknownLayer, layer

STATUS: dict[type[problems.Problem], int] = {
    problems.LayerNotFound: 404,
    problems.FeatureNotFound: 404,
    problems.NotAFeatureLayer: 404,
    problems.NotAPinLayer: 404,
    problems.TileOutsideWorld: 404,
    problems.TileMatrixUnknown: 404,
    problems.ParameterUnknown: 400,
    problems.ParameterRepeated: 400,
    problems.ParameterBad: 400,
    problems.CrsUnknown: 400,
    problems.BoxBad: 400,
    problems.FormatUnknown: 406,
    problems.FormatUnfit: 400,
    problems.PlaneUnfit: 400,
    problems.MethodNotAllowed: 405,
    problems.NothingToDraw: 404,
    problems.DiskFull: 507,
    problems.ServerBusy: 503,
    problems.FilterBad: 400,
    problems.FilterUnknownColumn: 400,
    problems.FilterTooLong: 400,
    problems.FilterTooDeep: 400,
    problems.FilterLanguageUnknown: 400,
}

# How soon a reader who found the server busy may come again: by then most tiles are made.
RETRY_SECONDS = 1

View = Callable[..., HttpResponseBase]
# Who asks, for which layer, in which format ("" read live), and how many features a file of it holds.
Watcher = Callable[[HttpRequest, AnyLayer, str, Callable[[], int] | None], None]

_watchers: list[Watcher] = []


def reading(view: View) -> View:
    """A view that only reads: GET, HEAD and OPTIONS; every refusal becomes problem+json; any page may read along."""

    @csrf_exempt  # nothing is written here: a POST gets the sentence, not a page about forms
    @wraps(view)
    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
        try:
            if request.method not in {"GET", "HEAD", "OPTIONS"}:
                raise problems.MethodNotAllowed
            response = view(request, *args, **kwargs)
        except problems.Problem as problem:
            response = refusal(problem)
        # Public data, read without cookies from other origins: the browser sends none with "*".
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "Content-Crs, ETag, Link, Retry-After"
        return response

    return answer


def refusal(problem: problems.Problem) -> HttpResponse:
    """The problem as RFC 9457 says it, with the code that pages and tests know too."""
    status = STATUS[type(problem)]
    response = json_answer(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": problem.code,
            "detail": str(problem),
        },
        "application/problem+json",
        status=status,
    )
    response["Cache-Control"] = "no-store"
    if isinstance(problem, problems.ServerBusy):
        response["Retry-After"] = str(RETRY_SECONDS)
        # Django writes a line about every 5xx; a flood must not fill the log, and this one is meant.
        response._has_been_logged = True  # type: ignore[attr-defined]
    if status == 405:
        response["Allow"] = "GET, HEAD, OPTIONS"
    return response


def json_answer(content: object, content_type: str = "application/json", *, status: int = 200) -> HttpResponse:
    """A JSON document; numbers that JSON cannot say (NaN) are refused rather than sent."""
    body = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    response = HttpResponse(body.encode(), content_type=content_type, status=status)
    response["Content-Language"] = translation.get_language() or "en"
    return response


def asker_of(request: HttpRequest) -> Asker:
    """Who asks."""
    return Asker(request.organisation.slug, request.user)  # type: ignore[attr-defined]


def address_of(request: HttpRequest) -> Callable[..., str]:
    """Gives the whole address of a page here: name of the URL, its arguments."""
    return lambda name, *args: request.build_absolute_uri(reverse(name, args=args))


def is_known(request: HttpRequest) -> bool:
    """Has somebody signed in? Then no shared cache may keep the answer."""
    return bool(getattr(request.user, "is_authenticated", False))


def watch(watcher: Watcher) -> None:
    """Have a domain told before features leave to somebody who has signed in (from ``AppConfig.ready``)."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def leaving(request: HttpRequest, layer: AnyLayer, form: str = "", count: Callable[[], int] | None = None) -> None:
    """Tell the watchers that features leave; what they raise, holds them back."""
    if is_known(request):
        for watcher in _watchers:
            watcher(request, layer, form, count)


def any_layer(request: HttpRequest, name: str) -> AnyLayer:
    """The layer of this name, as far as this asker may see it.

    Raises   LayerNotFound.
    """
    try:
        return layer(asker_of(request), name)
    except UnknownLayer as error:
        raise problems.LayerNotFound(layer=name) from error


def pin_layer(request: HttpRequest, name: str) -> FeatureSource:
    """The layer of this name, when it is one of points.

    Raises   LayerNotFound, NotAPinLayer.
    """
    found = any_layer(request, name)
    if not isinstance(found, FeatureSource) or not found.has_pins:
        raise problems.NotAPinLayer(layer=name)
    return found


def tag(*parts: object) -> str:
    """A weak ETag: the same content, whatever the transfer encoding."""
    return f'W/"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def is_unchanged(request: HttpRequest, etag: str) -> bool:
    """Does the asker hold this content already?"""
    held = [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]
    return "*" in held or etag in held


def keep(
    request: HttpRequest, response: HttpResponseBase, etag: str, *, seconds: int, varies: Iterable[str] = ()
) -> None:
    """Say how long, and by whom, an answer may be kept."""
    response["ETag"] = etag
    response["Cache-Control"] = f"{'private' if is_known(request) else 'public'}, max-age={seconds}"
    # After signing in, with a token or in another language the same address may show more, or say it otherwise.
    patch_vary_headers(response, ["Cookie", "Authorization", *varies])

"""Answers a tile that was asked for a moment ago before the rest of the house wakes up."""

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

# Shorter than a browser may keep a tile anyway (geo.ogc.tiles.FRESH_SECONDS), so nobody sees older pins for it.
WARM_SECONDS = 2.0
# Tiles remembered in one process: at most some 10 MB, for they rarely weigh over 10 kB.
MOST_KEPT = 1000

_TILE = re.compile(r"/ogc/collections/[^/]+/tiles/WebMercatorQuad/\d+/\d+/\d+", re.ASCII)

Key = tuple[str | None, ...]


def warm_tiles(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Keep what strangers are shown for two seconds. Stands right behind WhiteNoise.

    Only for who sends no session cookie and no token: whoever signed in is always answered anew. Finding the session,
    the town and its layers costs some thirty times as much as handing out the bytes.
    """
    kept: dict[Key, tuple[float, int, bytes, dict[str, str]]] = {}

    def answer(request: HttpRequest) -> HttpResponseBase:
        key = _key(request)
        if key is None:
            return get_response(request)
        found = kept.get(key)
        if found is not None and found[0] > time.monotonic():
            _, status, content, headers = found
            held = request.META.get("HTTP_IF_NONE_MATCH", "")
            if headers["ETag"] in held:
                bare = {name: value for name, value in headers.items() if not name.startswith("Content-")}
                return HttpResponse(status=304, headers=bare)
            return HttpResponse(content, status=status, headers=headers)
        response = get_response(request)
        if (
            isinstance(response, HttpResponse)
            and response.status_code in {200, 204}
            and response.get("Cache-Control", "").startswith("public")
            and not response.cookies
        ):
            if len(kept) >= MOST_KEPT:
                kept.clear()
            headers = dict(response.items())
            kept[key] = (time.monotonic() + WARM_SECONDS, response.status_code, response.content, headers)
        return response

    return answer


def _key(request: HttpRequest) -> Key | None:
    """All that the answer to a stranger hangs on; none when it is no stranger, or no tile."""
    about = request.META
    if request.method != "GET" or about.get("QUERY_STRING") or not _TILE.fullmatch(request.path_info):
        return None
    if "HTTP_AUTHORIZATION" in about or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    packed = "gzip" if "gzip" in about.get("HTTP_ACCEPT_ENCODING", "") else None
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or about.get("HTTP_ACCEPT_LANGUAGE")
    scheme = request.scheme
    return scheme, about.get("HTTP_HOST"), request.path_info, packed, language

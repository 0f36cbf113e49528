"""A refusal as machines read it: problem+json (RFC 9457) with the code that pages and tests know too."""

from collections.abc import Sequence
from http import HTTPStatus

from django.http import JsonResponse
from django.utils import translation

from participation.rules.limits import HOUR
from participation.rules.refusals import Code, Refused
from participation.web.sentences import sentence, status_of

PROBLEM = "application/problem+json"


def problem(refused: Refused, *, errors: Sequence[object] = (), realm: str = "") -> JsonResponse:
    """Answer a refusal; ``errors`` say more about a request that cannot be read, ``realm`` who asks for a token."""
    status = status_of(refused)
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": refused.code.value,
        "detail": sentence(refused.code, refused.facts),
    }
    if errors:
        content["errors"] = list(errors)
    response = JsonResponse(content, content_type=PROBLEM, status=status, json_dumps_params={"ensure_ascii": False})
    response["Content-Language"] = translation.get_language() or "en"
    response["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        # QGIS and GDAL send Basic unasked; asking for it would have browsers open a window for a password.
        response["WWW-Authenticate"] = f'Bearer realm="{realm or "Kiesplek"}"'
    if refused.code is Code.REQUEST_TOO_MANY:
        response["Retry-After"] = str(refused.facts["seconds"])
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        # What is counted over an hour is free again after one at the latest.
        response["Retry-After"] = str(int(HOUR.total_seconds()))
    return response

"""The JSON API assembled: its addresses, its description, and how it says no."""

from functools import cache
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from geo.ogc.answers import json_answer, refusal
from geo.problems import Problem
from participation.api import (
    acts,
    asked,
    comments,
    desk,
    drafts,
    exports,
    ground,
    imports,
    mine,
    moderation,
    projects,
    proposals,
    questions,
    setup,
    shapes,
    voting,
)
from participation.api.asking import RefusedWith, paced
from participation.rules.refusals import Code, Refused
from participation.web.problems import PROBLEM, problem
from siting.api import candidates, decisions, studies

ROOT = "/api/v1/"
METHODS = ("get", "post", "put", "delete")
# Which refusals an act may give: the public ones, those of an act that asks who is there, those of one that writes.
SAID = {400: "The request cannot be read", 404: "There is no such thing", 409: "Not now", 429: "Too many requests"}
SAID_KNOWN = {401: "Nobody is known by this", 403: "Not for whoever asks"}
SAID_WRITING = {422: "Understood, but not good"}
TITLES = {
    "projects": _("Projects"),
    "layers": _("Layers"),
    "proposals": _("Proposals"),
    "comments": _("Comments"),
    "questions": _("Questions"),
    "drafts": _("Photos and files"),
    "mine": _("What is mine"),
    "desk": _("Desk"),
    "moderation": _("Moderation"),
    "acts": _("Acts"),
    "decisions": _("Decisions"),
    "candidates": _("Candidates"),
    "studies": _("Studies"),
    "voting": _("Voting"),
    "setup": _("Set-up"),
    "ground": _("Area, zones and inventory"),
    "imports": _("From a file"),
    "files": _("Files"),
}
FORM = "multipart/form-data"
SAID_UPLOADING = {413: "The file is too large"}

api = NinjaAPI(
    title="Kiesplek",
    version="1",
    description="What a resident or somebody of the desk can do in the pages, for programs: same rules, same refusals.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
api.add_router("", projects.router)
api.add_router("", projects.public)
for topic in (proposals, comments, questions, drafts, mine, exports):
    api.add_router("", topic.router)
for topic in (desk, moderation, acts, decisions, candidates, studies, voting, setup, asked, ground, imports):
    api.add_router("", topic.router)
api.add_decorator(paced, mode="operation")


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """Say no as the pages do."""
    return problem(error, errors=error.errors if isinstance(error, RefusedWith) else ())


@api.exception_handler(Problem)
def refused_data(request: HttpRequest, error: Problem) -> HttpResponse:
    """Say no as the live layers and files do."""
    return refusal(error)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Ask who is there."""
    return problem(Refused(Code.SIGN_IN_FIRST))


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say what is wrong with a request; what came in is not shown back."""
    said = [{"at": [str(part)[:60] for part in each["loc"]], "why": str(each["msg"])[:200]} for each in error.errors]
    return problem(Refused(Code.REQUEST_BAD), errors=said[:20])


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """A body beyond what is read at all."""
    return problem(Refused(Code.REQUEST_BAD))


@api.exception_handler(HttpError)
def failed(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON, or a session without the token of its page."""
    return problem(Refused(Code.REQUEST_NOT_FROM_PAGE if error.status_code == 403 else Code.REQUEST_BAD))


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    """There is no such thing."""
    return problem(Refused(Code.REQUEST_NOT_FOUND))


# Without ninja's own namespace and door: one list of names for all addresses of the house.
addresses = [each for each in api.urls[0] if getattr(each, "name", "") != "api-root"]


@csrf_exempt
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Say that there is nothing at this address, as a machine reads it."""
    return problem(Refused(Code.REQUEST_NOT_FOUND))


@cache
def description() -> dict[str, Any]:
    """The OpenAPI 3.1 description of all of it, with every refusal."""
    content: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=ROOT))
    content["servers"] = [{"url": "/"}]
    schemas = content["components"]["schemas"]
    schemas["Problem"] = shapes.Problem.model_json_schema()
    for path in content["paths"].values():
        for method in METHODS:
            if method not in path:
                continue
            act = path[method]
            codes = SAID | (SAID_KNOWN if act.get("security") else {401: SAID_KNOWN[401]})
            codes |= {} if method == "get" else SAID_WRITING
            if FORM in act.get("requestBody", {}).get("content", {}):
                codes |= SAID_UPLOADING
            act["responses"] |= {
                status: {
                    "description": words,
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, words in codes.items()
            }
            act["responses"] = {str(status): said for status, said in sorted(act["responses"].items())}
    return content


def openapi(request: HttpRequest) -> HttpResponse:
    """Hand out the description."""
    return json_answer(description())


def docs(request: HttpRequest) -> HttpResponse:
    """Show the description to people: plain HTML, for nothing foreign runs on these pages."""
    content = description()
    groups: dict[str, list[dict[str, Any]]] = {}
    for at, path in content["paths"].items():
        for method in METHODS:
            if method in path:
                act = path[method]
                bodies = act.get("requestBody", {}).get("content", {})
                body = next((each["schema"] for each in bodies.values()), None)
                groups.setdefault(act["tags"][0], []).append(
                    {
                        "method": method.upper(),
                        "path": at,
                        "id": act["operationId"],
                        "words": act.get("description") or act["summary"],
                        "parameters": act["parameters"],
                        "body": _fields(body, content) if body else [],
                        "is_form": FORM in bodies,
                        "is_known": bool(act.get("security")),
                        "statuses": ", ".join(act["responses"]),
                    }
                )
    shown = [(tag, TITLES[tag], acts) for tag, acts in groups.items()]
    return render(request, "api_docs.html", {"groups": shown, "root": request.build_absolute_uri(ROOT)})


def _fields(schema: dict[str, Any], content: dict[str, Any]) -> list[dict[str, object]]:
    """The fields of a body."""
    found = content["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    required = found.get("required", [])
    return [{"name": name, "required": name in required} for name in found["properties"]]

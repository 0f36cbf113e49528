"""Which data leave the house that not everybody may have: each way out calls one of these before it hands them out.

What everybody may have leaves no line, also when staff take it. What is looked at in a page is not taken along.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.translation import get_language

from geo.catalog import AnyLayer
from participation.models import Project, Token
from participation.selectors.layers import is_everybodys, project_of_layer
from participation.services.taken import note_read_live, note_taken
from participation.web.asking import now, person_of, town_of


def take_file(request: HttpRequest, what: str, *, project: Project | None = None, **detail: object) -> None:
    """A file of the desk is taken along."""
    person = person_of(request)
    if person is not None:
        note_taken(organisation=town_of(request), by=person, what=what, project=project, **detail)


def read_live(request: HttpRequest, what: str, *, project: Project | None = None) -> None:
    """A program reads what stands at the desk."""
    person, token = person_of(request), getattr(request, "token", None)
    if person is not None:
        assert token is None or isinstance(token, Token)
        note_read_live(
            organisation=town_of(request), by=person, token=token, what=what[:100], project=project, now=now()
        )


def layer_leaves(request: HttpRequest, layer: AnyLayer, form: str, count: Callable[[], int] | None) -> None:
    """Rows of a layer go to somebody who is known: as a file, or where ``form`` is empty as a live layer (geo)."""
    if is_everybodys(town_of(request), layer) if form else _is_known_as_everybodys(request, layer):
        return
    project = project_of_layer(town_of(request), layer)
    if form:
        counted = {"n": count()} if count else {}
        take_file(request, layer.id, project=project, format=form, **counted)
    else:
        read_live(request, layer.id, project=project)


def _is_known_as_everybodys(request: HttpRequest, layer: AnyLayer) -> bool:
    """Would anybody get the same rows, now or two seconds ago? Kept with the town: a map asks for many tiles."""
    known: dict[tuple[str, str | None], str] = request.moment.setdefault("everybodys", {})  # type: ignore[attr-defined]
    key = layer.id, get_language()
    if known.get(key) != layer.fingerprint:
        if not is_everybodys(town_of(request), layer):
            return False
        known[key] = layer.fingerprint
    return True

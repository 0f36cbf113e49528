"""The front door: what runs now, what was decided lately, and the statements every town must show."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from participation.models import Project
from participation.selectors.projects import Standing, n_voters, projects_of, standing
from participation.web.asking import now, town_of
from participation.web.maps import map_config, town_map
from participation.web.words import eyebrow, people


class Card(NamedTuple):
    """What a list of projects shows of one: where it stands, how many took part."""

    project: Project
    eyebrow: str
    foot: str


def shelf(request: HttpRequest) -> dict[str, list[Card]]:
    """Sort the town's projects into what runs or comes (``running``), was voted on, and ended without a vote."""
    moment = now()
    running: list[Card] = []
    voted: list[Card] = []
    over: list[Card] = []
    for project in projects_of(town_of(request)):
        where = standing(project, moment)
        n = voters(where)
        part = voted if where.vote_is_over else over if where.is_over else running
        part.append(Card(project, eyebrow(where), people(n) if n else ""))
    return {"running": running, "voted": voted, "over": over}


def voters(where: Standing) -> int | None:
    """How many took part in the project's vote, if there is one? The number of people is no tally."""
    return n_voters(where.vote) if where.vote and where.vote.opens_at <= where.now else None


def home(request: HttpRequest) -> HttpResponse:
    """Show what runs now and what was decided, on one page."""
    parts, town = shelf(request), town_of(request)
    shown = next((card.project for card in parts["running"] if card.project.area is not None), None)
    context = {"shown": shown, "map": map_config(shown) if shown else town_map(town)}
    return render(request, "participation/home.html", context | parts)


def projects(request: HttpRequest) -> HttpResponse:
    """List every public project."""
    return render(request, "participation/projects.html", shelf(request))


def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render(request, "participation/accessibility.html")


def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept of whom, and why."""
    return render(request, "participation/privacy.html")

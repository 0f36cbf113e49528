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


def shelf(request: HttpRequest) -> tuple[list[Card], list[Card]]:
    """Sort the town's projects into what runs or comes, and what is over."""
    moment = now()
    running: list[Card] = []
    over: list[Card] = []
    for project in projects_of(town_of(request)):
        where = standing(project, moment)
        n = voters(where)
        (over if where.vote_is_over else running).append(Card(project, eyebrow(where), people(n) if n else ""))
    return running, over


def voters(where: Standing) -> int | None:
    """How many took part in the project's vote, if there is one? The number of people is no tally."""
    return n_voters(where.vote) if where.vote and where.vote.opens_at <= where.now else None


def home(request: HttpRequest) -> HttpResponse:
    """Show what runs now and what was decided, on one page."""
    running, over = shelf(request)
    town = town_of(request)
    shown = next((card.project for card in running if card.project.area is not None), None)
    context = {"running": running, "over": over, "shown": shown, "map": map_config(shown) if shown else town_map(town)}
    return render(request, "participation/home.html", context)


def projects(request: HttpRequest) -> HttpResponse:
    """List every public project."""
    running, over = shelf(request)
    return render(request, "participation/projects.html", {"running": running, "over": over})


def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render(request, "participation/accessibility.html")


def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept of whom, and why."""
    return render(request, "participation/privacy.html")

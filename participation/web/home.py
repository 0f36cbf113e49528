"""The front door: what runs now, what was decided lately, and the statements every town must show."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from participation.selectors.projects import Standing, n_voters, projects_of, standing
from participation.web.asking import now, town_of
from participation.web.maps import town_map
from participation.web.words import eyebrow, people


def shelf(request: HttpRequest) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Sort the town's projects into what runs or comes, and what is over."""
    moment = now()
    running: list[dict[str, object]] = []
    over: list[dict[str, object]] = []
    for project in projects_of(town_of(request)):
        where = standing(project, moment)
        n = voters(where)
        card: dict[str, object] = {
            "project": project,
            "eyebrow": eyebrow(where),
            "foot": people(n) if n else "",
            "results": where.vote_is_over,
        }
        (over if where.vote_is_over else running).append(card)
    return running, over


def voters(where: Standing) -> int | None:
    """How many took part in the project's vote, if there is one? The number of people is no tally."""
    return n_voters(where.vote) if where.vote and where.vote.opens_at <= where.now else None


def home(request: HttpRequest) -> HttpResponse:
    """Show what runs now and what was decided, on one page."""
    running, over = shelf(request)
    context = {"running": running, "over": over, "map": town_map(town_of(request))}
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

"""The outcome of a vote, one sentence first; before it is counted, when it will be."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from participation.selectors.layers import counted_vote
from participation.selectors.projects import standing
from participation.selectors.results import result_of
from participation.services.voting import close_due_phases
from participation.web.asking import answering_refusals, now, project_or_404
from participation.web.maps import map_config
from participation.web.projects import process_context


@answering_refusals
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the outcome; while the vote runs, only when there will be one."""
    project = project_or_404(request, slug)
    where = standing(project, now())
    if where.vote_is_over and counted_vote(project) is None:
        close_due_phases(project)
        project = project_or_404(request, slug)
        where = standing(project, now())
    vote = counted_vote(project)
    context = process_context(request, project, where)
    if vote is None:
        return render(request, "participation/results_later.html", context)
    result = result_of(vote)
    population = project.organisation.population
    map_data = None
    if project.area is not None:
        map_data = map_config(
            project,
            tiles=None,
            apart=1,  # the order is what this map tells: numbers may touch, a ring with a count would be taken for one
            pins=[
                {
                    "number": row.rank,
                    "title": row.proposal.title,
                    "lon": row.proposal.point.x,
                    "lat": row.proposal.point.y,
                    "later": not row.is_winner,
                    "url": reverse("proposal", args=(slug, row.proposal.number)),
                }
                for row in result.rows
                if row.proposal.point
            ],
        )
    context |= {
        "result": result,
        "bars": [
            {
                "rank": row.rank,
                "name": row.proposal.title,
                "what": row.proposal.area.name if row.proposal.area else "",
                "value": row.n_votes,
                "wins": row.is_winner,
                "url": reverse("proposal", args=(slug, row.proposal.number)),
            }
            for row in result.rows
        ],
        "vote": vote,
        "map": map_data,
        "one_in": round(population / result.n_people) if population and result.n_people else None,
    }
    return render(request, "participation/results.html", context)

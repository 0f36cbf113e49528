"""Projects, results, answers and the live layers."""

from django.http import HttpRequest
from ninja import Router

from geo.catalog import Asker, Raster, layers_for
from participation.api import shapes
from participation.api.asking import project_called
from participation.api.paging import A_PAGE, Cursor, Limit, page, page_of_names
from participation.api.told import Told, absolute, answer_told, project_told
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Rule
from participation.selectors.layers import counted_vote
from participation.selectors.projects import projects_of, with_counts
from participation.selectors.proposals import public_proposals
from participation.selectors.responses import published_in
from participation.selectors.results import result_of
from participation.services.tally import outcome_by, winners_of
from participation.services.voting import close_due_phases
from participation.web.asking import town_of

router = Router(tags=["projects"])
public = Router(tags=["layers"])


@router.get("/projects", response=shapes.ProjectPage, url_name="api_projects")
def list_projects(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the public projects of the town, the newest first."""
    found, behind = page(with_counts(projects_of(town_of(request))), ("-created_at", "-id"), cursor=cursor, limit=limit)
    items = [project_told(request, each, each.n_proposals) for each in found]  # type: ignore[attr-defined]
    return {"items": items, "next": behind}


@router.get("/projects/{slug:slug}", response=shapes.ProjectShape, url_name="api_project")
def one_project(request: HttpRequest, slug: str) -> Told:
    """Read one project: what is asked, its phases, and what may be done now."""
    project = project_called(request, slug)
    return project_told(request, project, public_proposals(project).count())


@router.get("/projects/{slug:slug}/results", response=shapes.ResultShape, url_name="api_results")
def results(request: HttpRequest, slug: str) -> Told:
    """Read how the vote ended, by the rule announced beforehand; only once it was counted."""
    project = project_called(request, slug)
    close_due_phases(project)
    vote = counted_vote(project_called(request, slug))
    if vote is None or vote.closed_at is None:
        raise Refused(Code.VOTE_NOT_COUNTED)
    outcome = outcome_by(vote, Rule(vote.rule))
    winners = winners_of(vote, outcome, one_per_area=vote.one_per_area)
    found = result_of(vote, outcome.order, outcome.scores, winners)
    rows = [
        {
            "rank": row.rank,
            "number": row.proposal.number if row.is_public else None,
            "title": row.proposal.title if row.is_public else "",
            "score": row.score,
            "is_winner": row.is_winner,
        }
        for row in found.rows
    ]
    return {"rule": vote.rule, "closed_at": vote.closed_at, "n_voters": found.turnout.n_people, "rows": rows}


@router.get("/projects/{slug:slug}/answers", response=shapes.AnswerPage, url_name="api_answers")
def answers(request: HttpRequest, slug: str, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """Read what the town answered, the latest first."""
    rows = published_in(project_called(request, slug))
    found, behind = page(rows, ("-published_at", "-id"), cursor=cursor, limit=limit)
    return {"items": [answer_told(each, slug) for each in found], "next": behind}


@public.get("/layers", response=shapes.LayerPage, url_name="api_layers")
def layers(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List the live layers (OGC API Features) by name: rows with places, to filter and to take along."""
    shown = {each.id: each for each in layers_for(Asker(town_of(request).slug, request.user))}
    names, behind = page_of_names(
        [name for name, each in shown.items() if not isinstance(each, Raster)], cursor=cursor, limit=limit
    )
    items = [
        {"id": name, "title": str(shown[name].title), "link": absolute(request, "ogc_collection", name)}
        for name in names
    ]
    return {"items": items, "next": behind}

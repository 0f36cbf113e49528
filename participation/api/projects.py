"""Projects, proposals, supports, results and answers."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Router, Status

from geo.catalog import Asker, Raster, layers_for
from participation.api import shapes
from participation.api.asking import KEY_HEADER, doing_once, knowing, project_called, someone
from participation.api.paging import page
from participation.api.told import Told, absolute, answer_told, project_told, proposal_told
from participation.models import Proposal
from participation.queries.voting import database_now
from participation.rules.places import Chosen, Given, drawn_from, lon_lat
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.rules.voting import Rule
from participation.selectors.layers import counted_vote
from participation.selectors.projects import projects_of, with_counts
from participation.selectors.proposals import filtered, public_proposals, supported_by, visible_proposals
from participation.selectors.responses import published_in
from participation.selectors.results import result_of
from participation.services.proposals import submit_proposal, support, take_back_support
from participation.services.tally import outcome_by, winners_of
from participation.services.voting import close_due_phases
from participation.web.asking import town_of

router = Router(tags=["projects"])
public = Router(tags=["layers"])

Limit = Annotated[int, Field(ge=1, le=shapes.PAGE_MAX)]
Cursor = Annotated[str | None, Field(max_length=500)]
Text = Annotated[shapes.Words, Field(max_length=100)]

ORDERS = {"number": ("number",), "new": ("-created_at", "-number"), "most": ("-n_supports", "number")}
# What a caller may say to be answered the same when it asks again.
REPEATABLE = {
    "parameters": [
        {
            "name": KEY_HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]*$"},
            "description": "The same key again, within a day, gets the first answer and changes nothing.",
        }
    ]
}


@router.get("/projects", response=shapes.ProjectPage, url_name="api_projects")
def list_projects(request: HttpRequest, limit: Limit = shapes.A_PAGE, cursor: Cursor = None) -> Told:
    """List the public projects of the town, the newest first."""
    found, behind = page(with_counts(projects_of(town_of(request))), ("-created_at", "-id"), cursor=cursor, limit=limit)
    items = [project_told(request, each, each.n_proposals) for each in found]  # type: ignore[attr-defined]
    return {"items": items, "next": behind}


@router.get("/projects/{slug:slug}", response=shapes.ProjectShape, url_name="api_project")
def one_project(request: HttpRequest, slug: str) -> Told:
    """Read one project: what is asked, its phases, and what may be done now."""
    project = project_called(request, slug)
    return project_told(request, project, public_proposals(project).count())


@router.get("/projects/{slug:slug}/proposals", response=shapes.ProposalPage, url_name="api_proposals")
def list_proposals(
    request: HttpRequest,
    slug: str,
    q: Text = "",
    area: Text = "",
    theme: Text = "",
    sort: Literal["number", "new", "most"] = "number",
    limit: Limit = shapes.A_PAGE,
    cursor: Cursor = None,
) -> Told:
    """List the public proposals: those that hold the words of “q”, of one neighbourhood (code), of one theme."""
    project = project_called(request, slug)
    rows = filtered(supported_by(public_proposals(project), request.user), text=q, area=area, theme=theme)
    found, behind = page(rows.defer("area__outline"), ORDERS[sort], cursor=cursor, limit=limit)
    return {"items": [proposal_told(request, each, slug) for each in found], "next": behind}


@router.post(
    "/projects/{slug:slug}/proposals",
    response={201: shapes.ProposalShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_proposals",
)
def create_proposal(request: HttpRequest, slug: str, asked: shapes.NewProposal) -> Status[Told]:
    """Send a proposal in, in the name of whoever asks."""
    project, person = project_called(request, slug), someone(request)

    def act() -> Told:
        place: Given | None = lon_lat(asked.place.lon, asked.place.lat) if asked.place else None
        if asked.shape is not None:
            place = drawn_from(asked.shape)
        elif asked.inventory_object is not None:
            place = Chosen(asked.inventory_object)
        made = submit_proposal(
            project=project,
            person=person,
            title=asked.title,
            body=asked.body,
            place=place,
            theme=asked.theme,
            language=get_language() or "nl",
            now=database_now(),
        )
        return proposal_told(request, made, slug)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _proposal(request: HttpRequest, slug: str, number: int) -> Proposal:
    project = project_called(request, slug)
    found = supported_by(visible_proposals(project, request.user), request.user).filter(number=number).first()
    if found is None:
        raise Refused(Code.PROPOSAL_NOT_FOUND, {"number": number})
    found.project = project
    return found


@router.get("/projects/{slug:slug}/proposals/{int:number}", response=shapes.ProposalShape, url_name="api_proposal")
def one_proposal(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read one proposal."""
    return proposal_told(request, _proposal(request, slug, number), slug)


def _supported(request: HttpRequest, slug: str, number: int) -> Told:
    found = _proposal(request, slug, number)
    told = proposal_told(request, found, slug)
    return {name: told[name] for name in ("number", "supported_by_me", "n_supports")}


@router.put(
    "/projects/{slug:slug}/proposals/{int:number}/support",
    response=shapes.Supported,
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_support",
)
def support_it(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Support a proposal; doing it again changes nothing."""
    support(proposal=_proposal(request, slug, number), person=someone(request), now=database_now())
    return _supported(request, slug, number)


@router.delete(
    "/projects/{slug:slug}/proposals/{int:number}/support",
    response=shapes.Supported,
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_support",
)
def stop_supporting(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Take the support back; doing it again changes nothing."""
    take_back_support(proposal=_proposal(request, slug, number), person=someone(request), now=database_now())
    return _supported(request, slug, number)


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


@router.get("/projects/{slug:slug}/answers", response=shapes.AnswerList, url_name="api_answers")
def answers(request: HttpRequest, slug: str) -> Told:
    """Read what the town answered, the latest first."""
    project = project_called(request, slug)
    return {"items": [answer_told(each, slug) for each in published_in(project)]}


@public.get("/layers", response=shapes.LayerList, url_name="api_layers")
def layers(request: HttpRequest) -> Told:
    """List the live layers (OGC API Features): rows with places, to filter and to take along."""
    return {
        "items": [
            {"id": layer.id, "title": str(layer.title), "link": absolute(request, "ogc_collection", layer.id)}
            for layer in layers_for(Asker(town_of(request).slug, request.user))
            if not isinstance(layer, Raster)
        ]
    }

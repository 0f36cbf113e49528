"""What is mine: my ballot in a project, and all that I did in this town."""

from typing import Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema

from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, nonce_of, project_called, someone, token_of
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told, answer_told, ballot_told, choices_told, proposal_told
from participation.models import Claim, Phase, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.rules.voting import Choice
from participation.selectors.follows import followed_in
from participation.selectors.projects import ballots_of, choices_cast, standing
from participation.selectors.proposals import proposals_of, supported_by, supports_of
from participation.selectors.responses import responses_for
from participation.selectors.roles import roles_in
from participation.services.claims import claim
from participation.services.people import rename
from participation.services.voting import cast_ballot
from participation.web.asking import town_of

router = Router(tags=["mine"])


def _running(project: Project) -> Phase:
    where = standing(project, database_now())
    where.require(Act.VOTE)
    if where.vote is None:
        raise Refused(Code.VOTE_NOT_OPEN)
    where.vote.project = project
    return where.vote


@router.get(
    "/projects/{slug:slug}/ballot", response=shapes.BallotShape, auth=knowing(Scope.VOTE), url_name="api_ballot"
)
def my_ballot(request: HttpRequest, slug: str) -> Told:
    """Read what a ballot may hold, and what you have cast."""
    return ballot_told(request, _running(project_called(request, slug)))


@router.put(
    "/projects/{slug:slug}/ballot",
    response=shapes.ReceiptShape,
    auth=knowing(Scope.VOTE),
    openapi_extra=REPEATABLE,
    url_name="api_ballot",
)
def cast(request: HttpRequest, slug: str, asked: shapes.NewBallot) -> Told:
    """Cast a whole ballot; casting again replaces it, an empty one withdraws it."""
    vote = _running(project_called(request, slug))
    receipt = cast_ballot(
        phase=vote,
        person=someone(request),
        choices=[Choice(each.number, each.points) for each in asked.choices],
        nonce=nonce_of(request),
        of_age=asked.of_age,
    )
    return {"choices": choices_told(receipt.choices), "cast": receipt.seq, "recorded_at": receipt.recorded_at}


LATEST = 50


@router.get("/me", response=shapes.MeShape, auth=knowing(Scope.READ), url_name="api_me")
def me(request: HttpRequest) -> Told:
    """Read what you did last in this town. Ballots are there for who asks by session or with the right to vote."""
    person, town = someone(request), town_of(request)
    token = token_of(request)
    sees_ballots = token is None or Scope.VOTE in token.scopes
    proposals = proposals_of(person, town).order_by("-created_at", "-pk")[:LATEST]
    return {
        "name": person.public_name,
        "role": roles_in(town, person).town,
        "proposals": [proposal_told(request, each, each.project.slug) for each in proposals],
        "supports": [
            {"number": each.proposal.number, "supported_by_me": True, "n_supports": each.proposal.n_supports}
            for each in supports_of(person, town)
        ],
        "ballots": [
            {"project": each.phase.project.slug, "choices": choices_told(choices_cast(each.phase, person) or [])}
            for each in (ballots_of(person, town)[:LATEST] if sees_ballots else [])
        ],
        "answers": [answer_told(each, each.proposal.project.slug) for each in responses_for(person, town)[:LATEST]],
    }


@router.put("/me", response=shapes.MyName, auth=knowing(Scope.CONTRIBUTE), url_name="api_me")
def change_name(request: HttpRequest, asked: shapes.MyName) -> Told:
    """Change the name that others see."""
    person = someone(request)
    rename(person, public_name=asked.name)
    return {"name": person.public_name}


def _mine(request: HttpRequest, rows: QuerySet[Proposal], cursor: str | None, limit: int) -> Told:
    rows = supported_by(rows.select_related("project", "area", "theme", "inventory_object"), request.user)
    found, behind = page(rows.defer("area__outline", "project__area"), ("-id",), cursor=cursor, limit=limit)
    return {"items": [proposal_told(request, each, each.project.slug) for each in found], "next": behind}


@router.get("/me/proposals", response=shapes.ProposalPage, auth=knowing(Scope.READ), url_name="api_my_proposals")
def my_proposals(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List what you proposed in this town, the latest first."""
    return _mine(request, proposals_of(someone(request), town_of(request)), cursor, limit)


@router.get("/me/following", response=shapes.ProposalPage, auth=knowing(Scope.READ), url_name="api_my_following")
def my_following(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List what you hear of by mail in this town, the latest first: your own, what you support and what you follow."""
    return _mine(request, followed_in(someone(request), town_of(request)), cursor, limit)


@router.get("/me/answers", response=shapes.AnswerPage, auth=knowing(Scope.READ), url_name="api_my_answers")
def my_answers(request: HttpRequest, limit: Limit = A_PAGE, cursor: Cursor = None) -> Told:
    """List what the town answered on proposals that concern you, the latest first."""
    rows = responses_for(someone(request), town_of(request))
    found, behind = page(rows, ("-published_at", "-id"), cursor=cursor, limit=limit)
    return {"items": [answer_told(each, each.proposal.project.slug) for each in found], "next": behind}


class ClaimedShape(Schema):
    """What was claimed, in which project, and the number of the proposal where it is one or is about one."""

    what: Literal["proposal", "comment", "form"]
    project: str
    number: int | None


def _claimed(found: Claim) -> Told:
    what = "comment" if found.comment else "proposal" if found.proposal else "form"
    about = found.comment.proposal if found.comment else found.proposal
    if about is not None:
        return {"what": what, "project": about.project.slug, "number": about.number}
    assert found.sheet is not None
    return {"what": what, "project": found.sheet.project.slug, "number": None}


@router.post(
    "/claims", response=ClaimedShape, auth=knowing(Scope.CONTRIBUTE), openapi_extra=REPEATABLE,
    url_name="api_claims",
)  # fmt: skip
def claim_it(request: HttpRequest, asked: shapes.NewClaim) -> Told:
    """Make yours what was sent without an account, by the secret of its link: a proposal, a comment, a form."""
    town, person = town_of(request), someone(request)

    def act() -> Told:
        found = claim(organisation=town, token=asked.token, person=person, now=database_now())
        return _claimed(found)

    return doing_once(request, asked.token, act)

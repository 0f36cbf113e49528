"""What is mine: my ballot in a project, and all that I did in this town."""

from django.http import HttpRequest
from ninja import Router

from participation.api import shapes
from participation.api.asking import knowing, nonce_of, project_called, someone
from participation.api.projects import REPEATABLE
from participation.api.told import Told, answer_told, ballot_told, choices_told, proposal_told
from participation.models import Phase, Project
from participation.queries.voting import database_now
from participation.rules.phases import Act
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.rules.voting import Choice
from participation.selectors.projects import ballots_of, choices_cast, standing
from participation.selectors.proposals import proposals_of, supports_of
from participation.selectors.responses import responses_for
from participation.selectors.roles import roles_in
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


@router.get("/me", response=shapes.MeShape, auth=knowing(Scope.READ), url_name="api_me")
def me(request: HttpRequest) -> Told:
    """Read what you did in this town. Ballots are there for who asks by session or with the right to vote."""
    person, town = someone(request), town_of(request)
    token = getattr(request, "token", None)
    sees_ballots = token is None or Scope.VOTE in token.scopes
    return {
        "name": person.public_name,
        "role": roles_in(town, person).town,
        "proposals": [proposal_told(request, each, each.project.slug) for each in proposals_of(person, town)],
        "supports": [
            {"number": each.proposal.number, "supported_by_me": True, "n_supports": each.proposal.n_supports}
            for each in supports_of(person, town)
        ],
        "ballots": [
            {"project": each.phase.project.slug, "choices": choices_told(choices_cast(each.phase, person) or [])}
            for each in (ballots_of(person, town) if sees_ballots else [])
        ],
        "answers": [answer_told(each, each.proposal.project.slug) for each in responses_for(person, town)[:50]],
    }

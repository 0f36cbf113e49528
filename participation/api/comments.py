"""What people say about a proposal, reports of what is out of place, and hearing of it."""

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Status

from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, proposal_called, someone
from participation.api.paging import A_PAGE, Cursor, Limit, page
from participation.api.told import Told, comment_told
from participation.models import Comment, Proposal
from participation.queries.voting import database_now
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.selectors.comments import comments_on, visible_comments
from participation.selectors.follows import follows
from participation.services.comments import add_comment, report
from participation.services.follows import follow, set_follow

router = Router(tags=["comments"])
PROPOSAL = "/projects/{slug:slug}/proposals/{int:number}"


@router.get(f"{PROPOSAL}/comments", response=shapes.CommentPage, url_name="api_comments")
def list_comments(
    request: HttpRequest, slug: str, number: shapes.Number, limit: Limit = A_PAGE, cursor: Cursor = None
) -> Told:
    """List what was said about a proposal, first to last; of what was hidden stands only why."""
    proposal = proposal_called(request, slug, number)
    found, behind = page(visible_comments(proposal, request.user), ("id",), cursor=cursor, limit=limit)
    return {"items": [comment_told(each) for each in found], "next": behind}


@router.post(
    f"{PROPOSAL}/comments",
    response={201: shapes.CommentShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_comments",
)
def write_comment(request: HttpRequest, slug: str, number: shapes.Number, asked: shapes.NewComment) -> Status[Told]:
    """Say something about a proposal, or reply to a comment (“parent”)."""
    proposal = proposal_called(request, slug, number)

    def act() -> Told:
        made = add_comment(
            proposal=proposal,
            person=someone(request),
            text=asked.text,
            parent=asked.parent,
            language=get_language() or "nl",
            now=database_now(),
        )
        return comment_told(made)

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _public_comment(proposal: Proposal, key: int | None) -> Comment | None:
    if key is None:
        return None
    found = comments_on(proposal).select_related("proposal__project").filter(pk=key, state=Comment.State.PUBLISHED)
    comment = found.first()
    if comment is None:
        raise Refused(Code.COMMENT_NOT_FOUND)
    comment.proposal.project = proposal.project
    return comment


@router.post(
    f"{PROPOSAL}/reports",
    response={201: shapes.Reported},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_reports",
)
def report_it(request: HttpRequest, slug: str, number: shapes.Number, asked: shapes.NewReport) -> Status[Told]:
    """Tell staff that something is wrong with a proposal, or with a comment on it."""
    proposal = proposal_called(request, slug, number)

    def act() -> Told:
        comment = _public_comment(proposal, asked.comment)
        made = report(
            proposal=comment.proposal if comment else proposal,
            comment=comment,
            person=someone(request),
            reason=asked.reason,
            text=asked.text,
            now=database_now(),
        )
        return {"number": number, "comment": asked.comment, "reason": made.reason}

    return Status(201, doing_once(request, asked.model_dump_json(), act))


def _followed(request: HttpRequest, proposal: Proposal) -> Told:
    return {"number": proposal.number, "followed_by_me": follows(request.user, proposal)}


@router.put(f"{PROPOSAL}/follow", response=shapes.Followed, auth=knowing(Scope.CONTRIBUTE), url_name="api_follow")
def follow_it(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Get a mail when something happens with a proposal; asking again changes nothing."""
    proposal = proposal_called(request, slug, number)
    follow(proposal=proposal, person=someone(request), now=database_now())
    return _followed(request, proposal)


@router.delete(f"{PROPOSAL}/follow", response=shapes.Followed, auth=knowing(Scope.CONTRIBUTE), url_name="api_follow")
def stop_following(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Get no mails about a proposal any more; this is never refused."""
    proposal = proposal_called(request, slug, number)
    set_follow(person=someone(request), proposals=[proposal.pk], wanted=False)
    return _followed(request, proposal)

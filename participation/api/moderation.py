"""What staff do with one proposal: all they know of it, joining it, answering its author, its comments and reports."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, piece_called, someone
from participation.api.told import Told, comment_told, proposal_told
from participation.models import Comment, Handling, Proposal
from participation.queries.voting import database_now
from participation.rules.limits import JOINED_AT_MOST, MAIL_MAX, NOTE_MAX, TAG_MAX, TAGS_MAX
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import Scope
from participation.selectors.comments import comments_on
from participation.selectors.doubles import alike_and_near
from participation.selectors.organisations import address_of
from participation.selectors.proposals import visible_proposals
from participation.selectors.queue import dossier, listed, moderators
from participation.services import comments, merging, moderation

router = Router(tags=["moderation"])
PIECE = "/desk/projects/{slug:slug}/proposals/{int:number}"
NEAR = 8

Tag = Annotated[shapes.Words, Field(max_length=2 * TAG_MAX)]


class NoteShape(Schema):
    """What somebody of the staff wrote for colleagues."""

    by: str
    text: str
    written_on: str


class ReportShape(Schema):
    """A report that was not looked at yet."""

    reason: str
    text: str
    comment: int | None


class Piece(Schema):
    """A proposal with all that staff know of it; “waiting” are comments that wait or were reported."""

    proposal: shapes.ProposalShape
    hidden_because: str
    comments_locked: bool
    tags: list[str]
    assignee: int | None
    notes: list[NoteShape]
    mails: list[NoteShape]
    reports: list[ReportShape]
    waiting: list[shapes.CommentShape]
    alike: list[shapes.ProposalShape]
    near: list[shapes.ProposalShape]


class Joining(Schema):
    """Which proposals ask for the same as this one."""

    numbers: list[shapes.Number] = Field(min_length=1, max_length=JOINED_AT_MOST)


class Joined(Schema):
    """What was joined with which proposal."""

    numbers: list[int]
    into: int


class NewNote(Schema):
    """Words for colleagues."""

    text: shapes.Words = Field(max_length=2 * NOTE_MAX)


class NewMail(Schema):
    """Words for the author, in their language."""

    text: shapes.Words = Field(max_length=2 * MAIL_MAX)


class Written(Schema):
    """That it was written, about which proposal."""

    number: int


class Tags(Schema):
    """The staff's own tags of a proposal, in small letters."""

    tags: list[Tag] = Field(max_length=2 * TAGS_MAX)


class HandedTo(Schema):
    """Who looks after a proposal (“id” of a colleague); null for nobody in particular."""

    assignee: shapes.Number | None


class Settled(Schema):
    """How many reports were looked at."""

    n: int


class Locked(Schema):
    """Whether nobody but staff reads on: comments are closed."""

    locked: bool


def _tags_of(piece: Proposal) -> tuple[list[str], int | None]:
    row = Handling.objects.filter(proposal=piece).first()
    return (row.tags, row.assignee_id) if row else ([], None)


@router.get(PIECE, response=Piece, auth=knowing(Scope.READ), url_name="api_desk_piece")
def read_piece(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Read a proposal with notes, tags, reports, comments that wait, and what may be the same or lies near."""
    piece = piece_called(request, slug, number, DeskAct.SEE)
    place = LonLat(piece.point.x, piece.point.y) if piece.point else None
    like, near = alike_and_near(piece, place, limit=NEAR)
    (row,) = listed(visible_proposals(piece.project, request.user).filter(pk=piece.pk))
    known, (tags, assignee) = dossier(row), _tags_of(piece)
    return {
        "proposal": proposal_told(request, piece, slug),
        "hidden_because": piece.hidden_because,
        "comments_locked": piece.comments_locked,
        "tags": tags,
        "assignee": assignee,
        "notes": [_written(row.author, row.text, row.at) for row in known.notes],
        "mails": [_written(row.by, row.text, row.at) for row in known.author_mails],
        "reports": [{"reason": row.reason, "text": row.text, "comment": row.comment_id} for row in known.reports],
        "waiting": [comment_told(row) for row in known.comments],
        "alike": [proposal_told(request, row, slug) for row in like],
        "near": [proposal_told(request, row, slug) for row in near],
    }


def _written(by: Any, text: str, at: Any) -> Told:
    return {"by": str(by or ""), "text": text, "written_on": at.date().isoformat()}


@router.post(
    f"{PIECE}/merge",
    response=Joined,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_merge",
)
def merge(request: HttpRequest, slug: str, number: shapes.Number, asked: Joining) -> Told:
    """Join other proposals with this one, or with the one it was joined with; all concerned get a mail. Can be undone
    (“/desk/acts/last”).
    """
    piece = piece_called(request, slug, number)

    def act() -> Told:
        made = merging.merge_proposals(
            project=piece.project,
            numbers=asked.numbers,
            into=number,
            by=someone(request),
            base_url=address_of(piece.project.organisation),
            now=database_now(),
        )
        joined = made.parts.order_by("proposal__number").values_list("proposal__number", flat=True)
        return {"numbers": list(joined), "into": made.target.number}

    return doing_once(request, asked.model_dump_json(), act)


@router.post(
    f"{PIECE}/notes",
    response={201: Written},
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_notes",
)
def write_note(request: HttpRequest, slug: str, number: shapes.Number, asked: NewNote) -> Status[Told]:
    """Write something about a proposal for colleagues."""
    piece = piece_called(request, slug, number)

    def act() -> Told:
        moderation.add_note(proposal=piece, text=asked.text, by=someone(request), now=database_now())
        return {"number": number}

    return Status(201, doing_once(request, asked.text, act))


@router.post(
    f"{PIECE}/mails",
    response={201: Written},
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_mails",
)
def write_mail(request: HttpRequest, slug: str, number: shapes.Number, asked: NewMail) -> Status[Told]:
    """Write to the author of a proposal, by mail."""
    piece = piece_called(request, slug, number)

    def act() -> Told:
        moderation.write_author_mail(
            proposal=piece,
            text=asked.text,
            by=someone(request),
            base_url=address_of(piece.project.organisation),
            now=database_now(),
        )
        return {"number": number}

    return Status(201, doing_once(request, asked.text, act))


@router.put(f"{PIECE}/tags", response=Tags, auth=knowing(Scope.MODERATE), url_name="api_desk_tags")
def set_tags(request: HttpRequest, slug: str, number: shapes.Number, asked: Tags) -> Told:
    """Set the staff's own tags of a proposal."""
    piece = piece_called(request, slug, number)
    return {"tags": moderation.set_tags(proposal=piece, text=",".join(asked.tags), by=someone(request))}


@router.put(f"{PIECE}/assignee", response=HandedTo, auth=knowing(Scope.MODERATE), url_name="api_desk_assignee")
def hand_over(request: HttpRequest, slug: str, number: shapes.Number, asked: HandedTo) -> Told:
    """Hand a proposal over to a colleague (“colleagues” of its project), or to nobody in particular."""
    piece = piece_called(request, slug, number)
    to = None
    if asked.assignee is not None:
        to = next((each for each in moderators(piece.project) if each.pk == asked.assignee), None)
        if to is None:
            raise Refused(Code.ASSIGNEE_UNKNOWN)
    moderation.hand_over(proposal=piece, to=to, by=someone(request))
    return {"assignee": asked.assignee}


@router.post(
    f"{PIECE}/reports/settle",
    response=Settled,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_settle",
)
def settle(request: HttpRequest, slug: str, number: shapes.Number) -> Told:
    """Say that the reports about a proposal and its comments were looked at."""
    piece = piece_called(request, slug, number)

    def act() -> Told:
        return {"n": comments.settle_reports(proposal=piece, by=someone(request), now=database_now())}

    return doing_once(request, "", act)


@router.put(f"{PIECE}/comments/lock", response=Locked, auth=knowing(Scope.MODERATE), url_name="api_desk_lock")
def lock(request: HttpRequest, slug: str, number: shapes.Number, asked: Locked) -> Told:
    """Close the comments on a proposal, or open them again; what was said stays."""
    piece = piece_called(request, slug, number)
    if piece.comments_locked != asked.locked:
        comments.lock_comments(proposal=piece, locked=asked.locked, by=someone(request))
    return {"locked": asked.locked}


def _comment(piece: Proposal, key: int) -> Comment:
    found = comments_on(piece).select_related("proposal__project__organisation", "author").filter(pk=key).first()
    if found is None:
        raise Refused(Code.COMMENT_NOT_FOUND)
    return found


def _decide(request: HttpRequest, slug: str, number: int, key: int, state: str, reason: str) -> Told:
    piece = piece_called(request, slug, number)

    def act() -> Told:
        comments.decide_comment(comment=_comment(piece, key), state=state, reason=reason, by=someone(request))
        return comment_told(_comment(piece, key))

    return doing_once(request, reason, act)


@router.post(
    f"{PIECE}/comments/{{int:comment}}/publish",
    response=shapes.CommentShape,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_comment_publish",
)
def publish_comment(request: HttpRequest, slug: str, number: shapes.Number, comment: shapes.Number) -> Told:
    """Make a comment public; doing it again changes nothing."""
    return _decide(request, slug, number, comment, Comment.State.PUBLISHED, "")


@router.post(
    f"{PIECE}/comments/{{int:comment}}/hide",
    response=shapes.CommentShape,
    auth=knowing(Scope.MODERATE),
    openapi_extra=REPEATABLE,
    url_name="api_desk_comment_hide",
)
def hide_comment(
    request: HttpRequest, slug: str, number: shapes.Number, comment: shapes.Number, asked: shapes.Hiding
) -> Told:
    """Hide a comment, with a reason that stands in its place."""
    return _decide(request, slug, number, comment, Comment.State.HIDDEN, asked.reason)

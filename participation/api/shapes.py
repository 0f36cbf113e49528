"""The JSON that goes in and out. Times are UTC, places lon and lat in degrees (WGS 84), money in cents."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator

from participation.rules.limits import COMMENT_MAX
from participation.rules.questions import LONG_MAX, QUESTIONS_MAX
from participation.rules.wording import BODY_MAX, PUBLIC_NAME_MAX, REASON_MAX, TITLE_MAX, cleaned

# The database's whole numbers end there.
INTEGER_MAX = 2**31 - 1

Number = Annotated[int, Field(ge=1, le=INTEGER_MAX)]
# Control characters never reach the database.
Words = Annotated[str, AfterValidator(cleaned)]


class Problem(Schema):
    """Why a request was refused (RFC 9457); ``code`` is one of docs/reference/refusals.md."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Any] = []


class Place(Schema):
    """Where something is."""

    lon: float
    lat: float


class PhaseShape(Schema):
    """One phase: what it is, when it runs, and whether it is done, now or next."""

    kind: str
    name: str
    state: str
    opens_at: datetime
    closes_at: datetime | None


class ProjectShape(Schema):
    """One project, and what may be done in it now."""

    slug: str
    title: str
    question: str
    summary: str
    has_map: bool
    shapes: list[str]
    n_proposals: int
    acts: list[str]
    phases: list[PhaseShape]
    links: dict[str, str]


class ProposalShape(Schema):
    """One proposal. ``state`` other than "published" is seen by its author and the desk alone.

    ``place`` is its mark on the map, ``shape`` all of it (GeoJSON) where the project asks for more than a spot.
    """

    project: str
    number: int
    title: str
    body: str
    origin: str
    state: str
    theme: str
    area: str
    place: Place | None
    shape: dict[str, Any] | None
    inventory_object: int | None
    on_ballot: bool
    n_supports: int
    supported_by_me: bool
    cost_cents: int | None
    created_on: str
    link: str


class PhotoShape(Schema):
    """A photo: what is on it, its pixels, and where its two sizes are."""

    key: UUID
    alt: str
    width: int
    height: int
    large: str
    small: str


class AnsweredShape(Schema):
    """What was answered to one question; a file by its address."""

    key: str
    label: str
    answer: Any


class AnswerShape(Schema):
    """What the town answered on a proposal."""

    project: str
    number: int
    outcome: str
    text: str
    link: str
    published_at: datetime


class OneProposal(ProposalShape):
    """One proposal with all that its page shows; “joined” are those that were joined with it."""

    merged_into: int | None
    joined: list[int]
    hidden_because: str
    comments_locked: bool
    n_comments: int
    followed_by_me: bool
    photos: list[PhotoShape]
    questions: list[AnsweredShape]
    answers: list[AnswerShape]


class PlaceSaid(Schema):
    """What holds at a place: the code by which a proposal is refused there, or what its zones ask."""

    refused: str
    why: str
    area: str
    reason_asked: bool
    looked_at: bool


class AlikeShape(Schema):
    """What may be the same as what is about to be proposed."""

    alike: list[ProposalShape]
    near: list[ProposalShape]
    place: PlaceSaid | None


class ObjectShape(Schema):
    """One object of the inventory that can be proposed."""

    number: int
    name: str


class ObjectPage(Schema):
    """A page of objects; ``next`` is the cursor of the page behind it."""

    items: list[ObjectShape]
    next: str | None


class ProjectPage(Schema):
    """A page of projects; ``next`` is the cursor of the page behind it."""

    items: list[ProjectShape]
    next: str | None


class ProposalPage(Schema):
    """A page of proposals; ``next`` is the cursor of the page behind it."""

    items: list[ProposalShape]
    next: str | None


class Drawn(Schema):
    """A place as GeoJSON, in lon and lat."""

    type: Literal["Point", "LineString", "Polygon"]
    coordinates: list[Any] = Field(max_length=1000)


Typed = Annotated[Words, Field(max_length=4 * LONG_MAX)]
Ticked = Annotated[list[Annotated[Words, Field(max_length=20)]], Field(max_length=100)]
# What an answer may be: text, the key of an option or a list of them, a number, a day as text, a place.
Answered = Typed | int | float | Ticked | Drawn
QuestionKey = Annotated[str, Field(min_length=1, max_length=10, pattern="^[a-z0-9]+$")]
Answers = Annotated[dict[QuestionKey, Answered], Field(max_length=QUESTIONS_MAX)]


class NewProposal(Schema):
    """A proposal to send in, at a place, or with a shape (GeoJSON) or an object of the inventory instead.

    ``answers`` are those to what is asked with every proposal; ``draft`` holds its photos and files.
    """

    title: Words = Field(max_length=4 * TITLE_MAX)
    body: Words = Field("", max_length=2 * BODY_MAX)
    theme: Words = Field("", max_length=60)
    place: Place | None = None
    shape: dict[str, Any] | None = None
    inventory_object: Number | None = None
    version: Number | None = None
    answers: Answers = {}
    draft: UUID | None = None


class CommentShape(Schema):
    """A comment on a proposal (``number``: which one, where some were joined); ``author`` is a name, or nobody's.

    Of one that was hidden stands only why.
    """

    id: int
    number: int
    parent: int | None
    state: str
    by_city: bool
    author: str
    text: str
    hidden_because: str
    created_on: str


class CommentPage(Schema):
    """A page of comments; ``next`` is the cursor of the page behind it."""

    items: list[CommentShape]
    next: str | None


class NewComment(Schema):
    """A comment, or a reply to one (``parent``)."""

    text: Words = Field(max_length=2 * COMMENT_MAX)
    parent: Number | None = None


class NewReport(Schema):
    """What is wrong with a proposal, or with a comment on it."""

    reason: Literal["insult", "private", "spam", "other"]
    text: Words = Field("", max_length=2 * REASON_MAX)
    comment: Number | None = None


class Reported(Schema):
    """What was reported."""

    number: int
    comment: int | None
    reason: str


class Followed(Schema):
    """Whether whoever asks hears of a proposal."""

    number: int
    followed_by_me: bool


class Supported(Schema):
    """How a proposal stands with whoever asks."""

    number: int
    supported_by_me: bool
    n_supports: int


class ChoiceShape(Schema):
    """One choice on a ballot: a proposal and the points it gets (1 where none are given)."""

    number: Number
    points: Number = 1


class BallotShape(Schema):
    """What one ballot may hold, what is on it, and what whoever asks has cast (none: nothing yet)."""

    method: str
    at_most: int
    at_least: int
    points: int | None
    points_on_one: int | None
    budget_cents: int | None
    closes_at: datetime | None
    options: list[int]
    cast: list[ChoiceShape] | None


class NewBallot(Schema):
    """A whole ballot, first choice first; an empty one withdraws."""

    choices: list[ChoiceShape] = Field(max_length=1000)
    of_age: bool = False


class ReceiptShape(Schema):
    """What was cast, as the how-many-th ballot of this person, and when."""

    choices: list[ChoiceShape]
    cast: int
    recorded_at: datetime


class ResultRow(Schema):
    """One option where it stands; of what was hidden since, number and title are empty."""

    rank: int
    number: int | None
    title: str
    score: int
    is_winner: bool


class ResultShape(Schema):
    """How a counted vote ended."""

    rule: str
    closed_at: datetime
    n_voters: int
    rows: list[ResultRow]


class AnswerPage(Schema):
    """A page of answers of the town in a project, the latest first."""

    items: list[AnswerShape]
    next: str | None


class MyBallot(Schema):
    """A ballot that was cast."""

    project: str
    choices: list[ChoiceShape]


class MyName(Schema):
    """The name that others see beside what somebody writes; empty to stay “a resident”."""

    name: Words = Field(max_length=2 * PUBLIC_NAME_MAX)


class NewClaim(Schema):
    """The secret of the link that was shown when something was sent without an account."""

    token: str = Field(min_length=1, max_length=100)


class MeShape(Schema):
    """What whoever asks did in this town last; all of it: ``/me/proposals`` and the others."""

    name: str
    role: str
    proposals: list[ProposalShape]
    supports: list[Supported]
    ballots: list[MyBallot]
    answers: list[AnswerShape]


class LayerShape(Schema):
    """A live layer, and where it is."""

    id: str
    title: str
    link: str


class LayerPage(Schema):
    """A page of the layers that whoever asks may see."""

    items: list[LayerShape]
    next: str | None


class Hiding(Schema):
    """Why a proposal or a comment is not shown any more; everybody can read it, in its place."""

    reason: Words = Field(max_length=2 * REASON_MAX)


class Shortlisting(Schema):
    """Proposals to put on the ballot, or to take off it."""

    numbers: list[Number] = Field(max_length=1000)
    on_ballot: bool


class Changed(Schema):
    """Which proposals changed."""

    numbers: list[int]

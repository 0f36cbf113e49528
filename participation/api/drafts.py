"""Photos and files before what they belong to is sent: a draft holds them, its token sends them along."""

import hashlib
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from participation.api import shapes
from participation.api.asking import REPEATABLE, doing_once, knowing, project_called, someone
from participation.api.told import Told, photo_told
from participation.models import Draft, Project
from participation.queries.voting import database_now
from participation.rules.phases import Act
from participation.rules.questions import UPLOADS, Asked, Question
from participation.rules.refusals import Code, Refused
from participation.rules.tokens import Scope
from participation.selectors.access import require_act
from participation.selectors.drafts import own_draft
from participation.selectors.forms import questions_of
from participation.selectors.projects import standing
from participation.services.answer_files import add_answer_file, drop_answer_file
from participation.services.drafts import drop_draft, keep_draft
from participation.services.photos import add_photo, drop_photo

router = Router(tags=["drafts"])
DRAFTS = "/projects/{slug:slug}/drafts"
ACTS = {Draft.Kind.PROPOSAL: Act.PROPOSE, Draft.Kind.FORM: Act.ANSWER}
ASKED = {Draft.Kind.PROPOSAL: Asked.PROPOSAL, Draft.Kind.FORM: Asked.ALONE}

Words = Annotated[shapes.Words, Field(max_length=400)]
NO_ALT = Form("")  # type: ignore[type-arg]


class NewDraft(Schema):
    """What is begun: a proposal, or the answers of a form."""

    kind: Literal["proposal", "form"]


class DraftShape(Schema):
    """What was begun; “draft” is sent along with it."""

    draft: UUID
    kind: str


class AnswerFileShape(Schema):
    """A file that answers a question; “key” is how it stands among the answers once it was sent."""

    key: UUID
    question: str
    name: str
    content_type: str
    alt: str


def draft_of(request: HttpRequest, project: Project, kind: Draft.Kind, token: UUID) -> Draft:
    """The draft of whoever asks, of this kind.

    Refuses  request.not_found.
    """
    found = own_draft(someone(request), project, kind, token)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return found


def _any_draft_of(request: HttpRequest, slug: str, token: UUID) -> tuple[Project, Draft]:
    project, person = project_called(request, slug), someone(request)
    found = next((row for kind in ACTS if (row := own_draft(person, project, kind, token))), None)
    if found is None:
        raise Refused(Code.REQUEST_NOT_FOUND)
    return project, found


def _open(request: HttpRequest, project: Project, kind: Draft.Kind) -> None:
    require_act(project, standing(project, database_now()), ACTS[kind], someone(request))


@router.post(
    DRAFTS,
    response={201: DraftShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_drafts",
)
def begin_draft(request: HttpRequest, slug: str, asked: NewDraft) -> Status[Told]:
    """Begin a proposal or a form to which photos or files belong; without any, no draft is needed."""
    project, kind = project_called(request, slug), Draft.Kind(asked.kind)

    def act() -> Told:
        _open(request, project, kind)
        made = keep_draft(token=None, project=project, kind=kind, person=someone(request), content={})
        return {"draft": str(made.token), "kind": kind.value}

    return Status(201, doing_once(request, asked.kind, act))


@router.delete(f"{DRAFTS}/{{uuid:draft}}", response={204: None}, auth=knowing(Scope.CONTRIBUTE), url_name="api_draft")
def forget_draft(request: HttpRequest, slug: str, draft: UUID) -> Status[None]:
    """Forget what was begun, with its photos and files."""
    _project, found = _any_draft_of(request, slug, draft)
    drop_draft(str(found.token))
    return Status(204, None)


def digest_of(file: UploadedFile) -> str:
    """What a file holds, in short, so that the same key with another file is refused."""
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


@router.post(
    f"{DRAFTS}/{{uuid:draft}}/photos",
    response={201: shapes.PhotoShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_draft_photos",
)
def send_photo(
    request: HttpRequest, slug: str, draft: UUID, file: File[UploadedFile], alt: Form[Words]
) -> Status[Told]:
    """Put a photo (JPEG, PNG or WebP) with a proposal that was begun; “alt” says what is on it."""
    project = project_called(request, slug)
    found = draft_of(request, project, Draft.Kind.PROPOSAL, draft)

    def act() -> Told:
        _open(request, project, Draft.Kind.PROPOSAL)
        made = add_photo(draft=found, file=file, size=file.size or 0, alt=alt, now=database_now())
        return photo_told(request, made)

    return Status(201, doing_once(request, f"{alt} {digest_of(file)}", act))


@router.delete(
    f"{DRAFTS}/{{uuid:draft}}/photos/{{uuid:key}}",
    response={204: None},
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_draft_photo",
)
def take_photo_out(request: HttpRequest, slug: str, draft: UUID, key: UUID) -> Status[None]:
    """Take a photo out again; doing it twice changes nothing."""
    drop_photo(draft=draft_of(request, project_called(request, slug), Draft.Kind.PROPOSAL, draft), key=key)
    return Status(204, None)


def _question(project: Project, kind: Draft.Kind, key: str) -> Question:
    found = next((one for one in questions_of(project, ASKED[kind]) if one.key == key), None)
    if found is None or found.kind not in UPLOADS:
        raise Refused(Code.QUESTION_GONE)
    return found


@router.post(
    f"{DRAFTS}/{{uuid:draft}}/files",
    response={201: AnswerFileShape},
    auth=knowing(Scope.CONTRIBUTE),
    openapi_extra=REPEATABLE,
    url_name="api_draft_files",
)
def send_file(
    request: HttpRequest,
    slug: str,
    draft: UUID,
    file: File[UploadedFile],
    question: Form[shapes.QuestionKey],
    alt: Words = NO_ALT,
) -> Status[Told]:
    """Answer a question that asks for a photo or a file (PDF, plain text, a picture); a later one takes its place."""
    project, found = _any_draft_of(request, slug, draft)
    kind = Draft.Kind(found.kind)

    def act() -> Told:
        _open(request, project, kind)
        made = add_answer_file(
            draft=found,
            question=_question(project, kind, question),
            file=file,
            size=file.size or 0,
            name=str(file.name or ""),
            alt=alt,
            now=database_now(),
        )
        return {
            "key": str(made.key),
            "question": made.question,
            "name": made.name,
            "content_type": made.content_type,
            "alt": made.alt,
        }

    return Status(201, doing_once(request, f"{question} {alt} {digest_of(file)}", act))


@router.delete(
    f"{DRAFTS}/{{uuid:draft}}/files/{{slug:question}}",
    response={204: None},
    auth=knowing(Scope.CONTRIBUTE),
    url_name="api_draft_file",
)
def take_file_out(request: HttpRequest, slug: str, draft: UUID, question: str) -> Status[None]:
    """Take the file that answers a question out again; doing it twice changes nothing."""
    _project, found = _any_draft_of(request, slug, draft)
    drop_answer_file(draft=found, question=question[:10])
    return Status(204, None)

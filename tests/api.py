"""Programs that ask the JSON API, and a stage on which every one of its acts can be done."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from participation.models import Claim, Comment, Draft, Proposal, Record, Report
from participation.rules.links import digest_of, new_token
from participation.rules.questions import Asked
from participation.rules.tokens import Scope
from participation.services.moderation import keep_template
from participation.services.proposals import hide_proposal
from participation.services.tokens import make_token
from tests.cast import Cast
from tests.forms import WITH_PROPOSAL, ask, survey


@dataclass
class Upload:
    """A form with a file."""

    content: bytes
    name: str = "file"
    fields: dict[str, str] = field(default_factory=dict)


def picture() -> bytes:
    """A small photo."""
    into = BytesIO()
    Image.new("RGB", (40, 30), "green").save(into, "JPEG")
    return into.getvalue()


def sent(body: object) -> dict[str, Any]:
    """What the test client takes for a body: JSON, a form with a file, or nothing."""
    if body is None:
        return {}
    if isinstance(body, Upload):
        file = SimpleUploadedFile(body.name, body.content)
        return {"data": encode_multipart(BOUNDARY, {**body.fields, "file": file}), "content_type": MULTIPART_CONTENT}
    return {"data": json.dumps(body), "content_type": "application/json"}


class Caller:
    """A program that asks with a token (or none)."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.client, self.headers = Client(), headers

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, headers=given, **sent(body))  # type: ignore[arg-type]


def caller_for(cast: Cast, who: str, *scopes: Scope) -> Caller:
    """A program with a token of this person with these rights, all of them when none are named."""
    _token, secret = make_token(
        organisation=cast.town, by=cast[who], name="x", scopes=scopes or list(Scope), days=30, now=datetime.now(UTC)
    )
    return Caller({"Authorization": f"Bearer {secret}"})


def code(answer: Any) -> tuple[int, str]:
    """The status and the code of a refusal."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


def pages_through(ask_for: Any, path: str, limit: int) -> list[Any]:
    """Everything in a list, page by page."""
    found, cursor = [], ""
    while True:
        told = ask_for("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}").json()
        assert len(told["items"]) <= limit
        found += told["items"]
        if told["next"] is None:
            return found
        cursor = f"&cursor={told['next']}"


def set_scene(cast: Cast) -> dict[str, object]:
    """Put there what the acts of the API are about, for Piet; by the names that stand in their addresses."""
    now, piet = datetime.now(UTC), cast["Piet"]
    pas = survey(cast)
    ask(cast.project, Asked.PROPOSAL, tuple(one for one in WITH_PROPOSAL if one.key in {"q3", "q4"}))
    drafts = {
        kind: Draft.objects.create(project=project, kind=kind, person=piet)
        for kind, project in ((Draft.Kind.PROPOSAL, cast.project), (Draft.Kind.FORM, pas))
    }
    waiting = Proposal.objects.create(
        project=cast.project, number=99, title="Wacht", state="submitted", author=cast["Vera"], created_at=now,
        point=cast.options[0].point,
    )  # fmt: skip
    comment = Comment.objects.create(
        proposal=cast.options[0], author=cast["Vera"], text="Ja", state="submitted", created_at=now
    )
    hide_proposal(project=cast.project, number=7, reason="Dubbel", by=piet)
    template = keep_template(organisation=cast.town, name="Later", text={"nl": "Later"}, by=piet)
    Report.objects.create(proposal=cast.options[1], person=cast["Vera"], reason="spam", at=now)
    return {
        "draft": drafts[Draft.Kind.PROPOSAL].token,
        "waiting": waiting.number,
        "comment": comment.pk,
        "claim": claim_left(cast),
        "mo": cast["Mo"].pk,
        "act": Record.objects.get(act="proposal.hidden").pk,
        "template": template.pk,
    }


def claim_left(cast: Cast) -> str:
    """The secret of the link of a proposal that came without an account."""
    secret = new_token()
    made = Proposal.objects.create(
        project=cast.project, number=98, title="Van niemand", state="submitted", created_at=datetime.now(UTC)
    )
    Claim.objects.create(proposal=made, digest=digest_of(secret), made_at=datetime.now(UTC))
    return secret


def filled(template: Any, scene: dict[str, object]) -> Any:
    """A path or a body with what the scene holds in the place of its names in braces."""
    if isinstance(template, str):
        whole = scene.get(template.strip("{}")) if template.startswith("{") and template.endswith("}") else None
        return whole if whole is not None else template.format_map(scene)
    if isinstance(template, dict):
        return {name: filled(value, scene) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, scene) for value in template]
    return template

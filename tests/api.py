"""Programs that ask the JSON API, and a stage on which every one of its acts can be done."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from participation.models import AnswerSheet, Claim, Comment, Draft, Export, Import, Phase, Proposal, Record, Report
from participation.rules.links import digest_of, new_token
from participation.rules.questions import Asked
from participation.rules.templates import TEMPLATES
from participation.rules.tokens import Scope
from participation.rules.zones import ZoneKind
from participation.services.closing import ask_extension
from participation.services.exports import folder
from participation.services.importing.desk import carry_out_import, plan_import, upload_import
from participation.services.moderation import keep_template
from participation.services.proposals import hide_proposal
from participation.services.setup import begin_project
from participation.services.tokens import make_token
from participation.services.zones import ObjectRow, ZoneRow, add_zones, load_inventory
from siting.services.decisions import About, decide
from tests.cast import Cast
from tests.forms import WITH_PROPOSAL, ask, survey
from tests.integration import studies


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
        answer: Any = self.client.generic(method, path, headers=given, **sent(body))
        if answer.streaming:
            answer.file = b"".join(answer)
        return answer


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
    now, piet, project = datetime.now(UTC), cast["Piet"], cast.project
    Phase.objects.filter(pk=cast.vote.pk).update(takes_paper=True)
    studies.whole(project, piet)
    studies.decided(project, piet)
    decide(
        project=project, about=About(proposals=[3]), outcome="later", reason={"nl": "Later"}, council_link="", by=piet,
        now=now,
    )  # fmt: skip
    form = survey(cast)
    sheet = AnswerSheet.objects.create(
        project=form, version=form.form_versions.get(), answers={"q1": "o2"}, sent_at=now, person=cast["Vera"]
    )
    ask(project, Asked.PROPOSAL, tuple(one for one in WITH_PROPOSAL if one.key in {"q3", "q4"}))
    draft = Draft.objects.create(project=project, kind=Draft.Kind.PROPOSAL, person=piet)
    Proposal.objects.create(
        project=project, number=99, title="Wacht", state="submitted", author=cast["Vera"], created_at=now,
        point=cast.options[0].point,
    )  # fmt: skip
    comment = Comment.objects.create(
        proposal=cast.options[0], author=cast["Vera"], text="Ja", state="submitted", created_at=now
    )
    hide_proposal(project=project, number=7, reason="Dubbel", by=piet)
    template = keep_template(organisation=cast.town, name="Later", text={"nl": "Later"}, by=piet)
    Report.objects.create(proposal=cast.options[1], person=cast["Vera"], reason="spam", at=now)
    extension = ask_extension(project=project, closes_at=now + timedelta(days=4), reason="Drukke week", by=cast["Marc"])
    return {
        "draft": draft.token,
        "comment": comment.pk,
        "sheet": sheet.pk,
        "claim": claim_left(cast),
        "mo": cast["Mo"].pk,
        "act": Record.objects.get(act="proposal.hidden").pk,
        "template": template.pk,
        "decision": project.decisions.get(published_at=None).pk,
        "built": project.decisions.get(outcome="build").pk,
        "later": (now + timedelta(days=9)).isoformat(),
        "extension": extension.pk,
        "export": file_made(cast),
        **files_taken_in(cast),
        **set_up(cast),
    }


def file_made(cast: Cast) -> int:
    """A file of a layer that is ready, for Piet."""
    now = datetime.now(UTC)
    (folder() / "stored").write_bytes(b"number")
    made = Export.objects.create(
        organisation=cast.town, person=cast["Piet"], layer="laden-proposals", title="x", format="csv", crs="EPSG:4326",
        language="nl", state=Export.State.DONE, stored="stored", file_name="x.csv", asked_at=now, told_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    return made.pk


AREAS = (
    b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"naam": "Noord"}, "geometry":'
    b' {"type": "Polygon", "coordinates": [[[2.7, 50.8], [2.71, 50.8], [2.71, 50.81], [2.7, 50.8]]]}}]}'
)
ROWS = b"title,lon,lat\nEen nieuwe plek,2.7,50.86\n"


def files_taken_in(cast: Cast) -> dict[str, object]:
    """A file of proposals that was looked at, and one that was taken in; and the same of neighbourhoods."""
    now, made = datetime.now(UTC), {}
    for name in ("planned", "taken"):
        file = SimpleUploadedFile("a.csv", ROWS.replace(b"nieuwe", name.encode()))
        made[name] = upload_import(of=cast.project, file=file, file_name="a.csv", by=cast["Piet"], now=now)
        plan_import(draft=made[name], columns={"title": "title"}, by=cast["Piet"], now=now)
    for name in ("planned_areas", "taken_areas"):
        file = SimpleUploadedFile("a.geojson", AREAS.replace(b"Noord", name.encode()))
        made[name] = upload_import(
            of=cast.town, kind=Import.Kind.AREAS, file=file, file_name="a.geojson", by=cast["Piet"], now=now
        )
        plan_import(draft=made[name], columns={"name": "naam"}, by=cast["Piet"], now=now)
    for name in ("taken", "taken_areas"):
        carry_out_import(draft=made[name], by=cast["Piet"], now=now)
    return {name: each.pk for name, each in made.items()}


def set_up(cast: Cast) -> dict[str, object]:
    """A draft of a project with a zone and an object, "banken"."""
    banken = begin_project(
        organisation=cast.town, title="Banken", template=TEMPLATES["benches"], copy_of=None,
        starts_at=datetime.now(UTC), by=cast["Piet"],
    )  # fmt: skip
    banken.organisation = cast.town
    spot = ZoneRow(ZoneKind.REASON, {"nl": "Kern"}, {})
    add_zones(project=banken, zones=[(spot, shapely.box(2.65, 50.84, 2.66, 50.86))], by=cast["Piet"])
    load_inventory(project=banken, rows=[ObjectRow("k1", "Kast", "", shapely.Point(2.7, 50.85))], by=cast["Piet"])
    phases = list(banken.phases.order_by("position"))
    return {
        "zone": banken.zones.get().pk,
        "phases": [
            {"id": each.pk, "opens_at": each.opens_at.isoformat(), "closes_at": None, "name": {"nl": "Fase"}}
            for each in phases
        ],
        "phase": phases[-1].pk,
        "vote": next(each.pk for each in phases if each.kind == "vote"),
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

"""What somebody wrote is taken whole or refused with how much there is room for, never cut: acts, API and pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import shapely
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from participation.models import (
    AnswerFile,
    AnswerTemplate,
    AuthorMail,
    Comment,
    Draft,
    Extension,
    Handling,
    InventoryObject,
    Note,
    Phase,
    Photo,
    Project,
    Proposal,
    Record,
    Report,
    Theme,
    Zone,
)
from participation.models.photo import ALT_MAX
from participation.rules.base_maps import ATTRIBUTION_MAX, LAYER_MAX, own_map
from participation.rules.base_maps import NAME_MAX as MAP_NAME_MAX
from participation.rules.limits import COMMENT_MAX, MAIL_MAX, NOTE_MAX, TAG_MAX, TAGS_MAX, TEMPLATE_NAME_MAX, tags_of
from participation.rules.outgoing import Origin
from participation.rules.places import LonLat
from participation.rules.questions import Kind, Question
from participation.rules.refusals import Code, Refused
from participation.rules.templates import Consider
from participation.rules.tokens import NAME_MAX as TOKEN_NAME_MAX
from participation.rules.webhooks import NAME_MAX as WEBHOOK_NAME_MAX
from participation.rules.webhooks import check_webhook
from participation.rules.wording import BODY_MAX, PUBLIC_NAME_MAX, REASON_MAX, TITLE_MAX, bounded
from participation.rules.zones import ZoneKind
from participation.services import (
    answer_files,
    closing,
    comments,
    identities,
    moderation,
    people,
    photos,
    setup,
    tokens,
    zones,
)
from participation.services.proposals import hide_proposal, submit_proposal
from siting.models import Decision
from siting.services.decisions import About, decide
from tests.api import Upload, caller_for, code, picture
from tests.cast import Cast, text

NOW = datetime.now(UTC)
HERE = LonLat(2.65, 50.85)
BARRED = shapely.box(2.62, 50.82, 2.64, 50.84)


class Act(NamedTuple):
    """An act with words: how many signs of them there is room for, and what is kept of them."""

    most: int
    kept: Callable[[Cast, str], str]
    code: Code = Code.BODY_TOO_LONG


def first(cast: Cast) -> Proposal:
    """A proposal of An's."""
    return Proposal.objects.select_related("project__organisation", "author").get(project=cast.project, number=1)


def note(cast: Cast, words: str) -> str:
    return moderation.add_note(proposal=first(cast), text=words, by=cast["Mo"], now=NOW).text


def mail(cast: Cast, words: str) -> str:
    return moderation.write_author_mail(
        proposal=first(cast), text=words, by=cast["Mo"], base_url="", now=NOW
    ).text  # fmt: skip


def template(cast: Cast, name: str, words: str) -> AnswerTemplate:
    return moderation.keep_template(organisation=cast.town, name=name, text={"nl": words}, by=cast["Mo"])


def tag(cast: Cast, words: str) -> str:
    return moderation.set_tags(proposal=first(cast), text=f"plein,{words}", by=cast["Mo"])[1]


def hidden(cast: Cast, words: str) -> str:
    return hide_proposal(project=cast.project, number=1, reason=words, by=cast["Mo"]).hidden_because


def said(cast: Cast, words: str) -> str:
    return comments.add_comment(
        proposal=first(cast), person=cast["Mo"], text=words, parent=None, language="nl", now=NOW
    ).text


def comment_hidden(cast: Cast, words: str) -> str:
    comment = Comment.objects.create(proposal=first(cast), author=cast["Vera"], text="Ja", created_at=NOW)
    comments.decide_comment(comment=comment, state=Comment.State.HIDDEN, reason=words, by=cast["Mo"])
    comment.refresh_from_db()
    return comment.hidden_because


def reported(cast: Cast, words: str) -> str:
    return comments.report(
        proposal=first(cast), comment=None, person=cast["Vera"], reason="spam", text=words, now=NOW
    ).text  # fmt: skip


def later(cast: Cast, words: str) -> str:
    closes_at = NOW + timedelta(days=4)
    return closing.ask_extension(project=cast.project, closes_at=closes_at, reason=words, by=cast["Marc"]).reason


def zone(cast: Cast, name: str, why: str) -> Zone:
    row = zones.ZoneRow(ZoneKind.BARRED, {"nl": name}, {"nl": why})
    zones.add_zones(project=cast.project, zones=[(row, BARRED)], by=cast["Piet"])
    return Zone.objects.get()


def zone_changed(cast: Cast, words: str) -> str:
    made = zone(cast, "Park", "Natuur")
    row = zones.ZoneRow(ZoneKind.BARRED, {"nl": "Park"}, {"nl": words})
    zones.change_zone(project=cast.project, key=made.pk, row=row, by=cast["Piet"])
    return str(Zone.objects.get().why["nl"])


def an_object(cast: Cast, key: str = "k", name: str = "Kast", owner: str = "") -> InventoryObject:
    row = zones.ObjectRow(key, name, owner, shapely.Point(2.7, 50.85))
    zones.load_inventory(project=cast.project, rows=[row], by=cast["Piet"])
    return InventoryObject.objects.get()


def named(cast: Cast, words: str) -> str:
    people.rename(cast["An"], public_name=words)
    return cast["An"].public_name


def token(cast: Cast, words: str) -> str:
    return tokens.make_token(
        organisation=cast.town, by=cast["Mo"], name=words, scopes=["read"], days=30, now=NOW
    )[0].name  # fmt: skip


def webhook(cast: Cast, words: str) -> str:
    listed = [Origin("https", "hooks.example.org", 443)]
    return check_webhook(words, "https://hooks.example.org/", ["proposal.published"], listed)[0]


def base_map(field: str) -> Callable[[Cast, str], str]:
    given: dict[str, str] = {"name": "Kaart", "attribution": "© A", "layer": "x", "matrix_set": "y"}

    def kept(_cast: Cast, words: str) -> str:
        found = own_map(kind="wmts", url="https://a.be/wmts", max_zoom=19, **given | {field: words})
        return str(found[field])

    return kept


def photo(cast: Cast, words: str) -> str:
    draft = Draft.objects.create(project=cast.project, kind=Draft.Kind.PROPOSAL, person=cast["An"])
    return photos.add_photo(draft=draft, file=BytesIO(picture()), size=900, alt=words, now=NOW).alt


def answered(cast: Cast, words: str) -> str:
    draft = Draft.objects.create(project=cast.project, kind=Draft.Kind.PROPOSAL, person=cast["An"])
    return answer_files.add_answer_file(
        draft=draft, question=Question("q1", Kind.PHOTO, text("Foto")), file=BytesIO(picture()), size=900, name="a.jpg",
        alt=words, now=NOW,
    ).alt  # fmt: skip


def submitted(cast: Cast, title: str = "Hier", body: str = "") -> Proposal:
    return submit_proposal(
        project=cast.project, person=cast["An"], title=title, body=body, place=HERE, theme="", language="nl", now=NOW
    )


def project_text(name: str) -> Callable[[Cast, str], str]:
    def kept(cast: Cast, words: str) -> str:
        setup.set_texts(project=cast.project, texts={name: {"nl": words}}, by=cast["Piet"])
        return str(getattr(Project.objects.get(pk=cast.project.pk), name)["nl"])

    return kept


def considered(cast: Cast, words: str) -> str:
    setup.set_considered(project=cast.project, answers={Consider.PROMISE.value: words}, by=cast["Piet"])
    return str(Project.objects.get(pk=cast.project.pk).considered[Consider.PROMISE.value])


def theme(cast: Cast, words: str) -> str:
    Theme.objects.filter(project=cast.project).exclude(proposals=None).update(colour="#000000")
    rows = [setup.ThemeRow(key=None, name={"nl": words}, colour="#123456")]
    setup.set_themes(project=cast.project, rows=rows, by=cast["Piet"])
    return str(Theme.objects.filter(project=cast.project, colour="#123456").get().name["nl"])


def decided(cast: Cast, words: str) -> str:
    decide(
        project=cast.project, about=About(proposals=[3]), outcome="later", reason={"nl": words}, council_link="",
        by=cast["Piet"], now=NOW,
    )  # fmt: skip
    return str(Decision.objects.get().reason["nl"])


def postcode(cast: Cast, words: str) -> str:
    return identities.set_resident_codes(organisation=cast.town, codes=[words], by=cast["Marc"])[0]


# Every act that keeps what somebody wrote; answers to questions have a table of their own (tests/unit/test_questions).
ACTS: dict[str, Act] = {
    "note": Act(NOTE_MAX, note),
    "mail to the author": Act(MAIL_MAX, mail),
    "template": Act(MAIL_MAX, lambda cast, words: str(template(cast, "Dank", words).text["nl"])),
    "name of a template": Act(TEMPLATE_NAME_MAX, lambda cast, words: template(cast, words, "Dank").name),
    "tag": Act(TAG_MAX, tag),
    "why a proposal is hidden": Act(REASON_MAX, hidden),
    "comment": Act(COMMENT_MAX, said, Code.COMMENT_TOO_LONG),
    "why a comment is hidden": Act(REASON_MAX, comment_hidden),
    "report": Act(REASON_MAX, reported),
    "why a vote closes later": Act(REASON_MAX, later),
    "name of a zone": Act(
        TITLE_MAX, lambda cast, words: str(zone(cast, words, "w").name["nl"]), Code.ZONE_NAME_MISSING
    ),
    "why of a zone": Act(BODY_MAX, lambda cast, words: str(zone(cast, "Park", words).why["nl"])),
    "why of a zone, changed": Act(BODY_MAX, zone_changed),
    "key of an object": Act(zones.KEY_MAX, lambda cast, words: an_object(cast, key=words).key),
    "name of an object": Act(zones.NAME_MAX, lambda cast, words: an_object(cast, name=words).name),
    "owner of an object": Act(zones.NAME_MAX, lambda cast, words: an_object(cast, owner=words).owner),
    "name of a person": Act(PUBLIC_NAME_MAX, named),
    "name of a token": Act(TOKEN_NAME_MAX, token),
    "name of a webhook": Act(WEBHOOK_NAME_MAX, webhook),
    "name of a map": Act(MAP_NAME_MAX, base_map("name")),
    "whose a map is": Act(ATTRIBUTION_MAX, base_map("attribution")),
    "layer of a map": Act(LAYER_MAX, base_map("layer")),
    "matrix set of a map": Act(LAYER_MAX, base_map("matrix_set")),
    "what is on a photo": Act(ALT_MAX, photo),
    "what is on a photo that answers": Act(answer_files.ALT_MAX, answered),
    "title": Act(TITLE_MAX, lambda cast, words: submitted(cast, title=words).title, Code.TITLE_TOO_LONG),
    "body": Act(BODY_MAX, lambda cast, words: submitted(cast, body=words).body),
    "title of a project": Act(TITLE_MAX, project_text("title"), Code.TITLE_TOO_LONG),
    "summary of a project": Act(BODY_MAX, project_text("summary")),
    "what a planner considered": Act(BODY_MAX, considered),
    "name of a theme": Act(TITLE_MAX, theme, Code.TITLE_TOO_LONG),
    "why it was decided so": Act(REASON_MAX, decided),
    "postcode": Act(identities.CODE_MAX, postcode),
}


@pytest.fixture
def town(cast: Cast, settings: Settings, tmp_path: Path) -> Cast:
    """The cast, with An as the author of the first proposal, and a folder for photos."""
    settings.MEDIA_ROOT = tmp_path
    Proposal.objects.filter(pk=cast.options[0].pk).update(author=cast["An"])
    return cast


def test_every_act_keeps_what_fits_whole_and_refuses_what_does_not(town: Cast) -> None:
    got: dict[str, object] = {}
    for name, act in ACTS.items():
        with transaction.atomic():
            kept = act.kept(town, "x" * act.most)
            transaction.set_rollback(True)
        assert kept.casefold() == "x" * act.most, name
        before = Record.objects.count()
        with pytest.raises(Refused) as why, transaction.atomic():
            act.kept(town, "x" * (act.most + 1))
        got[name] = (why.value.code, why.value.facts["max"])
        assert Record.objects.count() == before, name
    assert got == {name: (act.code, act.most) for name, act in ACTS.items()}


def test_the_end_of_a_line_counts_once_and_blanks_around_do_not() -> None:
    assert bounded(" a\r\nb \n", 3) == "a\nb"
    with pytest.raises(Refused) as why:
        bounded("a\r\nbc", 3)
    assert why.value.facts == {"max": 3, "length": 4}
    assert len(tags_of(",".join(f"t{n}" for n in range(TAGS_MAX)))) == TAGS_MAX
    with pytest.raises(Refused) as why:
        tags_of(",".join(f"t{n}" for n in range(TAGS_MAX + 1)))
    assert (why.value.code, why.value.facts) == (Code.SETUP_TOO_MANY, {"max": TAGS_MAX})


# --- nobody cuts on the quiet ---

CUTS = re.compile(r"cleaned\(.*\)\[|\.split\(\)\)\[|\[:\s*\w*MAX\]")
# What is no text that somebody writes to be read: what an identity provider says, an address that was found, and what
# is left of the name of a file (its end) or makes an address out of a title.
NO_WORDS = {
    "rules/claims.py": 2, "rules/address_search.py": 1, "services/answer_files.py": 1, "services/setup.py": 1,
    "services/importing/desk.py": 1, "services/importing/areas.py": 1, "services/layers.py": 1,
}  # fmt: skip


def test_no_rule_and_no_service_cuts_what_somebody_wrote() -> None:
    assert CUTS.search('reason = cleaned(reason)[:REASON_MAX] if reason else ""')  # the control
    found: dict[str, int] = {}
    for app in ("participation", "siting"):
        for path in [each for floor in ("rules", "services") for each in Path(app, floor).rglob("*.py")]:
            if n := len(CUTS.findall(path.read_text())):
                found[str(path.relative_to(app))] = n
    assert found == NO_WORDS


# --- programs ---

PIECE, DESK_PIECE = "/api/v1/projects/laden/proposals/1", "/api/v1/desk/projects/laden/proposals/1"
SURFACE = {"type": "Polygon", "coordinates": [[[2.62, 50.82], [2.64, 50.82], [2.64, 50.84], [2.62, 50.82]]]}
WRITTEN = (Note, AuthorMail, AnswerTemplate, Handling, Report, Comment, Extension, Zone, Photo, AnswerFile, Record)


def test_a_program_hears_that_its_words_are_too_long(town: Cast) -> None:
    Phase.objects.create(
        project=town.project, position=2, kind="discuss", name={}, opens_at=NOW - timedelta(days=1)
    )  # fmt: skip
    ask = caller_for(town, "Marc")
    comment = Comment.objects.create(proposal=first(town), author=town["Vera"], text="Ja", created_at=NOW)
    draft = ask("POST", "/api/v1/projects/laden/drafts", {"kind": "proposal"}).json()["draft"]
    closes_at = (NOW + timedelta(days=4)).isoformat()

    def image(words: str) -> Upload:
        return Upload(picture(), "a.jpg", {"alt": words})

    bodies: dict[tuple[str, str], tuple[int, Callable[[str], Any]]] = {
        ("POST", f"{DESK_PIECE}/notes"): (NOTE_MAX, lambda words: {"text": words}),
        ("POST", f"{DESK_PIECE}/mails"): (MAIL_MAX, lambda words: {"text": words}),
        ("PUT", f"{DESK_PIECE}/tags"): (TAG_MAX, lambda words: {"tags": [words]}),
        ("PUT", "/api/v1/desk/templates"): (MAIL_MAX, lambda words: {"name": "Dank", "text": {"nl": words}}),
        ("POST", f"{DESK_PIECE}/comments/{comment.pk}/hide"): (REASON_MAX, lambda words: {"reason": words}),
        ("POST", f"{PIECE}/reports"): (REASON_MAX, lambda words: {"reason": "spam", "text": words}),
        ("POST", "/api/v1/desk/projects/laden/extensions"): (
            REASON_MAX, lambda words: {"closes_at": closes_at, "reason": words},
        ),
        ("POST", "/api/v1/desk/projects/laden/zones"): (
            BODY_MAX, lambda words: {"kind": "barred", "name": {"nl": "P"}, "why": {"nl": words}, "surface": SURFACE},
        ),
        ("POST", f"/api/v1/projects/laden/drafts/{draft}/photos"): (ALT_MAX, image),
        ("PUT", "/api/v1/me"): (PUBLIC_NAME_MAX, lambda words: {"name": words}),
        ("POST", f"{DESK_PIECE}/hide"): (REASON_MAX, lambda words: {"reason": words}),
    }  # fmt: skip
    before = [model.objects.count() for model in WRITTEN]
    for (method, path), (most, body) in bodies.items():
        assert code(ask(method, path, body("x" * (most + 1)))) == (422, "body.too_long"), path
        far = ask(method, path, body("x" * (3 * most)))
        assert far.status_code in {400, 422}, path
    assert [model.objects.count() for model in WRITTEN] == before
    # The control: what fits is taken.
    for (method, path), (most, body) in bodies.items():
        assert ask(method, path, body("x" * most)).status_code in {200, 201}, path


# --- pages ---


@pytest.mark.parametrize(
    ("act", "field", "most"),
    [("note", "text", NOTE_MAX), ("mail", "text", MAIL_MAX), ("hide", "reason", REASON_MAX), ("tags", "tags", TAG_MAX)],
)
def test_what_was_typed_at_the_desk_stands_there_to_be_sent_again(town: Cast, act: str, field: str, most: int) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(town["Mo"])
    page, typed = "/desk/projects/laden/queue/1/", "Dit is <b>te lang</b>. " + "x" * most
    answer = client.post(page, {"act": act, field: typed, "back": "/desk/queue/", "following": "7"})
    shown = answer.content.decode()
    assert (answer.status_code, 'data-code="body.too_long"' in shown) == (422, True)
    assert f"Dit is &lt;b&gt;te lang&lt;/b&gt;. {'x' * most}</textarea>" in shown
    hidden_fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
    assert {name: hidden_fields[name] for name in ("act", "back", "following")} == {
        "act": act, "back": "/desk/queue/", "following": "7",
    }  # fmt: skip
    assert not any(model.objects.exists() for model in (Note, AuthorMail, Handling))
    again = client.post(page, hidden_fields | {field: "Korter."})
    assert again.status_code == 302
    assert Record.objects.count() == 1


def test_a_refused_report_reason_and_zone_keep_what_was_typed(town: Cast) -> None:
    """As a browser sends it: no ``maxlength`` is held there by a program, and each end of a line is two signs."""
    typed = "Omdat.\r\n" + "y" * BODY_MAX
    pages = {
        "/projects/laden/proposals/1/report/": ("An", {"reason": "spam", "text": typed}),
        "/desk/projects/laden/vote/ask/": ("Marc", {"closes_at": "2031-05-02T10:00", "reason": typed}),
        "/desk/templates/": ("Mo", {"name": "Dank", "text_nl": typed}),
        "/desk/projects/laden/zones/": (
            "Piet", {"act": "add", "kind": "barred", "name_nl": "Park", "why_nl": typed,
                     "corners": "50.82, 2.62\n50.82, 2.64\n50.84, 2.64"},
        ),
    }  # fmt: skip
    for page, (who, sent) in pages.items():
        client = Client()
        client.force_login(town[who])
        answer = client.post(page, sent)
        shown = answer.content.decode()
        assert (answer.status_code, 'data-code="body.too_long"' in shown) == (422, True), page
        assert "y" * BODY_MAX in shown, page
    assert not Zone.objects.exists()

"""What somebody typed is there again after signing in, after a refusal, and after a line that broke."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from participation.models import AuthorMail, Comment, Draft, Person, Phase, Project, Proposal, Theme, Zone
from participation.rules.limits import COMMENT_MAX
from participation.rules.refusals import Code, Refused
from participation.rules.zones import ZoneKind
from tests.cast import Cast, box, text

PAGE = "/projects/laden/proposals/1/"
WHAT = "/projects/laden/suggest/what/"
SETUP = "/desk/projects/laden/setup/"
WORDS = "Dit schreef ik een kwartier lang."


@pytest.fixture
def talk(cast: Cast) -> Cast:
    """The cast while people may comment, without a look beforehand."""
    Project.objects.filter(pk=cast.project.pk).update(moderated_first=False)
    opens_at = datetime.now(UTC) - timedelta(days=1)
    Phase.objects.create(project=cast.project, position=2, kind="discuss", name={}, opens_at=opens_at)
    return cast


def browser(cast: Cast, name: str = "") -> Client:
    client = Client(headers={"accept-language": "en"})
    if name:
        client.force_login(cast[name])
    return client


def page(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def test_a_comment_is_there_again_after_signing_in(talk: Cast) -> None:
    client = browser(talk)
    first = Comment.objects.create(
        proposal=talk.options[0], author=talk["Vera"], text="Eerst", created_at=datetime.now(UTC)
    )
    answer = client.post(f"{PAGE}comment/", {"text": WORDS, "parent": str(first.pk)})
    assert "/account/login/code/" in answer["Location"]
    assert WORDS not in page(Client().get(PAGE))
    client.force_login(talk["An"])
    shown = page(client.get(PAGE))
    # In the reply it was written in, which stands open.
    assert f">{WORDS}</textarea>" in shown
    assert shown.index('<details class="kp-more" open><summary>Reply') < shown.index(WORDS)
    assert WORDS not in page(client.get("/projects/laden/proposals/2/"))
    client.post(f"{PAGE}comment/", {"text": WORDS, "parent": str(first.pk)})
    assert Comment.objects.get(text=WORDS).parent == first
    assert not Draft.objects.exists()
    assert f">{WORDS}</textarea>" not in page(client.get(PAGE))


def test_a_comment_that_is_refused_stands_where_it_was_written(talk: Cast) -> None:
    client = browser(talk, "An")
    long = WORDS * COMMENT_MAX
    answer = client.post(f"{PAGE}comment/", {"text": long})
    assert (answer.status_code, 'data-code="comment.too_long"' in page(answer)) == (422, True)
    assert f">{WORDS}" in page(answer)
    gone = client.post(f"{PAGE}comment/", {"text": WORDS, "parent": "99999"})
    assert (gone.status_code, f">{WORDS}</textarea>" in page(gone)) == (404, True)
    Proposal.objects.update(comments_locked=True)
    locked = client.post(f"{PAGE}comment/", {"text": WORDS})
    assert locked.status_code == 409
    assert "copy it if you want to keep it" in page(locked)
    assert WORDS in page(locked)
    reported = client.post(f"{PAGE}report/", {"text": WORDS})
    assert (reported.status_code, f">{WORDS}</textarea>" in page(reported)) == (422, True)


def test_the_second_step_of_suggesting_is_kept_while_it_is_typed(cast: Cast) -> None:
    client = browser(cast, "An")
    client.post("/projects/laden/suggest/", {"lon": "2.7", "lat": "50.85", "next": "1"})
    assert 'hx-post="/projects/laden/suggest/what/"' in page(client.get(WHAT))
    sent = {"title": "Aan de kerk", "body": WORDS, "theme": "plein"}
    assert client.post(WHAT, sent, headers={"hx-request": "true"}).status_code == 204
    shown = page(client.get(WHAT))
    assert f">{WORDS}</textarea>" in shown
    assert 'value="Aan de kerk"' in shown
    # Also when the phase closed meanwhile: the refusal is said, and what was typed last is kept.
    cast.vote.closes_at = datetime.now(UTC) - timedelta(seconds=1)
    cast.vote.save()
    assert client.post(WHAT, sent | {"body": f"{WORDS} En meer."}).status_code == 409
    assert Draft.objects.get().content["body"] == f"{WORDS} En meer."


def test_the_steps_of_setting_up_stand_as_they_were_sent_after_a_refusal(cast: Cast) -> None:
    piet = browser(cast, "Piet")
    theme = Theme.objects.get(project=cast.project)
    Proposal.objects.filter(project=cast.project).update(theme=theme)
    sent = {f"{theme.pk}-nl": "", "new0-nl": "Nieuw thema", "new0-colour": "#123456"}
    refused = piet.post(f"{SETUP}themes/", sent)
    assert refused.status_code == 409
    assert 'value="Nieuw thema"' in page(refused)
    assert 'value="#123456"' in page(refused)
    phase = Phase.objects.create(
        project=cast.project, position=2, kind="discuss", name={}, opens_at=datetime.now(UTC) + timedelta(days=9)
    )
    phases: dict[str, object] = {
        "phase": [str(phase.pk), str(cast.vote.pk)],
        f"{phase.pk}-name-nl": "Gesprek",
        f"{phase.pk}-opens": "2031-05-02T10:00",
        f"{phase.pk}-closes": "2031-05-01T10:00",
    }
    refused = piet.post(f"{SETUP}phases/", phases)
    assert refused.status_code == 422
    shown = page(refused)
    assert all(f'value="{typed}"' in shown for typed in ("Gesprek", "2031-05-02T10:00", "2031-05-01T10:00"))
    assert shown.index(f'name="phase" value="{phase.pk}"') < shown.index(f'name="phase" value="{cast.vote.pk}"')
    refused = piet.post(f"{SETUP}access/", {"propose": "verified", "support": "nobody"})
    assert refused.status_code == 422
    assert 'name="propose" value="verified" checked' in page(refused)
    assert 'name="moderated_first" value="1" checked' not in page(refused)


def test_a_zone_stands_as_it_was_sent_after_a_refusal(cast: Cast) -> None:
    zone = Zone.objects.create(
        project=cast.project, position=1, kind=ZoneKind.BARRED, name=text("Park"), why=text("Natuur"),
        outline=box(2.62, 50.82, 2.64, 50.84),
    )  # fmt: skip
    sent = {"act": "keep", "zone": str(zone.pk), "kind": "barred", "name_nl": "Groot park", "why_nl": ""}
    refused = browser(cast, "Piet").post("/desk/projects/laden/zones/", sent)
    assert refused.status_code == 422
    assert 'value="Groot park"' in page(refused)
    assert '<details class="kp-more" open>' in page(refused)
    zone.refresh_from_db()
    assert zone.name["nl"] == "Park"


def test_what_staff_wrote_stands_in_the_piece_again_after_a_refusal(cast: Cast) -> None:
    """On the page it was sent from, whichever queue that was; every link there leads to that queue."""
    mo, number = browser(cast, "Mo"), 1
    letter = Person.objects.create_without_mail()
    said = Comment.objects.create(
        proposal=cast.options[0], author=cast["An"], text="Lelijk", created_at=datetime.now(UTC)
    )
    act = f"/desk/projects/laden/queue/{number}/"
    here, there = "/desk/queue/?state=published", "/desk/projects/laden/queue/?state=published&q=plek"
    pk = cast.options[0].pk

    def refused(back: str, status: int, **sent: str) -> str:
        answer = mo.post(act, {"back": back, **sent})
        assert (answer.status_code, page(answer).count("data-code=")) == (status, 1)
        shown = page(answer)
        assert f'<input type="hidden" name="back" value="{back.replace("&", "&amp;")}">' in shown
        # The browser is where no page is: no link may begin there.
        assert 'href="?' not in shown
        assert f'name="next" value="{back.replace("&", "&amp;")}&amp;piece={pk}"' in shown
        assert all(mo.get(link.replace("&amp;", "&")).status_code == 200
                   for link in re.findall(r'class="kp-(?:chip|queue__item)" href="([^"]+)"', shown))  # fmt: skip
        return shown

    # Its author cannot be reached by now: the words are there to be copied.
    Proposal.objects.filter(pk=pk).update(author=letter)
    for back in (here, there):
        shown = refused(back, 409, act="mail", text=f"{WORDS}\n\nNog een zin.")
        assert "copy it if you want to keep it" in shown
        assert f"<p>{WORDS}</p>" in shown
        assert "<p>Nog een zin.</p>" in shown
    assert not AuthorMail.objects.exists()
    # Where the field is still there, it holds what was sent.
    Proposal.objects.filter(pk=pk).update(author=cast["An"])
    shown = refused(here, 422, act="mail", text=" ")
    assert '<textarea class="utrecht-textarea" id="mail"' in shown
    with pytest.MonkeyPatch.context() as patch:

        def fails(**_facts: object) -> None:
            raise Refused(Code.TOO_OFTEN)

        for name in ("write_author_mail", "add_note", "set_tags"):
            patch.setattr(f"participation.services.moderation.{name}", fails)
        patch.setattr("participation.web.desk_queue.hide_proposal", fails)
        patch.setattr("participation.services.comments.decide_comment", fails)
        shown = refused(here, 429, act="mail", text=WORDS)
        assert f">{WORDS}</textarea>" in shown
        assert '<a class="utrecht-link" href="#mail">' in shown
        assert 'data-key="r" open>' in shown
        assert f'id="note" name="text" rows="2" maxlength="2000" required>{WORDS}</textarea>' in refused(
            there, 429, act="note", text=WORDS
        )
        assert f'id="tags" name="tags" value="{WORDS}"' in refused(here, 429, act="tags", tags=WORDS)
        assert f'data-key="h" value="{WORDS}"' in refused(here, 429, act="hide", reason=WORDS)
        shown = refused(here, 429, act="comment_hide", comment=str(said.pk), reason=WORDS)
        assert f'id="reason-{said.pk}" name="reason" maxlength="1000" value="{WORDS}"' in shown
    shown = refused(here, 409, act="merge", direction="into", number="2 3")
    assert 'data-key="m" value="2 3"' in shown
    # A comment that is gone: its reason is there to be copied.
    assert f"<p>{WORDS}</p>" in refused(here, 404, act="comment_hide", comment="99999", reason=WORDS)
    # A piece that a colleague decided about meanwhile, so that it is in this list no more.
    elsewhere = refused("/desk/queue/?state=submitted", 422, act="hide", reason="")
    assert '<h2 class="utrecht-heading-2">Plek 1</h2>' in elsewhere


def test_what_staff_sent_while_nobody_was_signed_in_stands_in_the_piece_after_signing_in(cast: Cast) -> None:
    mo = browser(cast)
    act, piece = "/desk/projects/laden/queue/1/", cast.options[0]
    Proposal.objects.filter(pk=piece.pk).update(author=cast["An"])
    answer = mo.post(act, {"act": "mail", "text": WORDS, "back": "/desk/queue/?state=published"})
    next_page = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert not AuthorMail.objects.exists()
    mo.force_login(cast["Mo"])
    shown = page(mo.get(next_page, follow=True))
    assert f">{WORDS}</textarea>" in shown
    assert "It is not sent yet." in shown
    # In no other piece, for nobody else, and no longer once it was sent.
    assert WORDS not in page(mo.get(f"/desk/queue/?state=published&piece={cast.options[1].pk}"))
    assert WORDS not in page(browser(cast, "Mo").get(f"/desk/queue/?state=published&piece={piece.pk}"))
    assert mo.post(act, {"act": "mail", "text": WORDS}).status_code == 302
    assert f">{WORDS}</textarea>" not in page(mo.get(f"/desk/queue/?state=published&piece={piece.pk}"))
    # Whoever signs in there and is not of the staff sees nothing of it.
    other = browser(cast)
    other.post(act, {"act": "mail", "text": WORDS})
    other.force_login(cast["An"])
    assert other.get(next_page, follow=True).status_code == 404

"""What somebody typed is there again after signing in, after a refusal, and after a line that broke."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from participation.models import Comment, Draft, Phase, Project, Proposal, Theme, Zone
from participation.rules.limits import COMMENT_MAX
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

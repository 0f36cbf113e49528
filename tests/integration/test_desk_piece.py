"""The queue shows what is judged: all that was sent with a piece, its shape and its zones, and why it waits."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from participation.models import AnswerFile, AnswerSheet, Comment, Phase, Project, Proposal, Report
from participation.rules.places import Chosen, Drawn, LonLat, Shape
from participation.rules.questions import Asked
from participation.rules.zones import ZoneKind
from participation.selectors.queue import MOST_COMMENTS
from participation.services.proposals import submit_proposal
from participation.services.zones import ObjectRow, ZoneRow, add_zones, load_inventory, set_permission
from tests.cast import Cast
from tests.forms import WITH_PROPOSAL, ask

NOW = datetime.now(UTC)
LINE = Drawn(Shape.LINE, (LonLat(2.65, 50.85), LonLat(2.66, 50.86), LonLat(2.67, 50.85)))
MOST_QUERIES = 20


@pytest.fixture
def takes(cast: Cast) -> Cast:
    """The cast while places are taken, in a project with a zone that staff look at first and one that asks why."""
    Project.objects.filter(pk=cast.project.pk).update(moderated_first=False, shapes=["point", "line"])
    Phase.objects.create(project=cast.project, position=2, kind="propose", name={}, opens_at=NOW - timedelta(days=1))
    for kind, west, name in ((ZoneKind.LOOK, 2.66, "Schoolstraat"), (ZoneKind.REASON, 2.64, "Marktplein")):
        row = ZoneRow(kind, {"nl": name}, {"nl": "Hier rijden veel fietsers."})
        add_zones(project=cast.project, zones=[(row, shapely.box(west, 50.80, west + 0.02, 50.90))], by=cast["Piet"])
    return cast


def sent(cast: Cast, place: Any, person: str | None = "An", body: str = "Omdat het donker is.") -> Proposal:
    """Something proposed there."""
    return submit_proposal(
        project=Project.objects.get(pk=cast.project.pk), person=cast[person] if person else None, title="Langs de weg",
        body=body, place=place, theme="", language="nl", now=NOW,
    )  # fmt: skip


def page(cast: Cast, piece: Proposal, name: str = "Mo") -> str:
    """The piece in the queue over all projects, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast[name])
    answer = client.get(f"/desk/queue/?state={piece.state}&piece={piece.pk}")
    assert f'aria-current="true"><strong>{piece.number} ' in answer.content.decode()
    return str(answer.content.decode())


def drawn(shown: str) -> list[tuple[str, str]]:
    """What the map draws: kind and shape of each."""
    found = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', shown)
    assert found is not None
    features = json.loads(found[1]).get("drawn", {"features": []})["features"]
    return [(each["properties"]["kind"], each["geometry"]["type"]) for each in features]


def test_a_line_stands_on_the_map_with_the_zones_that_made_it_wait(takes: Cast) -> None:
    piece = sent(takes, LINE)
    shown = page(takes, piece)
    assert drawn(shown) == [("look", "Polygon"), ("reason", "Polygon"), ("mine", "LineString")]
    assert "It lies in a zone where staff look first." in shown
    assert "Schoolstraat</strong> (Staff look at it first here): Hier rijden veel fietsers." in shown
    assert "Marktplein</strong> (Here you must say why)" in shown
    assert "without an account" not in shown
    # Elsewhere nothing holds: the control.
    free = sent(takes, LonLat(2.75, 50.85))
    assert free.state == "published"
    assert "Schoolstraat" not in page(takes, free)
    Project.objects.filter(pk=takes.project.pk).update(access={"propose": "anyone"}, moderated_first=True)
    unknown = page(takes, sent(takes, LonLat(2.75, 50.86), person=None))
    assert "It came in without an account. In this project staff look at everything first." in unknown


def test_answers_for_staff_their_photos_and_files_stand_in_the_piece(takes: Cast) -> None:
    piece = sent(takes, LINE)
    version = ask(takes.project, Asked.PROPOSAL, WITH_PROPOSAL)
    sheet = AnswerSheet.objects.create(project=takes.project, version=version, proposal=piece, sent_at=NOW)
    files = {
        key: AnswerFile.objects.create(sheet=sheet, question=key, name=name, content_type=kind, width=w, height=w,
                                       alt=alt, created_at=NOW)
        for key, name, kind, w, alt in (("q3", "a.jpg", "image/jpeg", 40, "De stoep"), ("q4", "plan.pdf", "x", 0, ""))
    }  # fmt: skip
    sheet.answers = {"q1": "Kerkstraat", "q2": "0470 12 34 56"} | {key: str(file.key) for key, file in files.items()}
    sheet.save()
    for name in ("Mo", "Gis"):
        shown = page(takes, piece, name)
        assert "Kerkstraat" in shown
        assert "0470 12 34 56 <" in shown.replace("</dd>", " <")
        assert "(only staff see this)" in shown
        assert 'alt="De stoep"' in shown
        assert f"/answers/{files['q4'].key}" in shown or str(files["q4"].key) in shown
        assert "plan.pdf" in shown


def test_an_object_is_named_with_what_its_owner_says(takes: Cast) -> None:
    rows = [ObjectRow("k1", "Kast aan de kerk", "Fluvius", shapely.Point(2.67, 50.85))]
    load_inventory(project=takes.project, rows=rows, by=takes["Piet"])
    set_permission(project=takes.project, number=1, permission="asked", by=takes["Mo"])
    Project.objects.filter(pk=takes.project.pk).update(from_inventory=True, moderated_first=True)
    shown = page(takes, sent(takes, Chosen(1)))
    assert "Kast aan de kerk</strong> · Fluvius" in shown
    assert "the owner was asked" in shown
    # The town put it there itself: the zone around it says nothing.
    assert "Schoolstraat</strong>" not in shown


def test_the_exact_place_is_offered_to_who_may_see_it_and_stands_nowhere_in_the_page(takes: Cast) -> None:
    Project.objects.filter(pk=takes.project.pk).update(blur_m=300)
    piece = sent(takes, LonLat(2.672345, 50.856789))
    assert piece.state == "submitted"
    shown = page(takes, piece)
    assert f'action="/desk/projects/laden/places/{piece.number}/"' in shown
    assert "Schoolstraat</strong>" in shown
    assert "2.672345" not in shown
    assert "50.856789" not in shown
    # Who may not look learns from no zone either where it is.
    looking = page(takes, piece, "Gis")
    assert "/places/" not in looking
    assert "Schoolstraat</strong>" not in looking
    client = Client()
    client.force_login(takes["Mo"])
    assert b"50.856789" in client.post(f"/desk/projects/laden/places/{piece.number}/").content


def test_a_piece_with_everything_is_shown_with_few_queries(takes: Cast) -> None:
    """Blurred, with answers, comments, joined with another one, and acted upon: as dear as a piece gets."""
    Project.objects.filter(pk=takes.project.pk).update(blur_m=300)
    piece, other = sent(takes, LonLat(2.672345, 50.856789)), sent(takes, LonLat(2.75, 50.85))
    version = ask(takes.project, Asked.PROPOSAL, WITH_PROPOSAL)
    AnswerSheet.objects.create(
        project=takes.project, version=version, proposal=piece, sent_at=NOW, answers={"q1": "Kerkstraat"}
    )
    for about, state in ((piece, "published"), (other, "submitted")):
        Comment.objects.create(proposal=about, author=takes["An"], text="Ja.", state=state, created_at=NOW)
    client = Client()
    client.force_login(takes["Mo"])
    for act, fields in (("publish", {}), ("merge", {"number": str(other.number), "direction": "here"}),
                        ("note", {"text": "Kijk eens."}), ("tags", {"tags": "een"})):  # fmt: skip
        assert client.post(f"/desk/projects/laden/queue/{piece.number}/", {"act": act, **fields}).status_code == 302
    where = f"/desk/queue/?state=published&piece={piece.pk}"
    client.get(where)
    with CaptureQueriesContext(connection) as queries:
        client.get(where)
    assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"][:160] for query in queries)


def test_every_comment_can_be_hidden_and_published_from_its_piece(takes: Cast) -> None:
    """Those that nobody asks anything of stand folded, page by page; with those of what was joined with it."""
    piece, other = sent(takes, LonLat(2.72, 50.85)), sent(takes, LonLat(2.75, 50.85))
    client = Client(headers={"accept-language": "en"})
    client.force_login(takes["Mo"])
    act = f"/desk/projects/laden/queue/{piece.number}/"
    assert client.post(act, {"act": "merge", "number": str(other.number), "direction": "here"}).status_code == 302
    Comment.objects.bulk_create(
        Comment(proposal=other if n == 129 else piece, author=takes["An"], text=f"Gezegd {n}.",
                created_at=NOW + timedelta(seconds=n))
        for n in range(130)
    )  # fmt: skip
    rows = {row.text: row.pk for row in Comment.objects.all()}
    Comment.objects.filter(text="Gezegd 0.").update(state="submitted")
    Report.objects.create(proposal=piece, comment_id=rows["Gezegd 1."], reason="insult", at=NOW)

    def shown(query: str = "") -> tuple[list[int], list[int], str]:
        """The numbers of the comments to look at and of the folded ones; and the page."""
        with CaptureQueriesContext(connection) as queries:
            found = client.get(f"/desk/queue/?state=published&piece={piece.pk}{query}").content.decode()
        assert len(queries) <= MOST_QUERIES
        above, fold, below = found.partition('<details class="kp-more" id="said"')
        assert fold
        parts = [[int(n) for n in re.findall(r"<p>Gezegd (\d+)\.", part)] for part in (above, below)]
        return parts[0], parts[1], found

    assert shown()[:2] == ([0, 1], list(range(129, 79, -1)))
    assert f"on number {other.number}, joined with this one" in shown()[2]
    assert shown("&comments=2")[1] == list(range(79, 29, -1))
    to_look_at, rest, found = shown("&comments=3")
    assert (to_look_at, rest) == ([0, 1], list(range(29, 1, -1)))
    assert 'id="said" open>' in found
    assert "Older comments" not in found
    # Hidden from the last page, which is where it leads back to; then published there again.
    back = "/desk/queue/?state=published&comments=3"
    assert f'name="back" value="{back.replace("&", "&amp;")}"' in found
    for do, state in (("comment_hide", "hidden"), ("comment_publish", "published")):
        fields = {"act": do, "comment": str(rows["Gezegd 7."]), "reason": "Beledigt iemand.", "back": back}
        answer = client.post(act, fields)
        assert answer["Location"] == f"{back}&piece={piece.pk}"
        assert Comment.objects.get(text="Gezegd 7.").state == state
        shown_there = client.get(answer["Location"]).content.decode()
        assert ("Beledigt iemand." in shown_there.partition("kp-queue__place")[0].partition("What was done")[0]) == (
            state == "hidden"
        )
    # So many wait at once that not all are drawn: said, and the next ones come.
    Comment.objects.update(state="submitted")
    found = client.get(f"/desk/queue/?state=published&piece={piece.pk}").content.decode()
    assert found.count('value="comment_publish"') == MOST_COMMENTS
    assert f"These are the first {MOST_COMMENTS} comments to look at." in found

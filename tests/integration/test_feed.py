"""The feed of a project: what was made public or answered last comes first, by the day, and is sent once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from participation.models import Project, Proposal, Record
from participation.selectors.news import LATEST, latest_news
from participation.services.proposals import hide_proposal, publish_proposal
from participation.services.responses import Answer, publish_answers
from tests.cast import Cast

pytestmark = pytest.mark.django_db
FEED = "/projects/laden/feed.atom"
ATOM = "{http://www.w3.org/2005/Atom}"
LONG_AGO = datetime(2024, 3, 1, 22, 47, tzinfo=UTC)


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """A project whose eight options came in long ago, with more than a feed holds since, and one that waits."""
    Proposal.objects.filter(project=cast.project).update(created_at=LONG_AGO)
    newer = datetime(2024, 6, 1, 12, tzinfo=UTC)
    Proposal.objects.bulk_create(
        Proposal(project=cast.project, number=100 + n, title=f"Nieuw {n}", created_at=newer + timedelta(hours=n))
        for n in range(LATEST + 10)
    )
    Proposal.objects.create(
        project=cast.project, number=90, title="Wacht", state="submitted", created_at=LONG_AGO, author=cast["Vera"]
    )
    return cast


def entries(client: Client, language: str = "en") -> dict[str, Any]:
    """What the feed tells, by title, in its order."""
    response = client.get(FEED, headers={"Accept-Language": language})
    assert response.status_code == 200
    told = ElementTree.fromstring(response.content).findall(f"{ATOM}entry")
    return {str(each.findtext(f"{ATOM}title")): each for each in told}


def day(entry: Any, name: str) -> str:
    """Its day; the hour is midnight here, whatever it was."""
    said = entry.findtext(f"{ATOM}{name}")
    assert said[10:19] == "T00:00:00"
    return str(said[:10])


def answer(cast: Cast, *numbers: int, now: datetime) -> None:
    answers = [Answer(number, "build", {"nl": "Het komt er."}) for number in numbers]
    publish_answers(project=cast.project, answers=answers, by=cast["Piet"], base_url="http://x", now=now)


def test_what_was_looked_at_late_is_new_on_the_day_it_became_public(busy: Cast, client: Client) -> None:
    assert next(iter(entries(client))) == f"Nieuw {LATEST + 9}"
    assert "Wacht" not in entries(client)
    publish_proposal(project=busy.project, number=90, by=busy["Marc"])
    found = entries(client)
    assert next(iter(found)) == "Wacht"
    assert len(found) == LATEST
    today = str(localdate())
    assert (day(found["Wacht"], "published"), day(found["Wacht"], "updated")) == (today, today)
    hide_proposal(project=busy.project, number=90, reason="Reclame", by=busy["Marc"])
    assert "Wacht" not in entries(client)


def test_an_answer_is_news_and_says_what_it_is(busy: Cast, client: Client) -> None:
    assert "Plek 3" not in entries(client)
    answer(busy, 3, now=timezone.now())
    found = entries(client)
    assert next(iter(found)) == "Plek 3"
    # Public since March 1st, 23:47 here.
    assert (day(found["Plek 3"], "published"), day(found["Plek 3"], "updated")) == ("2024-03-01", str(localdate()))
    assert "Answer of the town: It will come" in (found["Plek 3"].findtext(f"{ATOM}summary") or "")
    assert "Answer of the town" not in (found["Nieuw 50"].findtext(f"{ATOM}summary") or "")
    assert "Antwoord van de gemeente" in (entries(client, "nl")["Plek 3"].findtext(f"{ATOM}summary") or "")


def test_nothing_tells_the_hour(busy: Cast, client: Client) -> None:
    """What happened on one day stands by its number: the order too would tell when."""
    morning = timezone.now().replace(hour=9)
    answer(busy, 5, now=morning)
    answer(busy, 2, now=morning + timedelta(hours=1))
    answer(busy, 7, now=morning - timedelta(hours=1))
    found = entries(client)
    assert list(found)[:3] == ["Plek 7", "Plek 5", "Plek 2"]
    for entry in found.values():
        day(entry, "published")
        day(entry, "updated")


def test_what_did_not_change_is_not_sent_again(busy: Cast, client: Client) -> None:
    first = client.get(FEED)
    held = {"If-None-Match": first["ETag"]}
    again = client.get(FEED, headers=held)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "Accept-Language" in again["Vary"]
    assert client.get(FEED, headers=held | {"Accept-Language": "fr"}).status_code == 200
    answer(busy, 3, now=timezone.now())
    assert client.get(FEED, headers=held).status_code == 200


def test_an_empty_feed_stays_the_same(cast: Cast, client: Client) -> None:
    Project.objects.create(organisation=cast.town, slug="leeg", state="open", created_at=LONG_AGO)
    first = client.get("/projects/leeg/feed.atom")
    assert first.status_code == 200
    assert client.get("/projects/leeg/feed.atom", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_three_questions_each_answered_by_an_index(busy: Cast, django_assert_num_queries: Any) -> None:
    """However many acts the trail holds: those that are no news stand between them and are not looked at."""
    Record.objects.bulk_create(
        Record(organisation=busy.town, project=busy.project, act="note.written", subject=f"proposal {n}")
        for n in range(300)
    )
    answer(busy, *range(1, 9), now=timezone.now())
    with connection.cursor() as cursor:
        # A table this small is read whole, whatever there is.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    with django_assert_num_queries(3) as asked:
        found = latest_news(busy.project)
    assert len(found) == LATEST
    plans = []
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + query["sql"])
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    came_in, told, known = plans
    assert "proposal_queue" in came_in
    assert "record_news" in told
    assert "Sort" not in came_in + told
    assert "Seq Scan on participation_re" not in known, known

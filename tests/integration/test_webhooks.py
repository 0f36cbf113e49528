"""Webhooks: written with the act, sent signed to listed hosts alone, tried again, logged, looked after at the desk."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from participation.models import Delivery, Project, Proposal, Webhook
from participation.outgoing import CallFailed, call
from participation.rules.outgoing import origin_of
from participation.rules.refusals import Refused
from participation.rules.webhooks import KEPT, LEASE, MOST_TRIES, Event, key_of, signature, wait_after
from participation.selectors.webhooks import due_webhooks
from participation.services import webhooks as service
from participation.services.proposals import hide_proposal, publish_proposal
from participation.services.responses import Answer, publish_answers
from participation.services.voting import close_phase
from tests.cast import Cast
from tests.integration.receiver import Receiver, receiving
from tests.past import end

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT = timedelta(minutes=2)
PAGE = "/desk/webhooks/"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver that the operator listed."""
    with receiving() as found:
        settings.WEBHOOK_HOSTS = [origin_of(found.url)]
        settings.PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
        yield found


@pytest.fixture
def hook(cast: Cast, receiver: Receiver) -> Webhook:
    """A webhook that is told of everything."""
    made, _secret = service.add_webhook(
        organisation=cast.town, name="Site", url=f"{receiver.url}/in", events=[event.value for event in Event],
        by=cast["Marc"], now=NOW,
    )  # fmt: skip
    return made


def send(hook: Webhook, now: datetime | None = None) -> int:
    """Send what waits, as the worker does."""
    at = now or datetime.now(UTC)
    return service.send_waiting(hook.pk, clock=lambda: at, wall=at.timestamp)


def told(hook: Webhook) -> list[tuple[str, Any]]:
    """What was written for a webhook, in its order."""
    rows = Delivery.objects.filter(webhook=hook).order_by("pk")
    return [(row.event, row.facts.get("numbers")) for row in rows]


# --- the outbox -----------------------------------------------------------------------------------------------------


def test_what_happens_is_written_down_in_the_same_transaction(cast: Cast, hook: Webhook) -> None:
    with transaction.atomic():
        hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
        assert told(hook) == [("proposal.hidden", [1])]
        # The process ends before the act is kept.
        transaction.set_rollback(True)
    assert told(hook) == [], "of what did not happen nobody is told"
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    publish_proposal(project=cast.project, number=1, by=cast["Mo"])
    answers = [Answer(number, "build", {"nl": "Ja."}) for number in (2, 3)]
    publish_answers(project=cast.project, answers=answers, by=cast["Piet"], base_url="http://x", now=NOW)
    end(cast.vote)
    assert close_phase(cast.vote)
    assert told(hook) == [
        ("proposal.hidden", [1]), ("proposal.published", [1]), ("answers.published", [2, 3]), ("vote.counted", None),
    ]  # fmt: skip


def test_an_import_is_few_messages_and_drafts_and_other_towns_are_none(cast: Cast, hook: Webhook) -> None:
    draft = Project.objects.create(organisation=cast.town, slug="klad", state="draft", title={"nl": "Klad"})
    far = Project.objects.create(organisation=cast.other_town, slug="ver", title={"nl": "Ver"})
    assert told(hook) == []

    def many(project: Project, n: int, state: str = "published") -> None:
        start = Proposal.objects.filter(project=project).count()
        Proposal.objects.bulk_create(
            Proposal(project=project, number=start + at, title="x", state=state, created_at=NOW)
            for at in range(1, n + 1)
        )

    many(draft, 3)
    many(far, 3)
    many(cast.project, 4, "submitted")
    # What changes nothing about who can read it is no event: a title, a heart.
    Proposal.objects.filter(project=cast.project).update(title="y")
    assert told(hook) == []
    many(cast.project, 1001)
    rows = [numbers for event, numbers in told(hook) if event == "proposal.published"]
    assert [len(numbers) for numbers in rows] == [500, 500, 1]
    assert [number for numbers in rows for number in numbers] == list(range(13, 1014))


def test_only_what_was_asked_for_is_told(cast: Cast, hook: Webhook) -> None:
    Webhook.objects.filter(pk=hook.pk).update(events=["vote.counted"])
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    assert told(hook) == []


# --- sending --------------------------------------------------------------------------------------------------------


def test_a_message_arrives_signed_and_names_nobody(
    cast: Cast, hook: Webhook, receiver: Receiver, settings: Settings
) -> None:
    hide_proposal(project=cast.project, number=4, reason="Noemt An", by=cast["Mo"])
    at = datetime.now(UTC)
    assert send(hook, at) == 1
    ((path, head, body),) = receiver.came
    assert path == "/in"
    row = Delivery.objects.get(webhook=hook)
    assert json.loads(body) == {
        "id": str(row.key), "event": "proposal.hidden", "organisation": "toonstad", "project": "laden", "numbers": [4],
        "url": "http://testserver/api/v1/projects/laden",
    }  # fmt: skip
    key = key_of(settings.SECRET_KEY, bytes(Webhook.objects.get(pk=hook.pk).salt))
    assert head["webhook-id"] == str(row.key)
    assert head["webhook-timestamp"] == str(int(at.timestamp()))
    assert head["webhook-signature"] == signature(key, str(row.key), int(at.timestamp()), body)
    assert row.taken_at == at
    assert row.due_at is None
    assert [(each["status"], each["why"]) for each in row.tries] == [(200, "")]
    assert send(hook) == 0, "what was taken is not sent again"


def test_what_fails_is_tried_again_later_and_the_rest_waits_with_it(
    cast: Cast, hook: Webhook, receiver: Receiver
) -> None:
    for number in (1, 2):
        hide_proposal(project=cast.project, number=number, reason="Dubbel", by=cast["Mo"])
    receiver.status, at = 503, datetime.now(UTC)
    for n in range(1, MOST_TRIES + 1):
        assert send(hook, at) == 0
        assert len(receiver.came) == n, "one message is tried, not both: the receiver is down"
        wait = wait_after(n)
        if wait is None:
            break
        assert send(hook, at + wait - timedelta(seconds=1)) == 0
        assert len(receiver.came) == n, "not before its time"
        assert due_webhooks(at + wait - timedelta(seconds=1)) == []
        at += wait
        assert due_webhooks(at) == [hook.pk]
    first, second = Delivery.objects.filter(webhook=hook).order_by("pk")
    assert (first.due_at, first.taken_at, len(first.tries)) == (None, None, MOST_TRIES)
    assert second.due_at is not None
    receiver.status = 204
    assert send(hook, at) == 1
    service.send_again(organisation=cast.town, delivery=first.pk, by=cast["Marc"], now=at)
    assert send(hook, at) == 1
    ids = [head["webhook-id"] for _path, head, _body in receiver.came]
    assert ids == [str(first.key)] * MOST_TRIES + [str(second.key), str(first.key)]
    assert service.forget_deliveries(first.made_at + KEPT) == 0
    assert service.forget_deliveries(second.made_at + KEPT + timedelta(seconds=1)) == 2


def test_a_worker_that_is_killed_while_it_sends_leaves_the_message_to_be_sent(
    cast: Cast, hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    at = datetime.now(UTC)
    with monkeypatch.context() as crash:
        crash.setattr(service, "_note", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            send(hook, at)
    assert send(hook, at + LEASE - timedelta(seconds=1)) == 0, "its lease runs: it may be under way"
    assert send(hook, at + LEASE) == 1
    assert len({head["webhook-id"] for _path, head, _body in receiver.came}) == 1
    assert len(receiver.came) == 2


@pytest.mark.parametrize("status", [302, 307, 404, 410, 500])
def test_anything_but_taken_is_a_failure_and_no_redirect_is_followed(
    cast: Cast, hook: Webhook, receiver: Receiver, status: int
) -> None:
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    receiver.status = status
    assert send(hook) == 0
    assert [path for path, _head, _body in receiver.came] == ["/in"]
    hook.refresh_from_db()
    assert (hook.paused_at is not None) == (status == 410)


def test_a_removed_webhook_takes_its_message_with_it_while_it_is_sent(
    cast: Cast, hook: Webhook, receiver: Receiver
) -> None:
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    claimed = service._claim(hook.pk, datetime.now(UTC))
    assert claimed is not None
    tried = service._send(claimed, 0)
    service.remove_webhook(organisation=cast.town, key=hook.pk, by=cast["Marc"])
    service._note(claimed, tried, NOW)
    assert not Delivery.objects.exists()


# --- whom it may call -----------------------------------------------------------------------------------------------


def test_a_listed_name_that_leads_into_our_own_network_is_not_called(
    cast: Cast, hook: Webhook, receiver: Receiver, settings: Settings
) -> None:
    hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
    at = datetime.now(UTC)
    settings.PRIVATE_NETWORKS = []
    assert send(hook, at) == 0
    settings.WEBHOOK_HOSTS, settings.PRIVATE_NETWORKS = [], [ip_network("127.0.0.0/8")]
    at += WAIT
    assert send(hook, at) == 0
    assert receiver.came == []
    row = Delivery.objects.get(webhook=hook)
    assert [each["why"] for each in row.tries] == ["call.private_address", "call.not_listed"]
    # The control: with both the same message arrives.
    settings.WEBHOOK_HOSTS = [origin_of(receiver.url)]
    assert send(hook, at + timedelta(hours=1)) == 1
    assert len(receiver.came) == 1


def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name whose address changes between the look and the call (DNS rebinding)."""
    asked: list[str] = []

    def leads_to(*addresses: str) -> Any:
        def look(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        return look

    origin = origin_of(f"http://hooks.example.org:{receiver.port}")
    assert origin is not None
    url = f"{origin}/x"
    listed, loopback = [origin], [ip_network("127.0.0.0/8")]
    monkeypatch.setattr("participation.outgoing.socket.getaddrinfo", leads_to("93.184.216.34", "127.0.0.1"))
    with pytest.raises(Refused):
        call(url, listed=listed, networks=[], timeout_s=1)
    assert receiver.came == []
    made: list[Any] = []

    def connect(where: tuple[str, int], *_rest: Any) -> Any:
        made.append(where)
        raise OSError("nowhere")

    with monkeypatch.context() as patched:
        patched.setattr("participation.outgoing.socket.getaddrinfo", leads_to("93.184.216.34"))
        patched.setattr("participation.outgoing.socket.create_connection", connect)
        with pytest.raises(CallFailed):
            call(url, listed=listed, networks=[], timeout_s=1)
    assert made == [("93.184.216.34", receiver.port)], "connected by address: the name is asked once"
    assert asked == ["hooks.example.org"] * 2
    monkeypatch.setattr("participation.outgoing.socket.getaddrinfo", leads_to("127.0.0.1"))
    assert call(url, listed=listed, networks=loopback, timeout_s=2).status == 200
    assert receiver.came[0][1]["host"] == f"hooks.example.org:{receiver.port}"


def test_a_receiver_that_speaks_slowly_is_hung_up_on() -> None:
    """A byte now and then keeps a socket's time-out from ever coming."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            for letter in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000:
                if over.wait(0.1):
                    return
                try:
                    connection.sendall(bytes([letter]))
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    origin = origin_of(f"http://127.0.0.1:{server.getsockname()[1]}")
    assert origin is not None
    began = time.monotonic()
    with pytest.raises(CallFailed):
        call(f"{origin}/", listed=[origin], networks=[ip_network("127.0.0.0/8")], timeout_s=0.6)
    assert time.monotonic() - began < 2
    over.set()
    thread.join()
    server.close()


# --- the desk -------------------------------------------------------------------------------------------------------


def client_of(cast: Cast, name: str) -> Client:
    """A browser of somebody, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast[name])
    return client


def test_a_manager_adds_tries_pauses_and_removes_one(cast: Cast, receiver: Receiver) -> None:
    marc = client_of(cast, "Marc")
    sent = {"name": "GIS-server", "url": f"{receiver.url}/gis", "events": ["vote.counted"]}
    page = marc.post(PAGE, sent)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]{44}", page.content.decode())
    assert secret not in marc.get(PAGE).content.decode(), "seen once"
    hook = Webhook.objects.get()
    assert marc.post(f"{PAGE}{hook.pk}/change/", {"act": "test"}).status_code == 302
    assert marc.post(f"{PAGE}{hook.pk}/change/", {"act": "test"}).status_code == 302
    jobs = ProcrastinateJob.objects.filter(task_name=service.SEND_TASK)
    assert [job.args for job in jobs] == [{"key": hook.pk}], "one job, however often it is asked"
    assert send(hook) == 2
    assert json.loads(receiver.came[0][2])["event"] == "test"
    log = marc.get(PAGE).content.decode()
    assert log.count('kp-rowhead">A test') == 2
    assert "200 (" in log
    marc.post(f"{PAGE}{hook.pk}/change/", {"act": "pause"})
    end(cast.vote)
    assert close_phase(cast.vote)
    assert send(hook) == 0
    assert due_webhooks(datetime.now(UTC)) == []
    assert "Waits until the webhook goes on" in marc.get(f"{PAGE}?webhook={hook.pk}").content.decode()
    assert marc.post(f"{PAGE}{hook.pk}/change/", {"act": "test"}).status_code == 409
    marc.post(f"{PAGE}{hook.pk}/change/", {"act": "resume"})
    assert send(hook) == 1, "what happened meanwhile was kept"
    marc.post(f"{PAGE}{hook.pk}/change/", {"act": "remove"})
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": ""}, "webhook.name_missing"),
        ({"events": []}, "webhook.no_event"),
        ({"url": "https://elsewhere.example/"}, "call.not_listed"),
        ({"url": "https://"}, "call.bad_url"),
        ({"url": ""}, "call.bad_url"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_in_a_sentence(
    cast: Cast, receiver: Receiver, changed: dict[str, Any], code: str
) -> None:
    sent = {"name": "Site", "url": receiver.url, "events": ["vote.counted"]} | changed
    page = client_of(cast, "Marc").post(PAGE, sent)
    assert page.status_code == 422
    assert f'data-code="{code}"' in page.content.decode()
    assert not Webhook.objects.exists()


def test_another_towns_manager_reaches_none_of_it(cast: Cast, hook: Webhook) -> None:
    with pytest.raises(Refused):
        service.remove_webhook(organisation=cast.other_town, key=hook.pk, by=cast.stranger)
    with pytest.raises(Refused):
        service.pause_webhook(organisation=cast.town, key=hook.pk, paused=True, by=cast["Piet"], now=NOW)
    assert Webhook.objects.filter(pk=hook.pk, paused_at=None).exists()

"""A worker is killed outright while it sends a message: the message is sent by the next one, with the same number."""

import os
import signal
import threading
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from participation.models import Delivery
from participation.rules.outgoing import origin_of
from participation.services.proposals import hide_proposal
from participation.services.webhooks import add_webhook, have_sent
from tests.cast import Cast
from tests.drills.conftest import Tell
from tests.drills.test_lost_run import until, worker
from tests.integration.receiver import receiving


@pytest.mark.django_db(transaction=True)
def test_a_message_outlives_the_worker_that_sends_it(
    cast: Cast, tell: Tell, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        monkeypatch.setenv("KIESPLEK_WEBHOOK_HOSTS", receiver.url)
        monkeypatch.setenv("KIESPLEK_PRIVATE_NETWORKS", "127.0.0.0/8")
        settings.WEBHOOK_HOSTS = [origin_of(receiver.url)]
        now = datetime.now(UTC)
        hook, _secret = add_webhook(
            organisation=cast.town, name="Site", url=receiver.url, events=["proposal.hidden"], by=cast["Marc"], now=now
        )
        hide_proposal(project=cast.project, number=1, reason="Dubbel", by=cast["Mo"])
        released = threading.Event()
        receiver.meanwhile = lambda: released.wait(30)
        have_sent(hook.pk)
        with worker() as process:
            until(lambda: len(receiver.came) == 1)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        released.set()
        lost = Delivery.objects.get(webhook=hook)
        assert (lost.taken_at, lost.n_tries, lost.tries) == (None, 1, [])
        assert lost.due_at is not None
        assert lost.due_at > datetime.now(UTC), "its lease runs; the drill does not wait for it"
        Delivery.objects.filter(pk=lost.pk).update(due_at=datetime.now(UTC))
        have_sent(hook.pk)
        with worker("--one-shot"):
            until(lambda: Delivery.objects.filter(pk=lost.pk, taken_at__isnull=False).exists())
        assert [head["webhook-id"] for _path, head, _body in receiver.came] == [str(lost.key)] * 2
    tell("lost_webhook", attempts=1, violations=0, control_violations=int(lost.taken_at is None))

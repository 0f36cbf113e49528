"""Names programs that are told when something happens, and sends them their messages.

A message is a row that a trigger writes with what it tells of (migration 0009): it is there when the act is, and not
otherwise, whatever crashes. The worker sends it at least once; a receiver knows one that comes again by its number.
"""

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Greatest
from django.urls import reverse
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from participation.models import Delivery, Organisation, Person, Webhook
from participation.outgoing import CallFailed, call
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.rules.webhooks import (
    GONE,
    KEPT,
    LEASE,
    MOST_EACH,
    SALT_BYTES,
    TEST,
    TIMEOUT_S,
    check_webhook,
    key_of,
    secret_text,
    signature,
    wait_after,
)
from participation.selectors.organisations import address_of
from participation.selectors.roles import may_in_town
from participation.services.records import record_act

# The worker's half is participation/tasks.py, which stands above services: it is called by its name.
SEND_TASK = "participation.tasks.send_webhook"
# Messages of one webhook sent in a row; the rest a minute later, so that others have their turn.
A_TURN = 200


def _require(organisation: Organisation, by: Person) -> None:
    if not may_in_town(organisation, by, DeskAct.TOKENS):
        raise Refused(Code.NOT_STAFF)


def _locked(organisation: Organisation, key: int, by: Person) -> Webhook:
    _require(organisation, by)
    found = Webhook.objects.select_for_update(of=("self",)).filter(organisation=organisation, pk=key).first()
    if found is None:
        raise Refused(Code.WEBHOOK_NOT_FOUND)
    return found


@transaction.atomic
def add_webhook(
    *, organisation: Organisation, name: str, url: str, events: Collection[str], by: Person, now: datetime
) -> tuple[Webhook, str]:
    """Have an address told of some events; gives back the row, and its secret this one time.

    Locks    the organisation's row, so that two forms at once do not make one too many.
    Refuses  person.not_staff, body.too_long, webhook.name_missing, webhook.no_event, call.bad_url,
             call.not_listed, webhook.too_many.
    """
    _require(organisation, by)
    url = url.strip()
    name, chosen = check_webhook(name, url, events, settings.WEBHOOK_HOSTS)
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    if Webhook.objects.filter(organisation=organisation).count() >= MOST_EACH:
        raise Refused(Code.WEBHOOK_TOO_MANY, {"most": MOST_EACH})
    salt = secrets.token_bytes(SALT_BYTES)
    webhook = Webhook.objects.create(
        organisation=organisation, name=name, url=url, events=chosen, salt=salt, made_by=by, made_at=now
    )
    record_act(organisation=organisation, by=by, act="webhook.added", subject=name, detail={"url": url})
    return webhook, secret_text(key_of(settings.SECRET_KEY, salt))


@transaction.atomic
def pause_webhook(*, organisation: Organisation, key: int, paused: bool, by: Person, now: datetime) -> Webhook:
    """Stop sending for a while, or go on; what happens meanwhile waits and is sent then.

    Locks    the webhook's row.
    Refuses  person.not_staff, webhook.not_found.
    """
    webhook = _locked(organisation, key, by)
    webhook.paused_at = now if paused else None
    webhook.save(update_fields=["paused_at"])
    act = "webhook.paused" if paused else "webhook.resumed"
    record_act(organisation=organisation, by=by, act=act, subject=webhook.name)
    if not paused:
        have_sent(webhook.pk)
    return webhook


@transaction.atomic
def remove_webhook(*, organisation: Organisation, key: int, by: Person) -> Webhook:
    """Tell an address nothing any more, and forget what was sent there.

    Locks    the webhook's row.
    Refuses  person.not_staff, webhook.not_found.
    """
    webhook = _locked(organisation, key, by)
    record_act(organisation=organisation, by=by, act="webhook.removed", subject=webhook.name)
    webhook.delete()
    return webhook


@transaction.atomic
def try_webhook(*, organisation: Organisation, key: int, by: Person, now: datetime) -> Delivery:
    """Send a message that tells of nothing, to see whether it arrives.

    Locks    the webhook's row.
    Refuses  person.not_staff, webhook.not_found, webhook.paused.
    """
    webhook = _locked(organisation, key, by)
    if webhook.paused_at is not None:
        raise Refused(Code.WEBHOOK_PAUSED)
    delivery = Delivery.objects.create(webhook=webhook, event=TEST, facts={}, made_at=now, due_at=now)
    record_act(organisation=organisation, by=by, act="webhook.tried", subject=webhook.name)
    have_sent(webhook.pk)
    return delivery


@transaction.atomic
def send_again(*, organisation: Organisation, delivery: int, by: Person, now: datetime) -> Delivery:
    """Try a message once more that was given up, or waits for its next try.

    Locks    the message's row.
    Refuses  person.not_staff, webhook.not_found.
    """
    _require(organisation, by)
    rows = Delivery.objects.select_for_update(of=("self",)).filter(webhook__organisation=organisation, taken_at=None)
    found = rows.filter(pk=delivery).first()
    if found is None:
        raise Refused(Code.WEBHOOK_NOT_FOUND)
    found.n_tries, found.due_at = 0, now
    found.save(update_fields=["n_tries", "due_at"])
    detail = {"message": str(found.key), "event": found.event}
    record_act(organisation=organisation, by=by, act="webhook.sent_again", subject=found.webhook.name, detail=detail)
    have_sent(found.webhook_id)
    return found


def have_sent(webhook: int) -> None:
    """Have a worker send what waits for this webhook; once, however often it is asked.

    A job that runs holds up no other one: that of a worker that was killed runs for ever. Messages have leases.
    """
    try:
        # In a savepoint: that it is in the queue already is no end of the transaction around.
        with transaction.atomic():
            app.configure_task(SEND_TASK, queueing_lock=f"webhook-{webhook}").defer(key=webhook)
    except AlreadyEnqueued:
        pass


# --- sending --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Try:
    """What came of sending a message once; ``why`` in a few words of the machine, or a refusal's code and its facts."""

    status: int | None
    ms: int
    why: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_taken(self) -> bool:
        """Did the receiver say that it has it?"""
        return self.status is not None and 200 <= self.status < 300


def send_waiting(key: int, *, clock: Callable[[], datetime], wall: Callable[[], float]) -> int:
    """Send what waits for a webhook, the oldest first, until one fails: how many were taken.

    Locks    a message's row to claim it, and not while it is under way; whoever claims it next may do so when its
             lease is over (tests/integration/test_webhooks.py).
    """
    n_taken = 0
    for _turn in range(A_TURN):
        claimed = _claim(key, clock())
        if claimed is None:
            break
        tried = _send(claimed, int(wall()))
        _note(claimed, tried, clock())
        if not tried.is_taken:
            break
        n_taken += 1
    return n_taken


@transaction.atomic
def _claim(key: int, now: datetime) -> Delivery | None:
    rows = Delivery.objects.select_for_update(of=("self",), skip_locked=True).select_related("webhook__organisation")
    found = rows.filter(webhook=key, webhook__paused_at=None, due_at__lte=now).order_by("made_at", "pk").first()
    if found is not None:
        found.n_tries, found.due_at = found.n_tries + 1, now + LEASE
        found.save(update_fields=["n_tries", "due_at"])
    return found


def _send(delivery: Delivery, timestamp: int) -> Try:
    webhook, began = delivery.webhook, monotonic()
    body = body_of(delivery)
    number = str(delivery.key)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Kiesplek",
        "webhook-id": number,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(key_of(settings.SECRET_KEY, bytes(webhook.salt)), number, timestamp, body),
    }
    status, why, facts = None, "", dict[str, object]()
    try:
        status = call(
            webhook.url,
            listed=settings.WEBHOOK_HOSTS,
            networks=settings.PRIVATE_NETWORKS,
            timeout_s=TIMEOUT_S,
            method="POST",
            body=body,
            headers=headers,
        ).status
    except Refused as refused:
        why, facts = refused.code.value, dict(refused.facts)
    except CallFailed as failed:
        why = str(failed)
    return Try(status, round((monotonic() - began) * 1000), why, facts)


def body_of(delivery: Delivery) -> bytes:
    """What is sent: what happened and where to read on, the same at every try."""
    town, facts = delivery.webhook.organisation, delivery.facts
    told: dict[str, Any] = {"id": str(delivery.key), "event": delivery.event, "organisation": town.slug} | facts
    if "project" in facts:
        told["url"] = address_of(town) + reverse("api_project", args=(facts["project"],))
    return json.dumps(told, separators=(",", ":")).encode()


@transaction.atomic
def _note(delivery: Delivery, tried: Try, now: datetime) -> None:
    row = asdict(tried) | {"at": now.isoformat(timespec="seconds")}
    delivery.tries = [*delivery.tries, row]
    wait = None if tried.is_taken else wait_after(delivery.n_tries)
    delivery.taken_at = now if tried.is_taken else None
    delivery.due_at = now + wait if wait else None
    # Updated, not saved: whoever removed the webhook meanwhile removed its messages too.
    Delivery.objects.filter(pk=delivery.pk).update(
        tries=delivery.tries, taken_at=delivery.taken_at, due_at=delivery.due_at
    )
    if tried.status == GONE:
        Webhook.objects.filter(pk=delivery.webhook_id).update(paused_at=now)
    if wait:
        # The others wait as long: a receiver that is down is asked once, not once a message.
        others = Delivery.objects.filter(webhook=delivery.webhook_id, due_at__isnull=False)
        others.update(due_at=Greatest("due_at", now + wait))


def forget_deliveries(now: datetime) -> int:
    """Forget what was sent or given up long ago: how many messages."""
    rows = Delivery.objects.filter(due_at=None, made_at__lt=now - KEPT)
    return rows.delete()[0]

"""Which webhooks a town has, what was sent to them, and what waits."""

from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from participation.models import Delivery, Organisation, Webhook


def webhooks_of(organisation: Organisation) -> QuerySet[Webhook]:
    """The webhooks of a town by name, each with ``n_waiting``, ``n_given_up`` and ``last_taken_at``."""
    return (
        Webhook.objects.filter(organisation=organisation)
        .annotate(
            n_waiting=Count("deliveries", filter=Q(deliveries__due_at__isnull=False)),
            n_given_up=Count("deliveries", filter=Q(deliveries__due_at=None, deliveries__taken_at=None)),
            last_taken_at=Max("deliveries__taken_at"),
        )
        .order_by("name", "pk")
    )


def deliveries_of(organisation: Organisation, webhook: int | None = None) -> QuerySet[Delivery]:
    """What was sent or waits, the latest first; of one webhook, or of all."""
    rows = Delivery.objects.filter(webhook__organisation=organisation).select_related("webhook")
    return rows if webhook is None else rows.filter(webhook=webhook)


def due_webhooks(now: datetime) -> list[int]:
    """Which webhooks have something to send now?"""
    waiting = Delivery.objects.filter(webhook=OuterRef("pk"), due_at__lte=now).values("pk")[:1]
    rows = Webhook.objects.filter(paused_at=None).annotate(first=Subquery(waiting)).filter(first__isnull=False)
    return list(rows.order_by("pk").values_list("pk", flat=True))

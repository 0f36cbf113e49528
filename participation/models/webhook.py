"""Programs that are told when something happens, and the messages to them: an outbox and its log in one."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.rules.outgoing import URL_MAX
from participation.rules.webhooks import NAME_MAX, Event


class Webhook(models.Model):
    """An address that is told of some events of one municipality.

    Its key is made of ``salt`` and the secret of the installation (rules.webhooks.key_of), so that it stands nowhere.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=NAME_MAX)
    url = models.CharField(max_length=URL_MAX)
    events = ArrayField(models.CharField(max_length=40, choices=[(event.value, event.value) for event in Event]))
    salt = models.BinaryField(max_length=16)
    made_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="webhooks")
    made_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message to one webhook; written with what it tells of (triggers ``tell_*``), sent by the worker.

    ``due_at`` is when it is tried next: null once it was taken or given up. ``tries`` is [{"at", "status", "ms",
    "why", "facts"}]. ``facts`` holds {"project", "numbers"}: what happened, and nobody.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    event = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(null=True, blank=True)
    tries = models.JSONField(default=list)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(fields=["webhook", "due_at"], condition=Q(due_at__isnull=False), name="delivery_due"),
            models.Index(fields=["webhook", "-made_at"], name="delivery_latest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(due_at__isnull=True), name="delivery_taken_is_not_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.key}"

"""Tokens with which programs speak for a person in one municipality; what they already did; how often they ask."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.rules.tokens import NAME_MAX, Scope


class Token(models.Model):
    """One token: bound to a person and a municipality, kept as a SHA-256, seen whole once, when it is made."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="tokens")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=NAME_MAX, help_text=_("What it is for, such as “QGIS on my laptop”"))
    scopes = ArrayField(models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope]))
    start = models.CharField(max_length=12, help_text=_("Its first signs, to know it by"))
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="token_expires_after_it_is_made"
            )
        ]

    def __str__(self) -> str:
        return f"{self.start}… {self.name}"


class Repeat(models.Model):
    """What was answered to a request with an Idempotency-Key, so that the same request again changes nothing.

    ``asked`` is a SHA-256 of what was asked: the same key with other content is a mistake.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="repeats")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="repeats")
    key = models.CharField(max_length=200)
    asked = models.BinaryField(max_length=32)
    answer = models.JSONField(default=dict)
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "person", "key"], name="repeat_key_once")]

    def __str__(self) -> str:
        return self.key


class Pace(models.Model):
    """How many requests came from one source within a minute; a source is a keyed hash and says nothing of anybody."""

    source = models.CharField(max_length=64, primary_key=True)
    began_at = models.DateTimeField(db_index=True)
    n = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.source[:8]} {self.n}"

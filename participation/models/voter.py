"""Codes by letter and what was tried for them, and the closing times that two officers moved."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from participation.models.organisation import Organisation
from participation.models.person import Person
from participation.models.project import Phase

# A letter is for one vote, or it shows the town that somebody lives there.
ONE_PURPOSE = Q(phase__isnull=False, organisation__isnull=True) | Q(phase__isnull=True, organisation__isnull=False)


class CodeBatch(models.Model):
    """Codes that were printed together; a lost print is withdrawn as a whole, as far as nobody used it.

    They are for a vote (``phase``), or verify residents of a town (``organisation``).
    """

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, null=True, blank=True, related_name="code_batches")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="resident_batches"
    )
    made_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="code_batches")
    made_at = models.DateTimeField()
    n_codes = models.PositiveIntegerField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=ONE_PURPOSE, name="batch_has_one_purpose")]

    def __str__(self) -> str:
        return f"{self.phase_id or self.organisation}: {self.n_codes}"


class VotingCode(models.Model):
    """One code of a letter, kept as a salted SHA-256 of its secret; used once, by one person.

    ``locator`` finds it, the secret is compared (rules.electorate). ``used_at`` stays when the person is erased.
    """

    batch = models.ForeignKey(CodeBatch, on_delete=models.CASCADE, related_name="codes")
    phase = models.ForeignKey(
        Phase, on_delete=models.CASCADE, null=True, blank=True, related_name="codes", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="letters", db_index=False
    )
    locator = models.CharField(max_length=4)
    salt = models.BinaryField(max_length=16)
    digest = models.BinaryField(max_length=32)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="codes")
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phase", "locator"], name="code_locator_once"),
            models.UniqueConstraint(fields=["organisation", "locator"], name="resident_code_locator_once"),
            models.UniqueConstraint(fields=["phase", "person"], name="code_once_a_person"),
            models.CheckConstraint(condition=ONE_PURPOSE, name="code_has_one_purpose"),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(used_at__isnull=False), name="code_of_a_person_is_used"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase_id or self.organisation}/{self.locator}"


class CodeTry(models.Model):
    """One try of a code that was not taken yet to be good, by whence it came; forgotten after a minute.

    ``source`` is a keyed hash of an address or a session, so that the table says nothing of anybody.
    """

    source = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        indexes = [models.Index(fields=["source", "at"], name="code_try_of_source")]

    def __str__(self) -> str:
        return f"{self.source[:8]} {self.at}"


class Extension(models.Model):
    """A later closing time of a vote, asked for by one officer with a reason and agreed to by another."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="extensions")
    closes_at = models.DateTimeField()
    reason = models.TextField(max_length=1000)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="extensions_asked")
    asked_at = models.DateTimeField()
    agreed_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="extensions_agreed"
    )
    agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("asked_by")), name="extension_by_two_officers"
            ),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True, agreed_at__isnull=True)
                | Q(agreed_by__isnull=False, agreed_at__isnull=False),
                name="extension_agreed_whole",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="extension_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}: {self.closes_at}"

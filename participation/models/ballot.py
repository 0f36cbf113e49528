"""Ballots: one a person and phase, cast as a whole, the last cast counts.

The composite foreign keys (cap), the append-only triggers and the freezing of a phase's rules are in
migration 0002, in SQL, because Django cannot say them.
"""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from participation.models.person import Person
from participation.models.project import Phase
from participation.models.proposal import Proposal
from participation.rules.electorate import Channel


class Ballot(models.Model):
    """One person's ballot in one phase, whatever the channel. ``tag`` is random, never derived from the person."""

    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="ballots", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="ballots")
    tag = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The row of a pabulib file it came from, cell by cell; null in the cells that its votes say as well.
    source = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phase", "person"], name="ballot_once")]

    def __str__(self) -> str:
        return str(self.tag)


class BallotCast(models.Model):
    """One casting of a whole ballot; append-only. ``nonce`` makes a retry safe, ``seq`` says which came last."""

    # Each index costs every cast something: these are found by the unique keys below.
    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="casts", db_index=False)
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="casts", db_index=False)
    cap = models.PositiveSmallIntegerField()
    seq = models.PositiveIntegerField()
    nonce = models.UUIDField()
    recorded_at = models.DateTimeField()
    channel = models.CharField(
        max_length=5, choices=[(c.value, c.value) for c in Channel], default=Channel.WEB, db_default=Channel.WEB.value
    )
    clerk = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="paper_casts",
        db_index=False,
        help_text=_("Who typed it in"),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ballot", "seq"], name="cast_seq_once"),
            models.UniqueConstraint(fields=["ballot", "nonce"], name="cast_nonce_once"),
            models.UniqueConstraint(fields=["id", "cap"], name="cast_id_cap"),
            models.CheckConstraint(
                condition=Q(channel="paper", clerk__isnull=False) | ~Q(channel="paper") & Q(clerk__isnull=True),
                name="cast_on_paper_has_a_clerk",
            ),
        ]
        indexes = [
            models.Index(fields=["phase", "cap"], name="cast_phase_cap"),
            models.Index(fields=["clerk"], condition=Q(clerk__isnull=False), name="cast_by_clerk"),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}/{self.seq}"


class Vote(models.Model):
    """One choice of one cast; never more rows than the cap, whatever runs in parallel.

    ``value`` is the points given, 1 where none are; ``position`` the place in a ranking. What the choices add up
    to (points, costs, choices in one neighbourhood or of one theme) is held by the trigger ``votes_within_limits``.
    """

    pk = models.CompositePrimaryKey("cast_id", "position")
    cast = models.ForeignKey(BallotCast, on_delete=models.PROTECT, related_name="votes", db_index=False)
    cap = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="votes")
    value = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cast", "proposal"], name="vote_once_a_cast"),
            models.CheckConstraint(condition=Q(position__gte=1) & Q(position__lte=F("cap")), name="vote_within_cap"),
            models.CheckConstraint(condition=Q(value__gte=1), name="vote_has_a_value"),
        ]

    def __str__(self) -> str:
        return f"{self.cast_id}:{self.position}"


class TallyRow(models.Model):
    """The counted votes of one option, written once when the phase is closed."""

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="tally")
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="tally")
    n_votes = models.PositiveIntegerField()
    rank = models.PositiveIntegerField()
    is_winner = models.BooleanField()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "proposal"], name="tally_once"),
            models.UniqueConstraint(fields=["phase", "rank"], name="tally_rank_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.proposal_id}"

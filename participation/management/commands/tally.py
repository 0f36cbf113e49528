"""Tells how a vote ended."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, project_called
from participation.rules.refusals import Code, Refused
from participation.selectors.operating import tally_of, votes_of
from participation.selectors.projects import n_voters
from participation.services.voting import close_due_phases

RULES = ("plurality",)


class Command(OperatorCommand):
    """Tell the tally."""

    help = "Tell the counted votes of a project's last vote, once it is over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--rule", required=True, help=f"one of: {', '.join(RULES)}")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Close the vote when its time is over, and tell its tally; proposals are named by their numbers."""
        if options["rule"] not in RULES:
            raise CommandError(
                _("The rule “%(rule)s” is not there. There is: %(known)s.")
                % {"rule": options["rule"][:40], "known": ", ".join(RULES)}
            )
        project = project_called(options["project"])
        close_due_phases(project)
        votes = votes_of(project)
        if not votes:
            raise Refused(Code.VOTE_NOT_OPEN)
        closed = [vote for vote in votes if vote.closed_at is not None]
        if not closed:
            raise Refused(Code.VOTE_NOT_COUNTED)
        rows = tally_of(closed[-1])
        result: dict[str, object] = {
            "rule": options["rule"],
            "n_ballots": n_voters(closed[-1]),
            "scores": {str(row.proposal.number): row.n_votes for row in rows},
            "winners": [row.proposal.number for row in rows if row.is_winner],
        }
        words = "\n".join(f"{row.rank}\t{row.n_votes}\t{row.proposal.number}\t{row.proposal.title}" for row in rows)
        self.answer(result, words, as_json=options["json"])

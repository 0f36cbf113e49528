"""Tells how a vote ended."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, project_called
from participation.rules import pabulib
from participation.rules.counting import COUNT, Outcome
from participation.rules.refusals import Code, Refused
from participation.rules.voting import Rule
from participation.selectors.operating import tally_of, votes_of
from participation.selectors.projects import n_voters
from participation.services.voting import close_due_phases

# What a project's vote was counted by; a file can be counted by every rule.
OF_A_PROJECT = (Rule.PLURALITY,)


class Command(OperatorCommand):
    """Tell the tally."""

    help = "Tell the counted votes of a project's last vote, once it is over, or count a pabulib file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        counted = parser.add_mutually_exclusive_group(required=True)
        counted.add_argument("file", nargs="?", metavar="FILE.pb", help="an election as pabulib keeps them")
        counted.add_argument("--project", metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument("--rule", required=True, help=f"one of: {', '.join(Rule)}")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Count a file; or close the vote when its time is over, and tell its tally by the proposals' numbers."""
        rules = tuple(Rule) if options["file"] else OF_A_PROJECT
        if options["rule"] not in rules:
            raise CommandError(
                _("The rule “%(rule)s” is not there. There is: %(known)s.")
                % {"rule": options["rule"][:40], "known": ", ".join(rules)}
            )
        if options["file"]:
            self.tell_file(Path(options["file"]), Rule(options["rule"]), as_json=options["json"])
            return
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

    def tell_file(self, path: Path, rule: Rule, *, as_json: bool) -> None:
        """Count the ballots of a pabulib file; projects are named by their ids."""
        election = pabulib.election_of(pabulib.read(_text(path)))
        outcome: Outcome[str] = COUNT[rule](election)
        result: dict[str, object] = {
            "rule": rule.value,
            "n_ballots": election.n_ballots,
            "scores": outcome.scores,
            "winners": list(outcome.winners),
        }
        words = "\n".join(
            f"{rank}\t{outcome.scores[option]}\t{option}" for rank, option in enumerate(outcome.winners, 1)
        )
        self.answer(result, words, as_json=as_json)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(Code.FILE_UNREADABLE, {"why": error.strerror}) from error
    except UnicodeDecodeError as error:
        raise Refused(Code.FILE_UNREADABLE, {"why": _("its text is not UTF-8")}) from error

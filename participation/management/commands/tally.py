"""Tells how a vote ended."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from participation.management.operating import OperatorCommand, counted_vote_of, pabulib_text, project_called
from participation.rules import pabulib
from participation.rules.counting import COUNT, Outcome
from participation.rules.voting import Rule
from participation.selectors.results import counted_options
from participation.services.pabulib import id_of
from participation.services.tally import counted_by


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
        if options["rule"] not in set(Rule):
            raise CommandError(
                _("The rule “%(rule)s” is not there. There is: %(known)s.")
                % {"rule": options["rule"][:40], "known": ", ".join(Rule)}
            )
        if options["file"]:
            self.tell_file(Path(options["file"]), Rule(options["rule"]), as_json=options["json"])
            return
        project = project_called(options["project"])
        vote = counted_vote_of(project)
        counted = counted_by(vote, Rule(options["rule"]), one_per_area=vote.one_per_area)
        outcome = counted.outcome
        found = list(counted_options(vote))
        titles = {option.number: option.title for option in found}
        # What came from a file is called as there, so that the tallies of both are alike.
        ids = {option.number: id_of(vote, option) for option in found} if project.source else {}
        result: dict[str, object] = {
            "rule": options["rule"],
            "n_ballots": counted.n_ballots,
            "scores": {ids.get(number, str(number)): score for number, score in outcome.scores.items()},
            "winners": [ids.get(number, number) for number in counted.winners],
        }
        words = "\n".join(
            f"{rank}\t{outcome.scores[number]}\t{number}\t{titles[number]}"
            for rank, number in enumerate(outcome.order, start=1)
        )
        self.answer(result, words, as_json=options["json"])

    def tell_file(self, path: Path, rule: Rule, *, as_json: bool) -> None:
        """Count the ballots of a pabulib file; projects are named by their ids."""
        election = pabulib.election_of(pabulib.read(pabulib_text(path)))
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

"""What all commands of an operator share: one sentence when something is refused, JSON when it is asked for."""

import contextlib
import csv
import json
import os
import re
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils.translation import gettext as _
from psycopg.errors import UndefinedTable
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo.formats.formulas import inert
from geo.formats.rows import Row, RowFault, UnreadableFile
from geo.intake.apart import reading_of
from geo.problems import Problem
from participation.models import Phase, Project
from participation.rules.refusals import Code, Refused
from participation.selectors.operating import projects_called, votes_of
from participation.services.importing.rows import RefusedRow
from participation.services.voting import close_due_phases
from participation.web.sentences import sentence

# So many refused rows are named on the screen; all of them stand in the report.
SHOWN = 20

T = TypeVar("T")


class OperatorCommand(BaseCommand):
    """A command that ends with 0, or with 1 and one clear sentence, wrong arguments included."""

    # Set by Django when the command comes from the command line.
    _called_from_command_line: bool

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make wrong arguments a sentence like any other refusal, not a page of usage and exit 2."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.called_from_command_line = False
        # "--bbox -77.4,38.7,-76.8,39.2": argparse takes only a single number that begins with "-" for a value.
        parser._negative_number_matcher = re.compile(r"-[\d.]")
        return parser

    def add_json(self, parser: ArgumentParser) -> None:
        """Offer the result as one JSON object."""
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def run_from_argv(self, argv: list[str]) -> None:
        """Run, and turn every refusal into one sentence on stderr."""
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self.end(str(error))

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; from the command line a refusal is printed bare, from Python it is a CommandError."""
        try:
            try:
                return super().execute(*args, **options)
            except Refused as refused:
                raise CommandError(sentence(refused.code, refused.facts)) from refused
            except (UnreadableFile, Problem) as refused:
                raise CommandError(str(refused)) from refused
            except ProgrammingError as error:
                if isinstance(error.__cause__, UndefinedTable):
                    raise CommandError(_("The database has no tables yet. Run: manage.py migrate")) from error
                raise
            except OperationalError as error:
                reason = str(error).strip().partition("\n")[0]
                raise CommandError(_("The database cannot be used: %(reason)s") % {"reason": reason}) from error
        except CommandError as error:
            if not self._called_from_command_line:
                raise
            self.end(str(error))
        except KeyboardInterrupt:
            self.end(_("Stopped. Nothing was changed."))
        return None

    def end(self, words: str) -> None:
        """Say one sentence and end with 1."""
        self.stderr.write(words)
        sys.exit(1)

    def answer(self, result: dict[str, object], words: str, *, as_json: bool) -> None:
        """Give the result: one JSON object on stdout, or words."""
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(words)


def project_called(name: str) -> Project:
    """Find the project named ``slug`` or ``organisation/slug``.

    Raises   CommandError, also where two towns use the same slug.
    """
    found = projects_called(name)
    if len(found) > 1:
        names = ", ".join(f"{project.organisation.slug}/{project.slug}" for project in found)
        raise CommandError(_("Several towns have a project “%(name)s”. Say which: %(names)s.") % {
            "name": name, "names": names})  # fmt: skip
    if not found:
        raise CommandError(_("There is no project “%(name)s”.") % {"name": name[:100]})
    return found[0]


def counted_vote_of(project: Project) -> Phase:
    """Find the last vote of a project that is over, counted now if nobody did before.

    Refuses  vote.not_open where there is none, vote.not_counted where none is over.
    """
    close_due_phases(project)
    votes = votes_of(project)
    if not votes:
        raise Refused(Code.VOTE_NOT_OPEN)
    over = [vote for vote in votes if vote.closed_at is not None]
    if not over:
        raise Refused(Code.VOTE_NOT_COUNTED)
    return over[-1]


def pabulib_text(path: Path) -> str:
    """Read the text of a pabulib file.

    Refuses  file.unreadable.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(Code.FILE_UNREADABLE, {"why": error.strerror}) from error
    except UnicodeDecodeError as error:
        raise Refused(Code.FILE_UNREADABLE, {"why": _("its text is not UTF-8")}) from error


@contextlib.contextmanager
def rows_of_file(path: Path, **how: str | None) -> Iterator[Iterator[Row]]:
    """The rows of a file, read in a process apart (geo.intake): its layer, or the one in its zip file.

    Raises   UnreadableFile.
    """
    said = {name: value for name, value in how.items() if value}
    with reading_of(path, name=path.name, every_row=True, needs_places=False, as_it_stands=True, **said) as found:
        yield found.every_row()


@contextlib.contextmanager
def counted(rows: Iterable[T], what: str) -> Iterator[Iterator[T]]:
    """Show on stderr how many rows came by, when somebody sits there to see it."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield iter(progress.track(rows))


def why(row: RefusedRow) -> str:
    """The sentence of a refused row."""
    return row.why.sentence if isinstance(row.why, RowFault) else sentence(row.why.code, row.why.facts)


class Report:
    """Names the refused rows: the first on stderr, all in a CSV file that is put in place at the end."""

    def __init__(self, path: str | None, say: Callable[[str], object]) -> None:
        self.path, self.say, self.n = Path(path) if path else None, say, 0
        self.file: Any = None

    def __enter__(self) -> "Report":
        if self.path is not None:
            try:
                handle, self.unfinished = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            except OSError as error:
                raise CommandError(
                    _("The report cannot be written at “%(path)s”: %(reason)s.")
                    % {"path": self.path, "reason": error.strerror}
                ) from error
            self.file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
            self.table = csv.writer(self.file)
            self.table.writerow(["line", "key", "code", "sentence"])
        return self

    def add(self, row: RefusedRow) -> None:
        """Name a refused row."""
        self.n += 1
        if self.n <= SHOWN:
            key = f" ({row.key[:60]})" if row.key else ""
            self.say(_("Line %(line)s%(key)s: %(why)s") % {"line": row.line, "key": key, "why": why(row)})
        if self.file is not None:
            self.table.writerow([row.line, inert(row.key), row.code, inert(why(row))])

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if self.file is not None:
            self.file.close()
            if kind is None:
                os.chmod(self.unfinished, 0o644)
                os.replace(self.unfinished, str(self.path))
            else:
                os.unlink(self.unfinished)
        if kind is None and self.n > SHOWN:
            rest = {"n": self.n - SHOWN}
            self.say(
                _("… and %(n)s more; the report names them all.") % rest
                if self.path is not None
                else _("… and %(n)s more; --report FILE.csv names them all.") % rest
            )

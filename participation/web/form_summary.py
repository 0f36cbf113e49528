"""What was answered, counted: bars with the figures in a table behind them; few people's figures are not said."""

from typing import Any

from django.utils.translation import gettext, ngettext

from participation.models import Project
from participation.rules.phases import Act
from participation.rules.questions import CHOICES, Asked
from participation.rules.small_cells import FEWEST
from participation.selectors.forms import Tallied, questions_of, tallied
from participation.selectors.projects import Standing
from participation.web.questions import KIND_NAMES, option_name, said
from participation.web.words import grouped


def form_summary(project: Project, where: Standing) -> dict[str, Any]:
    """What everybody may know of the form of a project: nothing while it is open, so that nobody can subtract."""
    if Act.ANSWER in where.acts:
        return {"summary": [], "n_questions": len(questions_of(project, Asked.ALONE))}
    n, rows = tallied(project, Asked.ALONE, exact=False, public=True)
    told = [drawn(row) for row in rows if row.question.kind in CHOICES]
    return {"summary": told if n else [], "n_sheets": n, "n_sheets_said": sheets_said(n)}


def sheets_said(n: int) -> str:
    """How many people answered."""
    return ngettext("%(n)s form was sent.", "%(n)s forms were sent.", n) % {"n": grouped(n)}


def drawn(row: Tallied, *, exact: bool = False) -> dict[str, Any]:
    """One question as bars and as a table: the longest bar is the most frequent answer.

    ``exact`` says how many answered also where they are few.
    """
    one = row.question
    figures = [(option_name(one, key) if one.kind in CHOICES else key, n) for key, n in row.counts.items()]
    top = max((count for _name, count in figures if count), default=0)
    return {
        "label": said(one.label),
        "kind": KIND_NAMES[one.kind],
        "question": one,
        "n_said": ""
        if row.is_of_few and not exact
        else ngettext("%(n)s of %(asked)s person answered.", "%(n)s of %(asked)s people answered.", row.n_asked)
        % {"n": grouped(row.n), "asked": grouped(row.n_asked)},
        "bars": [{"name": name, "value": count} for name, count in figures],
        "top": top,
        "columns": [
            {"label": gettext("Answer")},
            {"label": gettext("People"), "number": True},
            {"label": gettext("Share"), "number": True},
        ],
        "table": [[name, count, _share(count or 0, row.n)] for name, count in figures],
        "is_hidden": row.is_hidden or (row.is_of_few and not exact),
        "fewest": FEWEST,
        "texts": row.texts,
        "n": row.n,
    }


def _share(part: int, whole: int) -> str:
    return gettext("%(n)s%%") % {"n": round(100 * part / whole) if whole else 0}

"""How a ballot says what there is to give, what is left of it, and what is too much."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy

from participation.rules.voting import Method
from participation.web.sentences import money
from participation.web.words import grouped


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one way to vote; %(left)s and %(cap)s are filled in here, and by ballot.js at each change."""

    offer: str | Promise
    some: str | Promise
    none: str | Promise
    over: str | Promise


# Where nothing limits how many: to say "38 of your 38 choices left" would only puzzle.
FREE = Words(
    gettext_lazy("Choose as many as you like"),
    gettext_lazy("%(used)s chosen, as many as you like"),
    gettext_lazy("%(used)s chosen, as many as you like"),
    gettext_lazy("%(used)s chosen, as many as you like"),
)
WORDS = {
    Method.SUPPORT: FREE,
    Method.CHOICES: Words(
        gettext_lazy("You have %(cap)s choices"),
        gettext_lazy("%(left)s of your %(cap)s choices left"),
        gettext_lazy("All your %(cap)s choices are used"),
        gettext_lazy("Too many: take %(left)s off"),
    ),
    Method.POINTS: Words(
        gettext_lazy("You have %(cap)s points to divide"),
        gettext_lazy("%(left)s of your %(cap)s points left"),
        gettext_lazy("All your %(cap)s points are given"),
        gettext_lazy("Too many points: take %(left)s back"),
    ),
    Method.BUDGET: Words(
        gettext_lazy("You have %(cap)s to spend"),
        gettext_lazy("%(left)s of %(cap)s left"),
        gettext_lazy("All of %(cap)s is spent"),
        gettext_lazy("%(left)s too much: take something off"),
    ),
    Method.RANKING: Words(
        gettext_lazy("You can rank %(cap)s"),
        gettext_lazy("You can still rank %(left)s of %(cap)s"),
        gettext_lazy("All your %(cap)s ranks are given"),
        gettext_lazy("Too many ranks: take %(left)s off"),
    ),
}
# What ballot.js says while a ballot is filled in; the check says it in whole sentences.
WRONG = {
    "most": gettext_lazy("Too many: at most %(cap)s"),
    "part": gettext_lazy("%(name)s: at most %(cap)s"),
    "twice": gettext_lazy("Given twice: rank %(rank)s"),
}
POINTS_GIVEN = ngettext_lazy("%(n)s point", "%(n)s points", "n")


def offered(words: Words, method: Method, cap: int) -> str:
    """Say what there is to give on an empty ballot."""
    return str(words.offer) % {"cap": _said(method, cap)}


def left_said(words: Words, method: Method, used: int, cap: int) -> str:
    """Say what is left, or by how much it is too much."""
    kind = words.over if used > cap else words.none if used == cap else words.some
    return str(kind) % {
        "left": _said(method, abs(cap - used)),
        "cap": _said(method, cap),
        "used": _said(method, used),
    }


def given(method: Method, *, value: int, position: int, cost_cents: int | None) -> str:
    """Say what one option gets on a ballot: its points, its rank, or what it costs; nothing for a plain choice."""
    if method is Method.POINTS:
        return str(POINTS_GIVEN % {"n": value})
    if method is Method.RANKING:
        return gettext("Rank %(n)s") % {"n": position}
    return money(cost_cents) if method is Method.BUDGET and cost_cents is not None else ""


def _said(method: Method, amount: int) -> str:
    return money(amount) if method is Method.BUDGET else grouped(amount)

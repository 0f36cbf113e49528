"""How a count is said: the rules, amounts of votes, why an option comes or goes, and what changed during the vote."""

from collections.abc import Mapping, Sequence

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from participation.models import Project
from participation.rules.electorate import Channel
from participation.rules.explaining import Reason, Why
from participation.rules.voting import Rule
from participation.selectors.events import Event, PublicEvent, public_events
from participation.web.sentences import money
from participation.web.words import grouped

RULE_NAMES = {
    Rule.PLURALITY: _("Most votes"),
    Rule.GREEDY: _("Most votes that fit"),
    Rule.EQUAL_SHARES: _("Equal shares"),
    Rule.BORDA: _("Points by rank"),
}
RULE_WORDS = {
    Rule.PLURALITY: _("What got most comes first."),
    Rule.GREEDY: _("What got most comes first; what no longer fits in the sum is skipped."),
    Rule.EQUAL_SHARES: _(
        "Every voter gets an equal share of what there is to give. A proposal is chosen when its supporters can pay "
        "for it together, so that a minority also gets something."
    ),
    Rule.BORDA: _("The higher you put a proposal, the more points it gets. What got most points comes first."),
}
CHANNEL_NAMES = {
    Channel.WEB: _("On this site"),
    Channel.CODE: _("With a code from a letter"),
    Channel.PAPER: _("On paper"),
}
UNIT_NAMES = {
    "votes": _("votes"),
    "points": _("points"),
    "first_places": _("first places"),
    "rank_points": _("points by rank"),
}
# Of a list of what supporters spent their share on, as many are named.
NAMED = 2


def amount(n: int, unit: str) -> str:
    """Say a score with what it counts: "1.104 stemmen"."""
    said = {"n": grouped(n)}
    if unit == "first_places":
        return ngettext("%(n)s first place", "%(n)s first places", n) % said
    if unit == "votes":
        return ngettext("%(n)s vote", "%(n)s votes", n) % said
    return ngettext("%(n)s point", "%(n)s points", n) % said


def quoted(titles: Sequence[str]) -> str:
    """List titles as a sentence does; only the first are named."""
    named = [gettext("“%(title)s”") % {"title": title} for title in titles[:NAMED]]
    if len(titles) > NAMED:
        return gettext("%(named)s and others") % {"named": ", ".join(named)}
    if len(named) > 1:
        return gettext("%(one)s and %(other)s") % {"one": named[0], "other": named[1]}
    return "".join(named)


def why(reason: Reason[int], *, unit: str, has_costs: bool, titles: Mapping[int, str], areas: Mapping[int, str]) -> str:
    """Say in one sentence why an option comes in or drops out."""
    n = reason.supporters
    facts: dict[str, object] = {
        "score": amount(reason.score, unit),
        "by": grouped(reason.by),
        "average": number_format(reason.average, 1) if reason.average is not None else "",
        "cost": money(reason.cost),
        "left": money(reason.left),
        "together": money(reason.together),
        "percent": reason.percent,
        "n": grouped(n),
        "on": quoted([titles[number] for number in reason.on]),
        "other": titles[reason.other] if reason.other is not None else "",
        "area": areas.get(reason.group, "") if isinstance(reason.group, int) else "",
    }
    if reason.why is Why.PAID_TOGETHER:
        said = ngettext(
            "Its %(n)s supporter paid for it, with %(percent)s%% of one share.",
            "Its %(n)s supporters paid for it together, each with at most %(percent)s%% of their share.",
            n,
        )
    elif reason.why is Why.SPENT:
        said = _spent(n, has_costs=has_costs, had_spent=bool(reason.on))
    elif reason.why is Why.FIRST_OF_GROUP:
        said = _first_of_area(has_other=reason.other is not None)
    elif reason.why is Why.MADE_ROOM:
        said = _made_room(has_other=reason.other is not None)
    elif reason.average is not None and reason.why in RANKED:
        said = str(RANKED[reason.why])
    else:
        said = str(PLAIN[reason.why])
    return said % facts


PLAIN = {
    Why.MORE: _("%(score)s, %(by)s more than the first one that stays out."),
    Why.FEWER: _("%(score)s, %(by)s fewer than the last one in."),
    Why.DRAWN_IN: _("%(score)s, as many as one that stays out: the draw decided."),
    Why.DRAWN_OUT: _("%(score)s, as many as the last one in: the draw decided."),
    Why.NOBODY: _("Nobody chose it."),
    Why.FITS: _("%(score)s; it costs %(cost)s, and %(left)s was still there at its turn."),
    Why.TOO_DEAR: _("%(score)s, but it costs %(cost)s and only %(left)s was left at its turn."),
    Why.BEHIND: _(
        "%(score)s; it stands behind “%(other)s”, for which too little was left. By this rule paying stops there."
    ),
    Why.FILLED: _("%(score)s. No group of voters could pay for one more, so most votes decided the places left."),
}
RANKED = {
    Why.MORE: _(
        "%(score)s, %(by)s more than the first one that stays out. Who put it on a list put it on place %(average)s "
        "on average."
    ),
    Why.FEWER: _(
        "%(score)s, %(by)s fewer than the last one in. Who put it on a list put it on place %(average)s on average."
    ),
}


def _spent(n: int, *, has_costs: bool, had_spent: bool) -> str:
    if has_costs and had_spent:
        return ngettext(
            "It costs %(cost)s. Its %(n)s supporter had only %(together)s left, having already paid for %(on)s.",
            "It costs %(cost)s. Its %(n)s supporters had only %(together)s left together, having already paid for "
            "%(on)s.",
            n,
        )
    if has_costs:
        return ngettext(
            "It costs %(cost)s. Its %(n)s supporter had only %(together)s.",
            "It costs %(cost)s. Its %(n)s supporters had only %(together)s together.",
            n,
        )
    if had_spent:
        return ngettext(
            "Its %(n)s supporter had only %(percent)s%% of a place left, having already paid for %(on)s.",
            "Its %(n)s supporters had only %(percent)s%% of a place left together, having already paid for %(on)s.",
            n,
        )
    return ngettext(
        "Its %(n)s supporter had only %(percent)s%% of a place.",
        "Its %(n)s supporters had only %(percent)s%% of a place together.",
        n,
    )


def _first_of_area(*, has_other: bool) -> str:
    if has_other:
        return gettext("The first of %(area)s, with %(score)s; it takes the place of “%(other)s”.")
    return gettext("The first of %(area)s, with %(score)s.")


def _made_room(*, has_other: bool) -> str:
    if has_other:
        return gettext("%(score)s, but it makes room for “%(other)s”, so that each neighbourhood has one.")
    return gettext("%(score)s, but it makes room, so that each neighbourhood has one.")


def event_said(event: PublicEvent) -> str:
    """Say in one sentence what changed."""
    facts = {
        "title": event.title,
        "number": event.number,
        "reason": event.reason.strip().rstrip("."),
        "at": date_format(localtime(event.closes_at), "DATETIME_FORMAT") if event.closes_at else "",
    }
    if event.kind is Event.EXTENDED:
        return gettext("The vote closes later, on %(at)s. Why: %(reason)s.") % facts
    if event.kind is Event.CLOSED:
        return gettext("The vote closed and the votes were counted.")
    if event.kind is Event.JOINED and event.title:
        return gettext("“%(title)s” joined the ballot.") % facts
    if event.kind is Event.JOINED:
        return gettext("Option %(number)s joined the ballot; it is no longer shown.") % facts
    if event.kind is Event.LEFT and event.title:
        return gettext("“%(title)s” left the ballot.") % facts
    if event.after_count:
        return gettext("Option %(number)s is no longer shown. Its place in the result stays.") % facts
    return gettext("Option %(number)s left the ballot and is no longer shown.") % facts


def event_lines(project: Project) -> list[dict[str, object]]:
    """What changed while the vote ran: when, and one sentence each."""
    return [{"at": event.at, "said": event_said(event)} for event in public_events(project)]

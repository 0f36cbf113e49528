"""The chapters of a dossier on what people and the town said: vote, decision, what is open, how to check it."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext

from participation.rules.electorate import Channel
from participation.rules.explaining import unit_of
from participation.rules.small_cells import FEWEST
from participation.rules.text import in_language
from participation.rules.voting import Method, Rule
from participation.web.result_words import CHANNEL_NAMES, RULE_WORDS, UNIT_NAMES
from participation.web.words import grouped
from siting.models import RollOut
from siting.models.naming import criterion_name
from siting.rules.criteria import Verdict
from siting.selectors.dossier import Told
from siting.web import study_words as words
from siting.web.dossier_blocks import (
    Block,
    Chapter,
    Entry,
    Grid,
    Heading,
    Link,
    Points,
    Text,
    day,
    map_and_detail,
    point,
)
from siting.web.outcome import STATES

# Of a long list as many are named.
NAMED = 20

Whole = Callable[[str], str]


def option_title(row: dict[str, object]) -> str:
    """What an option is called, as long as it may be read."""
    return str(row["title"]) or gettext("Option %(number)s, no longer shown") % {"number": row["number"]}


def headline(told: Told) -> str:
    """Say who took part in the vote and what came first; that none was counted, where none was."""
    vote = told.content["vote"]
    if vote is None:
        return gettext("No vote was counted yet. How a running vote stands is nobody’s to know.")
    n, wins = vote["n_people"], [option_title(row) for row in vote["options"] if row["is_winner"]]
    facts = {"n": grouped(n), "from": day(vote["opened_at"]), "to": day(vote["closed_at"])}
    said = (
        ngettext("%(n)s person voted, from %(from)s to %(to)s.", "%(n)s people voted, from %(from)s to %(to)s.", n)
        % facts
    )
    first = (
        gettext("These came first: %(titles)s.") % {"titles": ", ".join(wins)}
        if wins
        else gettext("Nothing was chosen.")
    )
    return f"{said} {first}"


def vote(told: Told, whole: Whole) -> Chapter:
    """What a vote that was counted said, by how many, where."""
    title, found = gettext("The vote"), told.content["vote"]
    if found is None:
        return Chapter("vote", title, [Text(headline(told))])
    blocks: list[Block] = [Text(headline(told), "lead"), Text(str(RULE_WORDS[Rule(found["rule"])]))]
    if found["one_per_area"]:
        blocks.append(Text(gettext("Each neighbourhood gets at least one place.")))
    blocks += _turnout(told)
    unit = str(UNIT_NAMES[unit_of(Method(found["method"]), Rule(found["rule"]))])
    blocks.append(
        Grid(
            gettext("What each place got"),
            [gettext("Place"), gettext("Neighbourhood"), unit[:1].upper() + unit[1:], gettext("Chosen")],
            [
                [
                    f"{row['rank']}. {option_title(row)}",
                    row["area"] or "–",
                    grouped(row["n_votes"]),
                    gettext("yes") if row["is_winner"] else gettext("no"),
                ]
                for row in found["options"]
            ],
            (2,),
        )
    )
    if found["areas"]:
        blocks.append(_areas(told))
    results = whole(reverse("results", args=(told.content["project"]["slug"],)))
    counted = gettext("The whole result, other ways of counting, and how to check the count")
    blocks.append(Points([point("", Link(counted, results))]))
    return Chapter("vote", title, blocks)


def _turnout(told: Told) -> list[Block]:
    found = told.content["vote"]
    blocks: list[Block] = []
    if found["n_of"] and found["n_people"]:
        facts = {"share": words.percent(found["n_people"] / found["n_of"]), "of": grouped(found["n_of"])}
        said = (
            gettext("That is %(share)s of the %(of)s inhabitants.")
            if found["of_inhabitants"]
            else gettext("That is %(share)s of the %(of)s people who could vote.")
        )
        blocks.append(Text(said % facts))
    if None in found["channels"].values():
        kept = gettext("By which road people voted is not told: one of the figures is below %(n)s and could tell who.")
        blocks.append(Text(kept % {"n": FEWEST}, "note"))
    elif found["channels"]:
        rows = [[str(CHANNEL_NAMES[Channel(road)]), grouped(n)] for road, n in found["channels"].items()]
        blocks.append(Grid(gettext("How people voted"), [gettext("How people voted"), gettext("People")], rows, (1,)))
    return blocks


def _areas(told: Told) -> Grid:
    columns = [
        gettext("Neighbourhood"),
        gettext("Votes for places there"),
        gettext("per 1,000 inhabitants"),
        gettext("Chosen"),
    ]
    rows = [
        [
            area["name"],
            grouped(area["score"]),
            words.number(round(1000 * area["score"] / area["population"], 1)) if area["population"] else "–",
            str(area["n_chosen"]),
        ]
        for area in told.content["vote"]["areas"]
    ]
    return Grid(gettext("Per neighbourhood"), columns, rows, (1, 2, 3))


# --- decision ---------------------------------------------------------------------------------------------------


def decision_title(row: dict[str, object]) -> str:
    """What a place that was decided on is called, as long as it may be read."""
    return str(row["title"]) or gettext("Proposal %(number)s, no longer shown") % {"number": row["proposal"]}


def tallied(told: Told) -> str:
    """How many places are in which state, in one line."""
    states = [row["state"] for row in told.content["decisions"]]
    return ", ".join(f"{name}: {states.count(state)}" for state, name in STATES.items() if state in states)


def decision(told: Told) -> Chapter:
    """What the town decided about each place, why, and how far it has come."""
    title, rows = gettext("The decision for each place"), told.content["decisions"]
    if not rows:
        return Chapter("decision", title, [Text(gettext("Nothing was decided yet."))])
    n = len(rows)
    said = ngettext("The town decided about %(n)s place.", "The town decided about %(n)s places.", n) % {"n": n}
    blocks: list[Block] = [Text(f"{said} {capfirst(tallied(told))}.", "lead")]
    if any(row["point"] for row in rows):
        blocks += map_and_detail(
            "decisions",
            gettext("Map of what was decided. The list under it has the same numbers."),
            gettext("Green: it comes or is there. Amber: later. Grey: it does not come, or is not there any more."),
        )
    blocks += [_entry(at, row) for at, row in enumerate(rows, start=1)]
    return Chapter("decision", title, blocks)


def _entry(at: int, row: dict[str, Any]) -> Entry:
    language = get_language() or "nl"
    facts = [str(STATES[row["state"]]), gettext("decided %(day)s") % {"day": day(row["published_on"])}]
    numbers = row["proposals"]
    if numbers:
        n = len(numbers)
        named = ", ".join(str(number) for number in numbers[:NAMED]) + ("…" if n > NAMED else "")
        facts.append(ngettext("from proposal %(n)s", "from proposals %(n)s", n) % {"n": named})
    more = [
        f"{day(one['on'])}: {STATES[one['state']]}" + (f" ({one['note']})" if one["note"] else "")
        for one in row["roll_outs"]
        if one["state"] != RollOut.State.PLANNED
    ]
    more += [
        gettext("Decided before, %(day)s: %(reason)s")
        % {"day": day(one["published_on"]), "reason": in_language(one["reason"], language)}
        for one in row["earlier"]
    ]
    link = Link(gettext("The council's decision"), row["council_link"]) if row["council_link"] else None
    return Entry(f"{at}. {decision_title(row)}", " · ".join(facts), in_language(row["reason"], language), link, more)


# --- what is open, and checking ---------------------------------------------------------------------------------


def open_points(told: Told) -> Chapter:
    """What is not decided, not known or not the same any more."""
    found, items = told.found, []
    if undecided := told.undecided:
        said = ngettext(
            "Nothing was decided yet about %(n)s place: %(titles)s.",
            "Nothing was decided yet about %(n)s places: %(titles)s.",
            len(undecided),
        )
        items.append(said % {"n": len(undecided), "titles": _named([site.title for site in undecided])})
    if waiting := told.winners_undecided:
        said = gettext("Voted first, and not answered yet: %(titles)s.")
        items.append(said % {"titles": _named([option_title(row) for row in waiting])})
    if later := [decision_title(row) for row in told.content["decisions"] if row["state"] == "later"]:
        items.append(gettext("Put off until later: %(titles)s.") % {"titles": _named(later)})
    if told.content["vote"] is None:
        items.append(headline(told))
    unknown = [found.sites[at].title for at in found.order if found.scores[at].verdict is Verdict.UNKNOWN]
    if unknown:
        said = gettext("Still to be checked against the criteria that exclude: %(titles)s.")
        items.append(said % {"titles": _named(unknown)})
    names = {row.code: criterion_name(row) for row in found.criteria}
    items += [f"{names[code]}: {words.GONE[why]}" for code, why in told.content["study"]["gone"].items()]
    for what, facts in (
        (gettext("the study"), told.content["study"]),
        *((f"{row['number']}. {row['title']}", row) for row in told.content["scenarios"]),
    ):
        if facts["changed"]:
            changed = ", ".join(words.changed(facts["changed"], told.layer_names))
            since = gettext("Not the same any more since %(what)s was computed: %(changed)s.")
            items.append(since % {"what": what, "changed": changed})
    blocks: list[Block] = (
        [Points([point(item) for item in items])] if items else [Text(gettext("Nothing is left open."))]
    )
    return Chapter("open", gettext("What is not decided"), blocks)


def _named(titles: list[str]) -> str:
    if len(titles) <= NAMED:
        return ", ".join(titles)
    more = gettext("and %(n)s more") % {"n": len(titles) - NAMED}
    return f"{', '.join(titles[:NAMED])} {more}"


def check(told: Told, whole: Whole, *, fingerprint: str, study_page: str, is_published: bool, lost: bool) -> Chapter:
    """With what a reader can see that nothing was changed, and where the data are.

    ``study_page`` is where everybody reads the study, if they may; ``lost`` says that words were taken out since.
    """
    slug = told.content["project"]["slug"]
    runs = [
        (gettext("Study %(n)s: question and data"), gettext("Study %(n)s: outcome"), told.content["study"]),
        *(
            (gettext("Scenario %(n)s: question and data"), gettext("Scenario %(n)s: outcome"), row)
            for row in told.content["scenarios"]
        ),
    ]
    rows = []
    for asked, found, run in runs:
        made, number = day(run["finished_at"]), {"n": run["number"]}
        rows += [[asked % number, made, run["stamp_hash"]], [found % number, made, run["result_hash"]]]
    rows.append([gettext("This dossier"), "–", fingerprint])
    blocks: list[Block] = [
        Text(
            gettext(
                "A fingerprint is a number made from data: the same data always give the same one, and any change "
                "gives another. Whoever repeats a study on the same data finds the same fingerprints."
            )
        ),
        Grid(gettext("Fingerprints (SHA-256)"), [gettext("Of what"), gettext("When"), gettext("Fingerprint")], rows),
    ]
    if told.content["layers"]:
        layers = [
            [
                layer["name"],
                str(layer["version"]) if layer["version"] else gettext("deleted"),
                layer["source"] or "–",
                layer["licence"] or "–",
            ]
            for layer in told.content["layers"].values()
        ]
        columns = [gettext("Layer"), gettext("Version"), gettext("Source"), gettext("Licence")]
        blocks.append(Grid(gettext("Layers that were read"), columns, layers))
    places = [
        (gettext("Proposals, with their votes once these are counted"), whole(reverse("project", args=(slug,)))),
        (gettext("Open data and live layers"), whole(reverse("ogc_landing"))),
    ]
    if told.content["vote"] is not None:
        places.append((gettext("The result, and how to check the count"), whole(reverse("results", args=(slug,)))))
    if study_page:
        places.append((gettext("The study, whose scores open into their parts"), whole(study_page)))
    blocks += [Heading(gettext("Where the data are")), Points([point("", Link(*place)) for place in places])]
    if is_published:
        said = gettext(
            "The JSON file holds this dossier as it was published. Its fingerprint is SHA-256 of “content”, written "
            "with sorted keys and without blanks."
        )
        if lost:
            said += " " + gettext("A proposal was taken out of sight since, so the file lacks its words and differs.")
        blocks.append(Text(said, "note"))
    return Chapter("check", gettext("Check it yourself"), blocks)

"""A dossier as tables for a spreadsheet: criteria, scores, scenarios, coverage per neighbourhood, votes, decisions."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from participation.rules.explaining import unit_of
from participation.rules.text import in_language
from participation.rules.voting import Method, Rule
from participation.web.result_tables import Cell, Column, Table
from participation.web.result_words import UNIT_NAMES
from siting.models.naming import VERDICTS, criterion_name
from siting.rules.criteria import Kind, Value
from siting.rules.measures import Unit
from siting.rules.scenarios import Model
from siting.selectors.dossier import Told
from siting.web import study_pages as pages
from siting.web import study_words as words
from siting.web.dossier_pictures import letters_of
from siting.web.outcome import STATES
from siting.web.scenarios import demand_name


def tables_of(told: Told) -> list[Table]:
    """All tables of a dossier; those with nothing to tell are left out, apart from the first four."""
    found = [criteria_table(told), scores_table(told), scenarios_table(told), places_table(told), coverage_table(told)]
    if told.content["vote"]:
        found.append(votes_table(told))
    if told.content["decisions"]:
        found.append(decisions_table(told))
    return found


def criteria_table(told: Told) -> Table:
    """What places were held against."""
    letters = letters_of(told)
    columns = [
        Column("letter", _("Letter"), _("By which letter charts and scores call it; empty for one that excludes.")),
        Column("code", _("Code"), _("The short name by which the software knows it.")),
        Column("name", _("Criterion"), _("What it is called.")),
        Column("kind", _("What it does"), _("Whether it gives points or excludes.")),
        Column("weight", _("Weight"), _("What it counts for, as it was typed in."), True),
        Column("percent", _("Per 100"), _("What it counts for, out of 100 for all that give points."), True),
        Column("asks", _("What it asks"), _("Its limits, or what values are worth: 0 nothing, 1 the whole.")),
        Column(
            "how", _("How it is measured"), _("From which layer, within which distance; distances in a straight line.")
        ),
        Column("source", _("Where it comes from"), _("Who says that it matters.")),
    ]
    rows = pages.criteria_rows(told.study, told.found.criteria, told.layer_names)
    total = sum(row.weight for row in told.found.criteria if row.kind == Kind.SCORED)
    cells: list[list[Cell]] = []
    for one in rows:
        row = one["row"]
        is_scored = not one["is_hard"]
        cells.append(
            [
                letters.get(row.code, ""),
                row.code,
                one["name"],
                _("gives points") if is_scored else _("excludes"),
                row.weight if is_scored else None,
                round(100 * row.weight / total, 1) if is_scored and total else None,
                one["asks"],
                one["how"],
                row.source,
            ]
        )
    return Table("criteria", _("Criteria"), columns, cells)


def _value(found: Value, unit: str) -> Cell:
    """A measured value as a cell: figures stay figures."""
    return words.value(found, unit) if isinstance(found, str) or (unit == Unit.YES_NO and found is not None) else found


def scores_table(told: Told) -> Table:
    """Every place with its score, what was measured of it and what that added."""
    found, letters = told.found, letters_of(told)
    columns = [
        Column("rank", _("Rank"), _("The place in the order by score; empty for one that is left out."), True),
        Column("number", _("Number"), _("The number of the place at the town’s desk."), True),
        Column("title", _("Place"), _("What it is called.")),
        Column("area", _("Neighbourhood"), _("In which part of the town it lies.")),
        Column("lon", _("Longitude"), _("WGS 84, in degrees."), True),
        Column("lat", _("Latitude"), _("WGS 84, in degrees."), True),
        Column(
            "verdict",
            _("Criteria that exclude"),
            _("Whether it passes all of them, fails one, or is still to be checked."),
        ),
        Column("score", _("Score"), _("The sum of the points, from 0 to 1."), True),
        Column(
            "unknown",
            _("Could still add"),
            _("How much higher the score could become when what is not known turns out well."),
            True,
        ),
    ]
    for row in found.criteria:
        name = criterion_name(row)
        label = f"{letters[row.code]}. {name}" if row.code in letters else name
        columns.append(
            Column(f"{row.code}.value", label, _("What was measured or typed in; empty where it is not known."), True)
        )
        if row.code in letters:
            columns.append(
                Column(
                    f"{row.code}.points",
                    _("%(letter)s: points") % {"letter": letters[row.code]},
                    _("What that added to the score."),
                    True,
                )
            )
    rank = {at: place for place, at in enumerate(found.order, start=1)}
    out = [at for at in range(len(found.sites)) if at not in rank]
    rows: list[list[Cell]] = []
    for at in (*found.order, *out):
        site, score = found.sites[at], found.scores[at]
        checks = {check.code: check for check in score.checks}
        parts = {part.code: part for part in score.parts}
        cells: list[Cell] = [rank.get(at), site.number, site.title, site.area, site.lon, site.lat]
        cells += [str(VERDICTS[score.verdict]), round(score.total, 4), round(score.unknown_share, 4)]
        for row in found.criteria:
            part = parts.get(row.code)
            cells.append(_value(part.value if part else checks[row.code].value, row.unit))
            if part:
                cells.append(None if part.worth is None else round(part.points, 4))
        rows.append(cells)
    return Table("scores", _("Scores"), columns, rows)


def _results(told: Told) -> list[tuple[int, str, dict[str, Any], dict[str, Any]]]:
    return [(row.number, row.title, row.asked, row.result) for row in told.scenarios if row.result is not None]


SCENARIO = "scenario"


def _scenario_columns() -> list[Column]:
    return [
        Column(SCENARIO, _("Scenario"), _("The number of the scenario in the study."), True),
        Column("title", _("Name"), _("What the scenario is called.")),
    ]


def scenarios_table(told: Told) -> Table:
    """The same figures for each scenario."""
    columns = [
        *_scenario_columns(),
        Column("model", _("How places are chosen"), _("The rule by which the places were found.")),
        Column("demand", _("Demand"), _("What is counted as demand.")),
        Column("radius_m", _("Within reach (m)"), _("How far a place reaches, in metres in a straight line."), True),
        Column("n_sites", _("New places"), _("How many places it chooses."), True),
        Column("cost", _("Cost (€)"), _("What they cost together, in euro; empty where it is not known."), True),
        Column("before", _("Reached now (%)"), _("How much of 100 of the demand lies within reach now."), True),
        Column("after", _("Reached then (%)"), _("The same with these places."), True),
        Column("mean_before_m", _("Distance now (m)"), _("The average distance to the nearest place now."), True),
        Column("mean_m", _("Distance then (m)"), _("The same with these places."), True),
        Column(
            "n_areas_with",
            _("Neighbourhoods with a place"),
            _("In how many parts of the town there is a place then."),
            True,
        ),
        Column("n_areas", _("Neighbourhoods"), _("How many parts the town has."), True),
        Column("score", _("Average score of the places"), _("By the criteria of the study."), True),
        Column(
            "gap",
            _("Distance to the best possible (%)"),
            _("How much better another choice could be at most; empty where nothing was computed."),
            True,
        ),
    ]
    rows: list[list[Cell]] = []
    for number, title, asked, result in _results(told):
        got = result["figures"]
        cents, gap = got["cost_cents"], got["gap"]
        rows.append(
            [
                number,
                title,
                str(words.MODELS[Model(asked["model"])]),
                ", ".join(demand_name(part) for part in result["demand"]),
                asked["radius_m"],
                got["n_sites"],
                None if cents is None else cents / 100,
                _percent(got["covered_before"]),
                _percent(got["covered_after"]),
                got["mean_m_before"],
                got["mean_m"],
                got["n_areas_with"],
                got["n_areas"],
                got["score"],
                None if gap is None else _percent(gap),
            ]
        )
    return Table("scenarios", _("Scenarios"), columns, rows)


def _percent(share: float) -> float:
    return round(100 * share, 2)


def places_table(told: Told) -> Table:
    """The places of each scenario in the order of building."""
    columns = [
        *_scenario_columns(),
        Column("turn", _("Turn"), _("The place in the order of building."), True),
        Column("number", _("Number"), _("The number of the place at the town’s desk."), True),
        Column("place", _("Place"), _("What it is called.")),
        Column("area", _("Neighbourhood"), _("In which part of the town it lies.")),
        Column("lon", _("Longitude"), _("WGS 84, in degrees."), True),
        Column("lat", _("Latitude"), _("WGS 84, in degrees."), True),
        Column(
            "gain", _("Adds (%)"), _("What it adds to what the places before it do, for every 100 of the demand."), True
        ),
        Column("total", _("Together (%)"), _("What it and the places before it do together."), True),
        Column("score", _("Score"), _("The sum of the points, from 0 to 1."), True),
    ]
    rows: list[list[Cell]] = [
        [
            number,
            title,
            turn,
            site["number"],
            site["title"],
            site["area"],
            site["lon"],
            site["lat"],
            # A p-median saves metres, which are no share.
            None if asked["model"] == Model.MEDIAN else _percent(site["gain"]),
            None if asked["model"] == Model.MEDIAN else _percent(site["total"]),
            site["score"],
        ]
        for number, title, asked, result in _results(told)
        for turn, site in enumerate(result["chosen"], start=1)
    ]
    return Table("places", _("Places of the scenarios"), columns, rows)


def coverage_table(told: Told) -> Table:
    """Who is reached in each neighbourhood, before and after."""
    columns = [
        *_scenario_columns(),
        Column("area", _("Neighbourhood"), _("The part of the town.")),
        Column("population", _("Inhabitants"), _("How many people live there; empty where it is not known."), True),
        Column("weight", _("Demand"), _("How much demand lies there, as the scenario counts it."), True),
        Column("before", _("Reached now (%)"), _("How much of 100 of the demand lies within reach now."), True),
        Column("after", _("Reached then (%)"), _("The same with these places."), True),
        Column("n_chosen", _("New places"), _("How many places it chooses."), True),
        Column("n_existing", _("Places already there"), _("How many there are now."), True),
    ]
    rows: list[list[Cell]] = [
        [
            number,
            title,
            area["name"],
            area["population"],
            area["weight"],
            _percent(area["before"] / area["weight"]) if area["weight"] else None,
            _percent(area["after"] / area["weight"]) if area["weight"] else None,
            area["n_chosen"],
            area["n_existing"],
        ]
        for number, title, _asked, result in _results(told)
        for area in result["areas"]
    ]
    return Table("coverage", _("Coverage"), columns, rows)


def votes_table(told: Told) -> Table:
    """What each option got in the vote that was counted."""
    vote = told.content["vote"]
    unit = str(UNIT_NAMES[unit_of(Method(vote["method"]), Rule(vote["rule"]))])
    columns = [
        Column("rank", _("Rank"), _("The place in the order of the rule that was named beforehand."), True),
        Column("number", _("Number"), _("The number of the proposal in this project."), True),
        Column("title", _("Proposal"), _("What it is called; empty when it is no longer shown.")),
        Column("area", _("Neighbourhood"), _("Where the place lies.")),
        Column("n_votes", unit[:1].upper() + unit[1:], _("What it got."), True),
        Column("chosen", _("Chosen"), _("Whether it is chosen.")),
    ]
    rows: list[list[Cell]] = [
        [row["rank"], row["number"], row["title"], row["area"], row["n_votes"], row["is_winner"]]
        for row in vote["options"]
    ]
    return Table("votes", _("The vote"), columns, rows)


def decisions_table(told: Told) -> Table:
    """What was decided about each place."""
    language = get_language() or "nl"
    columns = [
        Column("place", _("Place"), _("What it is called; empty when it is no longer shown.")),
        Column("candidate", _("Number"), _("The number of the place at the town’s desk."), True),
        Column("proposals", _("Proposals"), _("The numbers of the proposals it answers.")),
        Column("state", _("How far"), _("What was decided, or how far it has come since.")),
        Column("published_on", _("Decided on"), _("The day on which the decision was published.")),
        Column("reason", _("Reason"), _("Why the town decided so.")),
        Column("council_link", _("The council's decision"), _("Where the decision of the council stands.")),
        Column("since", _("Since"), _("The day of the latest news of its building.")),
        Column("note", _("Note"), _("What was said about its building.")),
    ]
    rows: list[list[Cell]] = []
    for row in told.content["decisions"]:
        latest = row["roll_outs"][0] if row["roll_outs"] else None
        rows.append(
            [
                row["title"],
                row["candidate"],
                ", ".join(str(number) for number in row["proposals"]),
                str(STATES[row["state"]]),
                row["published_on"],
                in_language(row["reason"], language),
                row["council_link"],
                latest["on"] if latest else None,
                latest["note"] if latest else None,
            ]
        )
    return Table("decisions", _("Decisions"), columns, rows)

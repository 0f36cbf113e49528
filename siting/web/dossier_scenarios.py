"""The chapter of a dossier that puts scenarios side by side: figures, proof, places, who is reached, differences."""

from typing import Any

from django.utils.translation import gettext

from participation.web.sentences import distance
from participation.web.words import grouped
from siting.models import Scenario
from siting.rules.scenarios import read
from siting.selectors.dossier import Told
from siting.web import study_words as words
from siting.web.dossier_blocks import Block, Chapter, Grid, Heading, Picture, Points, Text, map_and_detail, point
from siting.web.scenarios import demand_name, places_of, side_by_side


def scenarios(told: Told) -> Chapter:
    """The choices that were put side by side: the same figures for each, then each by itself, then the differences."""
    title = gettext("Scenarios side by side")
    rows = told.scenarios
    if not rows:
        return Chapter("scenarios", title, [Text(gettext("No scenarios were put side by side."))])
    blocks: list[Block] = [
        Text(gettext("A scenario is one choice among the places. Each has the same six figures.")),
        Points([point(sentence_of(row)) for row in rows]),
        Grid(
            gettext("The same six figures for each"),
            [gettext("Figure"), *(f"{row.number}. {row.title}" for row in rows)],
            [
                [str(figure["name"]), *(_cell(cell) for cell in figure["cells"])]
                for figure in side_by_side(rows)
            ],
        ),
    ]  # fmt: skip
    if any(figure["gap"] is not None for row in rows if (figure := (row.result or {})["figures"])):
        blocks += _gaps(told)
    for row in rows:
        blocks += _one(told, row)
    if len(rows) > 1:
        blocks += _differing(told)
    return Chapter("scenarios", title, blocks)


def sentence_of(row: Scenario) -> str:
    """Say a scenario in plain words, by its number and title."""
    return words.scenario_sentence(f"{row.number}. {row.title}", row.asked, row.result or {})


def _cell(figure: dict[str, Any]) -> str:
    return f"{figure['value']} ({figure['note']})" if figure["note"] else str(figure["value"])


def _gaps(told: Told) -> list[Block]:
    rows = []
    for row in told.scenarios:
        got = (row.result or {})["figures"]
        known = got["gap"] is not None
        rows.append(
            [
                f"{row.number}. {row.title}",
                words.number(round(got["objective"], 1)) if known else "–",
                words.number(round(got["bound"], 1)) if known else "–",
                words.percent(got["gap"]) if known else "–",
                words.proof_sentence(row.asked["model"], got),
            ]
        )
    columns = [
        gettext("Scenario"),
        gettext("This choice"),
        gettext("No choice can beat"),
        gettext("Distance, at most"),
        gettext("What that means"),
    ]
    return [
        Heading(gettext("How near to the best possible?")),
        Picture(
            "gap",
            gettext("Bars of how near each scenario is to the best possible. The table under it has the same figures."),
            gettext("How near each choice is to what no choice can beat, at least."),
        ),
        Grid(gettext("How near to the best possible"), columns, rows, (1, 2, 3)),
    ]


def _one(told: Told, row: Scenario) -> list[Block]:
    """One scenario: from which demand, where, in which order, and who is reached."""
    assert row.result is not None
    wanted = read(row.asked)
    demand = ", ".join(demand_name(part) for part in row.result["demand"])
    facts = {"demand": demand, "radius": distance(wanted.radius_m), "model": words.MODELS[wanted.model]}
    name = f"{row.number}. {row.title}"
    blocks: list[Block] = [
        Heading(name),
        Text(gettext("How places are chosen: %(model)s. Demand: %(demand)s. Within reach: %(radius)s.") % facts),
        *(Text(words.note(one), "note") for one in row.result["notes"]),
    ]
    if row.result["chosen"]:
        blocks += map_and_detail(
            f"places-{row.number}",
            gettext("Map of the places of %(name)s, with a circle of %(radius)s. The table under it lists them.")
            % {"name": name, "radius": facts["radius"]},
            gettext("The numbers are the order of building; the circles show %(radius)s in a straight line.") % facts,
        )
    blocks.append(_order(row, name))
    if any(area["weight"] for area in row.result["areas"]):
        blocks.append(
            Picture(
                f"reach-{row.number}",
                gettext(
                    "Bars of who is reached in each neighbourhood, now and with these places. The table under it has "
                    "the same figures."
                ),
                gettext("Share of the demand within reach, per neighbourhood: %(name)s.") % {"name": name},
            )
        )  # fmt: skip
        blocks.append(_reached(row, name))
    return blocks


def _order(row: Scenario, name: str) -> Grid:
    assert row.result is not None
    columns = [gettext("Place"), gettext("Neighbourhood"), gettext("Adds"), gettext("Together"), gettext("Score")]
    rows = [
        [
            f"{turn}. {site['title']}",
            site["area"] or "–",
            words.gain(row.asked["model"], site["gain"]),
            words.gain(row.asked["model"], site["total"]),
            words.number(round(site["score"], 2)),
        ]
        for turn, site in enumerate(row.result["chosen"], start=1)
    ]
    caption = gettext("Order of building: each next place adds most")
    return Grid(f"{name} · {caption}", columns, rows, (2, 3, 4))


def _reached(row: Scenario, name: str) -> Grid:
    assert row.result is not None
    total = sum(area["weight"] for area in row.result["areas"])
    columns = [
        gettext("Neighbourhood"),
        gettext("Inhabitants"),
        gettext("Share of the demand"),
        gettext("Within reach now"),
        gettext("With these places"),
        gettext("New places"),
    ]
    rows = [
        [
            area["name"],
            "–" if area["population"] is None else grouped(area["population"]),
            _share(area["weight"], total),
            _share(area["before"], area["weight"]),
            _share(area["after"], area["weight"]),
            str(area["n_chosen"]),
        ]
        for area in row.result["areas"]
    ]
    return Grid(gettext("Who is reached: %(name)s") % {"name": name}, columns, rows, (1, 2, 3, 4, 5))


def _share(part: float, whole: float) -> str:
    return words.percent(part / whole) if whole else "–"


def _differing(told: Told) -> list[Block]:
    columns = [gettext("Place"), gettext("Neighbourhood"), *(str(row.number) for row in told.scenarios)]
    rows = [[place["title"], place["area"] or "–", *place["turns"]] for place in places_of(told.scenarios)]
    return [
        Heading(gettext("Where they differ")),
        *map_and_detail(
            "differences",
            gettext("Map of the places of all scenarios together. The table under it says the same."),
            gettext("Green with a tick: in every scenario. Amber: only in the scenarios whose numbers stand in it."),
        ),
        Grid(
            gettext("The turn of each place in the order of building, per scenario; “–”: not in it"),
            columns,
            rows,
            range(2, len(columns)),
        ),
    ]

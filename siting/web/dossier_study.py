"""The chapters of a dossier that come from the study: question, method, criteria and scores."""

from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from participation.rules.text import in_language
from participation.web.words import grouped
from siting.models.naming import VERDICTS, criterion_name
from siting.rules.criteria import Verdict
from siting.rules.scenarios import Model
from siting.selectors.dossier import Told
from siting.web import study_pages as pages
from siting.web import study_words as words
from siting.web.dossier_blocks import Block, Chapter, Grid, Heading, Picture, Points, Text, day, map_and_detail, point
from siting.web.dossier_pictures import MOST_BARS, letters_of

# More rows are for the workbook.
MOST_ROWS = 50

ORIGINS = {
    "proposal": _("from a proposal"),
    "cluster": _("from a cluster of proposals"),
    "feature": _("from a layer of the town"),
    "hand": _("put in by the town"),
}
MODELS = {
    Model.COVER: _(
        "Reach as many as possible: of all choices of so many places, take the one that has most demand within the "
        "distance named (maximal coverage, MCLP; Church and ReVelle 1974)."
    ),
    Model.MEDIAN: _(
        "Make the way short: of all choices of so many places, take the one whose average distance to the nearest "
        "place is smallest (p-median; Hakimi 1964, ReVelle and Swain 1970)."
    ),
    Model.FEWEST: _(
        "Reach everybody with few places: take the smallest number of places that has all demand within the distance "
        "named (set cover; Toregas and others 1971)."
    ),
    Model.VOTED: _("As voted: take the places in the order of the counted vote. Nothing is computed."),
    Model.HAND: _("By hand: a planner put the places there. The figures are computed, the choice is not."),
}


def question(told: Told) -> Chapter:
    """What was asked, by whom, when, about which area and which places."""
    about, study = told.content["project"], told.study
    n_sites, order = len(told.found.sites), told.found.order
    facts = {"town": told.content["town"], "day": day(about["asked_on"])}
    said = [gettext("%(town)s put this question to its inhabitants on %(day)s.") % facts]
    if about["n_asked"]:
        n = about["n_asked"]
        said.append(ngettext("%(n)s proposal came in.", "%(n)s proposals came in.", n) % {"n": grouped(n)})
    if about["n_people"]:
        n = about["n_people"]
        said.append(
            ngettext("%(n)s person stands behind them.", "%(n)s people stand behind them.", n) % {"n": grouped(n)}
        )
    blocks: list[Block] = [Text(in_language(about["question"], get_language() or "nl"), "lead"), Text(" ".join(said))]
    if study.question:
        blocks.append(Text(gettext("The study asks: %(question)s") % {"question": study.question}))
    area = told.content["study"]["area"]
    where = gettext("It is about %(area)s.") % {"area": area or told.content["town"]}
    looked = ngettext("%(n)s place was looked into", "%(n)s places were looked into", n_sites) % {"n": grouped(n_sites)}
    # A candidate from a cluster names its proposals too, so these may be more than there are candidates.
    from_what = [f"{n} {ORIGINS[kind]}" for kind, n in told.content["origins"].items()]
    came = f" ({', '.join(from_what)})" if from_what else ""
    blocks.append(Text(f"{where} {looked}{came}."))
    if order:
        blocks += map_and_detail(
            "candidates",
            gettext("Map of the places that were looked into. The table of scores names them in the same order."),
            gettext(
                "Green with a number: the first %(n)s by score. Amber: the others. Grey: left out by a criterion "
                "that excludes."
            )
            % {"n": min(study.n_first, len(order))},
        )
    return Chapter("question", gettext("The question"), blocks)


def method(told: Told) -> Chapter:
    """How it was looked into, in plain words with the sources."""
    items = [
        gettext(
            "Every place was measured in the same way: from layers of the town, from what inhabitants ask for, from "
            "checks, and where no layer knows it, by hand."
        ),
        gettext(
            "All distances are in a straight line, in metres on the ground. The way on foot or by car is longer; "
            "nobody walks through houses."
        ),
        gettext(
            "Some criteria exclude: a place that fails one drops out. The others give points: what the criterion "
            "counts for, times what the place is worth on it, between 0 and 1. The score is the sum."
        ),
        gettext("What is not known gives no points, and is never taken as fine. It is shown as not known."),
    ]
    if told.content["origins"].get("cluster"):
        items.append(
            gettext(
                "Proposals that lie close together were taken as one cluster: each has enough others within a distance "
                "that was set (DBSCAN; Ester and others 1996). A place was looked for in the middle of each."
            )
        )
    models = {Model(row.asked["model"]) for row in told.scenarios}
    items += [str(MODELS[model]) for model in Model if model in models]
    if any(row.result and row.result["figures"]["gap"] is not None for row in told.scenarios):
        items.append(
            gettext(
                "For each computed choice it is also proven how much better any other choice could be at most. That "
                "is the distance to the best possible."
            )
        )
    items.append(gettext("A score or a computed choice is no decision. The college of mayor and aldermen decides."))
    return Chapter("method", gettext("How it was looked into"), [Points([point(item) for item in items])])


def criteria(told: Told) -> Chapter:
    """What each place was held against, and how much it counts."""
    letters = letters_of(told)
    rows = pages.criteria_rows(told.study, told.found.criteria, told.layer_names)
    lines = [
        [
            f"{letters[one['row'].code]}. {one['name']}" if one["row"].code in letters else one["name"],
            one["share"] or gettext("excludes"),
            one["asks"] or "–",
            ". ".join(filter(None, [one["how"], str(one["gone"])])),
            one["row"].source or "–",
        ]
        for one in rows
    ]
    columns = [
        gettext("Criterion"),
        gettext("Counts for"),
        gettext("What it asks"),
        gettext("How it is measured"),
        gettext("Where it comes from"),
    ]
    reading = gettext(
        "Read “0 m: 0; 250 m: 1” so: at 0 m the place is worth nothing on this criterion, at 250 m and more the whole, "
        "and in between it goes up evenly. The letters come back in the scores."
    )
    return Chapter(
        "criteria",
        gettext("Criteria and what they count for"),
        [Text(reading), Grid(gettext("Criteria"), columns, lines, (1,))],
    )


def scores(told: Told) -> Chapter:
    """The order by score with its parts, who was left out, and how firm the order is."""
    found, study = told.found, told.study
    title = gettext("Scores")
    if not found.order:
        said = gettext("Every place fails a criterion that excludes, so none has a score.")
        return Chapter("scores", title, [Text(said), *_excluded(told)])
    first = [found.sites[at].title for at in found.order[: study.n_first]]
    unknown = sum(found.scores[at].verdict is Verdict.UNKNOWN for at in found.order)
    blocks: list[Block] = [
        Text(gettext("These come first by score: %(titles)s.") % {"titles": ", ".join(first)}, "lead"),
    ]
    if unknown:
        said = ngettext(
            "Of %(n)s place it is not known yet whether it passes every criterion that excludes.",
            "Of %(n)s places it is not known yet whether they pass every criterion that excludes.",
            unknown,
        )
        blocks.append(Text(said % {"n": unknown}))
    letters = letters_of(told)
    names = {row.code: criterion_name(row) for row in found.criteria}
    key = "; ".join(f"{letter}: {names[code]}" for code, letter in letters.items())
    blocks.append(
        Picture(
            "scores",
            gettext("Bars of the scores, made of a part for each criterion. The table under it has the same figures."),
            gettext("The first %(n)s by score, in parts. %(key)s.")
            % {"n": min(MOST_BARS, len(found.order)), "key": key},
        )
    )
    blocks.append(_score_table(told, letters))
    if len(found.order) > MOST_ROWS:
        n = len(found.order) - MOST_ROWS
        more = ngettext("%(n)s more place is in the XLSX file.", "%(n)s more places are in the XLSX file.", n)
        blocks.append(Text(more % {"n": n}, "note"))
    return Chapter("scores", title, [*blocks, *_excluded(told), *_firm(told)])


def _score_table(told: Told, letters: dict[str, str]) -> Grid:
    found = told.found
    rows = []
    for rank, at in enumerate(found.order[:MOST_ROWS], start=1):
        site, score = found.sites[at], found.scores[at]
        parts = ["?" if part.worth is None else words.number(round(part.points, 3)) for part in score.parts]
        place = f"{rank}. {site.title}" + (f" ({site.area})" if site.area else "")
        rows.append([place, words.number(round(score.total, 2)), *parts, str(VERDICTS[score.verdict])])
    columns = [gettext("Place"), gettext("Score"), *letters.values(), gettext("Criteria that exclude")]
    caption = gettext("Scores and their parts; “?”: not known")
    return Grid(caption, columns, rows, range(1, len(letters) + 2))


def _excluded(told: Told) -> list[Block]:
    rows = pages.excluded_rows(told.found)
    if not rows:
        return []
    said = ngettext("%(n)s place was left out", "%(n)s places were left out", len(rows)) % {"n": len(rows)}
    items = [
        point(
            f"{row['site'].title}: "
            + ", ".join(f"{one['name']} ({'; '.join(filter(None, [one['value'], one['asks']]))})" for one in row["why"])
        )
        for row in rows[:MOST_ROWS]
    ]
    return [Heading(said), Points(items)]


def _firm(told: Told) -> list[Block]:
    firm = pages.firmness_of(told.found, told.study)
    items = [point(one) for one in firm["changing"]]
    if firm["holding"]:
        names = ", ".join(firm["holding"])
        items.append(point(gettext("Whatever these count for, the order stays: %(names)s.") % {"names": names}))
    if not items:
        return []
    n = min(told.study.n_first, len(told.found.order))
    asked = ngettext(
        "Which weights would change the first place? One weight at a time; the others keep their proportions.",
        "Which weights would change the first %(n)s? One weight at a time; the others keep their proportions.",
        n,
    )
    return [Heading(gettext("How firm is this order?")), Text(asked % {"n": n}), Points(items)]

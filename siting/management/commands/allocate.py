"""Chooses sites for demand: files in, the chosen and how good they are out. Needs no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from scipy.sparse import csr_matrix

from geo.analysis.allocation.costs import TooLarge, distances, within
from geo.analysis.allocation.models import SECONDS, Solution, mclp, p_median, set_cover
from geo.analysis.allocation.rules import Contradiction, OutOfTime, Rules
from participation.management.operating import OperatorCommand
from siting.management.allocation_files import Floats, graph, in_metres, places

P_MEDIAN, MCLP, SET_COVER = "p-median", "mclp", "set-cover"
MOST_SECONDS = 3600


class Command(OperatorCommand):
    """Choose sites."""

    help = "Choose the sites that serve a demand best (location-allocation), with a proven bound."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--model", required=True, choices=[P_MEDIAN, MCLP, SET_COVER])
        parser.add_argument("--graph", metavar="PMEDFILE", help="a graph as in OR-Library; each place is both")
        parser.add_argument("--demand", metavar="CSV", help="columns id,x,y,weight (metres) or id,lon,lat,weight")
        parser.add_argument("--candidates", metavar="CSV", help="the same columns; the weight is not used")
        parser.add_argument("-k", type=int, metavar="K", help="how many sites at most; else as the graph says")
        parser.add_argument("--radius-m", type=float, metavar="R", help="within which distance a site serves")
        parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="how long to try at most")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Choose and print."""
        model, k, radius_m = options["model"], options["k"], options["radius_m"]
        _check(options)
        if options["graph"]:
            found = graph(Path(options["graph"]))
            ids: list[Any] = list(range(1, len(found.ways) + 1))
            ways, weights, k = found.ways, np.ones(len(found.ways)), k or found.p
            reach = csr_matrix(ways <= radius_m) if radius_m is not None else None
            if model == P_MEDIAN and not np.isfinite(ways).all():
                raise CommandError(_("Not every place of the graph can be reached from every other."))
            if model == SET_COVER:
                k = options["k"]
        else:
            demand, candidates = places(Path(options["demand"])), places(Path(options["candidates"]))
            if not candidates.ids:
                raise CommandError(_("There are no candidates."))
            ids, weights = list(candidates.ids), demand.weights
            demand_m, sites_m = in_metres(demand, candidates)
            reach = within(demand_m, sites_m, radius_m) if radius_m is not None else None
            ways = _ways(demand_m, sites_m) if model == P_MEDIAN else np.empty((0, 0))
        if model != SET_COVER and k is None:
            raise CommandError(_("Say with -k how many sites at most."))
        solution = _solve(model, ways, reach, weights, k, options)
        selected = [ids[site] for site in solution.selected]
        result: dict[str, object] = {
            "model": model,
            "selected": selected,
            "objective": solution.objective,
            "bound": solution.bound,
            "gap": solution.gap,
            "seconds": round(solution.seconds, 3),
            "status": solution.status.value,
        }
        words = _("%(objective)s, proven bound %(bound)s (%(gap)s apart), %(seconds)s s") % {
            **result, "gap": f"{solution.gap:.2%}"}  # fmt: skip
        self.answer(result, "\n".join([words, *map(str, selected)]), as_json=options["json"])


def _check(options: dict[str, Any]) -> None:
    has_tables = bool(options["demand"] and options["candidates"])
    if bool(options["graph"]) == has_tables or (options["graph"] and (options["demand"] or options["candidates"])):
        raise CommandError(_("Give either --graph, or --demand and --candidates."))
    if options["k"] is not None and options["k"] < 1:
        raise CommandError(_("-k must be at least 1."))
    if options["model"] == P_MEDIAN:
        if options["radius_m"] is not None:
            raise CommandError(_("p-median knows no radius."))
    elif options["radius_m"] is None or not 0 <= options["radius_m"] < np.inf:
        raise CommandError(_("Say with --radius-m within which distance a site serves: 0 or more."))
    if not 0 < options["seconds"] <= MOST_SECONDS:
        raise CommandError(_("--seconds must be above 0 and at most %(most)s.") % {"most": MOST_SECONDS})


def _ways(demand_m: Floats, sites_m: Floats) -> Floats:
    try:
        return distances(demand_m, sites_m)
    except TooLarge as error:
        raise CommandError(
            _("There are too many distances (%(n)s): put demand that lies close together into one row.")
            % {"n": len(demand_m) * len(sites_m)}
        ) from error


def _solve(
    model: str, ways: Floats, reach: csr_matrix | None, weights: Floats, k: int | None, options: dict[str, Any]
) -> Solution:
    rules, seconds = Rules(k=k), options["seconds"]
    try:
        if model == P_MEDIAN:
            return p_median(ways, weights, rules, seconds=seconds)
        assert reach is not None
        return mclp(reach, weights, rules, seconds=seconds) if model == MCLP else set_cover(
            reach, rules, seconds=seconds)  # fmt: skip
    except Contradiction as error:
        raise CommandError(
            _("With %(k)s sites not everyone can have one within %(radius)s m.")
            % {"k": k, "radius": options["radius_m"]}
        ) from error
    except OutOfTime as error:
        raise CommandError(_("In this time no choice was found; give it more --seconds.")) from error

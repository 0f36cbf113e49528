"""Chooses the sites of a scenario by its model, under its conditions."""

import numpy as np

from geo.analysis.allocation.costs import distances, pairs_closer, within
from geo.analysis.allocation.models import mclp, p_median, set_cover
from geo.analysis.allocation.rules import Contradiction, OutOfTime, Rules
from geo.plane.crs import CRS84, transform
from participation import public
from siting.rules.criteria import Verdict
from siting.rules.scenarios import Model
from siting.selectors.stage import Chosen, Stage, Unsolvable, costs_of, manageable, origins_of

# What HiGHS and the search may take; a worker has other things to do.
SECONDS = 20.0


def choose(stage: Stage) -> Chosen:
    """Choose the sites.

    Raises   Unsolvable.
    Cost     SECONDS and a little.
    """
    if stage.wanted.model is Model.HAND:
        return _by_hand(stage)
    if stage.wanted.model is Model.VOTED:
        return _as_voted(stage)
    allowed = [score.verdict is not Verdict.FAIL for score in stage.scored.scores]
    if not any(allowed):
        raise Unsolvable("all_excluded")
    rules = _rules(stage, allowed)
    points, weights, nearest = manageable(stage)
    covered = None if nearest is None else nearest <= stage.wanted.radius_m
    try:
        if stage.wanted.model is Model.MEDIAN:
            solution = p_median(distances(points, stage.sites_m), weights, rules, nearest=nearest, seconds=SECONDS)
        else:
            cover = within(points, stage.sites_m, stage.wanted.radius_m)
            if stage.wanted.model is Model.COVER:
                solution = mclp(cover, weights, rules, covered=covered, seconds=SECONDS)
            else:
                solution = set_cover(cover, rules, covered=covered, seconds=SECONDS)
    except Contradiction as why:
        raise Unsolvable("contradiction", **_contradiction(stage, why)) from why
    except OutOfTime as why:
        raise Unsolvable("out_of_time", seconds=int(SECONDS)) from why
    at = np.array(solution.selected, dtype=np.int64)
    return Chosen(at, stage.sites_m[at], solution)


def _rules(stage: Stage, allowed: list[bool]) -> Rules:
    """The conditions of a scenario for the sites by their place; sites that fail a criterion are never chosen."""
    wanted, sites = stage.wanted, stage.scored.sites
    place = stage.scored.by_number()
    excluded = [at for at, fits in enumerate(allowed) if not fits]
    must = sorted({place[number] for number in wanted.must if number in place})
    if both := sorted(set(must) & set(excluded)):
        raise Unsolvable("must_is_excluded", sites=[sites[at].title for at in both])
    if excluded:
        stage.note("excluded", n=len(excluded))
    n_free = sum(allowed)
    if wanted.k is not None and wanted.k > n_free:
        stage.note("k_more_than_candidates", k=wanted.k, n=n_free)
    names = sorted({site.area for site in sites if site.area})
    areas = np.array([names.index(site.area) if site.area else -1 for site in sites], dtype=np.int64)
    held = {int(area) for area, fits in zip(areas, allowed, strict=True) if fits and area >= 0}
    if wanted.at_least_per_area and (empty := sorted({part.name for part in stage.parts} - {names[at] for at in held})):
        stage.note("areas_without_candidates", areas=empty)
    prices = None
    if wanted.budget_cents is not None:
        prices = np.array(
            [cost if cost is not None else wanted.price_cents or 0 for cost in costs_of(stage)], dtype=np.float64
        )
    must_not = {place[number] for number in wanted.must_not if number in place} | set(excluded)
    return Rules(
        k=wanted.k,
        budget=None if wanted.budget_cents is None else float(wanted.budget_cents),
        prices=prices,
        must=tuple(must),
        must_not=tuple(sorted(must_not)),
        areas=areas,
        at_least=dict.fromkeys(sorted(held), wanted.at_least_per_area) if wanted.at_least_per_area else {},
        apart=pairs_closer(stage.sites_m, wanted.spacing_m),
    )


def _contradiction(stage: Stage, why: Contradiction) -> dict[str, object]:
    sites = stage.scored.sites
    names = sorted({site.area for site in sites if site.area})
    return {
        "kinds": sorted(kind.value for kind in why.kinds),
        "sites": [sites[at].title for at in why.sites],
        "areas": [names[at] for at in why.areas],
    }


def _as_voted(stage: Stage) -> Chosen:
    """The candidates in the order of the counted vote; of several proposals behind one the best place counts."""
    project = stage.project
    votes = public.counted_votes(project)
    if votes is None:
        raise Unsolvable("no_counted_vote")
    rank = {number: at for at, number in enumerate(votes.numbers.tolist())}
    origins = origins_of(project.pk)
    order = sorted(
        (min(rank[number] for number in origins[site.number] if number in rank), at)
        for at, site in enumerate(stage.scored.sites)
        if any(number in rank for number in origins.get(site.number, []))
    )
    k = stage.wanted.k if stage.wanted.k is not None else len(votes.winners)
    at = np.array([place for _rank, place in order[:k]], dtype=np.int64)
    taken = {number for place in at.tolist() for number in origins[stage.scored.sites[place].number]}
    if lost := [number for number in votes.numbers.tolist()[:k] if number not in taken]:
        stage.note("winners_without_candidate", n=len(lost), numbers=lost[:10])
    if not len(at):
        raise Unsolvable("no_candidate_was_voted_on")
    return Chosen(at, stage.sites_m[at], None)


def _by_hand(stage: Stage) -> Chosen:
    place = stage.scored.by_number()
    moved = [site for site in stage.wanted.sites if site.number in place]
    if not moved:
        raise Unsolvable("no_sites")
    at = np.array([place[site.number] for site in moved], dtype=np.int64)
    lon_lat = np.array([(site.lon, site.lat) for site in moved], dtype=np.float64)
    return Chosen(at, transform(lon_lat, CRS84, stage.crs), None)

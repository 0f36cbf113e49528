"""Heat maps of what a project's residents ask for, in all or for each inhabitant."""

from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.analysis.density import Density, Picture, density, picture
from geo.plane.crs import CRS84, Crs, transform
from geo.plane.grids import Grid
from participation.models import Project
from siting.rules.settings import Heat, Sieve
from siting.selectors.demand import EVERYTHING, Floats, measured_demand, neighbourhoods, weights
from siting.selectors.remembered import remembered

# Inhabitants are laid out as points this far apart, spread evenly over their neighbourhood.
SPREAD_M = 100.0
# Where fewer live (per km²) a share of them says nothing: one pin in a field would outshine every village.
LEAST_PER_KM2 = 25.0
PER = 1000


def density_of(project: Project, how: Heat, sieve: Sieve = EVERYTHING) -> Density:
    """How much is asked for around each place: per square kilometre, or per 1,000 inhabitants around it.

    Raises   InvalidBandwidth; VotesNotCounted.
    """
    pins = measured_demand(project, sieve)
    found = density(pins.points_m, weights(project, pins, how.weigh), bandwidth_m=how.bandwidth_m, crs=pins.crs)
    return _per_inhabitant(project, found) if how.per_inhabitant else found


def heat_picture(project: Project, how: Heat, sieve: Sieve = EVERYTHING) -> Picture:
    """The heat map as a picture for the map.

    Raises   InvalidBandwidth; VotesNotCounted.
    """
    return remembered(project, ("heat", how, sieve), lambda: picture(density_of(project, how, sieve)))


def _per_inhabitant(project: Project, asked: Density) -> Density:
    if not asked.grid.values.size:
        return asked
    box = asked.grid.box
    points_m, people = remembered(
        project, ("inhabitants", project.organisation.revision, box.crs.code), partial(_inhabitants, project, box.crs)
    )
    rows, columns = asked.grid.values.shape
    living = density(points_m, people, bandwidth_m=asked.bandwidth_m, crs=box.crs, box=box, max_side=max(rows, columns))
    ground = _on(asked.grid, living.grid)
    share = np.divide(
        asked.grid.values * PER, ground, out=np.zeros_like(asked.grid.values), where=ground >= LEAST_PER_KM2
    )
    return Density(Grid(share, box), asked.cell_m, asked.bandwidth_m)


def _on(wanted: Grid, found: Grid) -> NDArray[np.float32]:
    """The nearest cell of another grid of the same corner, for each cell of this one."""
    rows, columns = wanted.values.shape
    high, wide = found.values.shape
    nearest: NDArray[np.float32] = found.values[
        np.minimum((np.arange(rows) + 0.5) / rows * high, high - 1).astype(int)[:, None],
        np.minimum((np.arange(columns) + 0.5) / columns * wide, wide - 1).astype(int)[None, :],
    ]
    return nearest


def _inhabitants(project: Project, crs: Crs) -> tuple[Floats, Floats]:
    """The people of the town as points in metres, each with how many it stands for."""
    places, people = [np.empty((0, 2))], [np.empty(0)]
    for part in neighbourhoods(project):
        if not part.population:
            continue
        outline = shapely.transform(part.outline, lambda points: transform(points, CRS84, crs))
        west, south, east, north = outline.bounds
        across, up = np.arange(west, east, SPREAD_M) + SPREAD_M / 2, np.arange(south, north, SPREAD_M) + SPREAD_M / 2
        x, y = (axis.ravel() for axis in np.meshgrid(across, up))
        inside = shapely.contains_xy(outline, x, y)
        found = np.column_stack([x[inside], y[inside]])
        if not len(found):
            middle = outline.representative_point()
            found = np.array([(middle.x, middle.y)])
        places.append(found)
        people.append(np.full(len(found), part.population / len(found)))
    return np.concatenate(places), np.concatenate(people)

"""Reads what `allocate` is given: a road graph as in OR-Library, or tables of places."""

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from geo.formats.places import number
from geo.plane.crs import CRS84, metric_for, transform

Floats = NDArray[np.float64]

MAX_BYTES = 200 * 1024 * 1024
# All distances of a graph of so many places take 200 MB.
MAX_VERTICES = 5000
PLANES = (("x", "y"), ("lon", "lat"))


@dataclass(frozen=True)
class Places:
    """Places of a table: ids, points (n, 2) as they stand there, weights (n,), and whether they are lon, lat."""

    ids: list[str]
    points: Floats
    weights: Floats
    in_degrees: bool


@dataclass(frozen=True)
class Graph:
    """The lengths of the shortest ways (n, n) of a graph, infinite where there is none, and how many sites it wants."""

    ways: Floats
    p: int


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise CommandError(
                _("“%(name)s” is too large: at most %(mb)s MB are read.")
                % {"name": path.name, "mb": MAX_BYTES // 1024 // 1024}
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = {"name": path.name, "reason": error.strerror}
        raise CommandError(_("“%(name)s” cannot be read: %(reason)s.") % reason) from error
    except UnicodeDecodeError as error:
        raise CommandError(_("“%(name)s” is not a text in UTF-8.") % {"name": path.name}) from error


def graph(path: Path) -> Graph:
    """Read a p-median file of OR-Library: "n edges p", then "i j length" a line; a repeated edge counts as last given.

    Raises   CommandError.
    Source   Beasley 1990, OR-Library.
    """
    name = path.name
    lines = [line.split() for line in _text(path).splitlines() if line.strip()]
    try:
        n, n_edges, p = (int(word) for word in lines[0])
    except (IndexError, ValueError) as error:
        raise CommandError(
            _("“%(name)s” is no p-median file: its first line must be three whole numbers, as in “100 200 5”.")
            % {"name": name}
        ) from error
    if not (1 <= n <= MAX_VERTICES and 1 <= p <= n):
        raise CommandError(
            _("“%(name)s”: the number of places must be 1 to %(most)s, that of sites 1 to the number of places.")
            % {"name": name, "most": MAX_VERTICES}
        )
    if len(lines) - 1 != n_edges:
        raise CommandError(
            _("“%(name)s” should have %(wanted)s edges and has %(found)s.")
            % {"name": name, "wanted": n_edges, "found": len(lines) - 1}
        )
    edges: dict[tuple[int, int], float] = {}
    for at, words in enumerate(lines[1:], start=2):
        try:
            one, other, length = int(words[0]), int(words[1]), float(words[2])
            fits = len(words) == 3 and 1 <= one <= n and 1 <= other <= n and 0 <= length < np.inf
        except (IndexError, ValueError):
            fits = False
        if not fits:
            raise CommandError(
                _("“%(name)s”, line %(line)s: an edge is two places from 1 to %(n)s and a length of 0 or more.")
                % {"name": name, "line": at, "n": n}
            )
        edges[min(one, other) - 1, max(one, other) - 1] = length
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    lengths = np.array(list(edges.values()), dtype=np.float64)
    ways = dijkstra(csr_matrix((lengths, (ends[:, 0], ends[:, 1])), shape=(n, n)), directed=False)
    return Graph(ways, p)


def places(path: Path) -> Places:
    """Read a table with the columns id, x, y or id, lon, lat, and weight (1 where it is missing).

    Raises   CommandError.
    """
    name = path.name
    text = _text(path)
    head = text.partition("\n")[0]
    table = csv.DictReader(StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    columns = {(column or "").strip().lower(): column for column in table.fieldnames or ()}
    plane = next((pair for pair in PLANES if columns.keys() >= set(pair)), None)
    if plane is None or "id" not in columns:
        raise CommandError(
            _("“%(name)s” needs the columns id, x and y (metres), or id, lon and lat; weight beside them.")
            % {"name": name}
        )
    ids, points, weights = [], [], []
    try:
        for row in table:
            if not any((cell or "").strip() for cell in row.values() if not isinstance(cell, list)):
                continue
            x, y = (number((row[columns[axis]] or "").strip()) for axis in plane)
            weight = number((row[columns["weight"]] or "").strip()) if "weight" in columns else 1.0
            inside = plane == PLANES[0] or (abs(x or 0) <= 180 and abs(y or 0) <= 90)
            if x is None or y is None or weight is None or weight < 0 or not inside:
                raise CommandError(
                    _("“%(name)s”, line %(line)s: coordinates and weight must be numbers, the weight 0 or more.")
                    % {"name": name, "line": table.line_num}
                )
            ids.append((row[columns["id"]] or "").strip())
            points.append((x, y))
            weights.append(weight)
    except csv.Error as error:
        raise CommandError(_("“%(name)s” is no table: %(reason)s.") % {"name": name, "reason": error}) from error
    if len(set(ids)) < len(ids) or "" in ids:
        raise CommandError(_("“%(name)s”: each row needs an id of its own.") % {"name": name})
    return Places(
        ids, np.array(points, dtype=np.float64).reshape(-1, 2), np.array(weights, dtype=np.float64), plane == PLANES[1]
    )


def in_metres(demand: Places, candidates: Places) -> tuple[Floats, Floats]:
    """Bring demand and candidates into one plane that measures truly.

    CRS      x, y are taken as they are; lon, lat into Lambert 72 in Belgium, elsewhere into the UTM zone.
    Raises   CommandError.
    """
    if demand.in_degrees != candidates.in_degrees and demand.ids and candidates.ids:
        raise CommandError(_("Demand and candidates must both be in x, y or both in lon, lat."))
    if not demand.in_degrees or not (demand.ids or candidates.ids):
        return demand.points, candidates.points
    plane = metric_for(*np.median(np.concatenate([demand.points, candidates.points]), axis=0))
    found = transform(demand.points, CRS84, plane), transform(candidates.points, CRS84, plane)
    if not all(np.isfinite(points).all() for points in found):
        raise CommandError(_("Demand and candidates lie too far apart to be measured in one plane."))
    return found

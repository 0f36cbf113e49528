"""Published questions come out at their published optima, proven: only where the files lie at hand."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.embedded import ROOT
from geo.analysis.allocation.costs import within
from geo.analysis.allocation.models import Status, mclp, p_median
from geo.analysis.allocation.rules import Rules
from siting.management.allocation_files import graph

DATA = ROOT.parent / "shared/data"
MEDIANS = DATA / "orlib_pmed"
COVERS = DATA / "mclp_instances"

pytestmark = pytest.mark.skipif(not MEDIANS.is_dir(), reason="no real questions lie beside the checkout")


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _rows(MEDIANS / "pmedopt.csv")[:20], ids=lambda row: row["instance"])
def test_the_medians_of_or_library(row: dict[str, str]) -> None:
    given = graph(MEDIANS / f"{row['instance']}.txt")
    found = p_median(given.ways, np.ones(len(given.ways)), Rules(k=given.p))
    assert (found.objective, found.bound) == (float(row["published_optimum"]),) * 2
    assert found.status is Status.OPTIMAL


@pytest.mark.parametrize("row", _rows(COVERS / "sjc_optima.csv"), ids=lambda row: f"{row['instance']}-{row['p']}")
def test_the_coverage_of_sao_jose_dos_campos(row: dict[str, str]) -> None:
    places = np.loadtxt(COVERS / f"{row['instance']}.txt", skiprows=1)
    cover = within(places[:, :2], places[:, :2], float(row["radius"]))
    found = mclp(cover, places[:, 2], Rules(k=int(row["p"])))
    assert (found.objective, found.bound) == (float(row["optimum"]),) * 2
    assert found.status is Status.OPTIMAL

"""Writes down what differs between a layer that was taken in and the version in use, beside its file."""

import json
from collections import Counter
from contextlib import ExitStack

from siting.models import Layer
from siting.selectors.differences import Fate, differences, differing_path, differing_paths
from siting.selectors.layers import in_use


def write_differences(layer: Layer) -> None:
    """Compare a draft with the version in use: its report counts, and each row stands in a file of its kind.

    Cost     reads both versions twice; of 2 x 100,000 features some ten seconds.
    """
    for path in differing_paths(layer):
        path.unlink(missing_ok=True)
    layer.report.pop("compared", None)
    former = in_use(layer)
    if former is None or not layer.n_features:
        return
    counts: Counter[str] = Counter()
    with ExitStack() as opened:
        files = {
            fate: opened.enter_context(differing_path(layer, fate).open("w", encoding="utf-8"))
            for fate in Fate
            if fate is not Fate.SAME
        }
        for each in differences(former, layer):
            counts[each.fate] += 1
            if each.fate in files:
                files[each.fate].write(json.dumps(each._asdict(), ensure_ascii=False) + "\n")
    layer.report["compared"] = {
        "with": former.version,
        "counts": dict(counts),
        "columns_new": [name for name in layer.names if name not in former.names],
        "columns_gone": [name for name in former.names if name not in layer.names],
    }

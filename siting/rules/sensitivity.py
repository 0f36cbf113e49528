"""How firm an order is: within which weights the first sites keep their places, and who would pass whom beyond."""

from collections.abc import Sequence
from dataclasses import dataclass

from siting.rules.criteria import Score

# Scores that differ by less are equal: sums of fractions are not exact.
HAIR = 1e-12


@dataclass(frozen=True, slots=True)
class Swap:
    """``overtaker`` comes before ``overtaken`` (places in the list of scores) when ``share`` is passed."""

    share: float
    overtaker: int
    overtaken: int


@dataclass(frozen=True, slots=True)
class Firmness:
    """For one criterion: its share now, and the swap on either side; None where no share up to 0 or 1 changes it."""

    code: str
    share: float
    below: Swap | None
    above: Swap | None

    @property
    def is_firm(self) -> bool:
        """Does no weight of this criterion change the order?"""
        return self.below is None and self.above is None


def firmness(scores: Sequence[Score], order: Sequence[int], k: int) -> list[Firmness]:
    """Within which share of each criterion do the first ``k`` of the order keep their places?

    The other criteria keep their proportions to one another: what one gains, all others lose together. With a share
    t in place of s a site scores t * worth + (1 - t) * rest, a straight line, so each pair changes places once.

    Order    as the parts of the scores.
    """
    if not scores or not order:
        return []
    first = min(k, len(order))
    # Each of the first against the next one, and the last of them against all who come after.
    pairs = [(order[at], order[at + 1]) for at in range(first - 1)]
    pairs += [(order[first - 1], later) for later in order[first:]] if first else []
    found = []
    for at, part in enumerate(scores[order[0]].parts):
        if 1 - part.share <= HAIR:
            # Alone it decides everything: there is nothing it could lose its share to.
            found.append(Firmness(part.code, part.share, None, None))
            continue
        lines = {place: _line(scores[place], at) for place in order}
        below: Swap | None = None
        above: Swap | None = None
        for ahead, behind in pairs:
            (rest_a, slope_a), (rest_b, slope_b) = lines[ahead], lines[behind]
            slope = slope_a - slope_b
            if abs(slope) <= HAIR:
                continue
            lead = rest_a - rest_b + slope * part.share
            share = part.share - (lead / slope if abs(lead) > HAIR else 0.0)
            if slope > 0 and share > HAIR and (below is None or share > below.share):
                below = Swap(share, behind, ahead)
            if slope < 0 and share < 1 - HAIR and (above is None or share < above.share):
                above = Swap(share, behind, ahead)
        found.append(Firmness(part.code, part.share, below, above))
    return found


def _line(score: Score, at: int) -> tuple[float, float]:
    """A site's score by the share of one criterion: what it is at 0, and how it rises to 1."""
    part = score.parts[at]
    rest = (score.total - part.points) / (1 - part.share)
    return rest, (part.worth or 0.0) - rest

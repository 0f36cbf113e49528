"""Sets of criteria to begin with, each with its default and where that comes from; everything may be changed.

Their names and what they mean to people stand in siting/web/words.py.
"""

from dataclasses import dataclass

from siting.rules.criteria import Criterion, Kind, Levels, Worth, less_is_better, more_is_better
from siting.rules.measures import Asked, Measure, Unit


@dataclass(frozen=True, slots=True)
class Template:
    """One criterion of a set: how it judges, how it is measured, in which unit, and who says so."""

    criterion: Criterion
    asked: Asked
    unit: Unit
    source: str


def _hard(code: str, asked: Asked, unit: Unit, source: str, *, least: float | None = None) -> Template:
    return Template(Criterion(code, Kind.HARD, least=least), asked, unit, source)


def _scored(code: str, weight: float, worth: Worth, asked: Asked, unit: Unit, source: str) -> Template:
    return Template(Criterion(code, Kind.SCORED, weight, worth), asked, unit, source)


HAND = Asked(Measure.HAND)
YES = more_is_better(0, 1)
# Flemish decision of 17 December 2021 on charging infrastructure: a point within 250 m of the home.
NORM_M = 250
FLANDERS = "vlaanderen.be: 250 m (Flemish decision of 17-12-2021)"
HEILOO = "ikdenkmeeoverheiloo.nl"
ZEIST = "zeist.nl"
MOERDIJK = "moerdijk.nl"
NKL = "nklnederland.nl"
WAREGEM = "kw.be (Waregem, January 2023)"
# Heiloo's order of parking layouts.
BAYS = Levels((("car park", 1.0), ("perpendicular", 0.6), ("parallel", 0.3)))

CHARGING = (
    _scored(
        "ev.demand",
        25,
        more_is_better(0, 50),
        Asked(Measure.SUPPORTS, radius_m=NORM_M),
        Unit.COUNT,
        "zeist.nl, deurne.nl",
    ),
    _scored("ev.walk_home", 15, more_is_better(0, 300), Asked(Measure.SUM, radius_m=NORM_M), Unit.NUMBER, FLANDERS),
    _scored("ev.existing", 15, more_is_better(0, NORM_M), Asked(Measure.EXISTING), Unit.METRES, "sint-gillis-waas.be"),
    _scored("ev.no_private", 10, more_is_better(0, 100), Asked(Measure.SUM, radius_m=NORM_M), Unit.NUMBER, WAREGEM),
    _scored("hub", 8, less_is_better(100, 500), Asked(Measure.NEAREST), Unit.METRES, "vvsg.be; hln.be 2018"),
    _scored("grid.lv", 8, less_is_better(10, 25), Asked(Measure.NEAREST), Unit.METRES, f"{HEILOO}; {MOERDIJK}"),
    _scored("ev.bay_type", 6, BAYS, HAND, Unit.LEVEL, f"{HEILOO}; Poperinge 2023"),
    _scored("ev.two_bays", 3, YES, HAND, Unit.YES_NO, f"{NKL}; {ZEIST}"),
    _scored("dwl.front", 3, YES, HAND, Unit.YES_NO, f"{HEILOO}; {MOERDIJK}"),
    _scored("vis.social", 3, YES, HAND, Unit.YES_NO, f"{ZEIST}; {MOERDIJK}"),
    _scored("tree.roots", 2, YES, HAND, Unit.YES_NO, f"{NKL}; {ZEIST}; {MOERDIJK}"),
    _scored("acc.disabled", 2, YES, HAND, Unit.YES_NO, "toegankelijknoordenveld.nl"),
    _hard("own.public", Asked(Measure.CHECK, attribute="ownership"), Unit.YES_NO, f"{HEILOO}; mra-e.nl", least=1),
    _hard("grid.free", Asked(Measure.CHECK, attribute="grid"), Unit.YES_NO, WAREGEM, least=1),
    _hard("her.view", Asked(Measure.CHECK, attribute="heritage"), Unit.YES_NO, f"{HEILOO}; kw.be 2023", least=1),
    _hard("pav.width", HAND, Unit.METRES, "codex.vlaanderen.be 1005401 (29-04-1997)", least=1.5),
    _hard("ev.kerb", HAND, Unit.METRES, f"{HEILOO}; {NKL}", least=0.45),
    _hard("ev.free_around", HAND, Unit.METRES, NKL, least=0.5),
    _hard("park.rules", HAND, Unit.YES_NO, "sint-gillis-waas.be", least=1),
    _hard("traffic.safe", HAND, Unit.YES_NO, f"{ZEIST}; {NKL}", least=1),
)

# For anything else: what residents ask for, and what is there already.
PLAIN = (
    _scored("demand", 60, more_is_better(0, 50), Asked(Measure.SUPPORTS, radius_m=NORM_M), Unit.COUNT, ""),
    _scored("existing", 40, more_is_better(0, NORM_M), Asked(Measure.EXISTING), Unit.METRES, ""),
)

TEMPLATES = {"charging": CHARGING, "plain": PLAIN}

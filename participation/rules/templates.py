"""What projects of one sort begin with: their words (template_texts), phases, themes, access and vote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from participation.rules import template_questions
from participation.rules import template_texts as texts
from participation.rules.phases import PhaseKind
from participation.rules.places import Shape
from participation.rules.questions import Asked, Questions
from participation.rules.template_texts import Text
from participation.rules.vote_settings import VoteSettings
from participation.rules.voting import Method, Rule


@dataclass(frozen=True, slots=True)
class Step:
    """A phase to come: so many days after the project begins, for so many days; None for open-ended.

    ``name`` is empty where it is called as phases of its kind are.
    """

    kind: PhaseKind
    after_days: int
    days: int | None
    name: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThemeText:
    """A kind of proposal, with the colour of its mark."""

    slug: str
    name: Text
    colour: str


@dataclass(frozen=True, slots=True)
class Template:
    """What a project begins with."""

    name: Text
    question: Text
    summary: Text
    rules: Text
    outcome: Text
    steps: tuple[Step, ...]
    vote: VoteSettings = field(default_factory=VoteSettings)
    themes: tuple[ThemeText, ...] = ()
    access: Mapping[str, str] = field(default_factory=dict)
    has_map: bool = True
    shapes: tuple[Shape, ...] = (Shape.POINT,)
    # As rules.places.PlaceSettings.
    from_inventory: bool = False
    per_object: int | None = 1
    nearby_radius_m: int = 250
    questions: Mapping[Asked, Questions] = field(default_factory=dict)


# How phases can follow one another: the first thing a planner chooses, to be changed afterwards.
PRESETS: dict[str, tuple[Step, ...]] = {
    "propose_vote": (
        Step(PhaseKind.PROPOSE, 0, 28),
        Step(PhaseKind.SHORTLIST, 28, 14),
        Step(PhaseKind.VOTE, 42, 21),
        Step(PhaseKind.DECIDE, 63, 42),
        Step(PhaseKind.ROLL_OUT, 105, None),
    ),
    "vote": (
        Step(PhaseKind.INFORM, 0, 7),
        Step(PhaseKind.VOTE, 7, 28),
        Step(PhaseKind.DECIDE, 35, 42),
        Step(PhaseKind.ROLL_OUT, 77, None),
    ),
    "ask": (
        Step(PhaseKind.INFORM, 0, 7),
        Step(PhaseKind.DISCUSS, 7, 28, texts.ASKING),
        Step(PhaseKind.DECIDE, 35, 42),
    ),
    "discuss": (
        Step(PhaseKind.INFORM, 0, 14),
        Step(PhaseKind.PROPOSE, 14, 28),
        Step(PhaseKind.DISCUSS, 42, 21),
        Step(PhaseKind.DECIDE, 63, 42),
    ),
    "all": (
        Step(PhaseKind.INFORM, 0, 14),
        Step(PhaseKind.PROPOSE, 14, 28),
        Step(PhaseKind.DISCUSS, 42, 14),
        Step(PhaseKind.SHORTLIST, 56, 14),
        Step(PhaseKind.VOTE, 70, 21),
        Step(PhaseKind.DECIDE, 91, 42),
        Step(PhaseKind.ROLL_OUT, 133, None),
    ),
}


class Consider(StrEnum):
    """What a planner is asked before a project goes public; the answers are kept with it."""

    PROMISE = "promise"
    MISSING = "missing"
    CHANGE = "change"


GREEN, AMBER, BLUE, PLUM = "#1f5c3a", "#8f4207", "#1d4f91", "#6b2a6b"

TEMPLATES: dict[str, Template] = {
    "charging-points": Template(
        **texts.CHARGING,
        steps=PRESETS["vote"],
        vote=VoteSettings(cap=5, n_winners=12, write_ins=True, write_ins_join=True),
    ),
    "benches": Template(
        **texts.BENCHES,
        steps=PRESETS["propose_vote"],
        vote=VoteSettings(cap=3, n_winners=6),
        nearby_radius_m=100,
    ),
    "utility-boxes": Template(
        **texts.BOXES,
        steps=PRESETS["propose_vote"],
        vote=VoteSettings(cap=5, n_winners=15),
        questions={Asked.PROPOSAL: template_questions.BOXES},
        from_inventory=True,
        nearby_radius_m=50,
    ),
    "village-centre": Template(
        **texts.VILLAGE,
        steps=PRESETS["all"],
        vote=VoteSettings(method=Method.RANKING, rule=Rule.BORDA, cap=3, n_winners=1),
        themes=(
            ThemeText("groen", texts.THEME_GREEN, GREEN),
            ThemeText("verkeer", texts.THEME_TRAFFIC, BLUE),
            ThemeText("ontmoeten", texts.THEME_MEETING, AMBER),
            ThemeText("andere", texts.THEME_OTHER, PLUM),
        ),
        access={"propose": "anyone"},
        questions={Asked.PROPOSAL: template_questions.VILLAGE},
        shapes=(Shape.POINT, Shape.LINE, Shape.AREA),
        nearby_radius_m=50,
    ),
    "line-up": Template(
        **texts.LINE_UP,
        steps=PRESETS["propose_vote"],
        vote=VoteSettings(cap=5, n_winners=12),
        has_map=False,
    ),
    "leisure-pass": Template(
        **texts.PASS,
        steps=PRESETS["ask"],
        questions={Asked.ALONE: template_questions.PASS},
        access={"answer": "anyone"},
        has_map=False,
    ),
}

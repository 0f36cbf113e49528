"""What a reader looks for among the proposals of a project, as it stands in the address: for the list, the map, its
files and the API."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from geo.plane.boxes import BadBox, Box, parse
from participation.models import Area, Project, Proposal, Response
from participation.selectors.layers import counted_vote
from participation.selectors.proposals import WORDS, filtered

SORT_NAMES = {
    "drawn": _("Random order"),
    "most": _("Most supporters"),
    "new": _("Newest first"),
    "name": _("By name"),
}
NONE = "none"


class State(StrEnum):
    """How far a proposal is: on the ballot, chosen, or answered so."""

    BALLOT = "ballot"
    CHOSEN = "chosen"
    BUILD = Response.Outcome.BUILD.value
    LATER = Response.Outcome.LATER.value
    NOT = Response.Outcome.NOT.value
    OPEN = "open"


STATE_NAMES = {
    State.BALLOT: _("On the ballot"),
    State.CHOSEN: _("Chosen in the vote"),
    State.BUILD: Response.Outcome.BUILD.label,
    State.LATER: Response.Outcome.LATER.label,
    State.NOT: Response.Outcome.NOT.label,
    State.OPEN: _("Not answered yet"),
}
# What each state is in the columns of the layer (selectors/layers.py).
_COLUMNS = {State.BALLOT: ("on_ballot", "true"), State.CHOSEN: ("chosen", "true"), State.OPEN: ("answer", NONE)}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader looks for; what is empty lets all through."""

    text: str = ""
    area: str = ""
    theme: str = ""
    sort: str = "most"
    state: str = ""
    since: date | None = None
    until: date | None = None
    box: Box | None = None

    @classmethod
    def read(cls, query: QueryDict, *, default_sort: str) -> "Filters":
        """Take the filters from the address; a sort we do not know is the default, a state or day we do not, none."""
        sort, state = query.get("sort", ""), query.get("state", "")
        return cls(
            query.get("q", "")[:100].replace("\x00", ""),
            query.get("area", "")[:40].replace("\x00", ""),
            query.get("theme", "")[:60].replace("\x00", ""),
            sort if sort in SORT_NAMES else default_sort,
            state if state in {each.value for each in State} else "",
            day_of(query.get("since", "")),
            day_of(query.get("until", "")),
            _box(query.get("bbox", "")),
        )

    def among(self, rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
        """Those of these proposals that are looked for."""
        return filtered(
            rows,
            text=self.text,
            area=self.area,
            theme=self.theme,
            state=self.state,
            since=self.since,
            until=self.until,
            box=self.box,
        )

    @property
    def any(self) -> bool:
        """Is anything filtered?"""
        return bool(self.text or self.folded or self.box)

    @property
    def bbox(self) -> str:
        """The box as the address says it."""
        return ",".join(f"{number:.6f}" for number in self.box[:4]) if self.box else ""

    @property
    def is_counted(self) -> bool:
        """Is nothing filtered but the theme, so that what is found was counted beforehand?"""
        return not replace(self, theme="").any

    @property
    def folded(self) -> bool:
        """Is anything filtered that stands in the part of the form that opens?"""
        return bool(self.area or self.theme or self.state or self.since or self.until)

    def of_layer(self, project: Project) -> str:
        """The same as the layer is asked for it, as tiles of the map and as files: with the "?", and nothing where all
        is shown."""
        asked: dict[str, str] = {}
        if self.theme:
            asked["theme"] = self.theme
        if self.area:
            # A neighbourhood that there is none of holds nothing, on the map too.
            name = Area.objects.filter(organisation=project.organisation_id, code=self.area).values_list("name").first()
            asked["area"] = name[0] if name else f"?{self.area}"
        if self.state:
            column, value = _COLUMNS.get(State(self.state), ("answer", self.state))
            asked[column] = value
        if self.since or self.until:
            asked["datetime"] = f"{self.since or '..'}/{self.until or '..'}"
        if words := self.text.split()[:WORDS]:
            asked["filter"] = " AND ".join(_holding(word) for word in words)
        if self.box:
            asked["bbox"] = self.bbox
        return f"?{urlencode(asked)}" if asked else ""


def _holding(word: str) -> str:
    """CQL2 for: this stands in the title, the text or the name of the neighbourhood (selectors.proposals.filtered)."""
    pattern = "".join(f"\\{sign}" if sign in "%_\\" else sign for sign in word).replace("'", "''")
    ways = (f"CASEI({column}) LIKE CASEI('%{pattern}%')" for column in ("title", "body", "area"))
    return f"({' OR '.join(ways)})"


def box_of(text: str) -> Box:
    """West, south, east, north in degrees.

    Raises   BadBox for what is no box, or one across the 180th meridian.
    """
    box = parse(text)
    if box.min_x > box.max_x:
        raise BadBox(text[:100])
    return box


def _box(text: str) -> Box | None:
    with suppress(BadBox):
        return box_of(text)
    return None


def day_of(text: str) -> date | None:
    """The day that is written like this; none for what is no day."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def states_of(project: Project, *, voting: bool, answered: bool) -> list[tuple[str, object]]:
    """The states that say something in this project, where votes are cast or something was answered: (value, label)."""
    found = []
    if voting or counted_vote(project) is not None:
        found.append(State.BALLOT)
    if counted_vote(project) is not None:
        found.append(State.CHOSEN)
    if answered:
        found += [State.BUILD, State.LATER, State.NOT, State.OPEN]
    return [(state.value, STATE_NAMES[state]) for state in found]

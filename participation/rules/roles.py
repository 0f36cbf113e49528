"""Who someone can be in a municipality, and what each role may do at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is in one municipality."""

    RESIDENT = "resident"
    MODERATOR = "moderator"
    PLANNER = "planner"
    GIS = "gis"
    COMMUNICATION = "communication"
    MANAGER = "manager"


class DeskAct(StrEnum):
    """What can be done at the desk.

    WORDS: the texts of a project; SETUP: its area, phases, access and vote; AUDIT: who did what; PEOPLE: who has
    which role.
    """

    SEE = "see"
    MODERATE = "moderate"
    SHORTLIST = "shortlist"
    EXPORT = "export"
    LAYERS = "layers"
    SITE = "site"
    DECIDE = "decide"
    EXTEND = "extend"
    PAPER = "paper"
    ELECTORATE = "electorate"
    WORDS = "words"
    SETUP = "setup"
    AUDIT = "audit"
    PEOPLE = "people"
    TOKENS = "tokens"


DESK_ACTS: dict[Role, frozenset[DeskAct]] = {
    Role.RESIDENT: frozenset(),
    Role.MODERATOR: frozenset({DeskAct.SEE, DeskAct.MODERATE, DeskAct.PAPER}),
    Role.PLANNER: frozenset(
        {
            DeskAct.SEE,
            DeskAct.MODERATE,
            DeskAct.SHORTLIST,
            DeskAct.EXPORT,
            DeskAct.EXTEND,
            DeskAct.LAYERS,
            DeskAct.SITE,
            DeskAct.DECIDE,
            DeskAct.EXTEND,
            DeskAct.PAPER,
            DeskAct.ELECTORATE,
            DeskAct.WORDS,
            DeskAct.SETUP,
            DeskAct.AUDIT,
        }
    ),
    Role.GIS: frozenset({DeskAct.SEE, DeskAct.EXPORT, DeskAct.LAYERS}),
    Role.COMMUNICATION: frozenset({DeskAct.SEE, DeskAct.WORDS}),
    Role.MANAGER: frozenset(DeskAct),
}


def may(role: Role | None, act: DeskAct) -> bool:
    """May someone in this role do this at the desk?"""
    return role is not None and act in DESK_ACTS[role]


STAFF = tuple(role for role in Role if DESK_ACTS[role])


@dataclass(frozen=True, slots=True)
class Roles:
    """What somebody is in one town: their role in all of it, None for a stranger, and their roles in single projects.

    Projects are named by their key. What this answers is all there is to ask about rights at the desk.
    """

    town: Role | None = None
    projects: Mapping[int, Role] = field(default_factory=dict)

    def may(self, act: DeskAct, project: int | None = None) -> bool:
        """May they do this in the whole town, or in this project?"""
        return may(self.town, act) or (project is not None and may(self.projects.get(project), act))

    def may_somewhere(self, act: DeskAct) -> bool:
        """May they do this in the whole town, or in some project?"""
        return may(self.town, act) or bool(self.where(act))

    def where(self, act: DeskAct) -> frozenset[int] | None:
        """In which projects may they do this? None for all that the town has."""
        if may(self.town, act):
            return None
        return frozenset(project for project, role in self.projects.items() if may(role, act))

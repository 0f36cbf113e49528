"""Who someone can be in a municipality, and what each role may do at the desk."""

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


def may_any(roles: frozenset[Role], act: DeskAct) -> bool:
    """May somebody with these roles do this at the desk?"""
    return any(may(role, act) for role in roles)

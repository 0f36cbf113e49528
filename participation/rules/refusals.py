"""The one way to say no: a code that is the same in pages, problem+json and tests, and the facts its sentence needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Why something is refused; each has one sentence a language in participation/web/sentences.py."""

    SIGN_IN_FIRST = "person.sign_in_first"
    NOT_STAFF = "person.not_staff"
    PROPOSALS_NOT_OPEN = "proposal.not_open"
    PROPOSALS_OPEN_LATER = "proposal.opens_later"
    PROPOSAL_NOT_FOUND = "proposal.not_found"
    PROPOSAL_NOT_PUBLIC = "proposal.not_public"
    PIN_MISSING = "pin.missing"
    PIN_NOT_A_POINT = "pin.not_a_point"
    PIN_NOT_A_NUMBER = "pin.not_a_number"
    PIN_AT_ZERO = "pin.at_zero"
    PIN_OUTSIDE_WORLD = "pin.outside_world"
    PIN_OUTSIDE_AREA = "pin.outside_area"
    PIN_PLACE_UNKNOWN = "pin.place_unknown"
    TITLE_MISSING = "title.missing"
    TITLE_TOO_LONG = "title.too_long"
    BODY_TOO_LONG = "body.too_long"
    THEME_UNKNOWN = "theme.unknown"
    SUPPORT_NOT_OPEN = "support.not_open"
    VOTE_NOT_OPEN = "vote.not_open"
    VOTE_OPENS_LATER = "vote.opens_later"
    VOTE_CLOSED = "vote.closed"
    VOTE_TOO_MANY = "vote.too_many"
    VOTE_TOO_FEW = "vote.too_few"
    VOTE_TWICE = "vote.twice"
    VOTE_RANK_TWICE = "vote.rank_twice"
    VOTE_BAD_POINTS = "vote.bad_points"
    VOTE_TOO_MANY_POINTS = "vote.too_many_points"
    VOTE_TOO_MANY_POINTS_ON_ONE = "vote.too_many_points_on_one"
    VOTE_OVER_BUDGET = "vote.over_budget"
    VOTE_TOO_MANY_IN_AREA = "vote.too_many_in_area"
    VOTE_TOO_MANY_OF_THEME = "vote.too_many_of_theme"
    VOTE_OPTION_GONE = "vote.option_gone"
    VOTE_BAD_NONCE = "vote.bad_nonce"
    REASON_MISSING = "reason.missing"
    BALLOT_FROZEN = "ballot.frozen"
    ALREADY_DECIDED = "proposal.already_decided"
    ROW_EMPTY = "row.empty"
    ROW_REPEATED = "row.repeated"
    FILE_UNREADABLE = "file.unreadable"
    FIELD_UNKNOWN = "file.field_unknown"
    PERSON_MISSING = "person.missing"
    PIN_SWAPPED = "pin.swapped"
    THEME_TOO_MANY = "theme.too_many"
    AREA_NOT_A_SURFACE = "area.not_a_surface"
    AREA_NAME_MISSING = "area.name_missing"
    SLUG_BAD = "project.slug_bad"
    SLUG_TAKEN = "project.slug_taken"
    ORGANISATION_UNKNOWN = "organisation.unknown"
    VOTE_NOT_COUNTED = "vote.not_counted"
    RULE_NOT_FOR_BALLOT = "vote.rule_not_for_ballot"
    STUDY_FROZEN = "study.frozen"
    STUDY_RUNNING = "study.running"
    STUDY_NOT_DONE = "study.not_done"
    STUDY_NO_CANDIDATES = "study.no_candidates"
    STUDY_NO_CRITERIA = "study.no_criteria"
    STUDY_TOO_MANY_CANDIDATES = "study.too_many_candidates"
    STUDY_TOO_MANY_CRITERIA = "study.too_many_criteria"
    STUDY_TOO_MANY_SCENARIOS = "study.too_many_scenarios"
    PABULIB_SECTION_MISSING = "pabulib.section_missing"
    PABULIB_SECTION_TWICE = "pabulib.section_twice"
    PABULIB_FIELD_MISSING = "pabulib.field_missing"
    PABULIB_QUOTES = "pabulib.quotes"
    PABULIB_WIDTH = "pabulib.width"
    PABULIB_REPEATED = "pabulib.repeated"
    PABULIB_NUMBER = "pabulib.number"
    PABULIB_VOTE_TYPE = "pabulib.vote_type"
    PABULIB_COUNT = "pabulib.count"
    PABULIB_PROJECT_UNKNOWN = "pabulib.project_unknown"
    PABULIB_POINTS = "pabulib.points"
    PABULIB_ONE_CHOICE = "pabulib.one_choice"


@dataclass
class Refused(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """An act is refused, because of ``code``; ``facts`` fill the sentence (numbers, names, times)."""

    code: Code
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.code.value

"""The fence: half a metre beside the border is inside, and a refusal says how far outside it lies."""

import math
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.models import Proposal, Support
from participation.rules.places import LonLat
from participation.rules.refusals import Code, Refused
from participation.selectors.proposals import nearby, place_verdict
from participation.services.proposals import (
    hide_proposal,
    publish_proposal,
    set_shortlist,
    submit_proposal,
    support,
    take_back_support,
)
from participation.services.voting import cast_ballot
from tests.cast import TOWN, Cast, picks

NOW = datetime.now(UTC)
METRE = 1 / 111_195
WEST, SOUTH, EAST, NORTH = TOWN
MIDDLE_LAT = (SOUTH + NORTH) / 2


def east_of(lon: float, metres: float) -> float:
    """Go so many metres east at the town's middle."""
    return lon + metres * METRE / math.cos(math.radians(MIDDLE_LAT))


@pytest.mark.parametrize("metres", [-100, -0.6, -0.4, 0, 0.3, 0.45])
def test_up_to_half_a_metre_outside_counts_as_inside(cast: Cast, metres: float) -> None:
    verdict = place_verdict(cast.project, LonLat(east_of(EAST, metres), MIDDLE_LAT))
    assert verdict.inside
    assert verdict.area is not None, "on the border it still lies in a neighbourhood"


@pytest.mark.parametrize("metres", [0.6, 1, 32, 5_000])
def test_beyond_that_it_is_outside_by_so_much(cast: Cast, metres: float) -> None:
    verdict = place_verdict(cast.project, LonLat(east_of(EAST, metres), MIDDLE_LAT))
    assert not verdict.inside
    assert verdict.outside_by_m == pytest.approx(metres, rel=0.005, abs=0.02)
    assert verdict.area is None


def test_a_long_straight_border_is_straight(cast: Cast) -> None:
    """Fourteen kilometres of southern border bow north as a great circle; the fence must not."""
    on_the_line = place_verdict(cast.project, LonLat((WEST + EAST) / 2, SOUTH))
    assert on_the_line.outside_by_m == pytest.approx(0, abs=0.01)
    assert place_verdict(cast.project, LonLat((WEST + EAST) / 2, SOUTH - 0.4 * METRE)).inside
    assert not place_verdict(cast.project, LonLat((WEST + EAST) / 2, SOUTH - 0.7 * METRE)).inside


def submitted(cast: Cast, **changes: object) -> Proposal:
    """Submit a proposal as An, with these changes."""
    given_ = {
        "project": cast.project, "person": cast["An"], "title": "Hier", "body": "", "place": LonLat(2.65, 50.85),
        "theme": "plein", "language": "nl", "now": datetime.now(UTC),
    } | changes  # fmt: skip
    return submit_proposal(**given_)  # type: ignore[arg-type]


def refused_code(act: object, *args: object, **kwargs: object) -> Code:
    """Call it and give back why it refused."""
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


def test_a_proposal_outside_is_refused_and_nothing_is_kept(cast: Cast) -> None:
    before = Proposal.objects.count()
    with pytest.raises(Refused) as refused:
        submitted(cast, place=LonLat(east_of(EAST, 180), MIDDLE_LAT))
    assert refused.value.code is Code.PIN_OUTSIDE_AREA
    assert refused.value.facts["metres"] == pytest.approx(180, abs=1)
    assert refused_code(submitted, cast, place=None) is Code.PIN_MISSING
    assert refused_code(submitted, cast, theme="nope") is Code.THEME_UNKNOWN
    assert Proposal.objects.count() == before


def test_numbers_go_on_and_what_is_moderated_first_waits(cast: Cast) -> None:
    first, second = submitted(cast), submitted(cast)
    assert (first.number, second.number) == (9, 10)
    assert {first.state, second.state} == {"submitted"}


@given(st.floats(0, 2 * math.pi), st.floats(1, 600))
def test_nearby_holds_exactly_what_lies_within_the_radius(direction: float, metres: float) -> None:
    """Pure arithmetic against the box the search starts from: the box never cuts off what is near."""
    dy, dx = metres * METRE * math.sin(direction), metres * METRE * math.cos(direction)
    box_dy = 600 / 111_000
    box_dx = box_dy / math.cos(math.radians(MIDDLE_LAT))
    assert abs(dy) <= box_dy
    assert abs(dx / math.cos(math.radians(MIDDLE_LAT))) <= box_dx


def test_nearby_is_sorted_and_leaves_out_what_is_hidden(cast: Cast) -> None:
    place = LonLat(2.63, 50.85)  # where option 1 stands
    assert [p.number for p in nearby(cast.project, place)] == [1]
    near = [p.number for p in nearby(cast.project, LonLat(2.641, 50.85), radius_m=1_500)]
    assert near == [2, 1]
    hide_proposal(project=cast.project, number=2, reason="dubbel", by=cast["Mo"])
    assert [p.number for p in nearby(cast.project, place, radius_m=1_500)] == [1]


def test_a_heart_counts_once_and_is_counted_by_the_database(cast: Cast) -> None:
    option = cast.options[0]
    assert support(proposal=option, person=cast["An"], now=NOW) is True
    assert support(proposal=option, person=cast["An"], now=NOW) is False
    support(proposal=option, person=cast["Vera"], now=NOW)
    option.refresh_from_db()
    assert option.n_supports == 2
    take_back_support(proposal=option, person=cast["An"], now=NOW)
    take_back_support(proposal=option, person=cast["An"], now=NOW)
    option.refresh_from_db()
    assert option.n_supports == 1 == Support.objects.count()


def test_every_change_gives_the_project_a_new_revision(cast: Cast) -> None:
    seen = set()
    for act in (
        lambda: submitted(cast),
        lambda: publish_proposal(project=cast.project, number=9, by=cast["Mo"]),
        lambda: support(proposal=cast.options[0], person=cast["An"], now=NOW),
        lambda: hide_proposal(project=cast.project, number=9, reason="x", by=cast["Mo"]),
    ):
        act()
        cast.project.refresh_from_db()
        seen.add(cast.project.revision)
    assert len(seen) == 4


def test_the_desk_is_for_the_towns_own_staff(cast: Cast) -> None:
    waiting = submitted(cast)
    for person in (cast["An"], cast["Gis"], cast.stranger, cast.attacker):
        code = refused_code(publish_proposal, project=cast.project, number=waiting.number, by=person)
        assert code is Code.NOT_STAFF
    assert refused_code(
        set_shortlist, project=cast.project, numbers=[1], on_ballot=False, by=cast["Mo"]
    ) is Code.NOT_STAFF  # fmt: skip
    assert refused_code(hide_proposal, project=cast.project, number=9, reason=" ", by=cast["Mo"]) is Code.REASON_MISSING
    assert publish_proposal(project=cast.project, number=waiting.number, by=cast["Mo"]).state == "published"


def test_the_ballot_is_frozen_once_somebody_voted_but_may_be_joined(cast: Cast) -> None:
    proposal = publish_proposal(project=cast.project, number=submitted(cast).number, by=cast["Piet"])
    assert set_shortlist(project=cast.project, numbers=[8], on_ballot=False, by=cast["Piet"]) == [8]
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    assert (
        refused_code(set_shortlist, project=cast.project, numbers=[1], on_ballot=False, by=cast["Piet"])
        is Code.BALLOT_FROZEN
    )
    assert set_shortlist(project=cast.project, numbers=[proposal.number], on_ballot=True, by=cast["Piet"]) == [9]
    waiting = submitted(cast)
    assert (
        refused_code(set_shortlist, project=cast.project, numbers=[waiting.number], on_ballot=True, by=cast["Piet"])
        is Code.PROPOSAL_NOT_PUBLIC
    )

"""What is set in the workbench's address is read, kept in its links, and refused in a sentence."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from siting.rules.settings import Grouping, Heat, Weigh
from siting.web.asked import asked


def test_nothing_said_is_the_usual_view() -> None:
    view, form = asked(QueryDict(""))

    assert not form.errors
    assert (view.grouping, view.heat, view.show, view.pin) == (Grouping(), Heat(), ("pins", "clusters"), None)


def test_no_layer_ticked_differs_from_nothing_said() -> None:
    assert asked(QueryDict("show=none"))[0].show == ()


@given(
    radius=st.integers(25, 1000),
    least=st.integers(2, 50),
    bandwidth=st.integers(50, 1000),
    weigh=st.sampled_from(list(Weigh)),
    show=st.sets(st.sampled_from(["pins", "clusters", "heat"])),
    pin=st.none() | st.integers(0, 99_999),
)
def test_a_link_to_a_view_opens_that_view(
    radius: int, least: int, bandwidth: int, weigh: Weigh, show: set[str], pin: int | None
) -> None:
    said = [f"show={name}" for name in ("none", *show)] + ([] if pin is None else [f"pin={pin}"])
    query = f"radius_m={radius}&min_count={least}&bandwidth_m={bandwidth}&weigh={weigh}&{'&'.join(said)}"
    view, form = asked(QueryDict(query))

    assert not form.errors
    assert view.grouping == Grouping(radius, least, weigh)
    assert asked(QueryDict(view.query()))[0] == view


@pytest.mark.parametrize(
    "query",
    [
        "radius_m=24", "radius_m=1001", "radius_m=nan", "radius_m=250.5", "radius_m=%00", "radius_m=1e999",
        "min_count=1", "min_count=51", "bandwidth_m=inf", "weigh=votes", "show=people", "pin=-1", "pin=99999999999999",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_the_usual_value_holds(query: str) -> None:
    view, form = asked(QueryDict(query))

    assert len(form.errors) == 1
    assert (view.grouping, view.heat, view.pin) == (Grouping(), Heat(), None)

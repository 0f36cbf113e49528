"""What is set in the workbench's address is read, kept in its links, and refused in a sentence."""

from datetime import date

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from siting.rules.settings import Ballot, Grouping, Heat, Sieve, Spots, Weigh
from siting.web.asked import Seen, There, asked, seen

THERE = There(
    themes=(("plein", "Plein"),), areas=(("W1", "Westkant"),), layers=(("palen", "Laadpalen"),), has_votes=True
)


def test_nothing_said_is_the_usual_view() -> None:
    view, form = asked(QueryDict(""))

    assert not form.errors
    assert (view.grouping, view.heat, view.spots) == (Grouping(), Heat(), Spots())
    assert (view.show, view.sieve, view.see, view.run, view.page) == (("pins", "clusters"), Sieve(), None, None, 1)


def test_no_layer_ticked_differs_from_nothing_said() -> None:
    assert asked(QueryDict("show=none"))[0].show == ()


SHOWN = ["pins", "clusters", "heat", "hotspots", "areas", "candidates", "layer-palen"]
SEEN = ["pin:3", "cluster:17", "hex:2", "area:W1", "layer:palen:4", "candidate:1"]


@given(
    numbers=st.fixed_dictionaries(
        {
            "radius_m": st.integers(25, 1000),
            "min_count": st.integers(2, 50),
            "bandwidth_m": st.integers(50, 1000),
            "cell_m": st.integers(100, 2000),
        },
        optional={"run": st.integers(0, 99_999), "page": st.integers(1, 400)},
    ),
    words=st.fixed_dictionaries(
        {"weigh": st.sampled_from(list(Weigh))},
        optional={
            "per": st.just("inhabitant"),
            "theme": st.just("plein"),
            "area": st.just("W1"),
            "origin": st.sampled_from(["resident", "city", "paper"]),
            "ballot": st.sampled_from(list(Ballot)),
            "text": st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=100),
            "see": st.sampled_from(SEEN),
        },
    ),
    days=st.lists(st.dates(date(1900, 1, 1)), min_size=2, max_size=2).map(sorted),
    show=st.sets(st.sampled_from(SHOWN)),
)
def test_a_link_to_a_view_opens_that_view(
    numbers: dict[str, int], words: dict[str, str], days: list[date], show: set[str]
) -> None:
    """Every switch, filter and slider stands in the address that is sent to a colleague."""
    query = QueryDict(mutable=True)
    query.update({name: str(number) for name, number in numbers.items()})
    query.update(words)
    query.update({"since": days[0].isoformat(), "until": days[1].isoformat()})
    query.setlist("show", ["none", *show])
    view, form = asked(query, THERE)

    assert not form.errors
    assert (view.grouping.radius_m, view.grouping.weigh) == (numbers["radius_m"], words["weigh"])
    assert (view.sieve.since, view.sieve.until, view.sieve.theme) == (*days, words.get("theme", ""))
    assert set(view.show) == show
    assert asked(QueryDict(view.query(page=view.page)), THERE)[0] == view


def test_another_filter_begins_at_the_first_page() -> None:
    view, _form = asked(QueryDict("page=7"), THERE)

    assert "page" not in QueryDict(view.query(sieve=Sieve(theme="plein")))
    assert "page=8" in view.query(page=8)


@pytest.mark.parametrize("text", SEEN)
def test_what_is_looked_at_keeps_its_name(text: str) -> None:
    assert str(seen(text)) == text


def test_a_feature_is_named_with_its_layer() -> None:
    assert seen("layer:palen:4") == Seen("layer", "palen", 4)
    assert seen("layer:palen") is seen("pin:x") is seen("elf:1") is None


def test_filters_are_told_and_read_back() -> None:
    sieve = Sieve("plein", "W1", "city", Ballot.OFF, date(2026, 1, 2), date(2026, 2, 3), "kerk en bus")

    assert Sieve.read(sieve.told()) == sieve
    assert Sieve().told() == {}


@pytest.mark.parametrize(
    "query",
    [
        "radius_m=24", "radius_m=1001", "radius_m=nan", "radius_m=250.5", "radius_m=%00", "radius_m=1e999",
        "min_count=1", "min_count=51", "bandwidth_m=inf", "cell_m=99", "cell_m=2001", "weigh=all", "show=people",
        "show=layer-gone", "see=person:1", "see=pin:-1", "run=-1", "page=0", "theme=kerk", "area=W9", "origin=an",
        "ballot=maybe", "since=soon", "until=2026-13-01", "since=2026-02-02&until=2026-02-01", "text=%00", "per=dog",
        f"text={'x' * 101}",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_the_usual_value_holds(query: str) -> None:
    view, form = asked(QueryDict(query), THERE)

    assert len(form.errors) == 1
    assert (view.grouping, view.heat, view.spots, view.see) == (Grouping(), Heat(), Spots(), None)
    assert view.sieve.until is None


def test_votes_count_only_once_they_are_counted() -> None:
    assert asked(QueryDict("weigh=votes"), THERE)[0].grouping.weigh is Weigh.VOTES
    view, form = asked(QueryDict("weigh=votes"), There())
    assert (list(form.errors), view.grouping.weigh) == (["weigh"], Weigh.SUPPORTERS)

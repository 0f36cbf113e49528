"""Cells of other people's files become words, moments and keys; nothing that was said is eaten."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.rules.refusals import Code, Refused
from participation.rules.rows import (
    KEY_MAX,
    RAW_TEXT_MAX,
    SLUG_MAX,
    TITLE_FROM_BODY_MAX,
    cell,
    moment,
    plain_text,
    row_key,
    short_slug,
    shortened,
    title_from,
)
from participation.rules.wording import cleaned

BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.mark.parametrize(
    ("given_text", "plain"),
    [
        ("20th &amp; Bell St", "20th & Bell St"),
        ("it&#39;s &frac12; full", "it's ½ full"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("R&D & more &copy=2", "R&D & more &copy=2"),
        ("wait <10 seconds, 3 < 4 and a<b", "wait <10 seconds, 3 < 4 and a<b"),
        ("a <b and c> d", "a <b and c> d"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<b>bold</b> <a href='https://x.example/?a=1&b=2'>word</a>", "bold word"),
        ("before<script>alert(1)</script>after", "beforeafter"),
        ("<style type='text/css'>p {color: red}</style>words", "words"),
        ("<img src=x onerror=alert(1)>seen", "seen"),
        ("<svg/onload=alert(1)>seen", "seen"),
        ("<!-- hidden -->seen", "seen"),
        ('" src="images/10.png"></span>&nbsp;hard to see', "hard to see"),
        ("nul\x00 and\u200b bell\x07", "nul and\u200b bell"),
        ("one\r\n\r\n\r\n\r\ntwo", "one\n\ntwo"),
    ],
)
def test_html_becomes_plain_text_and_nothing_else_is_eaten(given_text: str, plain: str) -> None:
    assert plain_text(given_text) == plain


@given(st.text(st.characters(exclude_characters="<&\u00a0\r\n\t", exclude_categories=["Cc", "Cs"])))
def test_text_without_signs_of_html_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == cleaned(text)


@given(
    st.lists(
        st.sampled_from(["<", "</", ">", "script", "b", "br", " x=", '"', "'", "&", "amp", ";", "lt", "1", " ", "!--"])
    )
)
def test_any_soup_of_signs_becomes_text(parts: list[str]) -> None:
    assert isinstance(plain_text("".join(parts)), str)


def test_a_text_of_megabytes_is_refused_before_it_is_cleaned() -> None:
    with pytest.raises(Refused) as refused:
        plain_text("<b>" * RAW_TEXT_MAX)
    assert refused.value.code is Code.BODY_TOO_LONG


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("Too fast. Cars race here.", "Too fast."),
        ("No stop at 5th Ave. and Main. Fix it", "No stop at 5th Ave. and Main."),
        ("one line\nanother", "one line"),
        ("", ""),
        ("word " * 40, "word " * 15 + "word…"),
        ("x" * 300, "x" * 79 + "…"),
    ],
)
def test_a_title_is_the_first_sentence_or_as_much_as_fits(body: str, title: str) -> None:
    assert title_from(body) == title


@given(st.text(), st.integers(2, 200))
def test_what_is_shortened_fits(text: str, length: int) -> None:
    short = shortened(text, length)
    assert len(short) <= length
    assert short == text or short.endswith("…")


@given(st.text())
def test_a_title_from_a_body_is_one_line_that_fits(body: str) -> None:
    title = title_from(body)
    assert len(title) <= TITLE_FROM_BODY_MAX
    assert "\n" not in title


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2016-01-19T14:43:50.000Z", (2016, 1, 19, 14, 43, 50)),
        ("2016-01-19T14:43:50+01:00", (2016, 1, 19, 13, 43, 50)),
        ("2016-01-19 14:43", (2016, 1, 19, 13, 43, 0)),
        ("2016-01-19", (2016, 1, 18, 23, 0, 0)),
        ("07/07/2011 09:20", (2011, 7, 7, 7, 20, 0)),
        ("10/24/2011 16:18", (2011, 10, 24, 14, 18, 0)),
        ("24/10/2011 16:18", (2011, 10, 24, 14, 18, 0)),
        ("10/24/2011 4:18:05 PM", (2011, 10, 24, 14, 18, 5)),
        ("02/2012/03 13:52", (2012, 3, 2, 12, 52, 0)),
        ("13/2012/03 15:01", (2012, 3, 13, 14, 1, 0)),
        ("03.04.2023 12:00", (2023, 4, 3, 10, 0, 0)),
        ("3-4-2023", (2023, 4, 2, 22, 0, 0)),
        ("1435848283000", (2015, 7, 2, 14, 44, 43)),
        ("1435848283", (2015, 7, 2, 14, 44, 43)),
    ],
)
def test_moments_are_read_as_files_write_them(text: str, found: tuple[int, ...]) -> None:
    assert moment(text, BRUSSELS) == datetime(*found, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("text", ["", "soon", "13/13/2011", "31/02/2011", "10/24/2011 25:00", "0001-01-01", "1" * 40])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment(text, BRUSSELS) is None


def test_day_first_turns_slashes_round() -> None:
    assert moment("03/04/2023", UTC, day_first=True) == datetime(2023, 4, 3, tzinfo=UTC)
    assert moment("03/04/2023", UTC) == datetime(2023, 3, 4, tzinfo=UTC)
    assert moment("03/24/2023", UTC, day_first=True) == datetime(2023, 3, 24, tzinfo=UTC)


@given(st.text())
def test_any_text_is_a_moment_or_none(text: str) -> None:
    found = moment(text, BRUSSELS)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (float("nan"), ""),
        (5.0, "5"),
        (5.5, "5.5"),
        (7, "7"),
        (True, "True"),
        ("a ", "a "),
        (1e300, "1e+300"),
    ],
)
def test_cells_are_said_as_text(value: object, said: str) -> None:
    assert cell(value) == said


def test_a_row_is_known_by_its_key_else_by_all_it_holds() -> None:
    row = {"a": "1", "b": "2"}
    assert row_key(row, "", " 17 ") == "17"
    assert len(row_key(row, "", "k" * 500)) <= KEY_MAX
    by_content = row_key(row, "", "")
    assert by_content == row_key({"b": "2", "a": "1"}, "", "")
    assert by_content != row_key({"a": "1", "b": "3"}, "", "")
    assert by_content != row_key(row, "0101", "")
    assert by_content != row_key({"a": "12", "b": ""}, "", "")


def test_slugs_fit_and_stay_apart() -> None:
    assert short_slug("plein", "Plein") == "plein"
    assert short_slug("", "日本") != short_slug("", "中国")
    long = [short_slug("a" * 70 + end, "a" * 70 + end) for end in "xy"]
    assert long[0] != long[1]
    assert all(len(slug) <= SLUG_MAX for slug in long)

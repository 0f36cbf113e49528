"""Words that stand out: those of these texts, not those of all."""

from hypothesis import given
from hypothesis import strategies as st

from siting.rules.words import standing_out

TEXTS = st.lists(st.text(max_size=60), max_size=8)


def test_a_word_of_these_texts_alone_stands_out_and_one_of_all_texts_does_not() -> None:
    here = ["Laadpaal aan het station", "Station, kant parking", "Parking van het station, laadpaal"]
    elsewhere = ["Laadpaal aan de kerk", "Kerk van Watou, laadpaal", "Laadpaal bij de sporthal"]

    assert standing_out(here, elsewhere, limit=6) == ["station", "parking"]


def test_a_word_said_once_is_a_chance() -> None:
    assert standing_out(["hopmuseum", "kerk"], ["sporthal"], limit=6) == []


def test_words_without_a_subject_never_stand_out() -> None:
    assert standing_out(["waar mensen zijn", "waar mensen komen"], [], limit=6) == []


@given(here=TEXTS, elsewhere=TEXTS)
def test_every_word_that_stands_out_was_said_here(here: list[str], elsewhere: list[str]) -> None:
    found = standing_out(here, elsewhere, limit=3)

    assert len(found) <= 3
    assert all(sum(word in text.lower() for text in here) >= 2 for word in found)

"""How names are compared in the directory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.server.directory_words import folded, kept, patterns, place_pattern
from plausch.server.store.profile import MOST_WORDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " "),
        ("Zur Linde", " zur linde "),
        ("Müller", " muller "),
        ("MUELLER", " muller "),
        ("Café-Bar", " cafe bar "),
        ("Straße", " strasse "),
        ("100 % _\\", " 100 "),
        ("İstanbul", " istanbul "),
        ("寿司", " 寿司 "),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


def test_each_word_of_a_query_is_the_beginning_of_some_word() -> None:
    assert patterns("Zur Lin") == ["% zur%", "% lin%"]
    assert patterns("%_ \0") == []
    assert len(patterns("a b c d e f g h")) == MOST_WORDS


def test_a_place_is_looked_for_as_a_whole() -> None:
    assert place_pattern("Bad Tölz") == "% bad tolz%"
    assert place_pattern("  ") == "%"


def test_what_is_kept_of_several_texts_is_one() -> None:
    assert kept(["Zur Linde", "linde"]) == " zur linde linde "


@given(st.text(max_size=40))
def test_nothing_is_left_that_like_or_a_database_would_take_for_something_else(text: str) -> None:
    assert not set(folded(text)) & set("%_\\\0'")


@given(st.text(max_size=40))
def test_folding_twice_is_folding(text: str) -> None:
    once = folded(text)
    assert once.startswith(" ") and once.endswith(" ")
    assert "  " not in once


@given(st.text(alphabet="abcuöäüeo ", max_size=30), st.integers(0, 30))
def test_the_beginning_of_a_word_folds_to_the_beginning(text: str, length: int) -> None:
    word = "x" + text.replace(" ", "")
    assert folded(word).strip().startswith(folded(word[: length + 1]).strip())

"""What other kinds of business say in other words: both languages, and nothing about tables."""

import re
from datetime import date

import pytest

from phrase_places import places
from plausch.agent.kind_phrases import KIND_TEXTS
from plausch.agent.phrases import TEXTS, Phrases
from plausch.domain.business import BusinessKind

TODAY = date(2026, 11, 23)
OTHERS = [
    (kind, key)
    for kind in (BusinessKind.HAIRDRESSER, BusinessKind.SHOP)
    for key in sorted(KIND_TEXTS[kind])
]
OF_TABLES = ("tisch", "table", "reservier", "reservation", "personen", "people", "gäste", "guests")


def is_of_tables(text: str) -> bool:
    return any(word.startswith(OF_TABLES) for word in re.findall(r"\w+", text.casefold()))


def test_every_kind_has_its_words_and_a_restaurant_the_usual_ones() -> None:
    assert set(KIND_TEXTS) == set(BusinessKind)
    assert KIND_TEXTS[BusinessKind.RESTAURANT] == {}


@pytest.mark.parametrize(("kind", "key"), OTHERS)
def test_a_sentence_stands_in_place_of_a_restaurants(kind: BusinessKind, key: str) -> None:
    german, english = KIND_TEXTS[kind][key]
    assert key in TEXTS
    assert german != english
    assert places(german) == places(english)
    told_besides = {"service", "what"}  # what is booked, which a restaurant need not say
    assert places(german) - told_besides <= places(TEXTS[key][0])
    assert (german, english) != TEXTS[key]


@pytest.mark.parametrize(("kind", "key"), OTHERS)
def test_no_sentence_is_about_tables(kind: BusinessKind, key: str) -> None:
    for text in KIND_TEXTS[kind][key]:
        assert not is_of_tables(text)


@pytest.mark.parametrize("kind", [BusinessKind.HAIRDRESSER, BusinessKind.SHOP])
def test_a_restaurants_sentence_about_tables_has_another_there(kind: BusinessKind) -> None:
    """Save those that ask for a number of guests, which nobody is asked who comes alone."""
    only_for_parties = {
        "ask_party", "how_many", "too_large", "option_party", "party", "people", "person",
    }  # fmt: skip
    about = {key for key, texts in TEXTS.items() if is_of_tables(texts[0])}
    assert about - only_for_parties <= set(KIND_TEXTS[kind])


@pytest.mark.parametrize("kind", list(BusinessKind))
def test_the_kind_decides_about_the_words(kind: BusinessKind) -> None:
    german, english = Phrases("de", TODAY, kind), Phrases("en", TODAY, kind)
    has_tables = kind is BusinessKind.RESTAURANT
    assert ("Tisch" in german.say("option_book")) is has_tables
    assert ("table" in english.say("option_book")) is has_tables
    assert german.say("closed") == "geschlossen", "what does not differ is the same for all"


def test_the_greetings_differ() -> None:
    greetings = {Phrases("en", TODAY, kind).say("greeting", name="X") for kind in BusinessKind}
    assert len(greetings) == len(BusinessKind)

"""A business without tables speaks of appointments, with the same places in every sentence."""

import string

import pytest

from linde import TUESDAY
from plausch.agent.kind_phrases import KIND_TEXTS
from plausch.agent.phrases import TEXTS, Phrases
from plausch.domain.business import BusinessKind

OTHERS = [kind for kind in BusinessKind if kind is not BusinessKind.RESTAURANT]
GIVEN = {"what", "service"}
"""Places that every caller fills in, whether the restaurant's sentence has them or not."""


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", OTHERS)
def test_every_sentence_stands_in_for_one_and_needs_no_more(kind: BusinessKind) -> None:
    for key, (german, english) in KIND_TEXTS[kind].items():
        assert places(german) == places(english), key
        assert places(german) <= places(TEXTS[key][0]) | GIVEN, key


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("place", [0, 1])
def test_nobody_is_offered_a_table(kind: BusinessKind, place: int) -> None:
    for key, texts in KIND_TEXTS[kind].items():
        assert "Tisch" not in texts[place], key
        assert "table" not in texts[place].lower().replace("suitable", ""), key
        assert "Reservierung" not in texts[place], key


def test_a_restaurant_says_what_it_always_said() -> None:
    assert KIND_TEXTS[BusinessKind.RESTAURANT] == {}
    phrases = Phrases("de", TUESDAY)
    assert "Reservierung" in phrases.say("reminder", what="")
    salon = Phrases("de", TUESDAY, BusinessKind.HAIRDRESSER)
    assert "Termin" in salon.say("reminder", what="")
    assert salon.say("thanks") == phrases.say("thanks")

"""What page and commands of an operator say alike."""

from plausch.cli.operator_phrases import OPERATOR_PHRASES
from plausch.local.operator_terms import OPERATOR_TERMS
from plausch.server.operator_words import WORDS


def test_both_say_each_of_them() -> None:
    for word, (english, german) in OPERATOR_TERMS.items():
        assert (WORDS["en"][word], WORDS["de"][word]) == (english, german)
        assert (english, german) in OPERATOR_PHRASES.values(), word


def test_german_is_what_people_say() -> None:
    said = [*WORDS["de"].values(), *(german for _, german in OPERATOR_PHRASES.values())]
    assert [one for one in said if "in Sekunden" in one or "im Gange" in one] == []

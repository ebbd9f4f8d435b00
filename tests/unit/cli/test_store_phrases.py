"""Both languages have the same places to fill."""

from phrase_places import places
from plausch.cli.phrases import PHRASES
from plausch.cli.store_phrases import STORE_PHRASES


def test_both_languages_say_the_same_things() -> None:
    for english, german in STORE_PHRASES.values():
        assert places(english) == places(german)
        assert english and german
    assert STORE_PHRASES.items() <= PHRASES.items()

"""Both languages have the same places to fill."""

import string

from plausch.cli.phrases import PHRASES
from plausch.cli.store_phrases import STORE_PHRASES


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    for english, german in STORE_PHRASES.values():
        assert fields(english) == fields(german)
        assert english and german
    assert STORE_PHRASES.items() <= PHRASES.items()

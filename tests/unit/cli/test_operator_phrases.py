"""Both languages have the same places to fill; what the page says too is written once."""

import ast
from pathlib import Path

import plausch.cli
from phrase_places import places
from plausch.cli.operator_phrases import OPERATOR_PHRASES
from plausch.cli.phrases import PHRASES
from plausch.server.operator_words import WORDS
from plausch.server.store.overview import Totals


def test_both_languages_say_the_same_things() -> None:
    for english, german in OPERATOR_PHRASES.values():
        assert places(english) == places(german)
        assert english and german
        assert english.count("|") == german.count("|")
    assert OPERATOR_PHRASES.items() <= PHRASES.items()


def test_every_number_has_a_name() -> None:
    assert {f"total_{one}" for one in Totals._fields} <= OPERATOR_PHRASES.keys()


def test_what_the_page_says_too_is_written_once() -> None:
    written = {
        node.value
        for path in Path(plausch.cli.__file__).parent.glob("*phrases.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert written & set(WORDS["de"].values()) == set()

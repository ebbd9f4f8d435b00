"""Both languages say the same thing, and the code uses every phrase."""

import ast
from pathlib import Path

import pytest

import plausch.cli
from phrase_places import places
from plausch.cli.phrases import LANGUAGES, PHRASES, language_of, phrase

FOLDER = Path(plausch.cli.__file__).parent


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_both_languages_have_the_same_places_to_fill_in(key: str) -> None:
    english, german = PHRASES[key]
    assert places(english) == places(german)
    assert english.strip() == english != ""
    assert german.strip() == german != ""


def words_in_code() -> set[str]:
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        if path.name == "phrases.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_no_phrase_is_left_over(key: str) -> None:
    assert key in words_in_code() or key.startswith(("state_", "reason_", "kind_", "rate_"))


def asked_for() -> set[str]:
    """First arguments of say, answer, working and phrase, where they are literal."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if name in {"say", "answer", "working", "phrase"} and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


def test_every_phrase_that_is_asked_for_exists() -> None:
    assert asked_for() <= set(PHRASES)
    assert len(asked_for()) > 20


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "de_AT.UTF-8", "LANG": "en_GB.UTF-8"}, "de"),
        ({"PLAUSCH_LANGUAGE": "de", "LC_ALL": "C"}, "de"),
        ({"PLAUSCH_LANGUAGE": "", "LANG": "de_CH"}, "de"),
    ],
)
def test_the_language_comes_from_the_environment(
    environment: dict[str, str], language: str
) -> None:
    assert language_of(environment) == language


def test_a_phrase_is_filled_in() -> None:
    assert phrase("sent", "en", title="anna", seq=3) == "Sent to anna (no. 3)."
    assert phrase("sent", "de", title="anna", seq=3) == "Gesendet an anna (Nr. 3)."
    assert LANGUAGES == ("en", "de")


def test_an_unknown_phrase_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrase("no_such_phrase", "en")


def test_braces_in_what_is_filled_in_stay_as_they_are() -> None:
    assert phrase("sent", "en", title="{home}", seq=1) == "Sent to {home} (no. 1)."

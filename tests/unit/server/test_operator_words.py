"""The operator's page says the same in both languages."""

import re
from pathlib import Path

import plausch.server.operator_page as page_module
from plausch.server.administration import MOST_CHARACTERS, MOST_MINUTES
from plausch.server.operator_words import WORDS
from plausch.server.store.allowance import OF_ACCOUNTS
from plausch.wire.reports import REASONS

PLACE = re.compile(r"\{(\w+)\}")


def test_both_languages_say_the_same_things_with_the_same_places() -> None:
    assert set(WORDS) == {"de", "en"}
    assert set(WORDS["de"]) == set(WORDS["en"])
    for word, said in WORDS["de"].items():
        assert set(PLACE.findall(said)) == set(PLACE.findall(WORDS["en"][word])), word


def test_bounds_are_said_as_they_are() -> None:
    for said in WORDS.values():
        assert f" {MOST_MINUTES} ({MOST_MINUTES // (24 * 60)} " in said["bad_minutes"]
        assert f" {MOST_CHARACTERS} " in said["bad_words"]


def test_words_need_no_escaping() -> None:
    said = [text for words in WORDS.values() for text in words.values()]
    assert not set("".join(said)) & set("<>&\"'")


def test_every_word_is_said_somewhere_and_every_reason_has_one() -> None:
    folder = Path(page_module.__file__).parent
    names = ("page", "door", "desk")
    code = "".join((folder / f"operator_{name}.py").read_text(encoding="utf-8") for name in names)
    of_rows = {f"reason_{one}" for one in REASONS} | {"person", "business", "suspended", "removed"}
    of_verbs = {f"{verb}_means" for verb in ("suspend", "unsuspend")}
    of_rates = {f"rate_{kind.name.lower()}" for kind in OF_ACCOUNTS}
    assert of_rows | of_verbs | of_rates <= set(WORDS["en"])
    unsaid = [word for word in WORDS["en"] if f'"{word}"' not in code and f"'{word}'" not in code]
    assert set(unsaid) <= of_rows | of_verbs | of_rates

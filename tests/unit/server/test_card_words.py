"""The page's own words are there in both languages."""

from plausch.domain.profile import LANGUAGES
from plausch.server.card_words import WEEKDAYS, WORDS, month_name, tongue


def test_both_languages_say_the_same_things() -> None:
    assert set(WORDS) == set(WEEKDAYS) == set(LANGUAGES)
    assert set(WORDS["de"]) == set(WORDS["en"])
    assert all(len(days) == 7 for days in WEEKDAYS.values())


def test_words_need_no_escaping() -> None:
    said = [text for words in WORDS.values() for text in words.values()]
    assert not set("".join(said)) & set("<>&\"'")


def test_months_and_languages() -> None:
    assert (month_name(3, "de"), month_name(3, "en")) == ("März", "March")
    assert (tongue("tr", "de"), tongue("pt-BR", "en")) == ("Türkisch", "Portuguese")
    assert tongue("xx", "de") == "xx"

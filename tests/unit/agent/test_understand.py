"""Whole sentences, German and English, and texts that are none."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.hear_day import HeardDay
from plausch.agent.talk import DayPart, HeardTime
from plausch.agent.understand import Intent, Understood, clean_name, language_of, understand

TODAY = date(2026, 11, 23)


def hear(text: str) -> Understood:
    return understand(text, TODAY)


def on(month: int, day: int) -> HeardDay:
    return HeardDay(date(2026, month, day))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Tisch für 4 morgen um 19 Uhr",
            {"party": 4, "day": on(11, 24), "time": HeardTime(1140), "language": "de"},
        ),
        (
            "table for two on friday 7:30 pm",
            {"party": 2, "day": on(11, 27), "time": HeardTime(1170), "language": "en"},
        ),
        (
            "heute abend zu dritt",
            {"party": 3, "day": on(11, 23), "part": DayPart.EVENING, "time": None},
        ),
        (
            "Guten Abend, ich hätte gern einen Tisch für zwei am Samstag um halb acht, "
            "auf den Namen Müller bitte",
            {
                "party": 2,
                "day": on(11, 28),
                "time": HeardTime(450, vague=True),
                "name": "Müller",
                "part": None,
            },
        ),
        (
            "Hi! My name is Anna Smith, table for 2 tonight please",
            {"party": 2, "day": on(11, 23), "name": "Anna Smith", "language": "en"},
        ),
        (
            "2 Erwachsene, 3 Kinder am 24. Dezember 12 Uhr",
            {"party": 5, "day": on(12, 24), "time": HeardTime(720, vague=True)},
        ),
        ("am 12.12 um 19.30", {"day": on(12, 12), "time": HeardTime(1170), "party": None}),
        ("19.30", {"time": HeardTime(1170), "day": None, "party": None}),
        ("24/12", {"day": on(12, 24)}),
        ("für 10.12. um acht", {"day": on(12, 10), "party": None}),
        ("um 7 am Freitag für 5", {"party": 5, "day": on(11, 27)}),
        ("December 24th, 7pm, party of 6", {"party": 6, "day": on(12, 24)}),
        ("Guten Morgen!", {"day": None, "time": None, "part": None}),
    ],
)
def test_details(text: str, expected: dict[str, Any]) -> None:
    heard = hear(text)
    assert {name: getattr(heard, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2), (" 2. ", 2), ("Nr. 3", 3), ("#4", 4), ("Option 1 bitte", 1), ("zwei", 2),
        ("the second one", 2), ("die dritte bitte", 3), ("ich nehme die erste", 1),
        ("the last one", -1), ("19", 19), ("0", 0),
    ],
)  # fmt: skip
def test_a_number_alone(text: str, number: int) -> None:
    heard = hear(text)
    assert heard.number == number
    assert not heard.has_details


@pytest.mark.parametrize("text", ["für 2", "2 Personen", "2 uhr", "24.12.", "2,5", "1 2"])
def test_not_a_number_alone(text: str) -> None:
    assert hear(text).number is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("stornieren", Intent.CANCEL),
        ("Ich muss leider absagen", Intent.CANCEL),
        ("please cancel my booking", Intent.CANCEL),
        ("we can't make it", Intent.CANCEL),
        ("Öffnungszeiten?", Intent.HOURS),
        ("wann habt ihr offen", Intent.HOURS),
        ("when are you open?", Intent.HOURS),
        ("meine Reservierung", Intent.MINE),
        ("when is my booking", Intent.MINE),
        ("Ich möchte reservieren", Intent.BOOK),
        ("is there a free table", Intent.BOOK),
        ("habt ihr noch Platz", Intent.BOOK),
        ("ja", Intent.YES),
        ("Ja gerne!", Intent.YES),
        ("passt 👍", Intent.YES),
        ("sure", Intent.YES),
        ("nein danke", Intent.NO),
        ("nope", Intent.NO),
        ("passt nicht", Intent.NO),
        ("danke", Intent.THANKS),
        ("Hallo", Intent.GREET),
        ("good evening", Intent.GREET),
        ("Grüß Gott", Intent.GREET),
        ("andere Zeit", Intent.OTHER),
        ("later", Intent.OTHER),
        ("kann ich mit einem Menschen sprechen", Intent.HUMAN),
        ("help", Intent.HUMAN),
    ],
)
def test_intents(text: str, intent: Intent) -> None:
    assert intent in hear(text).intents


def test_a_no_is_no_yes() -> None:
    assert Intent.YES not in hear("das ist nicht ok").intents


def test_a_yes_in_a_long_sentence_is_no_answer() -> None:
    heard = hear("ich weiß ja noch gar nicht ob wir alle am Freitag kommen wollen")
    assert not heard.intents & {Intent.YES, Intent.NO}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tisch für zwei bitte", "de"),
        ("a table for two please", "en"),
        ("Grüße", "de"),
        ("ok", ""),
        ("", ""),
        ("4", ""),
        ("xyz", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text.lower().split()) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [("auf Englisch bitte", "en"), ("in English", "en"), ("deutsch", "de"), ("German", "de")],
)
def test_asking_for_a_language(text: str, language: str) -> None:
    assert hear(text).switch_to == language


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna Käfer", "Anna Käfer"),
        ("  Anna\n\tKäfer. ", "Anna Käfer"),
        ("O'Brien-Müller", "O'Brien-Müller"),
        ("李小龍", "李小龍"),
        ("Anna\u202eevil", "Anna evil"),
        ("x" * 81, ""),
        ("a b c d e f g", ""),
        ("12345", ""),
        ("🎉", ""),
        ("", ""),
    ],
)
def test_names(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("auf den Namen Dr. Weiß", "Dr"),
        ("Tisch für 2, Name: Schmidt", "Schmidt"),
        ("my name is Bob and I want a table", "Bob"),
        ("ich heiße Vierling, für 2", "Vierling"),
        ("under the name of Jones for 4", "Jones"),
        ("Schmidt", ""),
    ],
)
def test_names_within_a_sentence(text: str, name: str) -> None:
    assert hear(text).name == name


def test_a_name_that_looks_like_a_number_is_no_party() -> None:
    heard = hear("ich heiße Vierling, für 2")
    assert heard.party == 2


@given(st.text(max_size=2000))
def test_no_text_is_too_strange(text: str) -> None:
    heard = hear(text)
    assert heard.party is None or heard.party >= 0
    assert len(heard.name) <= 80
    assert heard.name.isprintable()


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "1" * 100_000, "um " * 30_000, "für 2 " * 20_000, "24.12. " * 20_000,
     "\u0000" * 5_000, "🎉" * 50_000, "name: " * 20_000, "ﷺ" * 20_000, "halb " * 20_000],
)  # fmt: skip
def test_very_long_texts_cost_little(text: str) -> None:
    assert hear(text).plain_words <= 400

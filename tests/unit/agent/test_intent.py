"""What a guest wants: all signs of it, and the one thing that is likeliest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.intent import Intent, Said, intents_of, is_bygone, is_move, meant

NOTHING = Said()
STRANGE = Said(has_strange_words=True)
DAY = Said(day=True)
WHOLE = Said(party=True, day=True, time=True, has_clock=True)


def signs(text: str) -> frozenset[Intent]:
    return intents_of(text, len(re.findall(r"\w+", text)))


def likeliest(text: str, said: Said = NOTHING) -> Intent | None:
    return meant(text, signs(text), said)


@pytest.mark.parametrize(
    "text",
    [
        "bitte stornieren", "wir müssen absagen", "reservierung annullieren", "cancel it",
        "das fällt leider aus", "we are unable to come", "we're not coming", "wir sind verhindert",
        "wir schaffen es leider nicht", "the table is not needed, we don't need the table",
        "please remove our booking", "ich ziehe meine reservierung zurück",
    ],
)  # fmt: skip
def test_cancelling(text: str) -> None:
    assert likeliest(text) is Intent.CANCEL


@pytest.mark.parametrize(
    "text",
    ["bitte nicht stornieren", "do not cancel my booking", "ohne zu stornieren", "never cancel it"],
)
def test_what_says_not_to_cancel_does_not_cancel(text: str) -> None:
    assert Intent.CANCEL not in signs(text)
    assert likeliest(text) is not Intent.CANCEL


def test_to_cancel_for_another_is_to_change() -> None:
    assert likeliest("ich möchte absagen und einen neuen termin") is Intent.CHANGE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("meine reservierung ändern", NOTHING),
        ("verschieben bitte", NOTHING),
        ("i need to amend my booking", STRANGE),
        ("switch our table to sunday", DAY),
        ("move my booking", NOTHING),
        ("andere zeit", NOTHING),
        ("doch lieber freitag", DAY),
        ("two more people", STRANGE),
    ],
)
def test_changing(text: str, said: Said) -> None:
    assert likeliest(text, said) is Intent.CHANGE


@pytest.mark.parametrize(
    ("text", "said", "intent"),
    [
        ("meine reservierung", NOTHING, Intent.MINE),
        ("wann ist mein termin", NOTHING, Intent.MINE),
        ("is our booking confirmed?", STRANGE, Intent.MINE),
        ("meine reservierung blubbern", STRANGE, None),
        ("öffnungszeiten", NOTHING, Intent.HOURS),
        ("bis wann habt ihr offen", NOTHING, Intent.HOURS),
        ("are you open on sunday", DAY, Intent.HOURS),
        ("wann habt ihr einen tisch frei", NOTHING, Intent.BOOK),
        ("rückruf bitte", NOTHING, Intent.HUMAN),
        ("is anyone there", NOTHING, Intent.HUMAN),
        ("habt ihr parkplätze", STRANGE, Intent.BEYOND),
        ("do you sell gift cards", STRANGE, Intent.BEYOND),
        ("habt ihr eine klimaanlage", STRANGE, Intent.BEYOND),
        ("tisch", NOTHING, Intent.BOOK),
        ("der tisch wackelt", STRANGE, None),
        ("könnte ich einen tisch haben", STRANGE, Intent.BOOK),
        ("freitag", DAY, Intent.BOOK),
        ("freitag regnet es", Said(day=True, has_strange_words=True), None),
        ("für vier, blubb", Said(party=True, has_strange_words=True), Intent.BOOK),
        ("tisch am fenster, 19 uhr", WHOLE, Intent.BOOK),
        ("färben", Said(service=True), Intent.BOOK),
        ("danke, bis freitag", DAY, Intent.THANKS),
        ("danke, freitag bitte", DAY, Intent.BOOK),
        ("ja", NOTHING, Intent.YES),
        ("ok?", NOTHING, None),
        ("nein", STRANGE, Intent.NO),
        ("ich vermisse keinen, nicht wahr", STRANGE, None),
        ("hallo", NOTHING, Intent.GREET),
        ("'; drop table bookings; --", STRANGE, None),
        ("", NOTHING, None),
    ],
)
def test_the_likeliest(text: str, said: Said, intent: Intent | None) -> None:
    assert likeliest(text, said) is intent


@pytest.mark.parametrize("text", ["von freitag auf samstag verschieben", "can i come at 8 instead"])
def test_moves(text: str) -> None:
    assert is_move(text)


@pytest.mark.parametrize("text", ["samstag instead of friday", "tisch für vier", "doch freitag"])
def test_no_moves(text: str) -> None:
    assert not is_move(text)


@pytest.mark.parametrize(
    ("text", "bygone"),
    [
        ("wir waren am 3.10. bei euch", True),
        ("we were there on friday", True),
        ("i was wondering about friday", False),
        ("wir waren noch nie da, ein tisch für vier bitte", False),
        ("freitag", False),
    ],
)
def test_a_visit_that_was(text: str, bygone: bool) -> None:
    assert is_bygone(text, signs(text)) is bygone


@given(st.text(max_size=400), st.integers(0, 80), st.booleans(), st.booleans())
def test_any_text_has_signs_and_one_or_no_meaning(
    text: str, words: int, party: bool, strange: bool
) -> None:
    found = intents_of(text, words)
    assert found <= set(Intent)
    assert meant(text, found, Said(party=party, has_strange_words=strange)) in {*Intent, None}

"""How many guests, as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.hear_party import MAX_PARTY, hear_parties, hear_party
from plausch.agent.remnant import Remnant, normalised


def hear(text: str) -> int | None:
    return hear_party(Remnant(normalised(text)))


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("für 4", 4),
        ("für uns zwei", 2),
        ("for two", 2),
        ("für uns beide", 2),
        ("meine frau und ich", 2),
        ("my husband and I", 2),
        ("für mich und meine freundin", 2),
        ("ich komme mit 4 freunden", 5),
        ("2 ppl", 2),
        ("wir sind jetzt doch 6", 6),
        ("we'll be only 3", 3),
        ("2 adults 2 kids and a baby", 5),
        ("für uns zwei plus baby", 3),
        ("for about 8 people", 8),
        ("table for one", 1),
        ("zu dritt", 3),
        ("zu zweit", 2),
        ("wir kommen zu acht", 8),
        ("4 Personen", 4),
        ("vier Leute", 4),
        ("eine Person", 1),
        ("6 people", 6),
        ("there will be 5 of us", 5),
        ("wir sind 7", 7),
        ("wir wären fünf", 5),
        ("party of 6", 6),
        ("we're 5", 5),
        ("4er-Tisch", 4),
        ("ein 6er Tisch", 6),
        ("2 Erwachsene und 3 Kinder", 5),
        ("2 adults and 1 child", 3),
        ("zu zweit mit 1 Kind", 3),
        ("für 4 und 2 Kinder", 6),
        ("nur ich", 1),
        ("just me", 1),
        ("two to three people", 3),
        ("für etwa 12", 12),
        ("für 40", 40),
        ("a table of 9", 9),
        ("vier bis fünf Personen", 5),
        ("4-5 people", 5),
        ("nicht zu viert, sondern zu fünft", 5),
        ("5 statt 4 Personen", 5),
        ("6 people instead of 4", 6),
        ("von vier auf sechs Personen", 6),
        ("wir sind zu viert, 2 Erwachsene und 2 Kinder", 4),
        ("acht Personen, davon drei Kinder", 8),
        ("zwoa Leute", 2),
        ("für 2 Personen, also zu zweit", 2),
        ("wir hatten für vier bestellt, sind jetzt fünf", 5),
    ],
)
def test_parties(text: str, party: int) -> None:
    assert hear(text) == party


@pytest.mark.parametrize(
    "text",
    ["", "hallo", "für einen Tisch", "für morgen", "für 19 Uhr", "for 7 pm", "für 24.12.",
     "for 2 hours", "ein Tisch", "für 19:30", "zu spät", "for a friday", "2",
     "-1 Personen", "für 0 Personen", "für 99999 Leute", "eine Person mehr", "one more person",
     "für 50 Euro", "for 3 days", "one of us is ill", "nicht zu viert",
     "für 2 am Freitag und 6 am Samstag für 6", "4 oder 5 Personen",
     "wir sind zu dritt oder zu viert"],
)  # fmt: skip
def test_what_is_no_party(text: str) -> None:
    assert hear(text) is None


def test_of_several_numbers_all_are_told() -> None:
    assert hear_parties(Remnant("für 2 und dann noch für 6")) == [2, 6]
    assert hear_parties(Remnant("vier oder fünf personen")) == [4, 5]
    assert hear_parties(Remnant("")) == []


def test_what_is_changed_becomes_the_last_number() -> None:
    assert hear_party(Remnant("from 6 to 4 people"), is_moved=True) == 4
    assert hear_party(Remnant("from 6 to 4 people")) == 6


@given(st.text(alphabet="0123456789 fürzupersonenkind", max_size=60))
def test_any_mixture_gives_a_number_or_none(text: str) -> None:
    party = hear(text)
    assert party is None or 1 <= party <= MAX_PARTY

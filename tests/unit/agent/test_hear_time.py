"""Times of day as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.hear_time import hear_bare_time, hear_part, hear_time, hear_times
from plausch.agent.remnant import Remnant, normalised
from plausch.agent.talk import DayPart, HeardTime


def hear(text: str) -> HeardTime | None:
    plain = normalised(text)
    return hear_time(Remnant(plain), hear_part(plain))


def minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("19 Uhr", "19:00"),
        ("um 19:30 Uhr", "19:30"),
        ("19.30 Uhr", "19:30"),
        ("um 19.30", "19:30"),
        ("19 Uhr 15", "19:15"),
        ("19h", "19:00"),
        ("20h30", "20:30"),
        ("1930 Uhr", "19:30"),
        ("08:00", "8:00"),
        ("7 pm", "19:00"),
        ("7:30pm", "19:30"),
        ("7.30 p.m.", "19:30"),
        ("12 am", "0:00"),
        ("12 pm", "12:00"),
        ("at 7 am friday", "7:00"),
        ("noon", "12:00"),
        ("um Mitternacht", "24:00"),
        ("24 Uhr", "24:00"),
        ("heute Abend um 8", "20:00"),
        ("acht Uhr abends", "20:00"),
        ("abends um halb acht", "19:30"),
        ("morgen mittag um eins", "13:00"),
        ("mittags um 12", "12:00"),
        ("this evening at quarter past eight", "20:15"),
        ("3 Uhr nachmittags", "15:00"),
        ("9 Uhr morgens", "9:00"),
        ("half past six pm", "18:30"),
        ("quarter to 8 p.m.", "19:45"),
        ("18-20 Uhr", "18:00"),
        ("zwischen 18 und 20 Uhr", "18:00"),
        ("from 7 to 9 pm", "19:00"),
        ("from 11 to 1 pm", "11:00"),
        ("von 18 auf 19 Uhr", "19:00"),
        ("not 7 but 8 pm", "20:00"),
        ("20 Uhr anstatt 19 Uhr", "20:00"),
        ("um acht, also 20 Uhr", "20:00"),
        ("nicht vor 20 Uhr", "20:00"),
        ("19 Uhr dreißig", "19:30"),
        ("seven thirty pm", "19:30"),
    ],
)
def test_times_that_are_certain(text: str, clock: str) -> None:
    assert hear(text) == HeardTime(minutes(clock))


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("around 6ish", "6:00"),
        ("can we make it 8", "8:00"),
        ("auf 8 verschieben", "8:00"),
        ("um 7", "7:00"),
        ("um acht", "8:00"),
        ("at eight", "8:00"),
        ("8 o'clock", "8:00"),
        ("7 Uhr", "7:00"),
        ("7:30", "7:30"),
        ("halb acht", "7:30"),
        ("Viertel nach sieben", "7:15"),
        ("viertel vor acht", "7:45"),
        ("dreiviertel acht", "7:45"),
        ("viertel acht", "7:15"),
        ("zehn nach acht", "8:10"),
        ("5 vor halb acht", "7:25"),
        ("fünf Minuten nach halb acht", "7:35"),
        ("half past seven", "7:30"),
        ("half seven", "7:30"),
        ("quarter to eight", "7:45"),
        ("a quarter past 7", "7:15"),
        ("ten to eight", "7:50"),
        ("halb eins", "0:30"),
        ("12 Uhr", "12:00"),
        ("um 7 am Freitag", "7:00"),
        ("um 7 am 24.12.", "7:00"),
        ("kurz nach sieben", "7:00"),
        ("shortly after 7", "7:00"),
        ("kurz vor halb acht", "7:30"),
        ("acht Uhr dreißig", "8:30"),
        ("seven thirty", "7:30"),
        ("zwischen 6 und 8", "6:00"),
    ],
)
def test_times_that_may_be_meant_twelve_hours_later(text: str, clock: str) -> None:
    assert hear(text) == HeardTime(minutes(clock), vague=True)


@pytest.mark.parametrize(
    "text",
    ["", "hallo", "für 4", "24.12.", "am 24.12", "zwei Personen", "for two to three people",
     "zwei vor drei", "for about 8 people", "make it 5 people",
     "25 Uhr", "13 pm", "0 am", "um 24:30", "um 18 oder 19 Uhr", "at 7 or at 9 pm", "nicht um 8",
     "for about three hours", "um 50 Euro", "4 to 6 december", "zwischen 2 und 4 Personen"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert hear(text) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("heute abend", DayPart.EVENING),
        ("samstagabend", DayPart.EVENING),
        ("tonight", DayPart.EVENING),
        ("tomorrow night", DayPart.EVENING),
        ("for dinner", DayPart.EVENING),
        ("Guten Abend", None),
        ("good evening", None),
        ("good evening, a table for this evening", DayPart.EVENING),
        ("Heiligabend", None),
        ("mittags", DayPart.NOON),
        ("lunch", DayPart.NOON),
        ("nachmittags", DayPart.AFTERNOON),
        ("vormittags", DayPart.MORNING),
        ("morgen früh", DayPart.MORNING),
        ("heute morgen", DayPart.MORNING),
        ("guten Morgen", None),
        ("morgen", None),
        ("früher", None),
        ("früh am Abend", DayPart.EVENING),
        ("nachmittags", DayPart.AFTERNOON),
        ("morgen Mittag oder heute Abend", None),
        ("saturday morning", DayPart.MORNING),
        ("brunch", DayPart.MORNING),
    ],
)
def test_parts_of_the_day(text: str, part: DayPart | None) -> None:
    assert hear_part(normalised(text)) is part


def test_of_several_times_all_are_told() -> None:
    assert hear_times(Remnant("um 18 oder 19 uhr"), None) == [HeardTime(1080), HeardTime(1140)]
    assert hear_times(Remnant("von 7 pm, at 8 pm"), None, is_moved=True) == [HeardTime(1200)]


def test_what_is_cancelled_may_be_at_a_time_that_does_not_suit() -> None:
    assert hear_time(Remnant("nicht um 20 uhr"), None) is None
    assert hear_time(Remnant("nicht um 20 uhr"), None, with_denied=True) == HeardTime(1200)


def test_a_bare_time_only_on_the_quarter() -> None:
    assert hear_bare_time(Remnant("19.30"), None) == HeardTime(1170)
    assert hear_bare_time(Remnant("19.17"), None) is None


def test_a_time_is_taken_out_of_the_text() -> None:
    remnant = Remnant("für 4 um 19 uhr")
    assert hear_time(remnant, None) is not None
    assert remnant.words == ["für", "4"]


@given(st.text(alphabet="0123456789:. uhrapmhalbvietnco'|für", max_size=60))
def test_any_mixture_gives_a_time_of_day_or_none(text: str) -> None:
    heard = hear(text)
    assert heard is None or 0 <= heard.minute <= 1440

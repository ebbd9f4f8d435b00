"""Calendars are worked out in a process that can be killed."""

import msgspec
import pytest

from calendars import END_S, FIRST_S, calendar, event, many
from plausch.agent.ical import expanding
from plausch.agent.ical.blocked_times import Wish, blocked_times
from plausch.agent.ical.expanding import Answer, Request, answer_to, expand
from plausch.agent.ical.scan import CalendarRefused
from plausch.base.errors import OperatorError

WISH = Wish("private", FIRST_S, END_S, "Europe/Berlin")
GOOD = calendar(event("a", "DTSTART:20261110T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))


async def test_the_process_finds_what_the_function_finds() -> None:
    assert await expand([GOOD], WISH) == blocked_times([GOOD], WISH)


async def test_several_objects_are_one_calendar() -> None:
    other = calendar(event("b", "DTSTART:20261111T090000Z", "DURATION:PT1H"))
    assert len((await expand([GOOD, other], WISH)).times) == 4


async def test_a_refusal_is_the_same_sentence() -> None:
    with pytest.raises(CalendarRefused, match="no calendar"):
        await expand(["hello"], WISH)


async def test_a_hundred_thousand_events_are_no_trouble() -> None:
    assert len((await expand([many(100_000)], WISH)).times) == 30


async def test_what_takes_too_long_is_killed() -> None:
    slow = [
        event(str(number), "DTSTART:20260101T090000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
        for number in range(200)
    ]
    with pytest.raises(CalendarRefused, match="more time or memory"):
        await expand([calendar(*slow)], WISH, timeout_s=3)


async def test_what_is_too_large_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "MAX_CALENDAR_BYTES", 10)
    with pytest.raises(CalendarRefused, match="larger than"):
        await expand([GOOD], WISH)


async def test_without_a_process_it_is_the_machines_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding.sys, "executable", "/nowhere/python")
    with pytest.raises(OperatorError, match="No process"):
        await expand([GOOD], WISH)


def test_the_answer_is_the_times_or_a_sentence() -> None:
    def asked(*texts: str) -> Answer:
        written = answer_to(msgspec.msgpack.encode(Request(list(texts), WISH)))
        return msgspec.msgpack.decode(written, type=Answer)

    assert asked(GOOD).blocked == blocked_times([GOOD], WISH)
    refused = asked("hello")
    assert refused.blocked is None and "no calendar" in refused.refusal

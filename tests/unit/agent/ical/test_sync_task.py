"""The task in the agent's loop: when it works, how it waits, what it logs."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from calendars import entry
from plausch.agent.ical.dav import DavRefused, DavUnreachable
from plausch.agent.ical.sync import Outcome
from plausch.agent.ical.sync_task import LONGEST_WAIT_S, LOOK_EVERY_S, POLL_S, keep_equal
from plausch.agent.rows import TableBooking
from plausch.base.clock import ManualClock
from vectors.plausch_calendar import PLAIN

Failing = DavUnreachable | DavRefused
AWAY = DavUnreachable("The calendar's server does not answer.")


class OneBooking:
    """A book whose mark the test changes."""

    def __init__(self) -> None:
        self.number = 0

    async def between(self, first_s: int, end_s: int, now_s: int) -> list[TableBooking]:
        assert first_s < now_s < end_s
        return [entry(PLAIN)]

    async def uids(self) -> frozenset[str]:
        return frozenset({PLAIN.uid})

    async def mark(self) -> tuple[object, ...]:
        return (self.number,)


class Rounds:
    """Counts rounds; each has an outcome or an error, the last one for ever."""

    def __init__(self, *script: Outcome | Failing) -> None:
        self.script = list(script) or [Outcome()]
        self.count = 0
        self.followed: list[frozenset[str]] = []

    async def follow(self, booked: frozenset[str], now_s: int) -> Outcome:
        self.followed.append(booked)
        return Outcome(removed=1) if len(self.followed) == 3 else Outcome()

    async def round(self, entries: list[TableBooking], now_s: int) -> Outcome:
        found = self.script[min(self.count, len(self.script) - 1)]
        self.count += 1
        if isinstance(found, Outcome):
            return found
        raise found


async def played(
    rounds: Rounds, source: OneBooking, pauses: int, on_pause: Callable[[int, float], None]
) -> list[float]:
    """Let the task run for so many pauses, each of which takes no time; how long they were."""
    clock = ManualClock(PLAIN.starts_at_s * 1000)
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)
        clock.advance(int(seconds * 1000))
        on_pause(len(waited), seconds)
        if len(waited) == pauses:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_equal(rounds, source, clock, pause)
    return waited


def nothing(number: int, seconds: float) -> None:
    """Nobody changes anything."""


async def test_it_works_at_once_and_then_when_the_book_changes() -> None:
    rounds, source = Rounds(), OneBooking()

    def change(number: int, seconds: float) -> None:
        if number == 5:
            source.number += 1

    assert await played(rounds, source, 10, change) == [POLL_S] * 10
    assert rounds.count == 2
    assert rounds.followed == [frozenset({PLAIN.uid})] * 2


async def test_it_looks_now_and_then_for_what_people_did() -> None:
    rounds = Rounds()
    await played(rounds, OneBooking(), int(LOOK_EVERY_S / POLL_S) + 2, nothing)
    assert rounds.count == 2


async def test_a_server_that_is_away_is_asked_later_and_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds = Rounds(AWAY)
    with caplog.at_level(logging.INFO, "plausch.agent.calendar"):
        waited = await played(rounds, OneBooking(), 14, nothing)
    assert rounds.count == 14
    assert all(
        min(5 * 2**n, LONGEST_WAIT_S) / 2 <= one <= min(5 * 2**n, LONGEST_WAIT_S)
        for n, one in enumerate(waited)
    )
    assert len(caplog.records) == 1


async def test_that_it_is_back_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds(AWAY, AWAY, Outcome(written=3), Outcome())
    with caplog.at_level(logging.INFO, "plausch.agent.calendar"):
        await played(rounds, OneBooking(), 6, nothing)
    assert [one.message for one in caplog.records] == [
        "calendar: The calendar's server does not answer.",
        "calendar: the server answers again",
        "calendar: 3 written, 0 removed, 0 edited by people, 0 refused",
    ]


async def test_the_server_says_how_long_to_wait() -> None:
    waited = await played(Rounds(DavUnreachable("busy", after_s=120)), OneBooking(), 2, nothing)
    assert waited == [120, 120]


async def test_nobody_makes_it_wait_for_ever() -> None:
    waited = await played(Rounds(DavUnreachable("busy", after_s=99_999)), OneBooking(), 1, nothing)
    assert waited == [LONGEST_WAIT_S]


async def test_a_wrong_password_is_not_tried_every_second() -> None:
    waited = await played(Rounds(DavRefused("wrong", 401)), OneBooking(), 2, nothing)
    assert waited == [LONGEST_WAIT_S] * 2


async def test_refused_entries_are_tried_again_with_the_next_look() -> None:
    rounds = Rounds(Outcome(refused=1))
    await played(rounds, OneBooking(), 10, nothing)
    assert rounds.count == 1


async def test_a_clock_that_is_set_back_does_not_stop_it() -> None:
    rounds, source = Rounds(), OneBooking()
    clock = ManualClock(PLAIN.starts_at_s * 1000)
    turns: list[float] = []

    async def pause(seconds: float) -> None:
        turns.append(seconds)
        clock.advance(-3_600_000)
        if len(turns) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_equal(rounds, source, clock, pause)
    assert rounds.count == 3

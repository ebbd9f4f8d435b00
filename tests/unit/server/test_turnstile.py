"""A crowd becomes WebSockets a few at a time, and nobody stands in everybody's way."""

import asyncio

import pytest

from plausch.server import turnstile as module
from plausch.server.turnstile import AT_ONCE, FEWEST, LATE_S, MOST, PAUSE_S, Pace, Turnstile


class Guest:
    """Notes when it enters, or is turned away."""

    def __init__(self, name: str, entered: list[str], away: list[str]) -> None:
        self.name, self._entered, self._away = name, entered, away

    def enter(self) -> None:
        self._entered.append(self.name)

    def turn_away(self) -> None:
        self._away.append(self.name)


class Hall:
    """A turnstile whose pauses end when the test says so."""

    def __init__(self, most: int = 1000) -> None:
        self.room = AT_ONCE
        self.turnstile = Turnstile(most, lambda: self.room)
        self.entered: list[str] = []
        self.away: list[str] = []

    def come(self, address: str, name: str) -> Guest:
        guest = Guest(name, self.entered, self.away)
        self.turnstile.admit(address, guest)
        return guest

    def fill(self) -> None:
        """As many enter as may before the first pause."""
        for _ in range(FEWEST):
            self.come("first", "first")
        assert self.turnstile.waiting == 0
        self.entered.clear()

    def pause(self) -> int:
        """How many entered after it."""
        before = len(self.entered)
        assert self.turnstile._pause is not None
        self.turnstile._pause.cancel()
        self.turnstile._go_on(asyncio.get_running_loop().time())
        return len(self.entered) - before


@pytest.fixture(autouse=True)
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 3600.0)


def test_a_loop_that_is_late_lets_fewer_in_and_one_that_is_not_more() -> None:
    pace = Pace()
    for _ in range(MOST):
        pace.paused(0.0)
    assert pace.quota == MOST
    pace.paused(2 * LATE_S)
    assert pace.quota == MOST // 2
    pace.paused(LATE_S)
    assert pace.quota == MOST // 2 + 1
    for _ in range(10):
        pace.paused(2 * LATE_S)
    assert pace.quota == FEWEST


def test_a_loop_that_is_always_late_still_lets_so_many_in_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", PAUSE_S)
    pace, late_s = Pace(), 0.035
    for _ in range(10):
        pace.paused(late_s)
    assert pace.quota / (PAUSE_S + late_s) == pytest.approx(FEWEST / PAUSE_S)
    pace.paused(10.0)
    assert pace.quota == AT_ONCE, "but not all that it owes in one turn"
    assert pace.least == AT_ONCE // FEWEST


async def test_who_comes_alone_does_not_wait() -> None:
    hall = Hall()
    hall.come("a", "one")
    assert hall.entered == ["one"]


async def test_a_crowd_enters_in_order_and_not_in_one_turn_of_the_loop() -> None:
    hall = Hall()
    names = [str(number) for number in range(10 * MOST)]
    for name in names:
        hall.come("a", name)
    sizes = [len(hall.entered)]
    while hall.turnstile.waiting:
        sizes.append(hall.pause())
    assert hall.entered == names
    assert max(sizes) == MOST
    hall.pause()
    hall.come("a", "later")
    assert hall.entered[-1] == "later"


async def test_no_more_enter_than_there_is_room_for_logins_and_one_without_any() -> None:
    hall = Hall()
    for number in range(10 * MOST):
        hall.come("a", str(number))
    hall.room = 3
    assert hall.pause() == 3
    for too_many in (0, -5):
        hall.room = too_many
        assert hall.pause() == 1
    hall.room = AT_ONCE
    assert hall.pause() > 3


async def test_a_pause_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", PAUSE_S)
    hall = Hall()
    for number in range(2 * FEWEST):
        hall.come("a", str(number))
    while len(hall.entered) < 2 * FEWEST:
        await asyncio.sleep(0.001)


async def test_addresses_take_turns() -> None:
    hall = Hall()
    hall.fill()
    for number in range(20):
        hall.come("crowd", f"c{number}")
    hall.come("anna", "anna")
    hall.come("ben", "ben")
    hall.pause()
    assert hall.entered == ["c0", "anna", "ben", "c1", "c2"]


async def test_who_leaves_takes_no_turn() -> None:
    hall = Hall()
    hall.fill()
    gone = [hall.come("a", "gone") for _ in range(10)]
    hall.come("a", "here")
    for one in gone:
        hall.turnstile.forget("a", one)
        hall.turnstile.forget("a", one)
    assert hall.turnstile.waiting == 1
    hall.pause()
    assert hall.entered == ["here"]
    hall.turnstile.forget("a", gone[0])
    assert (hall.turnstile.waiting, hall.turnstile._queues) == (0, {})


async def test_when_it_is_full_the_longest_queue_gets_shorter() -> None:
    hall = Hall(most=4)
    hall.fill()
    for number in range(5):
        hall.come("crowd", f"c{number}")
    assert hall.away == ["c4"], "whoever is of the longest queue goes itself"
    hall.come("anna", "anna")
    assert hall.away == ["c4", "c3"]
    hall.come("ben", "ben")
    assert hall.away == ["c4", "c3", "c2"]
    hall.come("cem", "cem")
    assert hall.away == ["c4", "c3", "c2", "c1"]
    hall.come("dora", "dora")
    assert hall.away[4:] == ["dora"], "nobody has more than it would have"
    assert hall.turnstile.waiting == 4
    hall.pause()
    assert hall.entered == ["c0", "anna", "ben", "cem"]

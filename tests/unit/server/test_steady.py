"""When a wall clock is believed."""

import time

import pytest

from plausch.base.durations import MINUTE_MS
from plausch.server.steady import DOUBT_MS, FAR_MS, JUMP_MS, SteadyClock, ticks_ms

START_MS = 1_800_000_000_000


class Machine:
    """A wall clock and even ticks."""

    def __init__(self) -> None:
        self.now_ms, self.ticks_ms = START_MS, 7_000
        self.clock = SteadyClock(self.now_ms, self.ticks_ms)

    def passes(self, by_ms: int) -> None:
        self.now_ms += by_ms
        self.ticks_ms += by_ms

    def believes(self, last_ms: int | None = START_MS) -> bool:
        return self.clock.believe(self.now_ms, self.ticks_ms, last_ms)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_clock_that_goes_evenly_is_believed(machine: Machine) -> None:
    for _ in range(2_000):
        machine.passes(5 * MINUTE_MS)
        assert machine.believes(machine.now_ms - 5 * MINUTE_MS)
    assert not machine.clock.doubted


def test_before_the_first_sweep_it_has_to_go_evenly_first(machine: Machine) -> None:
    machine.passes(DOUBT_MS - 1)
    assert not machine.believes(None)
    machine.passes(1)
    assert machine.believes(None)
    machine.now_ms += JUMP_MS + 1
    assert not machine.believes(None)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_jump_is_doubted_beyond_an_hour_in_either_direction(machine: Machine, sign: int) -> None:
    machine.now_ms += sign * JUMP_MS
    assert machine.believes()
    machine.now_ms += sign * (JUMP_MS + 1)
    assert not machine.believes()
    assert machine.clock.doubted


def test_a_doubt_ends_when_the_clock_has_gone_evenly_for_long_enough(machine: Machine) -> None:
    machine.now_ms += JUMP_MS + 1
    assert not machine.believes()
    machine.passes(DOUBT_MS - 1)
    assert not machine.believes()
    machine.passes(1)
    assert machine.believes()


def test_setting_it_right_is_a_jump_too(machine: Machine) -> None:
    machine.now_ms += 10 * JUMP_MS
    assert not machine.believes()
    machine.passes(DOUBT_MS - 1)
    machine.now_ms -= 10 * JUMP_MS
    assert not machine.believes()
    machine.passes(DOUBT_MS - 1)
    assert not machine.believes()
    machine.passes(1)
    assert machine.believes()


def test_a_clock_far_beyond_the_last_sweep_is_doubted_once(machine: Machine) -> None:
    assert machine.believes(START_MS - FAR_MS)
    assert not machine.believes(START_MS - FAR_MS - 1)
    machine.passes(DOUBT_MS)
    assert machine.believes(START_MS - FAR_MS - 1), "the server was off for a while"


def test_a_clock_far_before_the_last_sweep_is_believed(machine: Machine) -> None:
    """It makes nothing old."""
    assert machine.believes(START_MS + 400 * FAR_MS)


def test_one_that_others_contradict_at_every_look_is_never_believed(machine: Machine) -> None:
    for place in range(200):
        machine.passes(DOUBT_MS)
        assert not machine.believes(START_MS - 2 * FAR_MS + place)


def test_what_this_process_did_itself_is_no_news(machine: Machine) -> None:
    machine.clock.swept(START_MS)
    machine.passes(FAR_MS + 1)
    assert machine.believes(START_MS)


def test_ticks_go_forwards_in_milliseconds() -> None:
    before_ms = time.monotonic_ns() // 1_000_000
    first, second = ticks_ms(), ticks_ms()
    assert (
        before_ms <= first <= second
    )  # they count the machine's sleep, which monotonic leaves out

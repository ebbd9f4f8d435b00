import time

from plausch.base.clock import Clock, ManualClock, SystemClock


def test_the_system_clock_counts_milliseconds_since_1970() -> None:
    clock: Clock = SystemClock()
    before = int(time.time() * 1000)
    assert before <= clock.now_ms() <= int(time.time() * 1000) + 1


def test_a_manual_clock_stands_still_and_can_jump_both_ways() -> None:
    clock = ManualClock(at_ms=1_000)
    assert clock.now_ms() == clock.now_ms() == 1_000
    clock.advance(250)
    assert clock.now_ms() == 1_250
    clock.advance(-1_250)
    assert clock.now_ms() == 0

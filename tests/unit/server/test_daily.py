"""Amounts of a day: counted by key, forgotten at midnight UTC."""

import pytest

from plausch.base.clock import ManualClock
from plausch.server.daily import DAY_MS, Daily


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def until_midnight_ms(clock: ManualClock) -> int:
    return DAY_MS - clock.now_ms() % DAY_MS


def test_up_to_the_most_and_then_tomorrow(clock: ManualClock) -> None:
    daily = Daily(clock, 3)
    for _ in range(3):
        assert daily.wait_ms(1) == 0
        daily.add(1)
    assert daily.wait_ms(1) == until_midnight_ms(clock)
    assert daily.wait_ms(2) == 0
    clock.advance(until_midnight_ms(clock) - 1)
    assert daily.wait_ms(1) == 1
    clock.advance(1)
    assert daily.wait_ms(1) == 0


def test_an_amount_fits_whole_or_not_at_all(clock: ManualClock) -> None:
    daily = Daily(clock, 100)
    daily.add(1, 60)
    assert daily.wait_ms(1, 40) == 0
    assert daily.wait_ms(1, 41) > 0
    assert daily.wait_ms(2, 101) > 0


def test_what_was_not_had_after_all_is_given_back(clock: ManualClock) -> None:
    daily = Daily(clock, 1)
    daily.add(1)
    daily.add(1, -1)
    assert daily.wait_ms(1) == 0
    daily.add(1)
    clock.advance(DAY_MS)
    assert daily.wait_ms(1) == 0
    daily.add(1, -1)  # of yesterday: today has nothing to give back
    daily.add(1)
    assert daily.wait_ms(1) > 0


def test_zero_is_no_limit(clock: ManualClock) -> None:
    daily = Daily(clock, 0)
    daily.add(1, 1 << 40)
    assert daily.wait_ms(1, 1 << 40) == 0

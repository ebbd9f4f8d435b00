"""Token buckets: so many at once, so many an hour, and how long to wait."""

import pytest

from plausch.base.clock import ManualClock
from plausch.base.durations import HOUR_MS
from plausch.server.rate import BUCKETS, TokenBuckets


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_burst_then_a_wait(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=3, per_hour=60)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    wait_ms = buckets.take("a")
    assert 0 < wait_ms <= 60_001
    clock.advance(wait_ms)
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_names_do_not_share(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=1, per_hour=1)
    assert buckets.take("a") == 0
    assert buckets.take("b") == 0
    assert buckets.take("a") > 0


def test_a_bucket_fills_to_its_brim_only(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=2, per_hour=10)
    buckets.take("a", 2)
    clock.advance(100 * HOUR_MS)
    assert buckets.take("a", 2) == 0
    assert buckets.take("a") > 0


def test_several_at_once_are_taken_whole_or_not_at_all(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=5, per_hour=5)
    assert buckets.take("a", 3) == 0
    assert buckets.take("a", 3) > 0
    assert buckets.take("a", 2) == 0


def test_a_clock_that_runs_backwards_gives_nothing_away(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=1, per_hour=60)
    assert buckets.take("a") == 0
    clock.advance(-HOUR_MS)
    assert buckets.take("a") > 0


def test_memory_is_bounded(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=1, per_hour=1)
    assert buckets.take("first") == 0
    for number in range(BUCKETS):
        buckets.take(str(number))
    assert buckets.take("first") == 0  # forgotten, to its advantage


def test_nobody_gets_anything_where_there_is_nothing(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=0, per_hour=0)
    for _ in range(3):
        assert buckets.take("a") == HOUR_MS
        clock.advance(HOUR_MS)


def test_more_than_a_bucket_holds_takes_a_full_one_and_its_debt_is_paid_off(
    clock: ManualClock,
) -> None:
    buckets = TokenBuckets(clock, burst=2, per_hour=2)
    assert buckets.take("a", 5) == 0  # an account with many devices can still be reached
    wait_ms = buckets.take("a")
    assert wait_ms == pytest.approx(2 * HOUR_MS, abs=2)
    clock.advance(wait_ms)
    assert buckets.take("a") == 0


def test_what_is_spent_already_is_taken_below_nothing(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, burst=10, per_hour=10)
    buckets.charge("a", 12)
    wait_ms = buckets.take("a")
    assert 3 * HOUR_MS // 10 <= wait_ms <= 3 * HOUR_MS // 10 + 1
    assert buckets.take("b") == 0
    clock.advance(HOUR_MS // 5)
    buckets.charge("a", 0)  # what has come since is not lost
    assert HOUR_MS // 10 <= buckets.take("a") <= HOUR_MS // 10 + 1

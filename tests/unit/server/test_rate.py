"""Token buckets: so many an hour, and how long to wait."""

import pytest

from plausch.base.clock import ManualClock
from plausch.base.durations import HOUR_MS
from plausch.server.rate import BUCKETS, TokenBuckets


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_full_bucket_then_a_wait(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 3)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    wait_ms = buckets.take("a")
    assert 0 < wait_ms <= HOUR_MS // 3 + 1
    clock.advance(wait_ms)
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_names_do_not_share(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 1)
    assert buckets.take("a") == 0
    assert buckets.take("b") == 0
    assert buckets.take("a") > 0


def test_a_bucket_fills_to_its_brim_only(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 2)
    assert [buckets.take("a") for _ in range(2)] == [0, 0]
    clock.advance(100 * HOUR_MS)
    assert [buckets.take("a") for _ in range(2)] == [0, 0]
    assert buckets.take("a") > 0


def test_a_clock_that_runs_backwards_gives_nothing_away(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 1)
    assert buckets.take("a") == 0
    clock.advance(-HOUR_MS)
    assert buckets.take("a") > 0


def test_memory_is_bounded(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 1)
    assert buckets.take("first") == 0
    for number in range(BUCKETS):
        buckets.take(str(number))
    assert buckets.take("first") == 0  # forgotten, to its advantage


def test_nobody_gets_anything_where_there_is_nothing(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 0)
    for _ in range(3):
        assert buckets.take("a") == HOUR_MS
        clock.advance(HOUR_MS)


def test_what_is_spent_already_is_taken_below_nothing(clock: ManualClock) -> None:
    buckets = TokenBuckets(clock, 10)
    buckets.charge("a", 12)
    wait_ms = buckets.take("a")
    assert 3 * HOUR_MS // 10 <= wait_ms <= 3 * HOUR_MS // 10 + 1
    assert buckets.take("b") == 0
    clock.advance(HOUR_MS // 5)
    buckets.charge("a", 0)  # what has come since is not lost
    assert HOUR_MS // 10 <= buckets.take("a") <= HOUR_MS // 10 + 1

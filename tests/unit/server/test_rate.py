"""Token buckets: so many at once, so many an hour, and how long to wait."""

import pytest

from plausch.base.clock import ManualClock
from plausch.server.rate import BUCKETS, TokenBuckets

HOUR_MS = 3_600_000


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

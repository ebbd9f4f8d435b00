"""Long checks: on a thread, one at a time, on their account's time."""

import asyncio
import threading

import pytest

from plausch.base.clock import ManualClock
from plausch.server.checks import Checks
from plausch.server.errors import Refusal
from plausch.server.limits import Limits


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def checks(clock: ManualClock, per_hour_ms: int = 1_000) -> Checks:
    return Checks(clock, Limits(checking_ms_per_hour=per_hour_ms))


def busy() -> None:
    """A few milliseconds of work."""
    for number in range(200_000):
        str(number)


async def test_a_check_answers_from_another_thread(clock: ManualClock) -> None:
    found = await checks(clock).run(1, threading.current_thread)
    assert found is not threading.main_thread()


async def test_what_a_check_raises_arrives(clock: ManualClock) -> None:
    def fail() -> None:
        raise Refusal("bad_commit", "No.")

    with pytest.raises(Refusal, match=r"No\."):
        await checks(clock).run(1, fail)


async def test_time_runs_out_and_comes_back(clock: ManualClock) -> None:
    some = checks(clock, 5)
    with pytest.raises(Refusal) as caught:
        for _ in range(100):
            await some.run(1, busy)
    assert caught.value.code == "rate_limited"
    assert await some.run(2, lambda: "others have their own") != ""
    clock.advance(caught.value.retry_after_ms)
    await some.run(1, lambda: None)


async def test_a_check_that_fails_costs_as_well(clock: ManualClock) -> None:
    def fail() -> None:
        busy()
        raise LookupError

    some, codes = checks(clock, 5), []
    while "rate_limited" not in codes:
        try:
            await some.run(1, fail)
        except LookupError:
            codes.append("failed")
        except Refusal as refusal:
            codes.append(refusal.code)
    assert codes[0] == "failed"


async def test_one_at_a_time_in_the_order_of_asking(clock: ManualClock) -> None:
    some, order = checks(clock), []
    running = threading.Semaphore(1)

    def alone(number: int) -> None:
        assert running.acquire(blocking=False)
        order.append(number)
        busy()
        running.release()

    await asyncio.gather(*[some.run(n, lambda n=n: alone(n)) for n in range(5)])
    assert order == [0, 1, 2, 3, 4]


async def test_nobody_waits_for_more_than_one_check_of_each_other_account(
    clock: ManualClock,
) -> None:
    """A business has up to 50 devices, each of which may ask for something long."""
    some, order = checks(clock), list[str]()
    asked = [some.run(1, lambda: order.append("mallory")) for _ in range(50)]
    await asyncio.gather(*asked, some.run(2, lambda: order.append("anna")))
    assert order.index("anna") <= 2


async def test_without_time_nothing_is_checked(clock: ManualClock) -> None:
    with pytest.raises(Refusal) as caught:
        await checks(clock, 0).run(1, busy)
    assert caught.value.code == "rate_limited"

"""Steps are done whole, whoever is cancelled."""

import asyncio

import pytest

from plausch.sdk.whole import whole


async def test_results_and_errors_pass_through() -> None:
    @whole
    async def halve(number: int, *, exactly: bool = False) -> float:
        if exactly and number % 2:
            raise ValueError(number)
        return number / 2

    assert await halve(3) == 1.5
    with pytest.raises(ValueError, match="3"):
        await halve(3, exactly=True)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_cancelled_caller_waits_for_the_end(times: int) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    @whole
    async def step() -> None:
        begun.set()
        await go_on.wait()
        done.append("written")
        await asyncio.sleep(0)
        done.append("remembered")

    caller = asyncio.create_task(step())
    await begun.wait()
    for _ in range(times):
        caller.cancel()
        await asyncio.sleep(0)
    assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done == ["written", "remembered"]


async def test_an_error_after_cancellation_is_not_left_lying_about() -> None:
    go_on = asyncio.Event()

    @whole
    async def step() -> None:
        await go_on.wait()
        raise ValueError("disk full")

    caller = asyncio.create_task(step())
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_a_step_that_cancels_itself_is_cancelled() -> None:
    @whole
    async def step() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await step()

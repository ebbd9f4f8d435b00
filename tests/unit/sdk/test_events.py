"""The feed: everything, in order, to everyone who listens."""

import asyncio
import gc

import pytest

from plausch.base.ids import AccountAddress
from plausch.sdk.events import ConnectionChanged, Event, Feed, IdentityKeyChanged

ON, OFF = ConnectionChanged(online=True), ConnectionChanged(online=False, sentence="gone")
CEM = IdentityKeyChanged(AccountAddress("cem", "localhost"))


async def test_every_listener_hears_everything_in_order() -> None:
    feed = Feed()
    one, other = feed.listen(), feed.listen()
    for told in (ON, CEM, OFF):
        feed.tell(told)
    feed.close()
    assert [event async for event in one] == [ON, CEM, OFF]
    assert [event async for event in other] == [ON, CEM, OFF]


async def test_a_listener_hears_what_comes_after_it_began() -> None:
    feed = Feed()
    feed.tell(ON)
    late = feed.listen()
    feed.tell(OFF)
    assert await anext(late) == OFF


async def test_waiting_ends_when_something_is_told() -> None:
    feed = Feed()
    listener = feed.listen()

    async def wait() -> Event:
        return await anext(listener)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    feed.tell(ON)
    assert await waiting == ON


async def test_closing_ends_those_who_wait() -> None:
    feed = Feed()
    listener = feed.listen()

    async def all_of_it() -> list[Event]:
        return [event async for event in listener]

    waiting = asyncio.create_task(all_of_it())
    await asyncio.sleep(0)
    feed.close()
    assert await waiting == []


async def test_who_stopped_listening_hears_nothing() -> None:
    feed = Feed()
    listener = feed.listen()
    listener.close()
    feed.tell(ON)
    feed.close()
    with pytest.raises(StopAsyncIteration):
        await anext(listener)


async def test_draining_forgets_what_is_queued() -> None:
    feed = Feed()
    listener = feed.listen()
    feed.tell(ON)
    listener.drain()
    feed.tell(OFF)
    assert await anext(listener) == OFF


def test_a_listener_that_nobody_holds_is_forgotten() -> None:
    feed = Feed()

    async def listen_and_leave() -> None:
        feed.listen()

    asyncio.run(listen_and_leave())
    gc.collect()
    assert len(feed._listeners) == 0

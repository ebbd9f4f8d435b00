"""What slow readers leave unread has a bound for all together."""

import asyncio
from pathlib import Path

from plausch.server.pushes import websocket_message
from plausch.server.unread import Unread
from plausch.wire import frames as f
from plausch.wire.codec import encode
from plausch.wire.session import State

from .test_connection import conversing, serving, the_connection


class Reader:
    def __init__(self, unread: Unread) -> None:
        self.unread, self.is_cut = unread, False

    def cut(self) -> None:
        self.is_cut = True
        self.unread.forget(self)


def crowd(unread: Unread, count: int) -> list[Reader]:
    return [Reader(unread) for _ in range(count)]


def test_beyond_the_sum_who_has_left_most_goes_and_of_equals_the_oldest() -> None:
    unread = Unread(100)
    readers = crowd(unread, 5)
    for reader in readers:
        unread.note(reader, 30)
    assert [one.is_cut for one in readers] == [True, True, False, False, False]
    assert (unread.total_bytes, unread.cut) == (90, 2)


def test_large_ones_that_have_just_come_do_not_push_out_small_ones() -> None:
    unread = Unread(100)
    slow = crowd(unread, 4)
    for reader in slow:
        unread.note(reader, 5)
    hostile = crowd(unread, 6)
    for reader in hostile:
        unread.note(reader, 40)
    assert not any(one.is_cut for one in slow)
    assert sum(one.is_cut for one in hostile) == 4


def test_what_grows_counts_once() -> None:
    unread = Unread(100)
    first, second = crowd(unread, 2)
    unread.note(first, 10)
    unread.note(second, 50)
    unread.note(first, 40)
    assert unread.total_bytes == 90
    unread.note(first, 60)
    assert (first.is_cut, second.is_cut, unread.total_bytes) == (True, False, 50)


def test_who_has_read_all_does_not_count() -> None:
    unread = Unread(100)
    first, second, third = crowd(unread, 3)
    unread.note(first, 90)
    unread.forget(first)
    unread.forget(first)
    unread.note(second, 90)
    assert (first.is_cut, second.is_cut, unread.total_bytes) == (False, False, 90)
    unread.note(first, 20)
    assert (first.is_cut, second.is_cut) == (False, True)
    unread.note(third, 80)
    assert unread.total_bytes == 100


def test_one_alone_that_is_too_much_goes_itself() -> None:
    unread = Unread(100)
    (alone,) = crowd(unread, 1)
    unread.note(alone, 101)
    assert (alone.is_cut, unread.total_bytes) == (True, 0)


async def test_who_is_cut_for_all_is_nobodys_at_once(tmp_path: Path) -> None:
    """The loop says only in a later turn that the connection is gone."""
    server, url = await serving(tmp_path, unread_total_bytes=1)
    device, _, _ = await conversing(url)
    connection, edge = the_connection(server), server.edge
    assert edge is not None and device.transport is not None
    device.transport.underlying_transport.pause_reading()
    message = websocket_message(encode(f.Ephemeral(bytes(16), "d", bytes(60_000))))
    for _ in range(500):  # the kernel takes a few megabytes first
        connection.push(message)
        if edge.unread.cut:
            break
        await asyncio.sleep(0)
    assert (connection.session.state, edge._hub.count) == (State.CLOSED, 0)
    connection.push(message)
    connection.cut()
    assert (edge.unread.cut, edge.unread.total_bytes) == (1, 0)
    device.transport.underlying_transport.resume_reading()
    await device.gone()
    await server.stop()

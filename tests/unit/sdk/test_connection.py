"""One connection against servers that are slow, silent, rude or gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picows import WSMsgType

from cast import PATIENCE_S
from plausch.base.errors import Fault
from plausch.sdk import connection as module
from plausch.sdk.connection import Connection, Push, connect
from plausch.sdk.errors import ServerMisbehaved, ServerRefused, Unreachable
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES, encode
from unit.sdk.scripted import HELLO, Scripted, deaf_server, scripted

ROOM = b"r" * 16


@pytest.fixture
async def script() -> AsyncIterator[Scripted]:
    async with scripted() as one:
        yield one


@asynccontextmanager
async def resumed(script: Scripted) -> AsyncIterator[tuple[Connection, list[Push]]]:
    """A connection on which everything is allowed, and what was pushed on it."""
    pushes: list[Push] = []
    connection, _ = await connect(script.url, pushes.append)
    try:
        await connection.ask(lambda request_id: f.Login(request_id, "d", b"s" * 64), f.LoggedIn)
        await connection.ask(lambda one: f.Resume(one, b""), f.Resumed)
        yield connection, pushes
    finally:
        await connection.disconnect()


async def look_up(connection: Connection, name: str) -> f.Account:
    return await connection.ask(lambda request_id: f.GetAccount(request_id, name), f.Account)


def account(request_id: int, name: str) -> f.Account:
    return f.Account(request_id, name, "person", b"", b"")


async def soon(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), PATIENCE_S)


async def reason(connection: Connection) -> str:
    """Why the connection ended."""
    return await asyncio.wait_for(asyncio.shield(connection.lost), PATIENCE_S)


# --- answers ---------------------------------------------------------------------------------


async def test_the_server_speaks_first(script: Scripted) -> None:
    connection, hello = await connect(script.url, print)
    assert hello == HELLO
    assert script.peers[0].heard == []
    await connection.disconnect()
    await soon(script.peers[0].gone)


async def test_answers_find_their_questions_in_any_order(script: Scripted) -> None:
    waiting: list[f.GetAccount] = []

    def answer_backwards(frame: f.ClientFrame) -> list[f.ServerFrame]:
        assert isinstance(frame, f.GetAccount)
        waiting.append(frame)
        if len(waiting) < 5:
            return []
        return [account(one.id, one.name) for one in reversed(waiting)]

    script.answer = answer_backwards
    names = ["anna", "ben", "cem", "dora", "emil"]
    async with resumed(script) as (connection, _):
        answers = await asyncio.gather(*(look_up(connection, name) for name in names))
    assert [one.name for one in answers] == names
    assert len({one.id for one in waiting}) == 5


async def test_a_refusal_is_raised_with_everything_the_server_said(script: Scripted) -> None:
    script.answer = lambda frame: [
        f.Refused(frame.id, "stale_epoch", "Too late.", "remote", 250, 7, 41)  # type: ignore[union-attr]
    ]
    async with resumed(script) as (connection, _):
        with pytest.raises(ServerRefused, match=r"^Too late\.$") as caught:
            await look_up(connection, "anna")
    refusal = caught.value
    assert (refusal.code, refusal.fault) == ("stale_epoch", Fault.REMOTE)
    assert (refusal.retry_after_ms, refusal.epoch, refusal.head) == (250, 7, 41)


@pytest.mark.parametrize("fault", ["local", "remote", "operator", "nobody's", ""])
async def test_a_fault_that_nobody_knows_is_the_servers(script: Scripted, fault: str) -> None:
    script.answer = lambda frame: [f.Refused(frame.id, "no", "No.", fault)]  # type: ignore[union-attr]
    async with resumed(script) as (connection, _):
        with pytest.raises(ServerRefused) as caught:
            await look_up(connection, "anna")
    known = fault in ("local", "remote", "operator")
    assert caught.value.fault == (fault if known else Fault.REMOTE)


async def test_a_caller_that_expects_another_answer_gets_none(script: Scripted) -> None:
    """The session lets only the answer to the question pass; the caller asked for another."""
    script.answer = lambda frame: [account(frame.id, "anna")]  # type: ignore[union-attr]
    async with resumed(script) as (connection, _):
        with pytest.raises(ServerMisbehaved, match="Account instead of Done"):
            await connection.ask(lambda request_id: f.GetAccount(request_id, "anna"), f.Done)


async def test_an_answer_that_comes_too_late_is_passed_over(script: Scripted) -> None:
    """Who asked was cancelled meanwhile; the connection and the next question do not suffer."""
    async with resumed(script) as (connection, _):
        asked = asyncio.Event()

        def note(frame: f.ClientFrame) -> list[f.ServerFrame]:
            asked.set()
            return []

        script.answer = note
        asking = asyncio.create_task(look_up(connection, "anna"))
        await soon(asked)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        (peer,) = script.peers
        late = peer.heard[-1]
        assert isinstance(late, f.GetAccount)
        peer.say(account(late.id, "anna"))
        script.answer = lambda frame: [account(frame.id, "cem")]  # type: ignore[union-attr]
        assert (await look_up(connection, "cem")).name == "cem"


async def test_a_refusal_of_nothing_in_particular_harms_nobody(script: Scripted) -> None:
    async with resumed(script) as (connection, _):
        script.peers[0].say(f.Refused(0, "bad_request", "One of them.", "local"))
        script.answer = lambda frame: [account(frame.id, "cem")]  # type: ignore[union-attr]
        assert (await look_up(connection, "cem")).name == "cem"


async def test_a_silent_server_is_given_up(
    script: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with resumed(script) as (connection, _):
        monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.05)
        with pytest.raises(Unreachable, match="no answer within"):
            await look_up(connection, "anna")
        assert "no answer within" in await reason(connection)
        await soon(script.peers[0].gone)


# --- pushes ----------------------------------------------------------------------------------


async def test_pushes_are_handed_on_in_order(script: Scripted) -> None:
    sent: list[Push] = [
        f.Delivery(ROOM, 3, []),
        f.MailboxMoved(1),
        f.CursorMoved(ROOM, "d", 2),
        f.Ephemeral(ROOM, "d", b"x"),
        f.DeviceListMoved("anna"),
    ]
    script.answer = lambda frame: [account(frame.id, "cem")]  # type: ignore[union-attr]
    async with resumed(script) as (connection, pushes):
        for push in sent:
            script.peers[0].say(push)
        await look_up(connection, "cem")  # frames come in order: they are here before its answer
        assert pushes == sent


async def test_pings_and_unasked_pongs_are_no_offence(script: Scripted) -> None:
    script.answer = lambda frame: [account(frame.id, "cem")]  # type: ignore[union-attr]
    async with resumed(script) as (connection, _):
        transport = script.peers[0].transport
        assert transport is not None
        transport.send_ping(b"are you there?")
        transport.send_pong(b"I am")
        await look_up(connection, "cem")
        assert not connection.lost.done()


# --- servers that break the protocol ---------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (HELLO, "Hello a second time"),
        (account(77, "anna"), "was not asked"),
        (f.Refused(77, "no", "No.", "local"), "was not asked"),
    ],
)
async def test_a_frame_that_makes_no_sense_ends_the_connection(
    script: Scripted, frame: f.ServerFrame, complaint: str
) -> None:
    async with resumed(script) as (connection, _):
        asking = asyncio.create_task(look_up(connection, "anna"))
        await asyncio.sleep(0)
        script.peers[0].say(frame)
        with pytest.raises(Unreachable, match=complaint):
            await asking
        assert "broke the protocol" in await reason(connection)
        await soon(script.peers[0].gone)


async def test_an_answer_of_the_wrong_kind_is_not_believed(script: Scripted) -> None:
    script.answer = lambda frame: [f.Done(frame.id)]  # type: ignore[union-attr]
    async with resumed(script) as (connection, _):
        with pytest.raises(Unreachable, match="Done is no answer to GetAccount"):
            await look_up(connection, "anna")


async def test_a_push_before_resume_is_not_believed(script: Scripted) -> None:
    connection, _ = await connect(script.url, print)
    script.peers[0].say(f.MailboxMoved(1))
    assert "pushed MailboxMoved while the connection is" in await reason(connection)


@pytest.mark.parametrize(
    ("kind", "fin"), [(WSMsgType.TEXT, True), (WSMsgType.BINARY, False), (WSMsgType.TEXT, False)]
)
async def test_only_whole_binary_messages_are_read(
    script: Scripted, kind: WSMsgType, fin: bool
) -> None:
    connection, _ = await connect(script.url, print)
    script.peers[0].say_bytes(encode(HELLO), kind, fin)
    assert "whole binary messages" in await reason(connection)
    await soon(script.peers[0].gone)


async def test_a_frame_beyond_all_limits_ends_the_connection(script: Scripted) -> None:
    connection, _ = await connect(script.url, print)
    script.peers[0].say_bytes(bytes(BUNDLE_BYTES + 1024))
    await reason(connection)
    await soon(script.peers[0].gone)


@settings(max_examples=40)
@given(st.binary(max_size=200) | st.builds(lambda tail: encode(HELLO) + tail, st.binary()))
async def test_no_bytes_do_more_than_end_the_connection(raw: bytes) -> None:
    """Whatever a server says first, it is a Hello or the end, and nothing else is raised."""
    broken: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: broken.append(about))
    async with scripted(greeting=()) as script:
        connecting = asyncio.create_task(connect(script.url, print))
        await soon(script.connected)
        while script.peers[0].transport is None:
            await asyncio.sleep(0)
        script.peers[0].say_bytes(raw)
        if raw == encode(HELLO):
            connection, _ = await connecting
            await connection.disconnect()
        else:
            with pytest.raises(Unreachable, match="broke the protocol"):
                await connecting
    assert broken == []


# --- the end ---------------------------------------------------------------------------------


async def test_everybody_who_waits_is_told_the_servers_reason(script: Scripted) -> None:
    async with resumed(script) as (connection, _):
        asking = [asyncio.create_task(look_up(connection, name)) for name in ("anna", "cem")]
        await asyncio.sleep(0)
        script.peers[0].say(f.Closing("too_slow", "You read too slowly.", 0))
        for one in asking:
            with pytest.raises(Unreachable, match="You read too slowly"):
                await one
        with pytest.raises(Unreachable, match="You read too slowly"):
            await look_up(connection, "ben")
        with pytest.raises(Unreachable, match="You read too slowly"):
            connection.tell(f.Acknowledge(ROOM, 1))


async def test_a_lost_connection_is_told_too(script: Scripted) -> None:
    async with resumed(script) as (connection, _):
        asking = asyncio.create_task(look_up(connection, "anna"))
        await asyncio.sleep(0)
        transport = script.peers[0].transport
        assert transport is not None
        transport.disconnect(graceful=False)
        with pytest.raises(Unreachable, match="the connection was closed"):
            await asking
        assert await reason(connection) == "the connection was closed"


async def test_disconnecting_twice_is_disconnecting(script: Scripted) -> None:
    connection, _ = await connect(script.url, print)
    await asyncio.gather(connection.disconnect(), connection.disconnect())
    await connection.disconnect()
    await soon(script.peers[0].gone)
    with pytest.raises(Unreachable):
        connection.tell(f.Acknowledge(ROOM, 1))


async def test_a_connection_that_never_was_disconnects_at_once() -> None:
    connection = Connection(print)
    await connection.disconnect()
    with pytest.raises(Unreachable):
        await look_up(connection, "anna")


async def test_who_disconnects_does_not_wait_for_a_server_that_reads_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More is on its way than the sockets' buffers hold, and nobody takes it."""
    monkeypatch.setattr(module, "GOODBYE_S", 0.05)
    async with deaf_server() as url:
        connection, _ = await connect(url, print)
        asking = asyncio.create_task(register_at_length(connection))
        await asyncio.sleep(0)
        await asyncio.wait_for(connection.disconnect(), PATIENCE_S)
        assert connection.lost.done()
        with pytest.raises(Unreachable):
            await asking


async def test_a_cancelled_disconnect_closes_the_socket_all_the_same() -> None:
    async with deaf_server() as url:
        connection, _ = await connect(url, print)
        asking = asyncio.create_task(register_at_length(connection))
        await asyncio.sleep(0)
        leaving = asyncio.create_task(connection.disconnect())
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await reason(connection) == "the connection was closed"
        await asyncio.gather(asking, return_exceptions=True)


async def register_at_length(connection: Connection) -> f.Done:
    return await connection.ask(
        lambda request_id: f.Register(request_id, "anna", "person", "", bytes(1 << 26), b""),
        f.Done,
    )

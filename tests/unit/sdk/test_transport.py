"""The connection that comes back: patience, one login each time, and what follows it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town, expected, message, texts
from crooked import Crooked, honest, willing
from plausch.base.errors import Fault, PlauschError
from plausch.sdk import Client, ConnectionChanged, ProblemFound, State
from plausch.sdk.address import socket_url
from plausch.sdk.connection import Push
from plausch.sdk.errors import SdkError, ServerMisbehaved, ServerRefused, Unreachable
from plausch.sdk.transport import (
    FIRST_DELAY_S,
    LONGEST_DELAY_S,
    Transport,
    jittered_delay_s,
)
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, codes, core_of, eventually, forbidding, withheld


class Told:
    """What a transport tells, in order; `greet` may be made to fail."""

    def __init__(self) -> None:
        self.changes: list[tuple[bool, str]] = []
        self.pushes: list[Push] = []
        self.greeted: list[f.LoggedIn] = []
        self.fails: list[PlauschError] = []
        self.moved = asyncio.Event()

    def push(self, push: Push) -> None:
        self.pushes.append(push)

    async def greet(self, logged_in: f.LoggedIn) -> None:
        self.greeted.append(logged_in)
        self.moved.set()
        if self.fails:
            raise self.fails.pop(0)

    def change(self, online: bool, sentence: str) -> None:
        self.changes.append((online, sentence))
        self.moved.set()

    async def until_changes(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.changes) < count:
                self.moved.clear()
                await self.moved.wait()


@asynccontextmanager
async def transport_of(client: Client, url: str, told: Told) -> AsyncIterator[Transport]:
    """A transport of its own for a device whose client is not connected."""
    transport = Transport(socket_url(url), core_of(client).own, told.push, told.greet, told.change)
    transport.start()
    try:
        yield transport
    finally:
        await transport.close()


@pytest.fixture
async def anna(town: Town) -> AsyncIterator[Client]:
    client = await town.register("anna")
    yield client
    await client.close()


def refusing(wire: Crooked, kind: type[f.Frame], refusals: Sequence[f.Refused]) -> None:
    """The server refuses the next requests of a kind, and is willing again."""
    left = list(refusals)

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, kind) and left:
            refusal = left.pop(0)
            wire.push(
                f.Refused(
                    getattr(frame, "id"),  # noqa: B009  # not every frame has one; these do
                    refusal.code,
                    refusal.sentence,
                    refusal.fault,
                    refusal.retry_after_ms,
                )
            )
            return []
        return [frame]

    wire.to_server = refuse


STORAGE = f.Refused(0, "storage_unavailable", "The disk is full.", "operator", 100)


@given(st.integers(min_value=0, max_value=10**9))
def test_delays_are_jittered_and_bounded(attempt: int) -> None:
    bound = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(attempt, 16))
    assert all(0.0 <= jittered_delay_s(attempt) <= bound for _ in range(5))


def test_delays_of_many_devices_differ() -> None:
    assert len({jittered_delay_s(10) for _ in range(50)}) > 40


async def test_nothing_is_sent_without_a_connection(town: Town, anna: Client) -> None:
    transport = Transport(town.url, core_of(anna).own, *[lambda *_: None] * 3)  # type: ignore[arg-type]
    transport.tell(f.AcknowledgeMailbox(1))
    with pytest.raises(Unreachable, match="no connection"):
        await transport.ask(lambda one: f.Resume(one, b""), f.Resumed)
    with pytest.raises(SdkError, match="not connected"):
        await transport.wait_online()
    await transport.close()
    assert not transport.online


async def test_each_connection_is_a_new_generation_that_logs_in_once(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    async with transport_of(anna, wire.url, told) as transport:
        transport.start()
        await transport.wait_online()
        for generation in (1, 2, 3):
            await transport.wait_online()
            assert transport.generation == generation
            assert transport.failure is None
            wire.cut()
            await told.until_changes(2 * generation)
            assert isinstance(transport.failure, Unreachable)
    assert codes(wire.sent, f.Login) == len(told.greeted) == 3
    assert [online for online, _ in told.changes[:6]] == [True, False] * 3
    assert all("no connection" in sentence for online, sentence in told.changes if not online)


async def test_a_server_that_comes_up_late_is_found(town: Town, anna: Client) -> None:
    told = Told()
    await town.shut()
    async with transport_of(anna, town.url, told) as transport:
        await told.until_changes(1)
        assert not transport.online
        with pytest.raises(Unreachable, match="cannot be reached"):
            await transport.wait_online(within_s=0.0)
        await town.open()
        await transport.wait_online()
        assert transport.online


async def test_a_server_of_another_name_gets_no_signature(
    town: Town, wire: Crooked, anna: Client
) -> None:
    """A login for one server cannot be passed on to another."""
    told = Told()
    wire.to_device = lambda frame: (
        [f.Hello(frame.version, "example.org", frame.nonce, frame.registration)]
        if isinstance(frame, f.Hello)
        else [frame]
    )
    async with transport_of(anna, wire.url, told) as transport:
        await told.until_changes(2)
        assert isinstance(transport.failure, ServerMisbehaved)
        assert "example.org" in told.changes[0][1]
        assert codes(wire.sent, f.Login) == 0
        wire.to_device = honest
        await transport.wait_online()


async def test_a_refused_login_is_told_and_tried_again(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    refusing(wire, f.Login, [f.Refused(0, "unknown_device", "Not listed.", "local")] * 2)
    async with transport_of(anna, wire.url, told) as transport:
        await told.until_changes(2)
        assert told.changes[:2] == [(False, "Not listed.")] * 2
        assert not told.greeted
        await transport.wait_online()
        assert told.changes[2] == (True, "")


async def test_why_the_server_takes_nothing_is_known_until_it_does(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    suspended = f.Refused(0, "account_suspended", "Suspended.", "operator")
    refusing(wire, f.Login, [suspended])
    async with transport_of(anna, wire.url, told) as transport:
        assert transport.hindrance is None
        await told.until_changes(1)
        assert str(transport.hindrance) == "Suspended."
        await transport.wait_online()
        assert transport.hindrance is None
        assert await dropped_and_wanted(transport) == ["", ""]
        refusing(wire, f.SetWakeUp, [f.Refused(0, "bad_endpoint", "No.", "local")])
        assert await dropped_and_wanted(transport) == ["", ""]
        refusing(wire, f.SetWakeUp, [f.Refused(0, "maintenance", "Later.", "operator")])
        assert await dropped_and_wanted(transport) == ["", "Later."]
        assert await dropped_and_wanted(transport) == ["Later.", ""]


async def dropped_and_wanted(transport: Transport) -> list[str]:
    """What hinders after what maintenance takes, and after what it does not."""
    said = []
    await transport.ask(f.DropWakeUp, f.Done)
    said.append(str(transport.hindrance or ""))
    with suppress(ServerRefused):
        endpoint = "https://push.example.org/1"
        await transport.ask(lambda one: f.SetWakeUp(one, endpoint), f.Done)
    said.append(str(transport.hindrance or ""))
    return said


async def test_a_login_answered_with_something_else_is_not_a_login(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    wire.to_device = lambda frame: [f.Done(frame.id)] if isinstance(frame, f.LoggedIn) else [frame]
    async with transport_of(anna, wire.url, told) as transport:
        await told.until_changes(1)
        assert "broke the protocol" in told.changes[0][1]
        assert not transport.online
        assert not told.greeted


async def test_whoever_waits_hurries_the_next_attempt(town: Town, anna: Client) -> None:
    """A long pause does not make a person wait who wants something now."""
    told = Told()
    transport = Transport(
        socket_url(town.url), core_of(anna).own, told.push, told.greet, told.change
    )
    pausing = asyncio.ensure_future(transport._pause(3600.0))
    await asyncio.sleep(0)
    transport._hurry.set()
    async with asyncio.timeout(PATIENCE_S):
        await pausing


async def test_what_must_follow_a_login_and_fails_makes_a_new_connection(
    town: Town, wire: Crooked, anna: Client
) -> None:
    """A device that is online but has not read what moved would wait for ever."""
    told = Told()
    told.fails = [
        ServerRefused("Later.", code="storage_unavailable", fault=Fault.OPERATOR),
        ServerMisbehaved("It answered with Done instead of Resumed."),
    ]
    async with transport_of(anna, wire.url, told) as transport:
        await told.until_changes(5)
        assert [sentence for online, sentence in told.changes[:5] if not online] == [
            "Later.",
            "It answered with Done instead of Resumed.",
        ]
        assert (transport.online, transport.generation) == (True, 3)


async def test_a_greeting_cut_short_by_a_lost_connection_is_no_failure_of_its_own(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    told.fails = [Unreachable("lost on the way")]
    async with transport_of(anna, wire.url, told) as transport:
        await transport.wait_online()
        await eventually(lambda: not told.fails)
        assert transport.online
        assert [online for online, _ in told.changes] == [True]


async def test_a_greeting_that_hangs_ends_with_its_connection(
    town: Town, wire: Crooked, anna: Client
) -> None:
    ended: list[str] = []
    told = Told()

    async def hang(logged_in: f.LoggedIn) -> None:
        await told.greet(logged_in)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    transport = Transport(socket_url(wire.url), core_of(anna).own, told.push, hang, told.change)
    transport.start()
    await eventually(lambda: len(told.greeted) == 1)
    wire.cut()
    await eventually(lambda: len(told.greeted) == 2)
    assert ended == ["cancelled"]
    await transport.close()
    assert ended == ["cancelled"] * 2


async def test_close_ends_requests_and_reconnecting(
    town: Town, wire: Crooked, anna: Client
) -> None:
    told = Told()
    async with transport_of(anna, wire.url, told) as transport:
        await transport.wait_online()
        wire.to_server = lambda _: []
        waiting = asyncio.ensure_future(transport.ask(lambda one: f.Resume(one, b""), f.Resumed))
        await eventually(lambda: codes(wire.sent, f.Resume) == 1)
        await transport.close()
        with pytest.raises(Unreachable):
            await waiting
        assert not transport.online
        await transport.close()
    await eventually(lambda: not wire.devices)
    assert codes(wire.sent, f.Login) == 1


# --- a whole device on such a connection -----------------------------------------------------


async def test_a_refused_resume_does_not_stop_a_device(town: Town, wire: Crooked) -> None:
    _, cem, conversation = await anna_and_cem(town, wire)
    refusing(wire, f.Resume, [STORAGE, STORAGE])
    wire.cut()
    sent = await conversation.send_text("after all")
    async with asyncio.timeout(PATIENCE_S):
        await sent.accepted()
    assert await texts(cem, 1) == ["after all"]


async def test_a_vault_that_fails_while_catching_up_is_tried_again(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    theirs = cem.conversation(conversation.id)
    await (await theirs.send_text("one")).accepted()
    events = anna.events()
    wire.to_device = honest
    async with forbidding(anna, "INSERT ON message"):
        wire.cut()
        await expected(
            events, ConnectionChanged, lambda one: not one.online and "forbids" in one.sentence
        )
    assert (await message(anna)).text == "one"


async def test_refused_key_packages_and_marks_keep_nobody_from_writing(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.CursorMoved)
    sent = await conversation.send_text("never mind")
    await sent.accepted()
    core = core_of(anna)
    await core.vault.write([core.key_packages.delete_old(2**60)])
    events = anna.events()
    left = {f.UploadKeyPackages, f.GetCursors}

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.UploadKeyPackages | f.GetCursors):
            left.discard(type(frame))
            wire.push(f.Refused(frame.id, "rate_limited", "Too often.", "local", 1000))
            return []
        return [frame]

    wire.to_server = refuse
    wire.cut()
    refused = await expected(events, ProblemFound)
    assert (refused.code, refused.sentence) == ("rate_limited", "Too often.")
    assert anna.online
    await eventually(lambda: not left)
    wire.to_server = willing
    later = await conversation.send_text("and on")
    await later.accepted()
    assert later.state is State.SENT
    assert await texts(cem, 2) == ["never mind", "and on"]


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long transports have rested, in order; no time passes over it."""
    found: list[float] = []
    sleep = asyncio.sleep

    async def nap(delay_s: float) -> None:
        task = asyncio.current_task()
        if task is None or task.get_name() != "transport":
            await sleep(delay_s)
            return
        found.append(delay_s)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", nap)
    return found


async def test_a_server_that_restarts_is_left_alone_as_long_as_it_asked(
    town: Town, naps: list[float]
) -> None:
    transport = (await town.person("cem"))._device.core.transport
    lost = transport.generation
    naps.clear()
    await town.shut()
    await eventually(lambda: bool(naps))
    rested = list(naps)
    assert transport.generation == lost
    await town.open()
    await transport.wait_online()  # in a hurry
    assert 1.0 <= rested[0] < 2.0
    assert all(one <= FIRST_DELAY_S for one in naps[1:]), "it is asked for once"


async def test_a_hurry_during_the_rest_is_kept_until_after_it(
    anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    transport = Transport("ws://localhost:1", core_of(anna).own, told.push, told.greet, told.change)
    rests: list[float] = []

    async def rest(delay_s: float) -> None:
        rests.append(delay_s)
        transport._hurry.set()

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", rest)
        async with asyncio.timeout(PATIENCE_S):
            await transport._pause(LONGEST_DELAY_S * 60, 1.0)
    assert rests == [1.0, FIRST_DELAY_S]

"""The client: opening and closing, one process at a time, and finding people and talks."""

import asyncio
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from cast import PATIENCE_S, Town, expected, message, texts
from crooked import Crooked, willing
from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress, NameRefused
from plausch.db.interface import ConstraintViolated
from plausch.sdk import Client, ConnectionChanged, Kind, SdkError, ServerRefused
from plausch.sdk import client as module
from plausch.sdk.errors import (
    TrustRefused,
    UnknownConversation,
    Unreachable,
    VaultBusy,
    VaultDamaged,
    VaultError,
    VaultMissing,
    WrongPassphrase,
)
from plausch.sdk.vault.vault import DATABASE_FILE
from plausch.wire import frames as f
from unit.sdk.full_disk import refused
from unit.sdk.tunnel import core_of, into_tunnel, owed

HOLDER = """
import asyncio, sys
from pathlib import Path
from plausch.sdk import Client

async def main():
    client = await Client.open(Path(sys.argv[1]))
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await client.close()

asyncio.run(main())
"""


@pytest.fixture
async def anna(town: Town) -> AsyncIterator[Client]:
    """She knows Cem and Ben, and has no connection."""
    for name in ("cem", "ben"):
        await (await town.register(name)).close()
    client = await into_tunnel(town, "cem", "ben")
    yield client
    await client.close()


def swallow(wire: Crooked, kind: type[f.Frame]) -> asyncio.Event:
    """Frames of a kind never reach the server; set when the first one was swallowed."""
    met = asyncio.Event()

    def judge(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if not isinstance(frame, kind):
            return [frame]
        met.set()
        return []

    wire.to_server = judge
    return met


async def all_gone(wire: Crooked) -> None:
    """Every connection through the wire has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while wire.devices:
            await asyncio.sleep(0.01)


# --- registering -----------------------------------------------------------------------------


async def test_a_new_account_is_private_offline_and_ready_to_be_written_to(
    town: Town, wire: Crooked
) -> None:
    anna = await town.register("anna", url=wire.url)
    assert not anna.online
    assert stat.S_IMODE(town.home("anna").stat().st_mode) == 0o700
    assert (anna.address, anna.domain) == (AccountAddress("anna", "localhost"), "localhost")
    assert anna.device.account == anna.address
    assert anna.server_url == wire.url
    await all_gone(wire)
    await anna.close()
    cem = await town.person("cem")
    await (await cem.conversation_with("anna@localhost")).ready()


async def test_who_is_cancelled_while_stocking_up_leaves_vault_and_server_free(
    town: Town, wire: Crooked
) -> None:
    met = swallow(wire, f.UploadKeyPackages)
    registering = asyncio.create_task(town.register("anna", url=wire.url))
    await asyncio.wait_for(met.wait(), PATIENCE_S)
    registering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await registering
    await all_gone(wire)
    wire.to_server = willing
    async with await Client.open(town.home("anna")) as anna:
        await anna.synchronize()


async def test_an_account_without_key_packages_is_registered_all_the_same(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOCK_UP_S", 0.05)
    swallow(wire, f.UploadKeyPackages)
    anna = await town.register("anna", url=wire.url)
    wire.to_server = willing
    await town.connect(anna)
    await core_of(anna).greeted.wait()
    cem = await town.person("cem")
    await (await cem.conversation_with("anna@localhost")).send_text("hello")
    assert await texts(anna, 1) == ["hello"]


async def test_a_folder_that_cannot_be_made_is_named(town: Town, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VaultError, match="file"):
        await Client.register(tmp_path / "file" / "anna", town.url, "anna")


@pytest.mark.parametrize("url", ["", "127.0.0.1", "ftp://localhost", "http://", "http://a:b@c"])
async def test_an_address_that_is_none_is_refused_and_the_vault_is_free(
    tmp_path: Path, url: str
) -> None:
    for _ in range(2):
        with pytest.raises(SdkError, match="not a server's address"):
            await Client.register(tmp_path / "home", url, "anna")


# --- one process at a time -------------------------------------------------------------------


async def hold(home: Path) -> asyncio.subprocess.Process:
    """Another process that has the vault open until its standard input ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLDER,
        str(home),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        assert await process.stdout.readline() == b"open\n"
    return process


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
async def test_a_vault_has_one_owner_and_any_end_of_it_frees_the_vault(
    town: Town, end: signal.Signals | None
) -> None:
    await (await town.register("anna")).close()
    other = await hold(town.home("anna"))
    for call in (Client.open(town.home("anna")), town.register("anna")):
        with pytest.raises(VaultBusy, match=str(other.pid)):
            await call
    if end is not None:
        other.send_signal(end)
    await asyncio.wait_for(other.communicate(b""), PATIENCE_S)
    await (await Client.open(town.home("anna"))).close()


# --- opening ---------------------------------------------------------------------------------


async def test_opening_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing, match="register one first"):
        await Client.open(tmp_path / "home")
    assert not (tmp_path / "home").exists()


async def test_a_wrong_passphrase_leaves_the_vault_free(town: Town) -> None:
    home = town.home("anna")
    await (await Client.register(home, town.url, "anna", passphrase="Linde")).close()
    for wrong in ("", "linde", "Linde ", None):
        with pytest.raises(WrongPassphrase):
            await Client.open(home, passphrase=wrong)
    await (await Client.open(home, passphrase="Linde")).close()


async def test_a_damaged_key_is_noticed_and_the_vault_is_free_for_its_repair(town: Town) -> None:
    await (await town.register("anna")).close()
    file = town.home("anna") / DATABASE_FILE

    def exchange(secret: bytes) -> bytes:
        with sqlite3.connect(file) as outside:
            ((before,),) = outside.execute("SELECT device_secret FROM own").fetchall()
            outside.execute("UPDATE own SET device_secret = ?", (secret,))
        outside.close()
        assert isinstance(before, bytes)
        return before

    good = exchange(b"")
    exchange(bytes([good[0], *(byte ^ 1 for byte in good[1:])]))
    for _ in range(2):
        with pytest.raises(VaultDamaged):
            await Client.open(town.home("anna"))
    exchange(good)
    await (await Client.open(town.home("anna"))).close()


# --- closing ---------------------------------------------------------------------------------


async def test_a_closed_client_stays_closed(town: Town) -> None:
    anna = await town.register("anna")
    async with anna:
        await anna.synchronize()
        assert anna.online
    assert not anna.online
    await asyncio.gather(anna.close(), anna.close())
    with pytest.raises(SdkError, match="closed"):
        async with anna:
            pass
    async with await Client.open(town.home("anna")) as again:
        await again.synchronize()


async def test_listeners_hear_the_end(town: Town) -> None:
    anna = await town.register("anna")
    events, inbox = anna.events(), anna.messages()
    waiting = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    await anna.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, PATIENCE_S)
    assert [one async for one in events] == []


async def test_what_waits_at_closing_goes_out_next_time(town: Town, anna: Client) -> None:
    sent = await (await anna.conversation_with("cem@localhost")).send_text("later")
    waiting = asyncio.create_task(sent.accepted())
    await asyncio.sleep(0)
    await anna.close()
    with pytest.raises(Unreachable, match="goes out next time"):
        await waiting
    await town.back("anna")
    assert await texts(await town.back("cem"), 1) == ["later"]


async def test_a_vault_that_cannot_note_the_last_message_is_closed_all_the_same(
    town: Town,
) -> None:
    """Leaving the block notes that the last message was dealt with; that may fail."""
    anna = await town.person("anna")
    cem = await town.register("cem")
    await (await anna.conversation_with("cem@localhost")).send_text("hello")
    with ExitStack() as stack:
        with pytest.raises(ConstraintViolated):
            async with cem:
                async for heard in cem.messages():
                    assert heard.text == "hello"
                    break
                stack.enter_context(refused(town.home("cem"), "UPDATE OF handled ON message"))
        with pytest.raises(SdkError, match="closed"):
            await cem.__aenter__()
    assert await texts(await town.back("cem"), 1) == ["hello"], "handed out again"


@pytest.mark.parametrize("steps", range(6))
async def test_a_cancelled_close_closes(town: Town, steps: int) -> None:
    anna = await town.register("anna")
    await anna.__aenter__()
    await anna.synchronize()
    closing = asyncio.create_task(anna.close())
    for _ in range(steps):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    await anna.close()
    await (await Client.open(town.home("anna"))).close()


# --- catching up -----------------------------------------------------------------------------


async def test_only_who_is_connected_can_synchronize(anna: Client) -> None:
    with pytest.raises(SdkError, match="async with"):
        await anna.synchronize()


def cut_at_resume(wire: Crooked, times: int) -> list[int]:
    """The connection breaks whenever the device asks what moved; how often it still will."""
    left = [times]

    def judge(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.Resume) and left[0]:
            left[0] -= 1
            wire.cut()
            return []
        return [frame]

    wire.to_server = judge
    return left


async def test_catching_up_goes_on_with_the_next_connection(town: Town, wire: Crooked) -> None:
    anna = await town.register("anna", url=wire.url)
    left = cut_at_resume(wire, 2)
    async with anna:
        await anna.synchronize()
    assert left == [0]


async def test_a_connection_that_breaks_every_time_is_told(town: Town, wire: Crooked) -> None:
    anna = await town.register("anna", url=wire.url)
    cut_at_resume(wire, 1_000)
    async with anna:
        with pytest.raises(Unreachable):
            await anna.synchronize()
    assert sum(isinstance(frame, f.Resume) for frame in wire.sent) >= module.SYNCHRONIZE_ATTEMPTS


# --- conversations ---------------------------------------------------------------------------


async def test_who_begins_several_times_at_once_has_one_conversation(anna: Client) -> None:
    begun = await asyncio.gather(*(anna.conversation_with("cem@localhost") for _ in range(5)))
    assert len(set(begun)) == 1
    assert anna.conversations() == [begun[0]]
    assert len(await owed(anna)) == 2


async def test_conversations_are_found_by_their_id_however_it_is_written(anna: Client) -> None:
    talk = await anna.conversation_with("cem@localhost")
    for written in (talk.id, bytes(talk.id), talk.id.hex(), talk.id.hex().upper()):
        assert anna.conversation(written) == talk


@pytest.mark.parametrize(
    "identifier",
    [b"", b"x" * 15, b"x" * 16, b"x" * 17, "", "zz" * 16, "78" * 15, "78" * 16, "\u00e4" * 32],
)
async def test_an_id_of_nothing_is_an_unknown_conversation(
    anna: Client, identifier: str | bytes
) -> None:
    await anna.conversation_with("cem@localhost")
    with pytest.raises(UnknownConversation):
        anna.conversation(identifier)
    assert anna.conversation(ConversationId(next(iter(core_of(anna).lives))))


async def test_the_most_recently_active_conversation_is_first(anna: Client) -> None:
    cem = await anna.conversation_with("cem@localhost")
    ben = await anna.conversation_with("ben@localhost")
    for latest, before in ((cem, ben), (ben, cem)):
        core_of(anna).lives[before.id].kept.active_at_ms = 1
        await latest.send_text("hello")
        assert anna.conversations() == [latest, before]


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("", ["cem@localhost"]),
        ("two\nlines", ["cem@localhost"]),
        ("Club", ["cem@localhost", "anna@localhost"]),
        ("Club", ["cem@localhost", "ben@example.org"]),
        ("Club", ["cem@localhost", "dora@localhost"]),
    ],
)
async def test_a_group_that_cannot_be_does_not_begin(
    anna: Client, title: str, others: list[str]
) -> None:
    with pytest.raises(SdkError):
        await anna.create_group(title, others)
    assert anna.conversations() == []
    assert await owed(anna) == []


async def test_a_group_counts_everybody_once(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    group = await anna.create_group("Club", ["cem@localhost", cem.address, "cem@localhost"])
    assert group.participants == (anna.address, cem.address)
    assert (group.state, group.title, len(group.members)) == ("open", "Club", 2)
    alone = await anna.create_group("Notes", [])
    await (await alone.send_text("to myself")).accepted()
    assert (alone.participants, alone.state) == ((anna.address,), "open")


# --- messages --------------------------------------------------------------------------------


async def test_a_new_listener_takes_over_where_the_last_one_stood(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    talk = await anna.conversation_with("cem@localhost")
    for number in range(3):
        await talk.send_text(f"line {number}")
    first = cem.messages()
    assert [(await anext(first)).text for _ in range(2)] == ["line 0", "line 1"]
    second = cem.messages()  # "line 1" was handed out and never dealt with
    assert [(await anext(second)).text for _ in range(2)] == ["line 1", "line 2"]


async def test_who_asks_for_changes_hears_them_too(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    talk = await anna.conversation_with("cem@localhost")
    sent = await talk.send_text("For for people")
    await talk.edit(sent.message_id, "For four people")
    await talk.react(sent.message_id, "❤")
    inbox = cem.messages(changes=True)
    assert [(await anext(inbox)).kind for _ in range(3)] == [Kind.TEXT, Kind.EDIT, Kind.REACTION]


# --- people ----------------------------------------------------------------------------------


async def test_who_is_known_is_found_without_a_connection(anna: Client) -> None:
    assert (await anna.contact("cem@localhost")).kind == "person"
    assert {one.address.name for one in await anna.contacts()} == {"cem", "ben"}
    number = await anna.safety_number("cem@localhost")
    assert [len(group) for group in number.split()] == [5] * 12
    assert number.replace(" ", "").isdecimal()
    for unknown in (anna.contact("dora@localhost"), anna.safety_number("dora@localhost")):
        with pytest.raises(SdkError, match="not connected"):
            await unknown


async def test_nobody_is_made_up(town: Town) -> None:
    anna = await town.person("anna")
    with pytest.raises(ServerRefused):
        await anna.contact("nobody@localhost")
    for wrong, error in (("anna@localhost", SdkError), ("nobody", NameRefused)):
        for call in (
            anna.contact(wrong),
            anna.safety_number(wrong),
            anna.mark_verified(wrong, ""),
            anna.accept_identity(wrong, ""),
            anna.reject_identity(wrong),
        ):
            with pytest.raises(error):
                await call
    assert await anna.contacts() == []


async def test_accepting_what_has_not_changed_changes_nothing(anna: Client) -> None:
    number = await anna.safety_number("cem@localhost")
    await anna.mark_verified("cem@localhost", number)
    await anna.accept_identity("cem@localhost", number)
    await anna.reject_identity("cem@localhost")
    assert (await anna.contact("cem@localhost")).state == "verified"


async def test_a_number_that_is_not_the_present_one_decides_nothing(anna: Client) -> None:
    other = await anna.safety_number("ben@localhost")
    for call in (anna.mark_verified, anna.accept_identity):
        with pytest.raises(TrustRefused, match="not the safety number with cem@localhost now"):
            await call("cem@localhost", other)
    assert (await anna.contact("cem@localhost")).state == "pinned"


async def test_a_client_knows_its_own_devices(anna: Client) -> None:
    assert await anna.devices() == [anna.device]
    with pytest.raises(SdkError, match="cannot remove itself"):
        await anna.remove_device(anna.device.uri)
    for unread in ("", "anna@localhost", anna.address.uri):
        with pytest.raises(NameRefused):
            await anna.remove_device(unread)
    with pytest.raises(SdkError, match="not connected"):
        await anna.remove_device(DeviceAddress(anna.address, "e" * 16))
    assert await anna.problems() == []


async def test_events_tell_of_the_connection(town: Town) -> None:
    anna = await town.register("anna")
    events = anna.events()
    async with anna:
        assert (await expected(events, ConnectionChanged)) == ConnectionChanged(online=True)
        await town.shut()
        gone = await expected(events, ConnectionChanged)
        assert not gone.online
        assert gone.sentence
        assert not anna.online


async def test_what_is_heard_can_be_answered_at_once(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    await (await anna.conversation_with("cem@localhost")).send_text("hello")
    heard = await message(cem)
    assert cem.conversations() == [heard.conversation]
    assert cem.conversation(heard.conversation.id).peer == anna.address

"""Welcomes: each exactly once, and only forwards."""

import asyncio
from dataclasses import replace

import pytest

from cast import Town, event, expected, message, settled, texts
from crooked import Crooked, honest, willing
from plausch.base.errors import PlauschError
from plausch.sdk import (
    Client,
    ConversationJoined,
    ConversationLeft,
    ProblemFound,
    Unreachable,
)
from plausch.sdk.joining import Joining
from plausch.sdk.vault.own import OwnTable
from plausch.wire import frames as f
from unit.sdk.talks import codes, core_of, eventually, forbidding, live_of, withheld


def item(number: int, welcome: bytes, conversation: bytes = b"c" * 16) -> f.MailboxItem:
    return f.MailboxItem(number, conversation, 1, 0, "mimi://localhost/d/cem/" + "0" * 16, welcome)


def items(wire: Crooked) -> list[f.MailboxItem]:
    """Every Welcome that was delivered over the wire."""
    return [one for frame in wire.received if isinstance(frame, f.Mailbox) for one in frame.items]


async def invited(town: Town, wire: Crooked) -> tuple[Client, Client, f.MailboxItem]:
    """Cem writes to Anna; her Welcome is held back, and she is offline."""
    anna, cem = await town.person("anna", url=wire.url), await town.person("cem")
    wire.to_device = lambda frame: withheld(frame, f.MailboxMoved, f.Delivery)
    conversation = await cem.conversation_with("anna@localhost")
    await (await conversation.send_text("hello")).accepted()
    answer = await core_of(anna).transport.ask(
        lambda request_id: f.ReadMailbox(request_id, 0, 50), f.Mailbox
    )
    return anna, cem, answer.items[0]


async def kept_mailbox(client: Client) -> int:
    own = await OwnTable(core_of(client).vault).get()
    assert own is not None
    return own.mailbox


def swallow_uploads(wire: Crooked, *, last_resorts: bool = True) -> None:
    """Key packages do not reach the server, whatever the device believes."""

    def swallow(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.UploadKeyPackages) and (last_resorts or frame.key_packages):
            wire.push(f.Done(frame.id))
            return []
        return [frame]

    wire.to_server = swallow


async def last_resort_only(town: Town, wire: Crooked, name: str) -> Client:
    """A device whose one-time key packages never reached the server."""
    swallow_uploads(wire, last_resorts=False)
    return await town.person(name, url=wire.url)


@pytest.mark.parametrize("welcome", [b"", b"no Welcome", b"\x00\x01\x00\x03" + b"\xff" * 40])
async def test_junk_is_noted_once_and_does_not_come_again(
    town: Town, wire: Crooked, welcome: bytes
) -> None:
    anna = await town.person("anna", url=wire.url)
    events = anna.events()
    joining = Joining(core_of(anna))
    assert await joining.take(item(3, welcome)) is None
    assert (await expected(events, ProblemFound)).conversation_id == b"c" * 16
    assert await kept_mailbox(anna) == core_of(anna).own.mailbox == 3
    assert await joining.take(item(3, welcome)) is None
    assert await joining.take(item(2, welcome)) is None
    assert len(await anna.problems()) == 1
    await eventually(lambda: f.AcknowledgeMailbox(3) in wire.sent)
    assert codes(wire.sent, f.AcknowledgeMailbox) == 3, "an acknowledgement may have been lost"
    assert anna.conversations() == []


async def test_a_welcome_for_a_key_package_that_is_gone_is_said(town: Town, wire: Crooked) -> None:
    anna, _, welcome = await invited(town, wire)
    core = core_of(anna)
    kept = await core.key_packages.fresh_last_resorts(0)
    assert kept
    await core.vault.write([core.key_packages.delete_old(2**60)])
    events = anna.events()
    assert await Joining(core).take(welcome) is None
    assert (await expected(events, ProblemFound)).code == "welcome_unknown_key_package"


async def test_conversation_keys_and_mailbox_are_written_together_or_not_at_all(
    town: Town, wire: Crooked
) -> None:
    anna, _, welcome = await invited(town, wire)
    core = core_of(anna)
    joining = Joining(core)
    async with forbidding(anna, "UPDATE ON own"):
        with pytest.raises(PlauschError):
            await joining.take(welcome)
    assert core.lives == {}
    assert await core.conversations.all() == []
    assert core.own.mailbox == 0
    assert codes(wire.sent, f.AcknowledgeMailbox) == 0
    live = await joining.take(welcome)
    assert live is not None
    assert core.lives == {live.id: live}
    assert live.kept.cursor == welcome.seq


async def test_who_is_cancelled_while_joining_has_joined(town: Town, wire: Crooked) -> None:
    anna, _, welcome = await invited(town, wire)
    core = core_of(anna)
    task = asyncio.ensure_future(Joining(core).take(welcome))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [kept.id for kept in await core.conversations.all()] == list(core.lives)
    assert len(core.lives) == 1
    assert core.own.mailbox == await kept_mailbox(anna) == welcome.item


async def test_an_inviter_who_cannot_be_looked_up_now_keeps_the_welcome_waiting(
    town: Town, wire: Crooked
) -> None:
    anna, _, welcome = await invited(town, wire)

    def cut_at_look_up(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.GetAccount):
            wire.cut()
            return []
        return [frame]

    wire.to_server = cut_at_look_up
    with pytest.raises(Unreachable):
        await Joining(core_of(anna)).take(welcome)
    assert (core_of(anna).own.mailbox, await anna.problems()) == (0, [])
    wire.to_server, wire.to_device = willing, honest
    assert await texts(anna, 1) == ["hello"], "the next connection joins"


async def test_a_stranger_makes_a_request_and_somebody_known_does_not(
    town: Town, wire: Crooked
) -> None:
    anna, cem, welcome = await invited(town, wire)
    wire.to_device = honest
    joined = anna.events()
    assert await Joining(core_of(anna)).take(welcome) is not None
    told = await expected(joined, ConversationJoined)
    assert (told.by, told.request) == (cem.address, True)
    await anna.conversation(told.conversation_id).accept()
    await anna.synchronize()
    await cem.create_group("Club", ["anna@localhost"])
    assert not (await expected(joined, ConversationJoined)).request


async def test_a_key_package_is_deleted_with_its_use(town: Town, wire: Crooked) -> None:
    anna, _, welcome = await invited(town, wire)
    core = core_of(anna)
    count = "SELECT COUNT(*) FROM key_package"
    ((before,),) = await core.vault.fetch(count)
    await Joining(core).take(welcome)
    ((after,),) = await core.vault.fetch(count)
    assert after == before - 1


async def test_a_last_resort_stays_and_is_marked_as_used(town: Town, wire: Crooked) -> None:
    anna = await last_resort_only(town, wire, "anna")
    cem, ben = await town.people("cem", "ben")
    core = core_of(anna)
    swallow_uploads(wire)
    for client in (cem, ben):
        await (await client.conversation_with("anna@localhost")).send_text("hello")
        await texts(anna, 1)
    assert await core.vault.fetch("SELECT COUNT(*) FROM key_package WHERE used = 1") == [(1,)]
    assert len(anna.conversations()) == 2, "two joined by the same last resort"


async def test_an_old_welcome_cannot_take_a_device_back(town: Town, wire: Crooked) -> None:
    """The key package of the first Welcome is still there; its epoch is over."""
    anna = await last_resort_only(town, wire, "anna")
    cem, ben = await town.people("cem", "ben")
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    await group.send_text("hello")
    await texts(anna, 1)
    await texts(ben, 1)
    gone = anna.events()
    await group.remove("anna@localhost")
    await expected(gone, ConversationLeft)
    (first,) = items(wire)
    assert await Joining(core_of(anna)).take(replace_item(first, first.item + 1)) is None
    assert (await expected(gone, ProblemFound)).code == "welcome_outdated"
    assert anna.conversation(group.id).state == "left"


def replace_item(welcome: f.MailboxItem, number: int) -> f.MailboxItem:
    return f.MailboxItem(
        number,
        welcome.conversation,
        welcome.seq,
        welcome.accepted_at_ms,
        welcome.sender,
        welcome.welcome,
    )


async def test_who_comes_back_keeps_title_and_reading_mark(town: Town) -> None:
    cem, anna = await town.people("cem", "anna")
    group = await cem.create_group("Club", ["anna@localhost"])
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    await mine.accept()
    await mine.mark_read()
    await settled(anna)
    before = replace(live_of(anna, mine).kept, members=())
    gone = anna.events()
    await group.remove("anna@localhost")
    await expected(gone, ConversationLeft)
    back = asyncio.ensure_future(event(anna, ConversationJoined))
    await asyncio.sleep(0)
    await group.add("anna@localhost")
    await back
    after = live_of(anna, mine).kept
    assert (after.state, after.title) == ("open", "Club")
    assert after.read_seq == before.read_seq
    assert after.ordinal_ms >= before.ordinal_ms
    assert after.epoch > before.epoch

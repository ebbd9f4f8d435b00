"""Going through all that moved while a device was away, whatever strangers and servers do."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, history, settled, texts
from crooked import Crooked, honest, willing
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from plausch.sdk.sync import Sync
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, codes, eventually, greetings_over, live_of, withheld


def sync_of(client: Client) -> Sync:
    return client._device.sync


async def quiet(town: Town, wire: Crooked, *lines: str) -> tuple[Client, Conversation]:
    """Cem has said these lines; nothing of it was pushed to Anna, who is online."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    for line in lines:
        await (await cem.conversation(conversation.id).send_text(line)).accepted()
    wire.sent.clear()
    return anna, conversation


def positions(wire: Crooked) -> list[bytes]:
    """Where the device's `Resume`s went on."""
    return [frame.after for frame in wire.sent if isinstance(frame, f.Resume)]


def pages(wire: Crooked) -> list[list[bytes]]:
    """What the server's answers named."""
    return [
        [one.conversation for one in frame.moved]
        for frame in wire.received
        if isinstance(frame, f.Resumed)
    ]


async def test_conversations_that_cannot_be_joined_hide_no_message(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plausch.server.delivery.MOVED", 2)
    async with await town.register("anna", url=wire.url) as anna:
        await anna.synchronize()
        await greetings_over(anna)
    mallory, ben = await town.people("mallory", "ben")
    junk = [await mallory.create_group(f"Junk {n}", ["anna@localhost"]) for n in range(5)]
    real = await ben.conversation_with("anna@localhost")
    await (await real.send_text("first")).accepted()

    def spoil(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if not isinstance(frame, f.Mailbox):
            return [frame]
        ids = {one.id for one in junk}
        items = [
            f.MailboxItem(one.item, one.conversation, one.seq, 0, one.sender, b"noise")
            if one.conversation in ids
            else one
            for one in frame.items
        ]
        return [f.Mailbox(frame.id, items)]

    wire.to_device = spoil
    async with await Client.open(town.home("anna")) as anna:
        await anna.synchronize()
        assert await texts(anna, 1) == ["first"]
        await greetings_over(anna)
    wire.to_device = honest
    await (await real.send_text("second")).accepted()
    for one in junk:
        await (await one.send_text("more noise")).accepted()
    wire.received.clear()
    wire.sent.clear()
    async with await Client.open(town.home("anna")) as anna:
        await anna.synchronize()
        assert await history(anna.conversation(real.id)) == ["first", "second"]
        await greetings_over(anna)
        resumed = [frame for frame in wire.received if isinstance(frame, f.Resumed)]
        ends = {frame.moved[-1].conversation for frame in resumed if frame.more}
        assert ends, "the order is the server's own"
        assert {b"", *ends} <= set(positions(wire))
        assert all(len(page) <= 2 for page in pages(wire))
        named = {one for page in pages(wire) for one in page}
        assert named == {real.id, *(one.id for one in junk)}
        wire.received.clear()
        await sync_of(anna).resume()
        assert pages(wire) == [[]], "what cannot be read is acknowledged all the same"


async def test_a_conversation_is_let_go_of_only_after_the_mailbox_was_read(
    town: Town, wire: Crooked
) -> None:
    """It may be one whose Welcome waits there."""
    anna = await town.person("anna", url=wire.url)
    await greetings_over(anna)
    wire.to_device = lambda frame: withheld(frame, f.MailboxMoved)
    cem = await town.person("cem")
    conversation = await cem.conversation_with("anna@localhost")
    await (await conversation.send_text("hello")).accepted()
    wire.sent.clear()
    await sync_of(anna).resume()
    assert await texts(anna, 1) == ["hello"]
    read = next(place for place, one in enumerate(wire.sent) if isinstance(one, f.ReadMailbox))
    assert codes(wire.sent[:read], f.Acknowledge) == 0
    assert await anna.problems() == []


async def test_more_without_anything_new_is_not_asked_for_ever(town: Town, wire: Crooked) -> None:
    anna, conversation = await quiet(town, wire)
    head = live_of(anna, conversation).kept.cursor
    wire.to_device = lambda frame: (
        [f.Resumed(frame.id, [f.Moved(conversation.id, 0, head, 1)], 0, True)]
        if isinstance(frame, f.Resumed)
        else [frame]
    )
    async with asyncio.timeout(PATIENCE_S):
        await sync_of(anna).resume()
    assert positions(wire) == [b"", conversation.id]
    acknowledged = f.Acknowledge(conversation.id, head)
    await eventually(lambda: acknowledged in wire.sent)  # so that it is not named again


async def test_more_of_nothing_is_not_asked_for_ever(town: Town, wire: Crooked) -> None:
    anna, _ = await quiet(town, wire)
    wire.to_device = lambda frame: (
        [f.Resumed(frame.id, [], 0, True)] if isinstance(frame, f.Resumed) else [frame]
    )
    await sync_of(anna).resume()
    assert positions(wire) == [b""]


async def test_a_page_that_names_what_is_known_already_is_followed_all_the_same(
    town: Town, wire: Crooked
) -> None:
    anna, conversation = await quiet(town, wire, "one")
    real: list[f.Resumed] = []

    def first_something_else(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Resumed) and not real:
            real.append(frame)
            return [f.Resumed(frame.id, [f.Moved(b"?" * 16, 0, 7, 1)], 0, True)]
        if isinstance(frame, f.Refused):  # the server knows nothing of that conversation
            return [f.Resumed(frame.id, real[0].moved, 0, False)]
        return [frame]

    wire.to_device = first_something_else
    await sync_of(anna).resume()
    assert positions(wire) == [b"", b"?" * 16]
    assert await history(conversation) == ["hello", "one"]


async def test_a_second_reading_goes_on_after_a_restart(town: Town, wire: Crooked) -> None:
    """An acknowledgement is lost, and the device ends before all is read again."""
    async with await town.register("anna", url=wire.url) as anna:
        await anna.synchronize()
        cem = await town.person("cem")
        theirs = await cem.conversation_with("anna@localhost")
        await (await theirs.send_text("hello")).accepted()
        assert await texts(anna, 1) == ["hello"]
        await settled(anna, cem)
        await greetings_over(anna, cem)
    wire.to_server = lambda frame: [] if isinstance(frame, f.Acknowledge) else [frame]
    for line in ("one", "two"):
        await (await theirs.send_text(line)).accepted()
    async with await Client.open(town.home("anna")) as anna:
        await anna.synchronize()
        assert await history(anna.conversation(theirs.id)) == ["hello", "one", "two"]
        read = live_of(anna, theirs.id).kept.cursor
    wire.to_server = lambda frame: [] if isinstance(frame, f.Read) else [frame]
    async with await Client.open(town.home("anna")) as anna:
        await eventually(lambda: live_of(anna, theirs.id).kept.known == read)
        assert live_of(anna, theirs.id).kept.cursor < read
    wire.to_server = willing
    async with await Client.open(town.home("anna")) as anna:
        await anna.synchronize()
        assert live_of(anna, theirs.id).kept.cursor == read
        assert await history(anna.conversation(theirs.id)) == ["hello", "one", "two"]
        assert await anna.problems() == []

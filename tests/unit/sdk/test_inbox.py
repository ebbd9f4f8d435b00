"""The inbox: oldest first, each until it was dealt with, nothing twice and nothing lost."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, message, settled
from crooked import Crooked
from plausch.base.errors import PlauschError
from plausch.sdk import Client, Kind
from plausch.sdk.conversation import Conversation
from plausch.sdk.inbox import AT_ONCE, Inbox
from plausch.sdk.message import IncomingMessage
from unit.sdk.talks import anna_and_cem, core_of, forbidding


def inbox_of(client: Client, *, changes: bool = False) -> Inbox:
    return Inbox(client._device, changes=changes)


async def next_of(inbox: Inbox) -> IncomingMessage:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(inbox)


async def unhandled(client: Client) -> int:
    return len(await core_of(client).messages.unhandled(10_000))


async def say(client: Client, conversation: Conversation, *lines: str) -> Conversation:
    """Say lines from the other side, and wait until they are on the server."""
    theirs = client.conversation(conversation.id)
    for line in lines:
        await (await theirs.send_text(line)).accepted()
    return theirs


async def test_a_message_is_handled_only_when_the_next_is_asked_for(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await say(cem, conversation, "one", "two")
    await anna.synchronize()
    inbox = inbox_of(anna)
    assert (await next_of(inbox)).text == "one"
    assert await unhandled(anna) == 2
    assert (await next_of(inbox)).text == "two"
    assert await unhandled(anna) == 1
    await inbox.settle()
    await inbox.settle()
    assert await unhandled(anna) == 0


async def test_another_inbox_begins_with_what_was_not_dealt_with(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await say(cem, conversation, "one", "two")
    await anna.synchronize()
    first = inbox_of(anna)
    await next_of(first)
    assert (await next_of(first)).text == "two"
    first.close()
    assert (await next_of(inbox_of(anna))).text == "two"


async def test_edits_and_reactions_are_passed_over_and_do_not_come_back(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id)
    sent = await theirs.send_text("tabel")
    await theirs.edit(sent.message_id, "table")
    await (await theirs.react(sent.message_id, "👍")).accepted()
    await say(cem, conversation, "last")
    await settled(cem, anna)
    inbox = inbox_of(anna)
    first = await next_of(inbox)
    assert (first.text, first.kind) == ("tabel", Kind.TEXT)
    assert (await next_of(inbox)).text == "last"
    await inbox.settle()
    assert await unhandled(anna) == 0


async def test_who_wants_changes_gets_each_as_it_came(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id)
    sent = await theirs.send_text("tabel")
    await theirs.edit(sent.message_id, "table")
    await theirs.react(sent.message_id, "👍")
    await (await theirs.delete(sent.message_id)).accepted()
    inbox = inbox_of(anna, changes=True)
    kinds = [(await next_of(inbox)).kind for _ in range(4)]
    assert kinds == [Kind.TEXT, Kind.EDIT, Kind.REACTION, Kind.DELETE]


async def test_more_than_one_page_comes_in_order(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    lines = [f"line {number}" for number in range(AT_ONCE + 5)]
    theirs = cem.conversation(conversation.id)
    sent = [await theirs.send_text(line) for line in lines]
    await sent[-1].accepted()
    inbox = inbox_of(anna)
    assert [(await next_of(inbox)).text for _ in lines] == lines


async def test_a_wait_that_was_cancelled_loses_nothing(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    inbox = inbox_of(anna)
    waiting = asyncio.ensure_future(next_of(inbox))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await say(cem, conversation, "one")
    assert (await next_of(inbox)).text == "one"


async def test_what_cannot_be_noted_as_handled_is_handed_out_again(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await say(cem, conversation, "one", "two")
    await anna.synchronize()
    inbox = inbox_of(anna)
    await next_of(inbox)
    async with forbidding(anna, "UPDATE ON message"):
        with pytest.raises(PlauschError):
            await next_of(inbox)
    assert (await next_of(inbox_of(anna))).text == "one"
    assert (await next_of(inbox)).text == "two", "the inbox itself goes on where it was"


async def test_it_ends_when_the_client_is_closed(town: Town, wire: Crooked) -> None:
    anna, _, _ = await anna_and_cem(town, wire)
    inbox = inbox_of(anna)
    waiting = asyncio.ensure_future(next_of(inbox))
    await asyncio.sleep(0)
    core_of(anna).feed.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_both_of_two_direct_conversations_are_answered_in_the_one_that_is_shown(
    town: Town,
) -> None:
    anna, cem = await town.people("anna", "cem")
    mine, theirs = await asyncio.gather(
        anna.conversation_with("cem@localhost"), cem.conversation_with("anna@localhost")
    )
    await asyncio.gather(mine.send_text("Hello Cem"), theirs.send_text("Hello Anna"))
    await settled(anna, cem)
    heard = await message(anna)
    assert heard.stored.conversation_id == theirs.id
    assert heard.conversation == await anna.conversation_with("cem@localhost")

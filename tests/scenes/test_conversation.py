"""Anna and Cem write to each other: everything two people do."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, expected, history, message, settled, state_of, texts
from plausch.base.ids import AccountAddress
from plausch.content.cards import Choices, Option, card_message
from plausch.sdk import (
    Kind,
    MessageChanged,
    SdkError,
    ServerRefused,
    State,
    StatusChanged,
    TrustRefused,
)


async def test_a_first_message_and_its_answer(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("Have you a table for four?")
    assert sent.state is State.WAITING
    seq = await sent.accepted()
    heard = await message(cem)
    assert (heard.text, heard.sender, heard.seq) == (
        "Have you a table for four?",
        anna.address,
        seq,
    )
    assert heard.message_id == sent.message_id
    assert heard.kind is Kind.TEXT
    await heard.reply("At eight, by the window.")
    answer = await message(anna)
    assert answer.in_reply_to == sent.message_id
    assert answer.conversation == conversation == heard.conversation
    assert await history(conversation) == await history(heard.conversation)


async def test_both_see_the_same_history(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with(cem.address)
    for number in range(10):
        await conversation.send_text(f"line {number}")
    lines = await texts(cem, 10)
    assert lines == [f"line {number}" for number in range(10)]
    theirs = await cem.conversation_with(anna.address)
    assert theirs == conversation
    mine = await conversation.history()
    other = await theirs.history()
    assert [(one.message_id, one.seq, one.sent_at_ms) for one in mine] == [
        (one.message_id, one.seq, one.sent_at_ms) for one in other
    ]
    assert [one.outgoing for one in mine] == [True] * 10
    assert [one.outgoing for one in other] == [False] * 10
    page = await conversation.history(limit=3, before=mine[5].message_id)
    assert [one.text for one in page] == ["line 2", "line 3", "line 4"]


async def test_states_go_from_waiting_to_read(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    events = anna.events()
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("Are you there?")
    await expected(
        events,
        StatusChanged,
        lambda one: one.state is State.SENT and one.message_id == sent.message_id,
    )
    heard = await message(cem)
    assert (await state_of(conversation, State.DELIVERED)).message_id == sent.message_id
    await heard.reply("Yes.")
    await heard.conversation.mark_read()
    await expected(events, StatusChanged, lambda one: one.state is State.READ)
    assert [one.state for one in await conversation.history()] == [State.READ, State.RECEIVED]


async def test_a_request_tells_nobody_that_it_was_read(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await conversation.send_text("Buy my watches!")
    heard = await message(cem)
    assert heard.conversation.request
    await heard.conversation.mark_read()
    await heard.conversation.accept()
    assert not heard.conversation.request
    await heard.conversation.send_text("Who are you?")
    await message(anna)
    assert (await conversation.history())[0].state in (State.SENT, State.DELIVERED)
    assert not conversation.request


async def test_edit_delete_and_reactions(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    first = await conversation.send_text("For for people")
    second = await conversation.send_text("and a dog")
    heard = await message(cem)
    changes = cem.events()
    await conversation.edit(first.message_id, "For five people")
    await conversation.edit(first.message_id, "For four people")
    await conversation.delete(second.message_id)
    for _ in range(3):
        await expected(changes, MessageChanged)
    await heard.react("❤")
    await heard.react("👍")
    theirs = heard.conversation
    await theirs.unreact(heard.message_id, "👍")
    await settled(anna, cem)
    for side in (conversation, theirs):
        four, dog = await side.history()
        assert (four.text, four.edited, four.deleted) == ("For four people", True, False)
        assert four.reactions == {"❤": (cem.address,)}
        assert (dog.text, dog.deleted, dog.content) == ("", True, None)


async def test_only_the_author_can_edit(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("mine")
    heard = await message(cem)
    with pytest.raises(SdkError, match="no message of ours"):
        await heard.conversation.edit(sent.message_id, "yours")
    with pytest.raises(SdkError, match="no message of ours"):
        await heard.conversation.delete(sent.message_id)
    with pytest.raises(SdkError, match="no reaction"):
        await heard.conversation.unreact(sent.message_id, "❤")


async def test_a_forged_edit_changes_nothing(town: Town) -> None:
    """A modified client edits somebody else's message: everybody else ignores it."""
    from plausch.content.text import delete, edit
    from plausch.sdk.composing import new_salt

    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("I owe you 5 euros")
    heard = await message(cem)
    theirs = heard.conversation
    await theirs.send(edit("I owe you 500 euros", sent.message_id, salt=new_salt()))
    await (await theirs.send(delete(sent.message_id, salt=new_salt()))).accepted()
    await settled(anna, cem)
    for side in (conversation, theirs):
        (only,) = await side.history()
        assert (only.text, only.edited, only.deleted) == ("I owe you 5 euros", False, False)


async def test_cards_arrive_as_cards(town: Town) -> None:
    anna, linde = await town.people("anna", "linde")
    conversation = await anna.conversation_with("linde@localhost")
    await conversation.send_text("Hello")
    heard = await message(linde)
    choices = Choices(title="What would you like?", options=(Option("book", "Book a table"),))
    content = card_message(choices, "What would you like? 1. Book", language="en", salt=b"s" * 16)
    await heard.conversation.send(content)
    card = await message(anna)
    assert card.kind is Kind.CARD
    assert card.card == choices
    assert card.text.startswith("What would you like?")


async def test_two_begin_at_the_same_moment(town: Town) -> None:
    """Two conversations come about; both show and use the one with the lower id."""
    anna, cem = await town.people("anna", "cem")
    mine, theirs = await asyncio.gather(
        anna.conversation_with("cem@localhost"), cem.conversation_with("anna@localhost")
    )
    await asyncio.gather(mine.send_text("Hello Cem"), theirs.send_text("Hello Anna"))
    assert await texts(cem, 1) == ["Hello Cem"]
    assert await texts(anna, 1) == ["Hello Anna"]
    chosen = await anna.conversation_with("cem@localhost")
    assert chosen == await cem.conversation_with("anna@localhost")
    if mine != theirs:
        assert chosen.id == min(mine.id, theirs.id)
    assert anna.conversations() == cem.conversations() == [chosen]
    for client in (anna, cem):
        (shown,) = client.conversations()
        assert sorted(await history(shown)) == ["Hello Anna", "Hello Cem"]


async def test_nobody_of_that_name(town: Town) -> None:
    (anna,) = await town.people("anna")
    with pytest.raises(ServerRefused):
        await anna.conversation_with("nobody@localhost")
    with pytest.raises(SdkError, match="this very account"):
        await anna.conversation_with("anna@localhost")
    with pytest.raises((SdkError, TrustRefused), match="another server"):
        await anna.conversation_with(AccountAddress("cem", "example.org"))
    assert anna.conversations() == []


async def test_contents_that_cannot_be_sent(town: Town) -> None:
    anna, _ = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    with pytest.raises(SdkError, match="empty"):
        await conversation.send_text("  ")
    with pytest.raises(SdkError, match="at most"):
        await conversation.send_text("x" * 100_000)
    sent = await conversation.send_text("x" * 50_000)
    async with asyncio.timeout(PATIENCE_S):
        await sent.accepted()


async def test_expiring_messages_go(town: Town) -> None:
    from plausch.content.mimi import Expiration
    from plausch.content.text import text_message

    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    long_ago = Expiration(relative=False, time_s=1_000_000_000)
    await conversation.send(text_message("gone", salt=b"1" * 16, expires=long_ago))
    await conversation.send_text("stays")
    await texts(cem, 2)
    theirs = await cem.conversation_with("anna@localhost")
    assert await history(theirs) == await history(conversation) == ["stays"]


async def test_safety_numbers_are_equal_on_both_sides(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    one = await anna.safety_number("cem@localhost")
    other = await cem.safety_number("anna@localhost")
    assert one == other
    assert len(one.replace(" ", "")) == 60
    await anna.mark_verified("cem@localhost", other)
    assert (await anna.contact("cem@localhost")).state == "verified"
    assert [contact.address for contact in await anna.contacts()] == [cem.address]


async def test_a_message_that_expires_is_not_handed_out_twice(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await conversation.send_text("once")
    assert await texts(cem, 1) == ["once"]
    await conversation.send_text("and again")
    assert await texts(cem, 1) == ["and again"]

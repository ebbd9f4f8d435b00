"""What callers hold: a message on its way, a stored one, an incoming one."""

import asyncio

import pytest

from plausch.base.errors import Fault, PlauschError
from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.content.attachment import Attachment, attachment_message
from plausch.content.cards import Choices, Option, card_message
from plausch.content.stream import StreamKey
from plausch.content.text import text_message
from plausch.sdk.conversation import Conversation
from plausch.sdk.errors import IdentityChanged, ServerRefused, Unreachable
from plausch.sdk.message import IncomingMessage, Kind, SentMessage, State, StoredMessage

ROOM = ConversationId(b"r" * 16)
FIRST = MessageId(b"1" * 32)
CEM = AccountAddress("cem", "localhost")


def on_its_way() -> "tuple[SentMessage, list[asyncio.Future[int]]]":
    """A message, and what was asked for of its debt: one future, and one more after a block."""
    futures: list[asyncio.Future[int]] = []

    def waiter() -> "asyncio.Future[int]":
        futures.append(asyncio.get_running_loop().create_future())
        return futures[-1]

    return SentMessage(ROOM, FIRST, waiter), futures


async def test_waiting_then_sent() -> None:
    sent, (future,) = on_its_way()
    assert (sent.state, sent.seq) == (State.WAITING, None)
    future.set_result(7)
    assert await sent.accepted() == 7
    assert (sent.state, sent.seq) == (State.SENT, 7)


async def test_failed() -> None:
    sent, (future,) = on_its_way()
    future.set_exception(ServerRefused("Too large.", code="too_large", fault=Fault.LOCAL))
    with pytest.raises(ServerRefused, match="Too large"):
        await sent.accepted()
    assert (sent.state, sent.seq) == (State.FAILED, None)


@pytest.mark.parametrize("block", [Unreachable("The client was closed."), IdentityChanged(CEM)])
async def test_what_is_tried_again_is_waiting_and_may_be_sent_later(block: PlauschError) -> None:
    sent, futures = on_its_way()
    futures[0].set_exception(block)
    assert sent.state is State.WAITING
    with pytest.raises(type(block)):
        await sent.accepted()
    await asyncio.sleep(0)
    assert (sent.state, sent.seq, len(futures)) == (State.WAITING, None, 2)
    futures[1].set_exception(block)
    await asyncio.sleep(0)
    futures[2].set_result(7)
    await asyncio.sleep(0)
    assert (sent.state, await sent.accepted()) == (State.SENT, 7)


async def test_giving_up_waiting_does_not_give_up_sending() -> None:
    sent, (future,) = on_its_way()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sent.accepted(), 0)
    assert not future.cancelled()
    future.set_result(3)
    assert await sent.accepted() == 3


def stored(content: object) -> StoredMessage:
    return StoredMessage(
        conversation_id=ROOM,
        message_id=FIRST,
        sender=CEM,
        outgoing=False,
        kind=Kind.TEXT,
        text="hello",
        content=content,  # type: ignore[arg-type]
        in_reply_to=None,
        seq=4,
        sent_at_ms=9,
        state=State.RECEIVED,
    )


def test_a_card_is_found_where_there_is_one() -> None:
    choices = Choices(title="What?", options=(Option("a", "A"),))
    card = card_message(choices, "What? A", language="en", salt=b"s" * 16)
    assert stored(card).card == choices
    assert stored(text_message("hello", salt=b"s" * 16)).card is None
    assert stored(None).card is None


def test_an_incoming_message_shows_its_stored_one() -> None:
    content = text_message("hello", salt=b"s" * 16)
    conversation = Conversation.__new__(Conversation)
    incoming = IncomingMessage(conversation, stored(content))
    assert (incoming.text, incoming.sender, incoming.seq) == ("hello", CEM, 4)
    assert (incoming.kind, incoming.message_id) == (Kind.TEXT, FIRST)
    assert (incoming.content, incoming.card, incoming.in_reply_to) == (content, None, None)
    assert incoming.sent_at_ms == 9


def test_words_of_kinds_and_states_are_stable() -> None:
    assert {kind.value for kind in Kind} >= {"text", "card", "reaction", "edit", "delete"}
    assert [state.value for state in State] == [
        "waiting",
        "sent",
        "delivered",
        "read",
        "failed",
        "received",
    ]


def test_the_first_file_of_a_message_is_its_attachment() -> None:
    attachment = Attachment(
        domain="localhost",
        blob=bytes(32),
        secret=StreamKey(bytes(32), bytes(7)),
        digest=bytes(32),
        size_bytes=5,
        name="map.png",
    )
    content = attachment_message(attachment, salt=bytes(16), caption="Look")
    fields = {
        "conversation_id": ROOM,
        "message_id": FIRST,
        "sender": CEM,
        "outgoing": False,
        "text": "",
        "in_reply_to": None,
        "seq": 1,
        "sent_at_ms": 1,
        "state": State.RECEIVED,
    }
    stored = StoredMessage(kind=Kind.FILE, content=content, **fields)  # type: ignore[arg-type]
    assert stored.attachment == attachment
    incoming = IncomingMessage(Conversation(None, ROOM), stored)  # type: ignore[arg-type]
    assert incoming.attachment == attachment
    words = text_message("no file", salt=bytes(16))
    for without in (words, None):
        found = StoredMessage(kind=Kind.TEXT, content=without, **fields)  # type: ignore[arg-type]
        assert found.attachment is None

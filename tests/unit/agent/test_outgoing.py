"""Replies as messages: the text alone, or with its card; each with a salt of its own."""

from plausch.agent.outgoing import encoded, read_status
from plausch.agent.talk import Reply
from plausch.base.ids import MessageId
from plausch.content import mimi
from plausch.content.cards import Choices, Option, card_of
from plausch.content.status import Status, statuses_of
from plausch.content.text import readable_text

CARD = Choices("What?", (Option("a", "A"), Option("b", "B")))


def test_a_text_alone() -> None:
    content = mimi.decode(encoded(Reply("**Hello**", "en")))
    assert readable_text(content) == "**Hello**"
    assert card_of(content) is None


def test_a_card_with_the_same_in_words() -> None:
    content = mimi.decode(encoded(Reply("What? 1. A 2. B", "en", CARD)))
    assert card_of(content) == CARD
    assert "1. A" in readable_text(content)


def test_the_same_words_twice_are_two_messages() -> None:
    first, second = (mimi.decode(encoded(Reply("Hello", "en"))) for _ in range(2))
    assert first.salt != second.salt
    assert len(first.salt) == mimi.SALT_BYTES


def test_a_status_names_the_message_as_read() -> None:
    message = MessageId(b"\x01" * 32)
    assert statuses_of(mimi.decode(read_status(message))) == ((message, Status.READ),)

"""Replies as messages: the text alone, or with its card; each with a salt of its own."""

from plausch.agent.outgoing import encoded
from plausch.agent.talk import Reply
from plausch.content import mimi
from plausch.content.cards import Choices, Option, card_of
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

"""What the agent says, as the content of a message."""

import secrets

from plausch.agent.talk import Reply
from plausch.base.ids import MessageId
from plausch.content import mimi
from plausch.content.cards import card_message
from plausch.content.status import Status, status_message
from plausch.content.text import markdown_part


def encoded(reply: Reply) -> bytes:
    """A reply as MIMI content with a salt of its own, by which it is known again."""
    salt = secrets.token_bytes(mimi.SALT_BYTES)
    if reply.card is None:
        part = markdown_part(reply.text, language=reply.language)
        return mimi.MimiContent(salt=salt, part=part).encode()
    return card_message(reply.card, reply.text, language=reply.language, salt=salt).encode()


def read_status(message: MessageId) -> bytes:
    """That a message was read, as MIMI content: the guest sees it, and the team's devices, which
    count it no longer (spec/content.md, Status)."""
    salt = secrets.token_bytes(mimi.SALT_BYTES)
    return status_message([(message, Status.READ)], salt=salt).encode()

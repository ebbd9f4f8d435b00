"""Table `mishap`: what the agent could not do for a fault of its own, until the team was told.

The rows stay for a while after that: by them a guest is told once, and not with each message.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from plausch.agent.phrases import Phrases
from plausch.base.ids import ConversationId
from plausch.content.team import NOTE_ID_BYTES
from plausch.db.interface import Transaction
from plausch.domain.business import Business

What = Literal["message", "notice", "reply"]
"""A message that was not answered, a notice that was not written, a reply that was not sent."""

TOLD_AGAIN_S = 1_800
"""A guest whose messages fail one after the other is told so once in this time."""

STATEMENTS = (
    """CREATE TABLE mishap (
        id {bytes} PRIMARY KEY,
        conversation {bytes} NOT NULL,
        what TEXT NOT NULL,
        at_s BIGINT NOT NULL,
        is_told BIGINT NOT NULL
    )""",
    "CREATE INDEX mishap_by_conversation ON mishap (conversation, at_s)",
)
"""The shape of the table, one step of the book's."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """Something that a person has to do now. The same thing has the same `identifier`."""

    identifier: bytes
    conversation: ConversationId
    what: What
    at_s: int


def put_aside(conversation: ConversationId, what: What, of: bytes, at_s: int) -> PutAside:
    """`of` names the message, the booking or the reply."""
    digest = hashlib.sha256(b"|".join((what.encode(), conversation, of))).digest()
    return PutAside(digest[:NOTE_ID_BYTES], conversation, what, at_s)


async def note(transaction: Transaction, aside: PutAside) -> bool:
    """Keep it, so that the team is told; whether that is new for this conversation."""
    rows = await transaction.fetch(
        "SELECT COUNT(*) FROM mishap WHERE conversation = $1 AND at_s > $2",
        aside.conversation,
        aside.at_s - TOLD_AGAIN_S,
    )
    await transaction.execute(
        """INSERT INTO mishap (id, conversation, what, at_s, is_told) VALUES ($1, $2, $3, $4, 0)
           ON CONFLICT (id) DO NOTHING""",
        aside.identifier,
        aside.conversation,
        aside.what,
        aside.at_s,
    )
    return not rows[0][0]


async def untold(transaction: Transaction) -> list[PutAside]:
    """Of which the team does not know yet, the oldest first."""
    rows = await transaction.fetch(
        "SELECT id, conversation, what, at_s FROM mishap WHERE is_told = 0 ORDER BY at_s, id"
    )
    return [PutAside(row[0], ConversationId(row[1]), row[2], row[3]) for row in rows]


async def told(transaction: Transaction, aside: PutAside) -> None:
    """The team knows."""
    await transaction.execute("UPDATE mishap SET is_told = 1 WHERE id = $1", aside.identifier)


async def forget(transaction: Transaction, conversation: ConversationId) -> None:
    """Forget those of a conversation."""
    await transaction.execute("DELETE FROM mishap WHERE conversation = $1", conversation)


async def forget_old(transaction: Transaction, before_s: int) -> None:
    """Forget those from before a time."""
    await transaction.execute("DELETE FROM mishap WHERE at_s < $1", before_s)


def sentence(aside: PutAside, business: Business) -> str:
    """What the team is told, in the language of the house."""
    phrases = Phrases(business.language, business.calendar.today(aside.at_s), business.kind)
    at = phrases.moment(business.calendar.local(aside.at_s))
    return phrases.say(f"mishap_{aside.what}", at=at)


def label(business: Business) -> str:
    """What the conversation is marked with in the team's inbox."""
    return Phrases(business.language, business.calendar.today(0), business.kind).say("by_hand")

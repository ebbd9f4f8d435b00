"""Table `mishap`: what a person has to do in the agent's place, until the team was told: what it
could not do for a fault of its own, and what a guest asked a person for.

The rows stay for a while after that: by them a guest is told once, and not with each message.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from plausch.agent.config import LANGUAGES
from plausch.agent.phrases import Phrases
from plausch.base.ids import ConversationId
from plausch.content.team import NOTE_ID_BYTES
from plausch.db.interface import Transaction
from plausch.domain.business import Business

What = Literal["message", "notice", "reply", "hold", "person"]
"""A message that was not answered, a notice that was not written, a reply that was not sent, a hold
that was not ended; a guest who wants to speak to a person."""

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

TOLD_STATEMENTS = (
    """CREATE TABLE apology (
        conversation {bytes} PRIMARY KEY,
        at_s BIGINT NOT NULL,
        in_row BIGINT NOT NULL
    )""",
)
"""When a guest was last told; `in_row` 1 until a message of theirs is answered again."""

_UNTOLD = """SELECT id, conversation, what, at_s,
    CASE WHEN what IN ('message', 'person') AND EXISTS (
        SELECT 1 FROM mishap AS earlier WHERE earlier.conversation = mishap.conversation
        AND earlier.what = mishap.what AND earlier.id <> mishap.id
        AND (mishap.what = 'person' OR earlier.at_s > mishap.at_s - $1)
        AND (earlier.is_told = 1 OR earlier.at_s < mishap.at_s
            OR (earlier.at_s = mishap.at_s AND earlier.id < mishap.id))
    ) THEN 1 ELSE 0 END
    FROM mishap WHERE is_told = 0 ORDER BY at_s, id"""
_SAVE_APOLOGY = """INSERT INTO apology (conversation, at_s, in_row) VALUES ($1, $2, 1)
    ON CONFLICT (conversation) DO UPDATE SET at_s = excluded.at_s, in_row = 1"""


@dataclass(frozen=True, slots=True)
class PutAside:
    """Something that a person has to do now. The same thing has the same `identifier`.

    `is_again`: a message, soon after another one of the same guest that was not answered either;
    or a wish for a person, after another one of the same guest.
    """

    identifier: bytes
    conversation: ConversationId
    what: What
    at_s: int
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Apology:
    """Whether the guest is to be told now, and whether the message before broke, too."""

    is_due: bool
    is_in_row: bool


def put_aside(conversation: ConversationId, what: What, of: bytes, at_s: int) -> PutAside:
    """`of` names the message, the booking or the reply."""
    digest = hashlib.sha256(b"|".join((what.encode(), conversation, of))).digest()
    return PutAside(digest[:NOTE_ID_BYTES], conversation, what, at_s)


async def note(transaction: Transaction, aside: PutAside) -> None:
    """Keep it, so that the team is told."""
    await transaction.execute(
        """INSERT INTO mishap (id, conversation, what, at_s, is_told) VALUES ($1, $2, $3, $4, 0)
           ON CONFLICT (id) DO NOTHING""",
        aside.identifier,
        aside.conversation,
        aside.what,
        aside.at_s,
    )


async def apologize(transaction: Transaction, conversation: ConversationId, now_s: int) -> Apology:
    """What a guest is told whose message was put aside now; it is remembered.

    Only that counts which the guest was told: of a notice or a reply that broke they know nothing.
    """
    rows = await transaction.fetch(
        "SELECT at_s, in_row FROM apology WHERE conversation = $1", conversation
    )
    told_s, in_row = rows[0] if rows else (0, 0)
    is_due = not rows or told_s <= now_s - TOLD_AGAIN_S
    await transaction.execute(_SAVE_APOLOGY, conversation, now_s if is_due else told_s)
    return Apology(is_due, bool(in_row))


async def answered(transaction: Transaction, conversation: ConversationId) -> None:
    """A message of a guest was answered."""
    await transaction.execute(
        "UPDATE apology SET in_row = 0 WHERE conversation = $1 AND in_row = 1", conversation
    )


async def untold(transaction: Transaction) -> list[PutAside]:
    """Of which the team does not know yet, the oldest first."""
    return [
        PutAside(row[0], ConversationId(row[1]), row[2], row[3], bool(row[4]))
        for row in await transaction.fetch(_UNTOLD, TOLD_AGAIN_S)
    ]


async def told(transaction: Transaction, aside: PutAside) -> None:
    """The team knows."""
    await transaction.execute("UPDATE mishap SET is_told = 1 WHERE id = $1", aside.identifier)


async def forget(transaction: Transaction, conversation: ConversationId) -> None:
    """Forget those of a conversation."""
    await transaction.execute("DELETE FROM mishap WHERE conversation = $1", conversation)
    await transaction.execute("DELETE FROM apology WHERE conversation = $1", conversation)


async def forget_old(transaction: Transaction, before_s: int) -> None:
    """Forget those from before a time."""
    await transaction.execute("DELETE FROM mishap WHERE at_s < $1", before_s)
    await transaction.execute("DELETE FROM apology WHERE at_s < $1", before_s)


def sentence(aside: PutAside, business: Business) -> str:
    """What the team is told, in the language of the house."""
    phrases = Phrases(business.language, business.calendar.today(aside.at_s), business.kind)
    at = phrases.moment(business.calendar.local(aside.at_s))
    return phrases.say(f"mishap_{aside.what}", at=at)


def label(business: Business, what: What = "message", language: str = "") -> str:
    """What the conversation is marked with in the team's inbox, in the language of the house."""
    phrases = Phrases(language or business.language, business.calendar.today(0), business.kind)
    return phrases.say("by_person" if what == "person" else "by_hand")


def labels(business: Business) -> frozenset[str]:
    """All of them: the house may have changed its language since."""
    kinds: tuple[What, ...] = ("message", "person")
    return frozenset(label(business, what, tongue) for what in kinds for tongue in LANGUAGES)

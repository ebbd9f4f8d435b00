"""Whom the book knows: by conversation or by telephone; what it holds of one, and forgetting it."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from plausch.agent import rows
from plausch.agent.ical.sync_store import Edit
from plausch.agent.rows import NO_CONVERSATION, entry_of
from plausch.base.ids import ConversationId
from plausch.db.interface import Row, Transaction

MAX_LISTED = 500
MAX_NOTE_CHARACTERS = 2_000

_COLUMNS = (
    "id, name, conversation, telephone, language, note, visits, no_shows, first_seen_s, "
    "last_seen_s, away_at_s"
)
_REMEMBER = f"""INSERT INTO customer ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, '', 0, 0, $6, $6, 0)
    ON CONFLICT (id) DO UPDATE SET
    name = CASE WHEN excluded.name = '' THEN customer.name ELSE excluded.name END,
    telephone = CASE WHEN excluded.telephone = '' THEN customer.telephone
        ELSE excluded.telephone END,
    language = CASE WHEN excluded.language = '' THEN customer.language
        ELSE excluded.language END,
    last_seen_s = excluded.last_seen_s"""  # nosec B608: names of ours
_BY_ID = f"SELECT {_COLUMNS} FROM customer WHERE id = $1"  # nosec B608: names of ours
_LISTED = f"""SELECT {_COLUMNS} FROM customer WHERE id > $1
    AND (LOWER(name) LIKE $2 OR telephone LIKE $2) ORDER BY id LIMIT $3"""  # nosec B608: names of ours
_CAME = "UPDATE customer SET visits = visits + 1 WHERE id = $1"
_MISSED = "UPDATE customer SET no_shows = no_shows + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Seen:
    """A sign of life of a customer; what is empty changes nothing."""

    identifier: str
    conversation: ConversationId = NO_CONVERSATION
    name: str = ""
    telephone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """What the book knows of a person. `conversation` is empty for those who only telephone.

    `away_at_s`: when they were last told that nobody is there.
    """

    identifier: str
    name: str
    conversation: ConversationId
    telephone: str
    language: str
    note: str
    visits: int
    no_shows: int
    first_seen_s: int
    last_seen_s: int
    away_at_s: int = 0


def of_conversation(conversation: ConversationId) -> str:
    """The customer's id of a conversation."""
    return _identifier(b"conversation" + conversation) if conversation else ""


def of_telephone(telephone: str) -> str:
    """The customer's id of a telephone number, however it is written; empty for none."""
    digits = re.sub(r"[^0-9]", "", telephone.replace("+", "00"))
    return _identifier(b"telephone" + digits.encode()) if digits else ""


def _identifier(text: bytes) -> str:
    return "c-" + hashlib.sha256(text).hexdigest()[:24]


async def remember(transaction: Transaction, seen: Seen, now_s: int) -> None:
    """Make a customer, or note that the customer was seen."""
    await transaction.execute(
        _REMEMBER,
        seen.identifier,
        seen.name,
        seen.conversation,
        seen.telephone,
        seen.language,
        now_s,
    )


async def told_away(transaction: Transaction, identifier: str, now_s: int) -> None:
    """A customer is told that nobody is there."""
    await transaction.execute("UPDATE customer SET away_at_s = $2 WHERE id = $1", identifier, now_s)


async def count_attendance(transaction: Transaction, identifier: str, *, came: bool) -> None:
    """One more visit, or one more guest who never came."""
    await transaction.execute(_CAME if came else _MISSED, identifier)


async def find(transaction: Transaction, identifier: str) -> Customer | None:
    """A customer by id."""
    found = await transaction.fetch(_BY_ID, identifier)
    return _customer(found[0]) if found else None


async def listed(
    transaction: Transaction, query: str = "", limit: int = 100, after: str = ""
) -> list[Customer]:
    """Customers whose name or telephone number contains a text, by id, after an id."""
    plain = re.sub(r"[%_]", "", query.lower())[:80]
    most = max(1, min(limit, MAX_LISTED))
    found = await transaction.fetch(_LISTED, after, f"%{plain}%", most)
    return [_customer(row) for row in found]


async def annotate(transaction: Transaction, identifier: str, note: str) -> bool:
    """Replace the note about a customer, cut to its limit; whether there is one."""
    text = note[:MAX_NOTE_CHARACTERS]
    return bool(
        await transaction.execute("UPDATE customer SET note = $2 WHERE id = $1", identifier, text)
    )


async def exported(
    transaction: Transaction, identifier: str, edits: Sequence[Edit] = ()
) -> str | None:
    """Everything that is kept of a customer, as JSON text; None if the book holds nothing.

    `edits` are what people wrote into the business's calendar, of whatever booking.
    """
    customer = await find(transaction, identifier)
    entries = [entry_of(row) for row in await transaction.fetch(rows.OF_CUSTOMER, identifier)]
    if customer is None and not entries:
        return None
    bookings = [
        {
            "uid": entry.booking.uid,
            "state": str(entry.booking.state),
            "party": entry.booking.party,
            "service": entry.booking.service,
            "startsAtS": entry.booking.starts_at_s,
            "endsAtS": entry.booking.ends_at_s,
            "zone": entry.booking.zone,
            "underName": entry.booking.under_name,
            "telephone": entry.telephone,
            "note": entry.note,
            "source": str(entry.source),
            "bookedAtS": entry.booking.booked_at_s,
        }
        for entry in entries
    ]
    person = {}
    if customer is not None:
        person = {
            "id": customer.identifier,
            "name": customer.name,
            "telephone": customer.telephone,
            "language": customer.language,
            "note": customer.note,
            "visits": customer.visits,
            "noShows": customer.no_shows,
            "firstSeenS": customer.first_seen_s,
            "lastSeenS": customer.last_seen_s,
            "awayAtS": customer.away_at_s,
        }
    uids = {entry.booking.uid for entry in entries}
    written = [
        {"uid": one.uid, "seenAtS": one.seen_at_s, "text": one.text}
        for one in edits
        if one.uid in uids
    ]
    everything = {"customer": person, "bookings": bookings, "calendarEdits": written}
    return json.dumps(everything, ensure_ascii=False, indent=2)


def _customer(row: Row) -> Customer:
    return Customer(row[0], row[1], ConversationId(row[2]), *row[3:])

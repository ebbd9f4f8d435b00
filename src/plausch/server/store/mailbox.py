"""Mailboxes: Welcomes that wait for a device. One Welcome is stored once for all it is for.

A mailbox is its device's, a Welcome its conversation's: with many shards they lie apart, so no
statement joins them (decision 0027).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Row, Transaction

TABLES = (
    """CREATE TABLE welcome (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        seq BIGINT NOT NULL,
        accepted_at_ms BIGINT NOT NULL,
        sender_id BIGINT NOT NULL REFERENCES device (id),
        message {bytes} NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )""",
    """CREATE TABLE mailbox (
        device_id BIGINT NOT NULL REFERENCES device (id),
        item BIGINT NOT NULL,
        conversation_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        PRIMARY KEY (device_id, item),
        FOREIGN KEY (conversation_id, seq) REFERENCES welcome (conversation_id, seq)
    )""",
    "CREATE INDEX mailbox_welcome ON mailbox (conversation_id, seq)",
)

# Items are numbered by a counter in the device's row, which stays locked until COMMIT: a number
# from a sequence could become visible after a higher one was acknowledged, and be lost.
_NUMBER = Bulk(
    "WITH given AS ({rows}), "
    "held AS (SELECT id FROM device WHERE id IN (SELECT column1 FROM given) AND listed = 1 "
    "ORDER BY id {for_update}) "
    "UPDATE device SET mailbox_head = mailbox_head + 1 WHERE id IN (SELECT id FROM held) "
    "RETURNING id, mailbox_head",
    ("int",),
)
SIZES = ("ALTER TABLE mailbox ADD COLUMN size_bytes BIGINT NOT NULL DEFAULT -1",)
"""The Welcome's length beside the item. -1: from before this step, or written by an older version
beside a newer one; then the Welcome is asked for its length. Such items go as mailboxes are read:
filling all in would hold the table for as long as that takes."""

ALL = 2**62
"""An item number beyond all: the whole mailbox."""

_TOTAL = Bulk(
    "SELECT m.device_id, count(*), sum(CASE WHEN m.size_bytes < 0 THEN 0 ELSE m.size_bytes END), "
    "sum(CASE WHEN m.size_bytes < 0 THEN 1 ELSE 0 END) "
    "FROM mailbox m JOIN ({rows}) AS v ON m.device_id = v.column1 "
    "WHERE m.device_id {one_of_first} GROUP BY m.device_id",
    ("int",),
)
_COUNT = Bulk(
    "SELECT m.device_id, count(*) FROM mailbox m JOIN ({rows}) AS v ON m.device_id = v.column1 "
    "WHERE m.device_id {one_of_first} GROUP BY m.device_id",
    ("int",),
)
_UNMEASURED = Bulk(
    "SELECT m.device_id, m.conversation_id, m.seq "
    "FROM mailbox m JOIN ({rows}) AS v ON m.device_id = v.column1 "
    "WHERE m.device_id {one_of_first} AND m.size_bytes < 0",
    ("int",),
)
_LENGTHS = Bulk(
    "SELECT w.conversation_id, w.seq, length(w.message) "
    "FROM welcome w JOIN ({rows}) AS v ON w.conversation_id = v.column1 AND w.seq = v.column2 "
    "WHERE w.conversation_id {one_of_first}",
    ("int", "int"),
)
_WELCOMES = Bulk(
    "SELECT w.conversation_id, w.seq, c.public_id, w.accepted_at_ms, d.uri, w.message "
    "FROM welcome w JOIN ({rows}) AS v ON w.conversation_id = v.column1 AND w.seq = v.column2 "
    "JOIN conversation c ON c.id = w.conversation_id JOIN device d ON d.id = w.sender_id "
    "WHERE w.conversation_id {one_of_first} AND c.id {one_of_first}",
    ("int", "int"),
)
_ADD = Bulk(
    "INSERT INTO mailbox (device_id, item, conversation_id, seq, size_bytes) {rows}",
    ("int", "int", "int", "int", "int"),
)


class Item(NamedTuple):
    """A Welcome in a mailbox, as `wire.frames.MailboxItem`."""

    item: int
    conversation: bytes
    seq: int
    accepted_at_ms: int
    sender: str
    welcome: bytes


async def add(
    tx: Transaction,
    conversation_key: int,
    seq: int,
    at_ms: int,
    sender_key: int,
    welcome: bytes,
    device_keys: Sequence[int],
) -> dict[int, int]:
    """Put a Welcome into mailboxes; the item's number by device key. A device that is not listed
    any more has no mailbox, and is absent from the answer."""
    await tx.execute(
        "INSERT INTO welcome (conversation_id, seq, accepted_at_ms, sender_id, message) "
        "VALUES ($1, $2, $3, $4, $5)",
        conversation_key,
        seq,
        at_ms,
        sender_key,
        welcome,
    )
    items = {
        row[0]: row[1] for row in await tx.fetch_bulk(_NUMBER, [(key,) for key in device_keys])
    }
    size = len(welcome)
    await tx.fetch_bulk(
        _ADD, [(key, item, conversation_key, seq, size) for key, item in items.items()]
    )
    return items


async def read(tx: Transaction, device_key: int, after: int, limit: int) -> list[Item]:
    """The device's Welcomes after item `after`."""
    places = await tx.fetch(
        "SELECT item, conversation_id, seq FROM mailbox WHERE device_id = $1 AND item > $2 "
        "ORDER BY item LIMIT $3",
        device_key,
        after,
        limit,
    )
    lying = {(row[1], row[2]) for row in places}
    welcomes = {(row[0], row[1]): row[2:] for row in await tx.fetch_bulk(_WELCOMES, sorted(lying))}
    items = []
    for item, conversation_key, seq in places:
        public_id, at_ms, sender, message = welcomes[conversation_key, seq]
        items.append(Item(item, bytes(public_id), seq, at_ms, sender, bytes(message)))
    return items


async def sizes(tx: Transaction, device_key: int, after: int, limit: int) -> list[tuple[int, int]]:
    """(item, bytes of Welcome) after item `after`."""
    rows = await tx.fetch(
        "SELECT item, size_bytes, conversation_id, seq FROM mailbox "
        "WHERE device_id = $1 AND item > $2 ORDER BY item LIMIT $3",
        device_key,
        after,
        limit,
    )
    lengths = await _lengths(tx, {row[2:] for row in rows if row[1] < 0})
    return [(row[0], row[1] if row[1] >= 0 else lengths.get(row[2:], 0)) for row in rows]


async def totals(tx: Transaction, device_keys: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(Welcomes, their bytes) by device key; an empty mailbox is absent."""
    rows = await tx.fetch_bulk(_TOTAL, [(key,) for key in device_keys])
    more: Counter[int] = Counter()
    if unmeasured := [(row[0],) for row in rows if row[3]]:
        named = await tx.fetch_bulk(_UNMEASURED, unmeasured)
        lengths = await _lengths(tx, {row[1:] for row in named})
        for row in named:
            more[row[0]] += lengths.get(row[1:], 0)
    return {row[0]: (int(row[1]), int(row[2]) + more[row[0]]) for row in rows}


async def _lengths(tx: Transaction, places: Collection[Row]) -> dict[Row, int]:
    """Bytes of Welcome by (conversation key, seq); one that has gone meanwhile is absent."""
    rows = await tx.fetch_bulk(_LENGTHS, sorted(places))
    return {row[:2]: int(row[2]) for row in rows}


async def of_commit(tx: Transaction, conversation_key: int, seq: int) -> list[tuple[str, int]]:
    """(device URI, item) of the mailboxes where the Welcome of the Commit at `seq` still lies."""
    rows = await tx.fetch(
        "SELECT d.uri, m.item FROM mailbox m JOIN device d ON d.id = m.device_id "
        "WHERE m.conversation_id = $1 AND m.seq = $2 ORDER BY d.uri",
        conversation_key,
        seq,
    )
    return [(row[0], row[1]) for row in rows]


async def counts(tx: Transaction, device_keys: Collection[int]) -> dict[int, int]:
    """How many wait, by device key; an empty mailbox is absent."""
    rows = await tx.fetch_bulk(_COUNT, [(key,) for key in device_keys])
    return {row[0]: int(row[1]) for row in rows}


async def forget(tx: Transaction, device_key: int, item: int) -> int:
    """The device has all up to `item`; how many were forgotten, shared Welcomes with the last."""
    where = "FROM mailbox WHERE device_id = $1 AND item <= $2"
    named = await tx.fetch("SELECT DISTINCT conversation_id, seq " + where, device_key, item)
    # The rows are locked in one order before the first item goes: of two devices that let go of
    # the last two items at the same time, the second then sees that the first one's is gone.
    for conversation_key, seq in sorted((row[0], row[1]) for row in named):
        await tx.fetch(
            "SELECT seq FROM welcome WHERE conversation_id = $1 AND seq = $2 {for_update}",
            conversation_key,
            seq,
        )
    gone = await tx.fetch("DELETE " + where + " RETURNING conversation_id, seq", device_key, item)
    for conversation_key, seq in sorted({(row[0], row[1]) for row in gone}):
        if not await _is_named(tx, conversation_key, seq):
            await _drop(tx, conversation_key, seq)
    return len(gone)


async def older_than(tx: Transaction, before_ms: int, limit: int) -> list[tuple[int, int]]:
    """(conversation key, seq) of Welcomes accepted before `before_ms`."""
    rows = await tx.fetch(
        "SELECT conversation_id, seq FROM welcome WHERE accepted_at_ms < $1 LIMIT $2",
        before_ms,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def forget_welcome(tx: Transaction, conversation_key: int, seq: int) -> None:
    """Delete a Welcome from all mailboxes."""
    await tx.execute(
        "DELETE FROM mailbox WHERE conversation_id = $1 AND seq = $2", conversation_key, seq
    )
    await _drop(tx, conversation_key, seq)


async def _is_named(tx: Transaction, conversation_key: int, seq: int) -> bool:
    """Whether a Welcome lies in a mailbox still."""
    return bool(
        await tx.fetch(
            "SELECT 1 FROM mailbox WHERE conversation_id = $1 AND seq = $2 LIMIT 1",
            conversation_key,
            seq,
        )
    )


async def _drop(tx: Transaction, conversation_key: int, seq: int) -> None:
    await tx.execute(
        "DELETE FROM welcome WHERE conversation_id = $1 AND seq = $2", conversation_key, seq
    )

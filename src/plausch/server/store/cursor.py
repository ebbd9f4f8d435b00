"""Cursors: up to where a device has the log in its vault. They only advance.

`until_seq` is -1 for a member; for a removed device it is the last seq that it may read.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction
from plausch.server.store import conversation

TABLES = (
    """CREATE TABLE device_cursor (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        device_id BIGINT NOT NULL REFERENCES device (id),
        seq BIGINT NOT NULL,
        until_seq BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, device_id)
    )""",
    "CREATE INDEX device_cursor_device ON device_cursor (device_id)",
)

PAGES = (
    "DROP INDEX device_cursor_device",
    "CREATE INDEX device_cursor_device ON device_cursor (device_id, conversation_id)",
)
"""A device's cursors in the order in which it goes through them."""

_BEGIN = Bulk(
    "INSERT INTO device_cursor (conversation_id, device_id, seq, until_seq) {rows} "
    "ON CONFLICT (conversation_id, device_id) DO UPDATE SET until_seq = -1, "
    "seq = CASE WHEN device_cursor.seq < device_cursor.until_seq THEN device_cursor.seq "
    "ELSE excluded.seq END",
    ("int", "int", "int", "int"),
)
# Whoever has all of a stay that is over has nothing more to read before the next one.
_ADVANCE = Bulk(
    "UPDATE device_cursor SET seq = COALESCE((SELECT min(later.first_seq) - 1 FROM stay AS ended "
    "JOIN stay AS later ON later.conversation_id = ended.conversation_id "
    "AND later.device_id = ended.device_id AND later.first_seq > ended.last_seq "
    "WHERE ended.conversation_id = v.column1 AND ended.device_id = v.column2 "
    "AND ended.last_seq = v.column3), v.column3) FROM ({rows}) AS v, conversation AS c "
    "WHERE device_cursor.conversation_id = v.column1 AND device_cursor.device_id = v.column2 "
    "AND device_cursor.seq < v.column3 AND c.id = v.column1 AND c.head >= v.column3 "
    "AND (device_cursor.until_seq < 0 OR device_cursor.until_seq >= v.column3) "
    "AND device_cursor.conversation_id {one_of_first} AND c.id {one_of_first} "
    "RETURNING device_cursor.conversation_id, device_cursor.device_id, device_cursor.seq",
    ("int", "int", "int"),
)
# What a device has not acknowledged, and may read.
_MOVED = (
    "k.seq, CASE WHEN k.until_seq < 0 THEN c.head ELSE k.until_seq END, c.epoch "
    "FROM device_cursor k JOIN conversation c ON c.id = k.conversation_id "
)
_HAS_MOVED = "c.head > k.seq AND (k.until_seq < 0 OR k.until_seq > k.seq) "
# That a device is one of those wanted is said twice: PostgreSQL, which may know nothing of a table
# that was filled a moment ago, would go through all of it.
_ALL_MOVED = Bulk(
    f"SELECT k.device_id, c.public_id, {_MOVED} JOIN ({{rows}}) AS v ON k.device_id = v.column1 "  # nosec B608
    f"WHERE k.device_id {{one_of_first}} AND {_HAS_MOVED} "
    "ORDER BY k.device_id, k.conversation_id",
    ("int",),
)
_COUNT = Bulk(
    "SELECT k.device_id, count(*) FROM device_cursor k JOIN ({rows}) AS v "
    "ON k.device_id = v.column1 WHERE k.device_id {one_of_first} GROUP BY k.device_id",
    ("int",),
)
_BY_ALL = Bulk(
    "SELECT k.conversation_id, min(k.seq) FROM device_cursor k JOIN ({rows}) AS v "
    "ON k.conversation_id = v.column1 WHERE (k.until_seq < 0 OR k.seq < k.until_seq) "
    "AND k.conversation_id {one_of_first} GROUP BY k.conversation_id",
    ("int",),
)


class MovedRow(NamedTuple):
    """A conversation that has something for a device. `head` is the last seq it may read."""

    conversation: bytes
    cursor: int
    head: int
    epoch: int


async def begin(
    tx: Transaction, conversation_key: int, device_keys: Sequence[int], seq: int
) -> None:
    """New members begin at `seq`; one that was there before and has not acknowledged all of its
    earlier stay goes on where it was."""
    await tx.fetch_bulk(_BEGIN, [(conversation_key, key, seq, -1) for key in device_keys])


async def end(
    tx: Transaction, conversation_key: int, device_keys: Sequence[int], until_seq: int
) -> None:
    """Removed devices may go on up to `until_seq`."""
    for key in device_keys:
        await tx.execute(
            "UPDATE device_cursor SET until_seq = $3 WHERE conversation_id = $1 AND device_id = $2",
            conversation_key,
            key,
            until_seq,
        )


async def advance(
    tx: Transaction, wanted: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """(conversation key, device key, seq) each; those that moved, and to where. Never backwards,
    never past what the device may read; from the end of a stay to the beginning of the next."""
    return [(row[0], row[1], row[2]) for row in await tx.fetch_bulk(_ADVANCE, wanted)]


async def place(tx: Transaction, device_key: int, public_id: bytes) -> int | None:
    """The key of a conversation that the device is or was in."""
    standing = await conversation.find(tx, public_id)
    if standing is None:
        return None
    rows = await tx.fetch(
        "SELECT 1 FROM device_cursor WHERE conversation_id = $1 AND device_id = $2",
        standing.key,
        device_key,
    )
    return standing.key if rows else None


async def counts(tx: Transaction, device_keys: Collection[int]) -> dict[int, int]:
    """In how many conversations it is or was, by device key; whoever never was is absent."""
    rows = await tx.fetch_bulk(_COUNT, [(key,) for key in device_keys])
    return {row[0]: int(row[1]) for row in rows}


async def moved(tx: Transaction, device_key: int, after: int, limit: int) -> list[MovedRow]:
    """Conversations where the device has not acknowledged all that it may read, in the order of
    their keys, from the one after key `after` on."""
    rows = await tx.fetch(
        f"SELECT c.public_id, {_MOVED} WHERE k.device_id = $1 AND k.conversation_id > $2 "  # nosec B608
        f"AND {_HAS_MOVED} ORDER BY k.conversation_id LIMIT $3",
        device_key,
        after,
        limit,
    )
    return [MovedRow(bytes(row[0]), row[1], row[2], row[3]) for row in rows]


async def all_moved(tx: Transaction, device_keys: Collection[int]) -> dict[int, list[MovedRow]]:
    """As `moved` for several devices, from the first conversation to the last one, by device key;
    where nothing has moved it is absent."""
    found: dict[int, list[MovedRow]] = {}
    for row in await tx.fetch_bulk(_ALL_MOVED, [(key,) for key in device_keys]):
        one = MovedRow(bytes(row[1]), row[2], row[3], row[4])
        found.setdefault(row[0], []).append(one)
    return found


async def of_others(
    tx: Transaction, conversation_key: int, account_key: int
) -> list[tuple[str, int]]:
    """(device URI, seq) of the member devices of other accounts."""
    rows = await tx.fetch(
        "SELECT d.uri, k.seq FROM device_cursor k JOIN device d ON d.id = k.device_id "
        "WHERE k.conversation_id = $1 AND k.until_seq < 0 AND d.account_id <> $2 ORDER BY d.uri",
        conversation_key,
        account_key,
    )
    return [(row[0], row[1]) for row in rows]


async def acknowledged_by_all(tx: Transaction, conversation_keys: Sequence[int]) -> dict[int, int]:
    """By conversation key the seq that every device that may still read has acknowledged; a
    conversation without such a device is absent."""
    rows = await tx.fetch_bulk(_BY_ALL, [(key,) for key in conversation_keys])
    return {row[0]: row[1] for row in rows}

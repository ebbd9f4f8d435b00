"""Envelopes: the log. The sender is a device's key here and its URI outside.

No foreign keys: this is the hot table, its rows are written by one statement that has just locked
the conversation, and neither conversations nor devices are ever deleted.
"""

from collections.abc import Sequence

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE envelope (
        conversation_id BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        epoch BIGINT NOT NULL,
        kind BIGINT NOT NULL,
        accepted_at_ms BIGINT NOT NULL,
        sender_id BIGINT NOT NULL,
        idempotency_id {bytes} NOT NULL,
        message {bytes} NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )""",
    "CREATE UNIQUE INDEX envelope_idempotency "
    "ON envelope (conversation_id, sender_id, idempotency_id)",
)

NewEnvelope = tuple[int, int, int, int, int, int, bytes, bytes]
"""(conversation key, seq, epoch, kind, accepted_at_ms, sender key, idempotency_id, message)"""

StoredEnvelope = tuple[int, int, int, int, str, bytes]
"""(seq, epoch, kind, accepted_at_ms, sender URI, message), as `wire.frames.Envelope`."""

_ADD = Bulk(
    "INSERT INTO envelope (conversation_id, seq, epoch, kind, accepted_at_ms, sender_id, "
    "idempotency_id, message) {rows}",
    ("int", "int", "int", "int", "int", "int", "bytes", "bytes"),
)
_ACCEPTED = Bulk(
    "SELECT e.conversation_id, e.sender_id, e.idempotency_id, e.seq, e.accepted_at_ms "
    "FROM envelope e JOIN ({rows}) AS v ON e.conversation_id = v.column1 "
    "AND e.sender_id = v.column2 AND e.idempotency_id = v.column3 "
    "WHERE e.conversation_id {one_of_first}",
    ("int", "int", "bytes"),
)
_BEGUN = Bulk(
    "SELECT e.conversation_id, e.accepted_at_ms FROM envelope e JOIN ({rows}) AS v "
    "ON e.conversation_id = v.column1 AND e.seq = v.column2 "
    "WHERE e.conversation_id {one_of_first}",
    ("int", "int"),
)


async def add(tx: Transaction, rows: Sequence[NewEnvelope]) -> None:
    """Write envelopes. Raises ConstraintViolated for an idempotency id that was used before."""
    await tx.fetch_bulk(_ADD, rows)


async def accepted(
    tx: Transaction, wanted: Sequence[tuple[int, int, bytes]]
) -> dict[tuple[int, int, bytes], tuple[int, int]]:
    """(seq, accepted_at_ms) of those (conversation, sender, idempotency id) that were accepted."""
    rows = await tx.fetch_bulk(_ACCEPTED, wanted)
    return {(row[0], row[1], bytes(row[2])): (row[3], row[4]) for row in rows}


async def sizes(
    tx: Transaction, conversation_key: int, first: int, last: int, limit: int
) -> list[tuple[int, int]]:
    """(seq, bytes of message) from `first` to `last`, both inclusive."""
    rows = await tx.fetch(
        "SELECT seq, length(message) FROM envelope WHERE conversation_id = $1 "
        "AND seq BETWEEN $2 AND $3 ORDER BY seq LIMIT $4",
        conversation_key,
        first,
        last,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def read(
    tx: Transaction, conversation_key: int, first: int, last: int
) -> list[StoredEnvelope]:
    """All envelopes from `first` to `last`, both inclusive."""
    rows = await tx.fetch(
        "SELECT e.seq, e.epoch, e.kind, e.accepted_at_ms, d.uri, e.message FROM envelope e "
        "JOIN device d ON d.id = e.sender_id WHERE e.conversation_id = $1 "
        "AND e.seq BETWEEN $2 AND $3 ORDER BY e.seq",
        conversation_key,
        first,
        last,
    )
    return [(row[0], row[1], row[2], row[3], row[4], bytes(row[5])) for row in rows]


async def begun(tx: Transaction, places: Sequence[tuple[int, int]]) -> dict[int, int]:
    """When the envelope at (conversation key, seq) was accepted, in ms by conversation key."""
    return {row[0]: row[1] for row in await tx.fetch_bulk(_BEGUN, places)}


async def old_until(
    tx: Transaction, conversation_key: int, first: int, last: int, before_ms: int
) -> int:
    """The last seq of a stretch from `first` to `last` in which every envelope was accepted
    before `before_ms`; `first` - 1 when there is none.

    After the first envelope that is younger all stay: when the clock was wrong for a while, what
    was accepted then looks older than it is.
    """
    rows = await tx.fetch(
        "SELECT seq FROM envelope WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3 "
        "AND accepted_at_ms >= $4 ORDER BY seq LIMIT 1",
        conversation_key,
        first,
        last,
        before_ms,
    )
    return int(rows[0][0]) - 1 if rows else max(first - 1, last)


async def forget(tx: Transaction, conversation_key: int, first: int, last: int) -> int:
    """Delete envelopes from `first` to `last`, both inclusive; how many there were."""
    return await tx.execute(
        "DELETE FROM envelope WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3",
        conversation_key,
        first,
        last,
    )

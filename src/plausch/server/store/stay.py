"""Stays: the stretches of a log that a device may read.

A joiner's stay begins after the Commit that added it; a removed device's ends with the Commit
that removed it. A device that comes back has a second stay. `last_seq` is -1 while it lasts.
"""

from collections.abc import Sequence

from plausch.db.interface import Bulk, Transaction
from plausch.server.store import conversation

TABLES = (
    """CREATE TABLE stay (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        device_id BIGINT NOT NULL REFERENCES device (id),
        first_seq BIGINT NOT NULL,
        last_seq BIGINT NOT NULL,
        PRIMARY KEY (conversation_id, device_id, first_seq)
    )""",
)

_BEGIN = Bulk(
    "INSERT INTO stay (conversation_id, device_id, first_seq, last_seq) {rows}",
    ("int", "int", "int", "int"),
)


async def begin(
    tx: Transaction, conversation_key: int, device_keys: Sequence[int], first_seq: int
) -> None:
    """Devices may read from `first_seq` on."""
    await tx.fetch_bulk(_BEGIN, [(conversation_key, key, first_seq, -1) for key in device_keys])


async def end(
    tx: Transaction, conversation_key: int, device_keys: Sequence[int], last_seq: int
) -> None:
    """Devices may read up to `last_seq` and no further."""
    for key in device_keys:
        await tx.execute(
            "UPDATE stay SET last_seq = $3 WHERE conversation_id = $1 AND device_id = $2 "
            "AND last_seq = -1",
            conversation_key,
            key,
            last_seq,
        )


async def readers(tx: Transaction, conversation_key: int, seq: int) -> list[str]:
    """URIs of the devices that may read the envelope at `seq`."""
    rows = await tx.fetch(
        "SELECT d.uri FROM stay s JOIN device d ON d.id = s.device_id "
        "WHERE s.conversation_id = $1 AND s.first_seq <= $2 "
        "AND (s.last_seq = -1 OR s.last_seq >= $2) ORDER BY d.uri",
        conversation_key,
        seq,
    )
    return [str(row[0]) for row in rows]


async def of(tx: Transaction, conversation_key: int, device_key: int) -> list[tuple[int, int]]:
    """(first_seq, last_seq) of the device's stays, in order."""
    rows = await tx.fetch(
        "SELECT first_seq, last_seq FROM stay WHERE conversation_id = $1 AND device_id = $2 "
        "ORDER BY first_seq",
        conversation_key,
        device_key,
    )
    return [(row[0], row[1]) for row in rows]


async def took_part(tx: Transaction, public_id: bytes, account_key: int) -> bool:
    """Whether a device of the account is or was in the conversation of this public id."""
    standing = await conversation.find(tx, public_id)
    if standing is None:
        return False
    rows = await tx.fetch(
        "SELECT 1 FROM stay s JOIN device d ON d.id = s.device_id "
        "WHERE s.conversation_id = $1 AND d.account_id = $2 LIMIT 1",
        standing.key,
        account_key,
    )
    return bool(rows)

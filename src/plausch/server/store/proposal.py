"""Proposals of the current epoch, which its Commit may name by reference."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE proposal (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        seq BIGINT NOT NULL,
        message {bytes} NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )""",
)


async def add(tx: Transaction, conversation_key: int, seq: int, message: bytes) -> None:
    """A proposal that stands at `seq` in the log."""
    await tx.execute(
        "INSERT INTO proposal (conversation_id, seq, message) VALUES ($1, $2, $3)",
        conversation_key,
        seq,
        message,
    )


async def of(tx: Transaction, conversation_key: int) -> list[bytes]:
    """The epoch's proposals, in the order of the log."""
    rows = await tx.fetch(
        "SELECT message FROM proposal WHERE conversation_id = $1 ORDER BY seq", conversation_key
    )
    return [bytes(row[0]) for row in rows]


async def count(tx: Transaction, conversation_key: int) -> int:
    """How many there are."""
    rows = await tx.fetch(
        "SELECT count(*) FROM proposal WHERE conversation_id = $1", conversation_key
    )
    return int(rows[0][0])


async def clear(tx: Transaction, conversation_key: int) -> None:
    """The epoch has ended."""
    await tx.execute("DELETE FROM proposal WHERE conversation_id = $1", conversation_key)

"""Invitations: only a hash of the code is kept, until it is used or expires."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE invitation (
        code_hash {bytes} PRIMARY KEY,
        created_at_ms BIGINT NOT NULL,
        expires_at_ms BIGINT NOT NULL
    )""",
)


async def add(tx: Transaction, code_hash: bytes, created_at_ms: int, expires_at_ms: int) -> None:
    """A new invitation."""
    await tx.execute(
        "INSERT INTO invitation (code_hash, created_at_ms, expires_at_ms) VALUES ($1, $2, $3)",
        code_hash,
        created_at_ms,
        expires_at_ms,
    )


async def use(tx: Transaction, code_hash: bytes, now_ms: int) -> bool:
    """Use it up; whether it was there and in time."""
    rows = await tx.fetch(
        "DELETE FROM invitation WHERE code_hash = $1 RETURNING expires_at_ms", code_hash
    )
    return bool(rows) and rows[0][0] > now_ms


async def unused(tx: Transaction, now_ms: int) -> list[tuple[int, int]]:
    """(created, expires) in ms of all that can still be used, oldest first."""
    rows = await tx.fetch(
        "SELECT created_at_ms, expires_at_ms FROM invitation WHERE expires_at_ms > $1 "
        "ORDER BY created_at_ms",
        now_ms,
    )
    return [(row[0], row[1]) for row in rows]


async def forget_expired(tx: Transaction, now_ms: int) -> int:
    """Delete what has expired; how many."""
    return await tx.execute("DELETE FROM invitation WHERE expires_at_ms <= $1", now_ms)

"""The mark of a store that is being filled from another one. As long as it is there, no server
begins on this store; and only the same source goes on filling it."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE filling (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        origin TEXT NOT NULL
    )""",
)
NAME = "filling"
"""Of the table, which never travels."""


async def origin(tx: Transaction) -> str | None:
    """Where the rows come from; None when the store is complete."""
    rows = await tx.fetch("SELECT origin FROM filling")
    return str(rows[0][0]) if rows else None


async def begin(tx: Transaction, origin: str) -> None:
    """From now on it is not complete. Raises ConstraintViolated when it is being filled."""
    await tx.execute("INSERT INTO filling (id, origin) VALUES (1, $1)", origin)


async def end(tx: Transaction) -> None:
    """It is complete."""
    await tx.execute("DELETE FROM filling")

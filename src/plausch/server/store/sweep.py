"""The last sweep of the logs: what a server that starts compares its clock with. One row."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE sweep (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        at_ms BIGINT NOT NULL
    )""",
)


async def last(tx: Transaction) -> int | None:
    """When any process last swept, by its clock; None before the first time."""
    rows = await tx.fetch("SELECT at_ms FROM sweep")
    return int(rows[0][0]) if rows else None


async def note(tx: Transaction, at_ms: int) -> None:
    """The logs are being swept at `at_ms`."""
    await tx.execute(
        "INSERT INTO sweep (id, at_ms) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at_ms = $1",
        at_ms,
    )

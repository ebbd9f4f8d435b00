"""What the operator has ordered, in one row that every process looks at again and again.

`revision` grows whenever an account is suspended, or is so no more. `since_ms` is 0 without
maintenance, `until_ms` when it is not said how long that takes.
"""

from typing import NamedTuple

from plausch.db.interface import Transaction

NAME = "regime"
TABLES = (
    """CREATE TABLE regime (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        revision BIGINT NOT NULL,
        since_ms BIGINT NOT NULL,
        until_ms BIGINT NOT NULL,
        words TEXT NOT NULL
    )""",
)


class RegimeRow(NamedTuple):
    """The row; all empty while nothing was ever ordered."""

    revision: int = 0
    since_ms: int = 0
    until_ms: int = 0
    words: str = ""


async def get(tx: Transaction) -> RegimeRow:
    """What is ordered now."""
    rows = await tx.fetch("SELECT revision, since_ms, until_ms, words FROM regime")
    return RegimeRow(*rows[0]) if rows else RegimeRow()


async def maintain(tx: Transaction, since_ms: int, until_ms: int, words: str) -> None:
    """Maintenance from `since_ms` on; 0: it is over. One that is going on keeps its beginning."""
    await tx.execute(
        "INSERT INTO regime (id, revision, since_ms, until_ms, words) VALUES (1, 0, $1, $2, $3) "
        "ON CONFLICT (id) DO UPDATE SET since_ms = CASE WHEN $1 > 0 AND regime.since_ms > 0 "
        "THEN regime.since_ms ELSE $1 END, until_ms = $2, words = $3",
        since_ms,
        until_ms,
        words,
    )


async def revise(tx: Transaction) -> None:
    """Suspensions have changed: everybody looks at them again."""
    await tx.execute(
        "INSERT INTO regime (id, revision, since_ms, until_ms, words) VALUES (1, 1, 0, 0, '') "
        "ON CONFLICT (id) DO UPDATE SET revision = regime.revision + 1"
    )

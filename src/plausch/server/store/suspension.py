"""Accounts that the operator has suspended, or removed, which is for good."""

from collections.abc import Collection
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE suspension (
        account_id BIGINT PRIMARY KEY REFERENCES account (id),
        since_ms BIGINT NOT NULL,
        is_removed BIGINT NOT NULL CHECK (is_removed IN (0, 1))
    )""",
)

_AMONG = Bulk(
    "SELECT s.account_id FROM suspension s JOIN ({rows}) AS v ON s.account_id = v.column1 "
    "WHERE s.account_id {one_of_first}",
    ("int",),
)


class Suspended(NamedTuple):
    """Since when, and whether for good."""

    since_ms: int
    is_removed: bool


async def add(tx: Transaction, account_key: int, at_ms: int, *, is_removed: bool) -> None:
    """The account is suspended from now on, or removed; what was removed stays so."""
    await tx.execute(
        "INSERT INTO suspension (account_id, since_ms, is_removed) VALUES ($1, $2, $3) "
        "ON CONFLICT (account_id) DO UPDATE SET "
        "since_ms = CASE WHEN suspension.is_removed < $3 THEN $2 ELSE suspension.since_ms END, "
        "is_removed = CASE WHEN suspension.is_removed < $3 THEN 1 ELSE suspension.is_removed END",
        account_key,
        at_ms,
        int(is_removed),
    )


async def end(tx: Transaction, account_key: int) -> None:
    """The account is suspended no more, unless it was removed."""
    await tx.execute("DELETE FROM suspension WHERE account_id = $1 AND is_removed = 0", account_key)


async def of(tx: Transaction, account_key: int) -> Suspended | None:
    """Whether the account is suspended."""
    rows = await tx.fetch(
        "SELECT since_ms, is_removed FROM suspension WHERE account_id = $1", account_key
    )
    return Suspended(rows[0][0], bool(rows[0][1])) if rows else None


async def among(tx: Transaction, account_keys: Collection[int]) -> frozenset[int]:
    """Those of the accounts that are suspended."""
    rows = await tx.fetch_bulk(_AMONG, [(key,) for key in account_keys])
    return frozenset(row[0] for row in rows)


async def keys(tx: Transaction) -> frozenset[int]:
    """All suspended accounts."""
    return frozenset(row[0] for row in await tx.fetch("SELECT account_id FROM suspension"))

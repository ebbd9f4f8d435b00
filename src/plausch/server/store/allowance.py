"""Allowances: how much of what somebody may have in a window has been drawn by all processes.

A row belongs to one window and goes after it. It counts what processes have taken for themselves,
in pieces, not what has been used of that: a hot path writes nothing here.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

NAME = "allowance"
TABLES = (
    """CREATE TABLE allowance (
        kind BIGINT NOT NULL,
        holder {bytes} NOT NULL,
        ends_at_ms BIGINT NOT NULL,
        most BIGINT NOT NULL,
        drawn BIGINT NOT NULL,
        granted BIGINT NOT NULL,
        PRIMARY KEY (kind, holder, ends_at_ms)
    )""",
    "CREATE INDEX allowance_end ON allowance (ends_at_ms)",
)


class Kind(IntEnum):
    """What is counted. The numbers stand in the table and are given once."""

    SENDS = 1
    COMMITS = 2
    COMMIT_BYTES = 3
    REGISTRATIONS = 4
    PAIRINGS = 5
    PAIRING_ENTRIES = 6
    RECOVERIES = 7
    ENVELOPES = 8
    CLAIMS = 9
    CLAIMS_OF_AN_ACCOUNT = 10
    WAKE_UPS_SET = 11
    DEVICE_LISTS = 12
    PROFILES_PUBLISHED = 13
    SEARCHES = 14
    REPORTS = 15
    BLOB_BYTES_UP = 16
    BLOB_BYTES_DOWN = 17
    DEVICE_LIST_TRIES = 18


class Want(NamedTuple):
    """A piece that a process would like to have; `piece` is at most `most`."""

    kind: int
    holder: bytes
    ends_at_ms: int
    most: int
    piece: int


OF_ACCOUNTS = (
    Kind.ENVELOPES,
    Kind.COMMIT_BYTES,
    Kind.BLOB_BYTES_UP,
    Kind.BLOB_BYTES_DOWN,
    Kind.CLAIMS,
    Kind.DEVICE_LISTS,
    Kind.SEARCHES,
    Kind.PROFILES_PUBLISHED,
    Kind.REPORTS,
)
"""What is counted for an account by its key."""


class Drawn(NamedTuple):
    """How much of a kind was taken for an account in the window that ends then; it has used as much
    at most."""

    kind: Kind
    drawn: int
    most: int
    ends_at_ms: int


# The CASE is the piece, or what is left of `most`, or nothing; RETURNING knows new values only.
_FREE = (
    "CASE WHEN excluded.granted <= excluded.most - allowance.drawn THEN excluded.granted "
    "WHEN excluded.most > allowance.drawn THEN excluded.most - allowance.drawn ELSE 0 END"
)
_DRAW = Bulk(
    "INSERT INTO allowance (kind, holder, ends_at_ms, most, drawn, granted) {rows} "  # nosec B608
    "ON CONFLICT (kind, holder, ends_at_ms) DO UPDATE SET most = excluded.most, "
    f"drawn = allowance.drawn + {_FREE}, granted = {_FREE} RETURNING holder, granted",
    ("int", "bytes", "int", "int", "int", "int"),
)
_GIVE_BACK = Bulk(
    "UPDATE allowance SET drawn = drawn - v.column4 FROM ({rows}) AS v "
    "WHERE allowance.kind = v.column1 AND allowance.holder = v.column2 "
    "AND allowance.ends_at_ms = v.column3",
    ("int", "bytes", "int", "int"),
)


async def draw(tx: Transaction, wants: Sequence[Want]) -> dict[bytes, int]:
    """Take pieces for this process; how large each holder's is, 0 when nothing is left."""
    rows = [(one[0], one[1], one[2], one[3], one[4], one[4]) for one in sorted(wants)]
    return {bytes(row[0]): int(row[1]) for row in await tx.fetch_bulk(_DRAW, rows)}


async def give_back(tx: Transaction, pieces: Sequence[tuple[int, bytes, int, int]]) -> None:
    """(kind, holder, ends_at_ms, how much) each: this process needs it no more."""
    await tx.fetch_bulk(_GIVE_BACK, sorted(pieces))


async def of_account(tx: Transaction, account_key: int, now_ms: int) -> list[Drawn]:
    """What was taken for an account in the windows that are under way."""
    kinds = ", ".join(str(int(kind)) for kind in OF_ACCOUNTS)
    rows = await tx.fetch(
        "SELECT kind, drawn, most, ends_at_ms FROM allowance WHERE holder = $1 "  # nosec B608
        f"AND kind IN ({kinds}) AND ends_at_ms > $2 AND drawn > 0",
        account_key.to_bytes(8, "big"),
        now_ms,
    )
    found = [Drawn(Kind(kind), drawn, most, ends) for kind, drawn, most, ends in rows]
    return sorted(found, key=lambda one: (OF_ACCOUNTS.index(one.kind), one.ends_at_ms))


async def forget(tx: Transaction, ended_before_ms: int, limit: int) -> int:
    """Delete rows of windows that are over, at most so many; how many."""
    return await tx.execute(
        "DELETE FROM allowance WHERE (kind, holder, ends_at_ms) IN (SELECT kind, holder, "
        "ends_at_ms FROM allowance WHERE ends_at_ms < $1 LIMIT $2)",
        ended_before_ms,
        limit,
    )

"""Blobs: who uploaded them, how long they are, since when they are whole. Their bytes lie in a
BlobStore. `stored_at_ms` is -1 while the upload is unfinished; `name` is a hash of the blob's id,
so that who reads this table cannot ask for what it names."""

from collections.abc import Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE blob (
        id {serial},
        name {bytes} NOT NULL UNIQUE,
        account_id BIGINT NOT NULL REFERENCES account (id),
        length BIGINT NOT NULL,
        digest {bytes} NOT NULL,
        begun_at_ms BIGINT NOT NULL,
        stored_at_ms BIGINT NOT NULL
    )""",
    "CREATE INDEX blob_account ON blob (account_id)",
    "CREATE INDEX blob_age ON blob (stored_at_ms, begun_at_ms)",
)

_KNOWN = Bulk("SELECT b.name FROM blob b JOIN ({rows}) AS v ON b.name = v.column1", ("bytes",))


class BlobRow(NamedTuple):
    """One blob. `name` is the hash of its id."""

    key: int
    name: bytes
    account_key: int
    length: int
    digest: bytes
    begun_at_ms: int
    stored_at_ms: int

    @property
    def whole(self) -> bool:
        """Verified and on disk."""
        return self.stored_at_ms >= 0


class Usage(NamedTuple):
    """What an account has. `length` is the sum, unfinished uploads with their full length."""

    blobs: int
    length: int
    unfinished: int


async def add(
    tx: Transaction, name: bytes, account_key: int, length: int, digest: bytes, at_ms: int
) -> None:
    """An upload begins. Raises ConstraintViolated when the name is taken."""
    await tx.execute(
        "INSERT INTO blob (name, account_id, length, digest, begun_at_ms, stored_at_ms) "
        "VALUES ($1, $2, $3, $4, $5, -1)",
        name,
        account_key,
        length,
        digest,
        at_ms,
    )


async def find(tx: Transaction, name: bytes) -> BlobRow | None:
    """The blob of that name."""
    rows = await tx.fetch(
        "SELECT id, name, account_id, length, digest, begun_at_ms, stored_at_ms FROM blob "
        "WHERE name = $1",
        name,
    )
    if not rows:
        return None
    key, found, account_key, length, digest, begun_at_ms, stored_at_ms = rows[0]
    return BlobRow(key, bytes(found), account_key, length, bytes(digest), begun_at_ms, stored_at_ms)


async def usage(tx: Transaction, account_key: int) -> Usage:
    """What the account has."""
    rows = await tx.fetch(
        "SELECT count(*), coalesce(sum(length), 0), "
        "coalesce(sum(CASE WHEN stored_at_ms < 0 THEN 1 ELSE 0 END), 0) "
        "FROM blob WHERE account_id = $1",
        account_key,
    )
    return Usage(*map(int, rows[0]))


async def stored(tx: Transaction, key: int, at_ms: int) -> bool:
    """The upload is whole; False when it was given up meanwhile."""
    changed = await tx.execute(
        "UPDATE blob SET stored_at_ms = CASE WHEN stored_at_ms < 0 THEN $2 ELSE stored_at_ms END "
        "WHERE id = $1",
        key,
        at_ms,
    )
    return changed > 0


async def old(
    tx: Transaction, begun_before_ms: int, stored_before_ms: int, limit: int
) -> list[tuple[int, bytes]]:
    """(key, name) of unfinished uploads and of whole blobs that are older; not of backups' and of
    pictures in public profiles."""
    rows = await tx.fetch(
        "SELECT id, name FROM blob b WHERE (stored_at_ms = -1 AND begun_at_ms < $1) "
        "OR (stored_at_ms >= 0 AND stored_at_ms < $2 AND NOT EXISTS "
        "(SELECT 1 FROM backup WHERE backup.blob_name = b.name) AND NOT EXISTS "
        "(SELECT 1 FROM profile_picture i WHERE i.blob_name = b.name)) LIMIT $3",
        begun_before_ms,
        stored_before_ms,
        limit,
    )
    return [(row[0], bytes(row[1])) for row in rows]


async def forget(tx: Transaction, key: int) -> None:
    """Delete the row; the bytes are gone already."""
    await tx.execute("DELETE FROM blob WHERE id = $1", key)


async def expire(tx: Transaction, account_key: int) -> None:
    """Everything of this account is as old as can be: the next sweep takes it."""
    await tx.execute(
        "UPDATE blob SET begun_at_ms = 0, "
        "stored_at_ms = CASE WHEN stored_at_ms < 0 THEN -1 ELSE 0 END WHERE account_id = $1",
        account_key,
    )


async def known(tx: Transaction, names: Sequence[bytes]) -> set[bytes]:
    """Those of the names that have a row."""
    return {bytes(row[0]) for row in await tx.fetch_bulk(_KNOWN, [(name,) for name in names])}

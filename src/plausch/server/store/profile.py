"""Public profiles: one for each business, its newest signed one, and what the directory looks at.

`title`, `words`, `place` and `postal_code` are empty in the row of a withdrawn profile: that it is
withdrawn, and as which number, is all that stays. The pictures of a profile keep their blobs.
"""

from collections.abc import Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE profile (
        account_id BIGINT PRIMARY KEY REFERENCES account (id),
        seq BIGINT NOT NULL,
        signed {bytes} NOT NULL,
        changed_at_ms BIGINT NOT NULL,
        is_listed BIGINT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        postal_code TEXT NOT NULL,
        locality TEXT NOT NULL,
        words TEXT NOT NULL,
        place TEXT NOT NULL
    )""",
    """CREATE TABLE profile_picture (
        account_id BIGINT NOT NULL REFERENCES profile (account_id),
        digest {bytes} NOT NULL,
        blob_name {bytes} NOT NULL,
        PRIMARY KEY (account_id, digest)
    )""",
    "CREATE INDEX profile_picture_blob ON profile_picture (blob_name)",
)

_PICTURES = Bulk(
    "INSERT INTO profile_picture (account_id, digest, blob_name) {rows}", ("int", "bytes", "bytes")
)

MOST_WORDS = 6
"""Words of a query that are looked for; `find` has a place for each."""


class ProfileRow(NamedTuple):
    """A profile as it is kept. `is_listed` is 1 or 0; `words` and `place` are folded
    (directory_words)."""

    seq: int
    signed: bytes
    changed_at_ms: int
    is_listed: int
    title: str = ""
    kind: str = ""
    postal_code: str = ""
    locality: str = ""
    words: str = ""
    place: str = ""


class FoundRow(NamedTuple):
    """A business of the directory."""

    name: str
    title: str
    kind: str
    postal_code: str
    locality: str


class Query(NamedTuple):
    """What is looked for. `patterns` are up to MOST_WORDS of LIKE, `place` one; "%" is any."""

    patterns: Sequence[str]
    kind: str
    place: str
    after: str
    limit: int


async def put(
    tx: Transaction, account_key: int, row: ProfileRow, pictures: Sequence[tuple[bytes, bytes]]
) -> None:
    """In place of the one before, with (digest, blob name) of each picture."""
    await tx.execute("DELETE FROM profile_picture WHERE account_id = $1", account_key)
    await tx.execute(
        "INSERT INTO profile (account_id, seq, signed, changed_at_ms, is_listed, title, kind, "
        "postal_code, locality, words, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (account_id) DO UPDATE SET seq = $2, signed = $3, changed_at_ms = $4, "
        "is_listed = $5, title = $6, kind = $7, postal_code = $8, locality = $9, words = $10, "
        "place = $11",
        account_key,
        *row,
    )
    await tx.fetch_bulk(_PICTURES, [(account_key, *picture) for picture in pictures])


async def hide(tx: Transaction, account_key: int) -> None:
    """It is not found any more, and its pictures may go."""
    await tx.execute("DELETE FROM profile_picture WHERE account_id = $1", account_key)
    await tx.execute("UPDATE profile SET is_listed = 0 WHERE account_id = $1", account_key)


async def of_account(tx: Transaction, account_key: int) -> tuple[int, bytes] | None:
    """(seq, signed bytes) of the account's newest profile."""
    rows = await tx.fetch("SELECT seq, signed FROM profile WHERE account_id = $1", account_key)
    return (int(rows[0][0]), bytes(rows[0][1])) if rows else None


async def by_name(tx: Transaction, name: str) -> bytes | None:
    """The newest signed profile of the account of that name, unless that is suspended."""
    rows = await tx.fetch(
        "SELECT p.signed FROM profile p JOIN account a ON a.id = p.account_id WHERE a.name = $1 "
        "AND NOT EXISTS (SELECT 1 FROM suspension s WHERE s.account_id = a.id)",
        name,
    )
    return bytes(rows[0][0]) if rows else None


async def find(tx: Transaction, query: Query) -> list[FoundRow]:
    """The listed businesses that fit and are not suspended, by account name."""
    patterns = [*query.patterns, *["%"] * MOST_WORDS][:MOST_WORDS]
    rows = await tx.fetch(
        "SELECT a.name, p.title, p.kind, p.postal_code, p.locality FROM profile p "
        "JOIN account a ON a.id = p.account_id WHERE p.is_listed = 1 AND a.name > $1 "
        "AND NOT EXISTS (SELECT 1 FROM suspension s WHERE s.account_id = a.id) "
        "AND ($2 = '' OR p.kind = $2) AND p.place LIKE $3 AND p.words LIKE $4 "
        "AND p.words LIKE $5 AND p.words LIKE $6 AND p.words LIKE $7 AND p.words LIKE $8 "
        "AND p.words LIKE $9 ORDER BY a.name LIMIT $10",
        query.after,
        query.kind,
        query.place,
        *patterns,
        query.limit,
    )
    return [FoundRow(*row) for row in rows]

"""What an operator sees of all accounts: counts, sizes and times, across tables; never content."""

from typing import NamedTuple

from plausch.db.interface import Row, Transaction


class AccountRow(NamedTuple):
    """An account as its operator sees it. `seen_at_ms` is when a device last logged in, 0: none is
    listed. `suspended_ms` is 0 unless it is suspended."""

    key: int
    name: str
    kind: str
    created_at_ms: int
    devices: int
    seen_at_ms: int
    blobs: int
    blob_bytes: int
    has_page: bool
    """Whether it has a public profile."""
    suspended_ms: int
    is_removed: bool


class Totals(NamedTuple):
    """All of a server. `message_bytes` are those of envelopes that are still there; what is `new`
    came in 24 hours."""

    people: int
    businesses: int
    pages: int
    suspended: int
    devices: int
    active_devices: int
    conversations: int
    envelopes: int
    message_bytes: int
    blobs: int
    blob_bytes: int
    unfinished_uploads: int
    waiting_welcomes: int
    unused_invitations: int
    open_reports: int
    closed_reports: int
    new_accounts: int = 0
    new_envelopes: int = 0


_ACCOUNTS = (
    "SELECT a.id, a.name, a.kind, a.created_at_ms, "
    "(SELECT count(*) FROM device d WHERE d.account_id = a.id AND d.listed = 1), "
    "(SELECT coalesce(max(d.seen_at_ms), 0) FROM device d WHERE d.account_id = a.id "
    "AND d.listed = 1), "
    "(SELECT count(*) FROM blob b WHERE b.account_id = a.id), "
    "(SELECT coalesce(sum(b.length), 0) FROM blob b WHERE b.account_id = a.id), "
    "(SELECT count(*) FROM profile p WHERE p.account_id = a.id AND p.title <> ''), "
    "coalesce(s.since_ms, 0), coalesce(s.is_removed, 0) "
    "FROM account a LEFT JOIN suspension s ON s.account_id = a.id "
)


async def accounts(
    tx: Transaction, after: int, limit: int, kind: str = "", *, only_suspended: bool = False
) -> list[AccountRow]:
    """The next accounts after the one of that key, in the order in which they came to be."""
    rows = await tx.fetch(
        _ACCOUNTS + "WHERE a.id > $1 AND ($2 = '' OR a.kind = $2) "
        "AND ($3 = 0 OR s.account_id IS NOT NULL) ORDER BY a.id LIMIT $4",
        after,
        kind,
        int(only_suspended),
        limit,
    )
    return [_account(row) for row in rows]


async def newest(tx: Transaction, part: str, before: int, limit: int) -> list[AccountRow]:
    """The accounts whose name contains `part` and whose key is below `before`, newest first."""
    literal = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = await tx.fetch(
        _ACCOUNTS + "WHERE a.id < $1 AND a.name LIKE $2 ESCAPE '!' ORDER BY a.id DESC LIMIT $3",
        before,
        f"%{literal}%",
        limit,
    )
    return [_account(row) for row in rows]


async def account(tx: Transaction, name: str) -> AccountRow | None:
    """The account of that name."""
    rows = await tx.fetch(_ACCOUNTS + "WHERE a.name = $1", name)
    return _account(rows[0]) if rows else None


def _account(row: Row) -> AccountRow:
    key, name, kind, created_at_ms, devices, seen_at_ms, blobs, size, pages, since_ms, removed = row
    return AccountRow(
        key,
        name,
        kind,
        created_at_ms,
        devices,
        seen_at_ms,
        blobs,
        int(size),  # a sum is another type in PostgreSQL
        bool(pages),
        since_ms,
        bool(removed),
    )


_TOTALS = (
    "(SELECT count(*) FROM account WHERE kind = 'person')",
    "(SELECT count(*) FROM account WHERE kind = 'business')",
    "(SELECT count(*) FROM profile WHERE title <> '')",
    "(SELECT count(*) FROM suspension)",
    "(SELECT count(*) FROM device WHERE listed = 1)",
    "(SELECT count(*) FROM device WHERE listed = 1 AND seen_at_ms > $1)",
    "(SELECT count(*) FROM conversation)",
    "(SELECT count(*) FROM envelope)",
    "(SELECT coalesce(sum(length(message)), 0) FROM envelope)",
    "(SELECT count(*) FROM blob)",
    "(SELECT coalesce(sum(length), 0) FROM blob)",
    "(SELECT count(*) FROM blob WHERE stored_at_ms < 0)",
    "(SELECT count(*) FROM mailbox)",
    "(SELECT count(*) FROM invitation WHERE expires_at_ms > $2)",
    "(SELECT count(*) FROM report WHERE closed_at_ms = 0)",
    "(SELECT count(*) FROM report WHERE closed_at_ms > 0)",
    "(SELECT count(*) FROM account WHERE created_at_ms > $3)",
    "(SELECT count(*) FROM envelope WHERE accepted_at_ms > $3)",
)


async def totals(tx: Transaction, active_since_ms: int, now_ms: int, new_since_ms: int) -> Totals:
    """Counted now, which reads all of the log's table. `active_devices` have logged in since."""
    sql = "SELECT " + ", ".join(_TOTALS)
    (row,) = await tx.fetch(sql, active_since_ms, now_ms, new_since_ms)
    return Totals(*map(int, row))

"""Accounts: a name, a kind, an identity key, the newest signed device list."""

from plausch.db.interface import Transaction
from plausch.server.records import AccountRecord

TABLES = (
    """CREATE TABLE account (
        id {serial},
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('person', 'business')),
        identity_key {bytes} NOT NULL,
        device_list {bytes} NOT NULL,
        created_at_ms BIGINT NOT NULL
    )""",
)

_SELECT = "SELECT id, name, kind, identity_key, device_list FROM account "


async def add(
    tx: Transaction, name: str, kind: str, identity_key: bytes, device_list: bytes, at_ms: int
) -> int:
    """A new account's key. Raises ConstraintViolated when the name is taken."""
    rows = await tx.fetch(
        "INSERT INTO account (name, kind, identity_key, device_list, created_at_ms) "
        "VALUES ($1, $2, $3, $4, $5) RETURNING id",
        name,
        kind,
        identity_key,
        device_list,
        at_ms,
    )
    return int(rows[0][0])


async def by_name(tx: Transaction, name: str) -> AccountRecord | None:
    """The account of that name."""
    rows = await tx.fetch(_SELECT + "WHERE name = $1", name)
    return AccountRecord(*rows[0]) if rows else None


async def by_key(tx: Transaction, key: int) -> AccountRecord | None:
    """The account of that key."""
    rows = await tx.fetch(_SELECT + "WHERE id = $1", key)
    return AccountRecord(*rows[0]) if rows else None


async def lock(tx: Transaction, key: int) -> AccountRecord:
    """The account, held against other transactions until this one ends."""
    rows = await tx.fetch(_SELECT + "WHERE id = $1 {for_update}", key)
    return AccountRecord(*rows[0])


async def publish(tx: Transaction, key: int, device_list: bytes) -> None:
    """Replace the device list."""
    await tx.execute("UPDATE account SET device_list = $2 WHERE id = $1", key, device_list)

"""Backups: at most one for each account. `lookup` is a hash of what it is asked for with.
`device_id`: the device with which it goes; NULL for none (an adoption before step 10)."""

from typing import NamedTuple

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE backup (
        account_id BIGINT PRIMARY KEY REFERENCES account (id),
        lookup {bytes} NOT NULL,
        adoption_key {bytes} NOT NULL,
        record {bytes} NOT NULL,
        blob_name {bytes} NOT NULL,
        device_id BIGINT REFERENCES device (id),
        kept_at_ms BIGINT NOT NULL
    )""",
    "CREATE INDEX backup_blob ON backup (blob_name)",
)

CURRENT = (
    """CREATE TABLE recovery_key (
        account_id BIGINT PRIMARY KEY REFERENCES account (id),
        lookup {bytes} NOT NULL
    )""",
    "INSERT INTO recovery_key (account_id, lookup) SELECT account_id, lookup FROM backup",
)
"""Which recovery key counts, by its lookup, also when its backup is gone; empty: they are off."""


class BackupRow(NamedTuple):
    """One account's backup."""

    lookup: bytes
    adoption_key: bytes
    record: bytes
    blob_name: bytes
    kept_at_ms: int


async def keep(tx: Transaction, account_key: int, device_key: int, row: BackupRow) -> None:
    """In place of the one before; its recovery key counts from now on."""
    await _forget(tx, account_key)
    await _count(tx, account_key, row.lookup)
    await tx.execute(
        "INSERT INTO backup (account_id, lookup, adoption_key, record, blob_name, device_id, "
        "kept_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        account_key,
        row.lookup,
        row.adoption_key,
        row.record,
        row.blob_name,
        device_key,
        row.kept_at_ms,
    )


async def of_account(tx: Transaction, account_key: int) -> BackupRow | None:
    """The account's backup."""
    rows = await tx.fetch(
        "SELECT lookup, adoption_key, record, blob_name, kept_at_ms FROM backup "
        "WHERE account_id = $1",
        account_key,
    )
    if not rows:
        return None
    lookup, adoption_key, record, blob_name, kept_at_ms = rows[0]
    return BackupRow(
        bytes(lookup), bytes(adoption_key), bytes(record), bytes(blob_name), kept_at_ms
    )


async def current(tx: Transaction, account_key: int) -> bytes | None:
    """The lookup of the recovery key that counts; empty: none, backups are off; None: there never
    was one."""
    rows = await tx.fetch("SELECT lookup FROM recovery_key WHERE account_id = $1", account_key)
    return bytes(rows[0][0]) if rows else None


async def adopted(tx: Transaction, account_key: int, uri: str) -> None:
    """It is the device's of this URI now, whatever becomes of the one that kept it."""
    await tx.execute(
        "UPDATE backup SET device_id = (SELECT id FROM device WHERE uri = $2) "
        "WHERE account_id = $1",
        account_key,
        uri,
    )


async def forget_of_device(tx: Transaction, device_key: int) -> None:
    """A device that is removed takes with it what it kept: the keys in it may be a thief's."""
    await tx.execute("DELETE FROM backup WHERE device_id = $1", device_key)


async def stop(tx: Transaction, account_key: int) -> None:
    """The account has none any more, and no recovery key that counts."""
    await _forget(tx, account_key)
    await _count(tx, account_key, b"")


async def _forget(tx: Transaction, account_key: int) -> None:
    await tx.execute("DELETE FROM backup WHERE account_id = $1", account_key)


async def _count(tx: Transaction, account_key: int, lookup: bytes) -> None:
    await tx.execute(
        "INSERT INTO recovery_key (account_id, lookup) VALUES ($1, $2) "
        "ON CONFLICT (account_id) DO UPDATE SET lookup = $2",
        account_key,
        lookup,
    )

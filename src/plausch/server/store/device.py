"""Devices: a row stays when its device is no longer listed, because envelopes name their sender."""

from collections.abc import Sequence
from sys import intern

from plausch.db.interface import Bulk, Row, Transaction
from plausch.server.records import DeviceRecord

TABLES = (
    """CREATE TABLE device (
        id {serial},
        account_id BIGINT NOT NULL REFERENCES account (id),
        uri TEXT NOT NULL UNIQUE,
        signature_key {bytes} NOT NULL,
        certificate {bytes} NOT NULL,
        listed BIGINT NOT NULL CHECK (listed IN (0, 1)),
        listed_at_ms BIGINT NOT NULL,
        seen_at_ms BIGINT NOT NULL,
        mailbox_head BIGINT NOT NULL
    )""",
    "CREATE INDEX device_account ON device (account_id)",
)

_SELECT = (
    "SELECT d.id, d.uri, d.account_id, a.name, a.kind, d.signature_key, "
    "a.identity_key "
    "FROM device d JOIN account a ON a.id = d.account_id "
)
_BY_URIS = Bulk(
    _SELECT + "JOIN ({rows}) AS v ON d.uri = v.column1 WHERE d.listed = 1",
    ("text",),
)
_BY_KEYS = Bulk(
    _SELECT + "JOIN ({rows}) AS v ON d.id = v.column1 WHERE d.listed = 1",
    ("int",),
)

# Locked in the order of their keys, as everywhere: two servers cannot deadlock.
_SEEN = Bulk(
    "WITH given AS ({rows}), "
    "held AS (SELECT id FROM device WHERE id IN (SELECT column1 FROM given) AND listed = 1 "
    "ORDER BY id {for_update}) "
    "UPDATE device SET seen_at_ms = given.column2 FROM given WHERE device.id = given.column1 "
    "AND device.id IN (SELECT id FROM held) AND device.listed = 1 RETURNING device.id",
    ("int", "int"),
)


def _record(row: Row) -> DeviceRecord:
    """Every connection keeps one: the kinds are one text each, not one for every device."""
    key, uri, account_key, name, kind, signature_key, identity_key = row
    return DeviceRecord(key, uri, account_key, name, intern(kind), signature_key, identity_key)


async def add(
    tx: Transaction,
    account_key: int,
    uri: str,
    signature_key: bytes,
    certificate: bytes,
    at_ms: int,
) -> int:
    """A newly listed device's key. Raises ConstraintViolated when the URI was used before."""
    rows = await tx.fetch(
        "INSERT INTO device (account_id, uri, signature_key, certificate, listed, listed_at_ms, "
        "seen_at_ms, mailbox_head) VALUES ($1, $2, $3, $4, 1, $5, $5, 0) RETURNING id",
        account_key,
        uri,
        signature_key,
        certificate,
        at_ms,
    )
    return int(rows[0][0])


async def by_uri(tx: Transaction, uri: str) -> DeviceRecord | None:
    """The listed device of that URI."""
    rows = await tx.fetch(_SELECT + "WHERE d.uri = $1 AND d.listed = 1", uri)
    return _record(rows[0]) if rows else None


async def by_uris(tx: Transaction, uris: Sequence[str]) -> dict[str, DeviceRecord]:
    """Those of the devices that are listed, by URI."""
    rows = await tx.fetch_bulk(_BY_URIS, [(uri,) for uri in uris])
    return {row[1]: _record(row) for row in rows}


async def by_keys(tx: Transaction, keys: Sequence[int]) -> dict[int, DeviceRecord]:
    """Those of the devices that are listed, by key."""
    rows = await tx.fetch_bulk(_BY_KEYS, [(key,) for key in keys])
    return {row[0]: _record(row) for row in rows}


async def hold(tx: Transaction, key: int) -> bool:
    """Whether the device is listed; it stays so, and its requests elsewhere wait, until this
    transaction ends."""
    rows = await tx.fetch("SELECT listed FROM device WHERE id = $1 {for_update}", key)
    return bool(rows[0][0])


async def of_account(tx: Transaction, account_key: int) -> list[DeviceRecord]:
    """The account's listed devices."""
    rows = await tx.fetch(
        _SELECT + "WHERE d.account_id = $1 AND d.listed = 1 ORDER BY d.id", account_key
    )
    return [_record(row) for row in rows]


async def times(tx: Transaction, account_key: int) -> list[tuple[str, int, int]]:
    """(URI, listed at, seen at in ms) of the account's listed devices."""
    rows = await tx.fetch(
        "SELECT uri, listed_at_ms, seen_at_ms FROM device WHERE account_id = $1 AND listed = 1 "
        "ORDER BY id",
        account_key,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def unlisted(tx: Transaction, account_key: int) -> list[str]:
    """URIs of the devices that the account's list named once and names no longer."""
    rows = await tx.fetch(
        "SELECT uri FROM device WHERE account_id = $1 AND listed = 0 ORDER BY uri", account_key
    )
    return [str(row[0]) for row in rows]


async def unlisted_key(tx: Transaction, uri: str) -> bytes | None:
    """The signature key of a device that was listed once and is no longer."""
    rows = await tx.fetch("SELECT signature_key FROM device WHERE uri = $1 AND listed = 0", uri)
    return bytes(rows[0][0]) if rows else None


async def new_since(tx: Transaction, account_key: int, since_ms: int) -> int:
    """How many devices the account has listed for the first time since then."""
    rows = await tx.fetch(
        "SELECT count(*) FROM device WHERE account_id = $1 AND listed_at_ms > $2",
        account_key,
        since_ms,
    )
    return int(rows[0][0])


async def certificate(tx: Transaction, key: int) -> bytes:
    """The device's newest certificate."""
    rows = await tx.fetch("SELECT certificate FROM device WHERE id = $1", key)
    return bytes(rows[0][0])


async def renew(tx: Transaction, key: int, new_certificate: bytes) -> None:
    """Replace a listed device's certificate."""
    await tx.execute("UPDATE device SET certificate = $2 WHERE id = $1", key, new_certificate)


async def unlist(tx: Transaction, key: int) -> None:
    """The device is no longer in its account's list."""
    await tx.execute("UPDATE device SET listed = 0 WHERE id = $1", key)


async def seen(tx: Transaction, keys: Sequence[int], at_ms: int) -> list[int]:
    """These devices have logged in; those of them that are listed."""
    rows = await tx.fetch_bulk(_SEEN, [(key, at_ms) for key in keys])
    return [row[0] for row in rows]

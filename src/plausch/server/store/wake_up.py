"""Wake-ups: where a push service reaches a device, and the key by which the server signs. One
endpoint for a device; one device of an account for an endpoint, because who links a browser anew
has left the device before. Devices of two accounts may share one: a browser has one endpoint and
room for two accounts, and a third comes in the place of the one that is there for longer."""

from collections.abc import Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE wake_up (
        device_id BIGINT PRIMARY KEY REFERENCES device (id),
        endpoint TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE wake_up_key (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        private {bytes} NOT NULL
    )""",
)

SHARED = (
    """CREATE TABLE shared_wake_up (
        device_id BIGINT PRIMARY KEY REFERENCES device (id),
        account_id BIGINT NOT NULL REFERENCES account (id),
        endpoint TEXT NOT NULL,
        set_at_ms BIGINT NOT NULL,
        UNIQUE (endpoint, account_id)
    )""",
    """INSERT INTO shared_wake_up (device_id, account_id, endpoint, set_at_ms)
        SELECT w.device_id, d.account_id, w.endpoint, 0
        FROM wake_up w JOIN device d ON d.id = w.device_id""",
    "DROP TABLE wake_up",
    "ALTER TABLE shared_wake_up RENAME TO wake_up",
)

_OF = Bulk(
    "SELECT d.id, d.uri, w.endpoint FROM wake_up w "
    "JOIN device d ON d.id = w.device_id JOIN ({rows}) AS v ON d.uri = v.column1 "
    "WHERE d.listed = 1",
    ("text",),
)


class WakeUpRow(NamedTuple):
    """A device that wants to be woken."""

    device_key: int
    uri: str
    endpoint: str


async def put(
    tx: Transaction, device_key: int, account_key: int, endpoint: str, at_ms: int
) -> None:
    """The device's endpoint from now on; beside it of one device of one other account at most."""
    await tx.execute(
        "DELETE FROM wake_up WHERE endpoint = $1 AND device_id <> $2 AND device_id NOT IN ("
        "SELECT device_id FROM wake_up WHERE endpoint = $1 AND account_id <> $3 "
        "ORDER BY set_at_ms DESC, device_id DESC LIMIT 1)",
        endpoint,
        device_key,
        account_key,
    )
    await tx.execute(
        "INSERT INTO wake_up (device_id, account_id, endpoint, set_at_ms) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (device_id) DO UPDATE SET endpoint = $3, set_at_ms = $4",
        device_key,
        account_key,
        endpoint,
        at_ms,
    )


async def drop(tx: Transaction, device_key: int) -> None:
    """The device is woken no more."""
    await tx.execute("DELETE FROM wake_up WHERE device_id = $1", device_key)


async def gone(tx: Transaction, device_key: int, endpoint: str) -> None:
    """The endpoint is dead; the device may have another one by now, which stays."""
    await tx.execute(
        "DELETE FROM wake_up WHERE device_id = $1 AND endpoint = $2", device_key, endpoint
    )


async def of(tx: Transaction, uris: Sequence[str]) -> list[WakeUpRow]:
    """Those of the devices that are listed and want to be woken."""
    return [WakeUpRow(*row) for row in await tx.fetch_bulk(_OF, [(uri,) for uri in uris])]


async def private_key(tx: Transaction, fresh: bytes) -> bytes:
    """The server's private key; `fresh` becomes it when there is none yet."""
    await tx.execute(
        "INSERT INTO wake_up_key (id, private) VALUES (1, $1) ON CONFLICT (id) DO NOTHING", fresh
    )
    rows = await tx.fetch("SELECT private FROM wake_up_key")
    return bytes(rows[0][0])

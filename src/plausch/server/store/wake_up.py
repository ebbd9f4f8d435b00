"""Wake-ups: where a push service reaches a device, and the key by which the server signs. One
endpoint for a device, one device for an endpoint: a browser in which an account was erased must
not be woken for it."""

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


async def put(tx: Transaction, device_key: int, endpoint: str) -> None:
    """The device's endpoint from now on, and no other device's."""
    await tx.execute(
        "DELETE FROM wake_up WHERE endpoint = $1 AND device_id <> $2", endpoint, device_key
    )
    await tx.execute(
        "INSERT INTO wake_up (device_id, endpoint) VALUES ($1, $2) "
        "ON CONFLICT (device_id) DO UPDATE SET endpoint = $2",
        device_key,
        endpoint,
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

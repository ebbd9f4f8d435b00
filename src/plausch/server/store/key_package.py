"""Key packages that wait to be claimed. Claiming deletes: none is handed out twice."""

from collections.abc import Sequence

from plausch.db.interface import Bulk, Transaction
from plausch.server.store import claimed

TABLES = (
    """CREATE TABLE key_package (
        id {serial},
        device_id BIGINT NOT NULL REFERENCES device (id),
        suite BIGINT NOT NULL,
        last_resort BIGINT NOT NULL CHECK (last_resort IN (0, 1)),
        expires_s BIGINT NOT NULL,
        ref {bytes} NOT NULL UNIQUE,
        message {bytes} NOT NULL
    )""",
    "CREATE INDEX key_package_device ON key_package (device_id, suite, last_resort)",
)


_ADD = Bulk(
    "INSERT INTO key_package (device_id, suite, last_resort, expires_s, ref, message) {rows}",
    ("int", "int", "int", "int", "bytes", "bytes"),
)

_COUNTS = Bulk(
    "SELECT p.device_id, p.last_resort, count(*) FROM key_package p JOIN ({rows}) AS v "
    "ON p.device_id = v.column1 WHERE p.device_id {one_of_first} AND p.expires_s > v.column2 "
    "GROUP BY p.device_id, p.last_resort",
    ("int", "int"),
)


async def add(tx: Transaction, rows: Sequence[tuple[int, int, int, int, bytes, bytes]]) -> None:
    """Rows of (device key, suite, last_resort, expires_s, ref, message).

    Raises ConstraintViolated when a package is there already.
    """
    await tx.fetch_bulk(_ADD, rows)


async def known(tx: Transaction, device_key: int) -> set[bytes]:
    """The refs of the device's packages that wait, or were handed out and are not out of date."""
    rows = await tx.fetch("SELECT ref FROM key_package WHERE device_id = $1", device_key)
    return {bytes(row[0]) for row in rows} | await claimed.of(tx, device_key)


async def claim(tx: Transaction, device_key: int, suite: int, now_s: int) -> bytes | None:
    """Take the oldest valid package, or a copy of the last resort, or nothing.

    PostgreSQL judges the outer condition again after waiting for another claimer, so that two
    can never both delete one row; the loser takes the next.
    """
    while True:
        rows = await tx.fetch(
            "SELECT id FROM key_package WHERE device_id = $1 AND suite = $2 AND last_resort = 0 "
            "AND expires_s > $3 ORDER BY id LIMIT 1",
            device_key,
            suite,
            now_s,
        )
        if not rows:
            break
        taken = await tx.fetch(
            "DELETE FROM key_package WHERE device_id = $1 AND id = $2 "
            "RETURNING message, ref, expires_s",
            device_key,
            rows[0][0],
        )
        if taken:
            message, ref, expires_s = taken[0]
            await claimed.remember(tx, device_key, bytes(ref), expires_s)
            return bytes(message)
    rows = await tx.fetch(
        "SELECT message FROM key_package WHERE device_id = $1 AND suite = $2 AND last_resort = 1 "
        "AND expires_s > $3 ORDER BY id DESC LIMIT 1",
        device_key,
        suite,
        now_s,
    )
    return bytes(rows[0][0]) if rows else None


async def count(tx: Transaction, device_key: int, now_s: int) -> tuple[int, int]:
    """How many single-use and how many last-resort packages are valid."""
    rows = await tx.fetch(
        "SELECT last_resort, count(*) FROM key_package WHERE device_id = $1 AND expires_s > $2 "
        "GROUP BY last_resort",
        device_key,
        now_s,
    )
    counts = {row[0]: int(row[1]) for row in rows}
    return counts.get(0, 0), counts.get(1, 0)


async def counts(
    tx: Transaction, device_keys: Sequence[int], now_s: int
) -> dict[int, tuple[int, bool]]:
    """(valid single-use packages, whether there is a last resort) of the devices that have any."""
    single: dict[int, int] = {}
    last: set[int] = set()
    for key, is_last, count in await tx.fetch_bulk(_COUNTS, [(key, now_s) for key in device_keys]):
        if is_last:
            last.add(key)
        else:
            single[key] = int(count)
    return {key: (single.get(key, 0), key in last) for key in single.keys() | last}


async def drop_last_resort(tx: Transaction, device_key: int, suite: int) -> None:
    """Forget the last resort of one suite."""
    await tx.execute(
        "DELETE FROM key_package WHERE device_id = $1 AND suite = $2 AND last_resort = 1",
        device_key,
        suite,
    )


async def drop_all(tx: Transaction, device_key: int) -> None:
    """Forget all of a device's packages."""
    await tx.execute("DELETE FROM key_package WHERE device_id = $1", device_key)


async def forget_expired(tx: Transaction, device_key: int, now_s: int) -> None:
    """Delete what nobody could use any more."""
    await tx.execute(
        "DELETE FROM key_package WHERE device_id = $1 AND expires_s <= $2", device_key, now_s
    )
    await claimed.forget_expired(tx, device_key, now_s)

"""The key package table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import key_package


def row(device: int, name: bytes, *, last: int = 0, suite: int = 1, expires_s: int = 100):  # type: ignore[no-untyped-def]
    return device, suite, last, expires_s, b"ref " + name, name


async def test_the_oldest_goes_first_then_the_last_resort_for_ever(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[bytes | None]:
        packages = [row(rows.phone, b"a"), row(rows.phone, b"b"), row(rows.phone, b"z", last=1)]
        await key_package.add(tx, packages)
        return [await key_package.claim(tx, rows.phone, 1, 50) for _ in range(4)]

    assert await rows.run(body) == [b"a", b"b", b"z", b"z"]


async def test_other_suites_devices_and_expired_ones_are_not_taken(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        await key_package.add(
            tx,
            [
                row(rows.phone, b"suite", suite=2),
                row(rows.till, b"device"),
                row(rows.phone, b"old", expires_s=50),
                row(rows.phone, b"old last", expires_s=50, last=1),
            ],
        )
        claimed = await key_package.claim(tx, rows.phone, 1, 50)
        counted = await key_package.count(tx, rows.phone, 50)
        await key_package.forget_expired(tx, rows.phone, 50)
        return [claimed, counted, await key_package.known(tx, rows.phone)]

    assert await rows.run(body) == [None, (1, 0), {b"ref suite"}]


async def test_dropping(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        await key_package.add(tx, [row(rows.phone, b"a"), row(rows.phone, b"z", last=1)])
        await key_package.drop_last_resort(tx, rows.phone, 2)
        other_suite = await key_package.count(tx, rows.phone, 0)
        await key_package.drop_last_resort(tx, rows.phone, 1)
        without_last = await key_package.count(tx, rows.phone, 0)
        await key_package.drop_all(tx, rows.phone)
        return [other_suite, without_last, await key_package.count(tx, rows.phone, 0)]

    assert await rows.run(body) == [(1, 1), (1, 0), (0, 0)]


async def test_a_package_is_stored_once(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> None:
        await key_package.add(tx, [row(rows.phone, b"a"), row(rows.till, b"a")])

    with pytest.raises(ConstraintViolated):
        await rows.run(body)

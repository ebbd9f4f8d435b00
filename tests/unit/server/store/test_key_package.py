"""The key package table."""

import asyncio

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import key_package
from unit.server.store.conftest import Rows


def row(device: int, name: bytes, *, last: int = 0, suite: int = 1, expires_s: int = 100):  # type: ignore[no-untyped-def]
    return device, suite, last, expires_s, b"ref " + name, name


async def test_the_oldest_goes_first_then_the_last_resort_for_ever(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[bytes | None]:
        packages = [row(rows.phone, b"a"), row(rows.phone, b"b"), row(rows.phone, b"z", last=1)]
        await key_package.add(tx, packages)
        return [await key_package.claim(tx, rows.phone, 1, 50) for _ in range(4)]

    assert await rows.run(body) == [b"a", b"b", b"z", b"z"]


async def test_other_suites_devices_and_expired_ones_are_not_taken(rows: Rows) -> None:
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


async def test_many_devices_are_counted_at_once(rows: Rows) -> None:
    async def body(tx: Transaction) -> object:
        await key_package.add(
            tx,
            [
                row(rows.phone, b"a"),
                row(rows.phone, b"b", suite=2),
                row(rows.phone, b"old", expires_s=50),
                row(rows.phone, b"y", last=1),
                row(rows.phone, b"z", last=1, suite=2),
                row(rows.till, b"last", last=1),
            ],
        )
        return await key_package.counts(tx, [rows.phone, rows.till, 999], 50)

    assert await rows.run(body) == {rows.phone: (2, True), rows.till: (0, True)}


async def test_dropping(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        await key_package.add(tx, [row(rows.phone, b"a"), row(rows.phone, b"z", last=1)])
        await key_package.drop_last_resort(tx, rows.phone, 2)
        other_suite = await key_package.count(tx, rows.phone, 0)
        await key_package.drop_last_resort(tx, rows.phone, 1)
        without_last = await key_package.count(tx, rows.phone, 0)
        await key_package.drop_all(tx, rows.phone)
        return [other_suite, without_last, await key_package.count(tx, rows.phone, 0)]

    assert await rows.run(body) == [(1, 1), (1, 0), (0, 0)]


async def test_a_package_is_stored_once(rows: Rows) -> None:
    async def body(tx: Transaction) -> None:
        await key_package.add(tx, [row(rows.phone, b"a"), row(rows.till, b"a")])

    with pytest.raises(ConstraintViolated):
        await rows.run(body)


async def test_of_many_claims_at_once_each_has_its_own_package(rows: Rows) -> None:
    async def fill(tx: Transaction) -> None:
        await key_package.add(tx, [row(rows.phone, bytes([number])) for number in range(20)])

    async def claim(tx: Transaction) -> bytes | None:
        return await key_package.claim(tx, rows.phone, 1, 50)

    await rows.run(fill)
    claimed = await asyncio.gather(*[rows.run(claim) for _ in range(25)])
    assert claimed[:20] == [bytes([number]) for number in range(20)]
    assert claimed[20:] == [None] * 5


async def test_a_claim_that_is_undone_gives_its_package_back(rows: Rows) -> None:
    async def fill(tx: Transaction) -> None:
        await key_package.add(tx, [row(rows.phone, b"a")])

    async def refused(tx: Transaction) -> None:
        assert await key_package.claim(tx, rows.phone, 1, 50) == b"a"
        raise LookupError

    async def claim(tx: Transaction) -> bytes | None:
        return await key_package.claim(tx, rows.phone, 1, 50)

    await rows.run(fill)
    with pytest.raises(LookupError):
        await rows.run(refused)
    assert [await rows.run(claim) for _ in range(2)] == [b"a", None]


async def test_a_package_is_good_before_its_second_and_not_in_it(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        await key_package.add(
            tx, [row(rows.phone, b"a", expires_s=50), row(rows.phone, b"z", last=1, expires_s=60)]
        )
        found: list[object] = []
        for now_s in (49, 50, 59, 60):
            found.append(await key_package.count(tx, rows.phone, now_s))
        found += [await key_package.claim(tx, rows.phone, 1, now_s) for now_s in (50, 49, 60)]
        return found

    assert await rows.run(body) == [(1, 1), (0, 1), (0, 1), (0, 0), b"z", b"a", None]


async def test_the_newest_last_resort_is_handed_out(rows: Rows) -> None:
    async def body(tx: Transaction) -> bytes | None:
        for name in (b"older", b"newer"):
            await key_package.add(tx, [row(rows.phone, name, last=1)])
        return await key_package.claim(tx, rows.phone, 1, 50)

    assert await rows.run(body) == b"newer"


async def test_an_expired_one_in_front_does_not_hide_the_good_ones(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        names = ((b"old", 10), (b"good", 100), (b"older", 5))
        await key_package.add(tx, [row(rows.phone, name, expires_s=end) for name, end in names])
        claimed = await key_package.claim(tx, rows.phone, 1, 50)
        return [claimed, await key_package.known(tx, rows.phone)]

    assert await rows.run(body) == [b"good", {b"ref old", b"ref good", b"ref older"}]


async def test_dropping_and_expiring_stay_within_the_device(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        for name, who in ((b"p", rows.phone), (b"t", rows.till)):
            await key_package.add(tx, [row(who, name, expires_s=10), row(who, name + b"z", last=1)])
        await key_package.forget_expired(tx, rows.phone, 10)
        await key_package.drop_last_resort(tx, rows.phone, 1)
        await key_package.drop_all(tx, rows.phone)
        return [await key_package.known(tx, one) for one in (rows.phone, rows.till)]

    assert await rows.run(body) == [set(), {b"ref t", b"ref tz"}]


async def test_a_package_belongs_to_a_device_and_is_single_or_last(rows: Rows) -> None:
    for bad in (row(999, b"a"), row(rows.phone, b"a", last=2)):

        async def body(tx: Transaction, bad=bad) -> None:  # type: ignore[no-untyped-def]
            await key_package.add(tx, [bad])

        with pytest.raises(ConstraintViolated):
            await rows.run(body)

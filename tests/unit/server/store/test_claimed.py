"""Key packages that were handed out."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import claimed


async def test_a_claimed_package_is_remembered_until_it_expires(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[set[bytes]]:
        await claimed.remember(tx, rows.phone, b"early", 100)
        await claimed.remember(tx, rows.phone, b"late", 200)
        await claimed.remember(tx, rows.till, b"theirs", 100)
        found = [await claimed.of(tx, rows.phone)]
        for now_s in (99, 100, 200):
            await claimed.forget_expired(tx, rows.phone, now_s)
            found.append(await claimed.of(tx, rows.phone))
        return [*found, await claimed.of(tx, rows.till)]

    both = {b"early", b"late"}
    assert await rows.run(body) == [both, both, {b"late"}, set(), {b"theirs"}]


async def test_no_package_is_handed_out_twice(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> None:
        for _ in range(2):
            await claimed.remember(tx, rows.phone, b"ref", 100)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)

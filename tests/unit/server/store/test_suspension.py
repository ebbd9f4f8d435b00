"""Who is suspended."""

from plausch.db.interface import Transaction
from plausch.server.store import suspension
from plausch.server.store.suspension import Suspended


async def test_a_suspension_ends_and_a_removal_does_not(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        found: list[object] = [await suspension.of(tx, rows.anna)]
        await suspension.add(tx, rows.anna, 5, is_removed=False)
        await suspension.add(tx, rows.anna, 6, is_removed=False)
        found.append(await suspension.of(tx, rows.anna))
        await suspension.end(tx, rows.anna)
        found.append(await suspension.of(tx, rows.anna))
        await suspension.add(tx, rows.anna, 7, is_removed=False)
        for at_ms, is_removed in ((8, True), (9, True), (10, False)):
            await suspension.add(tx, rows.anna, at_ms, is_removed=is_removed)
        await suspension.end(tx, rows.anna)
        return [*found, await suspension.of(tx, rows.anna), await suspension.of(tx, rows.cem)]

    assert await rows.run(body) == [None, Suspended(5, False), None, Suspended(8, True), None]


async def test_the_keys_of_all(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[frozenset[int]]:
        before = await suspension.keys(tx)
        for key in (rows.anna, rows.cem):
            await suspension.add(tx, key, 5, is_removed=key == rows.cem)
        return [before, await suspension.keys(tx)]

    assert await rows.run(body) == [frozenset(), {rows.anna, rows.cem}]


async def test_the_suspended_ones_among_some(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[frozenset[int]]:
        await suspension.add(tx, rows.cem, 5, is_removed=False)
        return [await suspension.among(tx, some) for some in ((rows.anna, rows.cem), (), (999,))]

    assert await rows.run(body) == [frozenset({rows.cem}), frozenset(), frozenset()]

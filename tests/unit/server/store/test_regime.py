"""The row of what is ordered."""

from plausch.db.interface import Transaction
from plausch.server.store import regime
from plausch.server.store.regime import RegimeRow


async def test_maintenance_keeps_its_beginning_until_it_is_over(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[RegimeRow]:
        found = [await regime.get(tx)]
        for order in ((5, 9, "once"), (7, 0, "again"), (0, 0, ""), (8, 0, "")):
            await regime.maintain(tx, *order)
            found.append(await regime.get(tx))
        return found

    assert await rows.run(body) == [
        RegimeRow(),
        RegimeRow(0, 5, 9, "once"),
        RegimeRow(0, 5, 0, "again"),
        RegimeRow(),
        RegimeRow(0, 8, 0, ""),
    ]


async def test_revisions_grow_and_leave_maintenance_alone(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[RegimeRow]:
        await regime.revise(tx)
        first = await regime.get(tx)
        await regime.maintain(tx, 5, 9, "words")
        await regime.revise(tx)
        return [first, await regime.get(tx)]

    assert await rows.run(body) == [RegimeRow(1), RegimeRow(2, 5, 9, "words")]

"""The stays of devices in logs."""

from plausch.db.interface import Transaction
from plausch.server.store import stay


async def test_stays_begin_and_end(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await stay.begin(tx, key, [rows.phone, rows.till], 2)
        await stay.end(tx, key, [rows.till], 5)
        await stay.begin(tx, key, [rows.till], 9)
        await stay.end(tx, key, [rows.till], 12)
        return [
            await stay.of(tx, key, rows.phone),
            await stay.of(tx, key, rows.till),
            await stay.of(tx, key, 999),
        ]

    assert await rows.run(body) == [[(2, -1)], [(2, 5), (9, 12)], []]

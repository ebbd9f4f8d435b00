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


async def test_who_may_read_an_envelope(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[list[str]]:
        await stay.begin(tx, key, [rows.phone], 2)
        await stay.begin(tx, key, [rows.till], 4)
        await stay.end(tx, key, [rows.till], 5)
        return [await stay.readers(tx, key, seq) for seq in range(1, 7)]

    both = ["uri:phone", "uri:till"]
    assert await rows.run(body) == [[], both[:1], both[:1], both, both, both[:1]]


async def test_who_took_part_is_asked_by_account(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[bool]:
        await stay.begin(tx, rows.conversation, [rows.till], 2)
        await stay.end(tx, rows.conversation, [rows.till], 5)
        return [
            await stay.took_part(tx, b"C" * 16, rows.cem),
            await stay.took_part(tx, b"C" * 16, rows.anna),
            await stay.took_part(tx, b"D" * 16, rows.cem),
        ]

    assert await rows.run(body) == [True, False, False]

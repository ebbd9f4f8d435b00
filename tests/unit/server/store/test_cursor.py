"""The cursor table."""

from plausch.db.interface import Transaction
from plausch.server.store import conversation, cursor
from plausch.server.store.cursor import MovedRow


async def test_cursors_advance_within_their_bounds(rows) -> None:  # type: ignore[no-untyped-def]
    key, phone, till = rows.conversation, rows.phone, rows.till

    async def body(tx: Transaction) -> list[object]:
        await conversation.grow(tx, [(key, 0, 10)])
        await cursor.begin(tx, key, [phone, till], 2)
        await cursor.end(tx, key, [till], 6)
        return [
            await cursor.advance(tx, [(key, phone, 5), (key, till, 5)]),
            await cursor.advance(tx, [(key, phone, 4)]),
            await cursor.advance(tx, [(key, phone, 11)]),
            await cursor.advance(tx, [(key, till, 7)]),
            await cursor.advance(tx, [(key, 999, 7)]),
        ]

    first, *rest = await rows.run(body)
    assert sorted(first) == [(key, phone, 5), (key, till, 5)]
    assert rest == [[], [], [], []]


async def test_what_moved_and_what_everybody_has(rows) -> None:  # type: ignore[no-untyped-def]
    key, phone, till = rows.conversation, rows.phone, rows.till

    async def body(tx: Transaction) -> list[object]:
        nobody = await cursor.acknowledged_by_all(tx, [key])
        await conversation.grow(tx, [(key, 0, 10)])
        await cursor.begin(tx, key, [phone], 8)
        await cursor.begin(tx, key, [till], 2)
        await cursor.end(tx, key, [till], 6)
        return [
            nobody,
            await cursor.moved(tx, phone, 0, 5),
            await cursor.moved(tx, till, 0, 5),
            await cursor.all_moved(tx, [till, phone, 999]),
            await cursor.acknowledged_by_all(tx, [key, 999]),
            await cursor.advance(tx, [(key, till, 6)]),
            await cursor.moved(tx, till, 0, 5),
            await cursor.all_moved(tx, [till]),
            await cursor.counts(tx, [phone, till, 999]),
            await cursor.acknowledged_by_all(tx, [key, 999]),
        ]

    assert await rows.run(body) == [
        {},
        [MovedRow(b"C" * 16, 8, 10, 0)],
        [MovedRow(b"C" * 16, 2, 6, 0)],
        {phone: [MovedRow(b"C" * 16, 8, 10, 0)], till: [MovedRow(b"C" * 16, 2, 6, 0)]},
        {key: 2},
        [(key, till, 6)],
        [],
        {},
        {phone: 1, till: 1},
        {key: 8},
    ]


async def test_who_comes_back_goes_on_where_it_was(rows) -> None:  # type: ignore[no-untyped-def]
    key, phone = rows.conversation, rows.phone

    async def body(tx: Transaction) -> list[MovedRow]:
        await conversation.grow(tx, [(key, 0, 10)])
        await cursor.begin(tx, key, [phone], 2)
        await cursor.end(tx, key, [phone], 6)
        await cursor.begin(tx, key, [phone], 9)
        return await cursor.moved(tx, phone, 0, 5)

    assert await rows.run(body) == [MovedRow(b"C" * 16, 2, 10, 0)]


async def test_what_moved_is_gone_through_in_the_order_of_the_keys(rows) -> None:  # type: ignore[no-untyped-def]
    phone, till = rows.phone, rows.till

    async def body(tx: Transaction) -> list[object]:
        other = await conversation.add(tx, b"A" * 16, 1, b"digest", till, 5)
        for one in (other, rows.conversation):
            await conversation.grow(tx, [(one, 0, 3)])
            await cursor.begin(tx, one, [phone], 1)
        first, last = sorted((other, rows.conversation))
        ids = {other: b"A" * 16, rows.conversation: b"C" * 16}
        return [
            [one.conversation for one in await cursor.moved(tx, phone, 0, 1)] == [ids[first]],
            [one.conversation for one in await cursor.moved(tx, phone, first, 9)] == [ids[last]],
            [one.conversation for one in (await cursor.all_moved(tx, [phone]))[phone]]
            == [ids[first], ids[last]],
            await cursor.moved(tx, phone, last, 9) == [],
            await cursor.place(tx, phone, b"C" * 16) == rows.conversation,
            await cursor.place(tx, phone, b"A" * 16) == other,
            await cursor.place(tx, phone, b"X" * 16) is None,
            await cursor.place(tx, till, b"A" * 16) is None,
        ]

    assert await rows.run(body) == [True] * 8

"""The conversation table: where order comes from."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import conversation
from plausch.server.store.conversation import Standing


async def test_a_conversation_begins_empty(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        return [
            await conversation.find(tx, b"C" * 16),
            await conversation.find(tx, b"D" * 16),
            await conversation.origin(tx, rows.conversation),
            await conversation.after(tx, 0, 10),
        ]

    assert await rows.run(body) == [
        Standing(rows.conversation, 1, 0, 0),
        None,
        (rows.phone, b"digest"),
        [],
    ]


async def test_room_is_made_only_in_the_right_epoch(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        return [
            await conversation.grow(tx, [(key, 0, 3)]),
            await conversation.grow(tx, [(key, 1, 1), (999, 0, 1)]),
            await conversation.advance(tx, key, 0),
            await conversation.advance(tx, key, 0),
            await conversation.grow(tx, [(key, 1, 2)]),
            await conversation.standings(tx, [key, 999]),
        ]

    assert await rows.run(body) == [{key: 3}, {}, 4, None, {key: 6}, {key: (1, 6)}]


async def test_pages_for_sweeping(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await conversation.grow(tx, [(key, 0, 3)])
        first = await conversation.after(tx, 0, 10)
        await conversation.keep_from(tx, key, 3)
        await conversation.keep_from(tx, key, 2)  # never backwards
        second = await conversation.after(tx, 0, 10)
        await conversation.keep_from(tx, key, 4)
        return [first, second, await conversation.after(tx, 0, 10)]

    assert await rows.run(body) == [[(key, 1, 3)], [(key, 3, 3)], []]


async def test_ids_are_unique_and_beginnings_counted(rows) -> None:  # type: ignore[no-untyped-def]
    async def count(tx: Transaction) -> tuple[int, int]:
        return (
            await conversation.created_since(tx, rows.phone, 4),
            await conversation.created_since(tx, rows.phone, 5),
        )

    assert await rows.run(count) == (1, 0)

    async def again(tx: Transaction) -> int:
        return await conversation.add(tx, b"C" * 16, 1, b"", rows.phone, 9)

    with pytest.raises(ConstraintViolated):
        await rows.run(again)

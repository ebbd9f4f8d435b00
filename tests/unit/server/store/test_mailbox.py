"""The mailboxes."""

from plausch.db.interface import Transaction
from plausch.server.store import mailbox
from plausch.server.store.mailbox import Item


async def test_one_welcome_lies_in_many_mailboxes(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        first = await mailbox.add(tx, key, 4, 7, rows.phone, b"welcome", [rows.phone, rows.till])
        second = await mailbox.add(tx, key, 9, 8, rows.phone, b"another", [rows.till])
        return [
            first,
            second,
            await mailbox.read(tx, rows.till, 0, 9),
            await mailbox.read(tx, rows.till, 1, 9),
            await mailbox.sizes(tx, rows.till, 0, 1),
            await mailbox.count(tx, rows.till),
        ]

    items = [
        Item(1, b"C" * 16, 4, 7, "uri:phone", b"welcome"),
        Item(2, b"C" * 16, 9, 8, "uri:phone", b"another"),
    ]
    assert await rows.run(body) == [
        {rows.phone: 1, rows.till: 1},
        {rows.till: 2},
        items,
        items[1:],
        [(1, 7)],
        2,
    ]


async def test_a_welcome_goes_with_its_last_item(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def left(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT count(*) FROM welcome"))[0][0])

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 4, 7, rows.phone, b"welcome", [rows.phone, rows.till])
        return [
            await mailbox.forget(tx, rows.phone, 1),
            await left(tx),
            await mailbox.forget(tx, rows.till, mailbox.ALL),
            await left(tx),
        ]

    assert await rows.run(body) == [1, 1, 1, 0]


async def test_numbers_go_on_after_everything_was_fetched(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> dict[int, int]:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till])
        await mailbox.forget(tx, rows.till, mailbox.ALL)
        return await mailbox.add(tx, key, 2, 7, rows.phone, b"", [rows.till])

    assert await rows.run(body) == {rows.till: 2}


async def test_old_welcomes_are_found_and_forgotten(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 1, 10, rows.phone, b"", [rows.till])
        await mailbox.add(tx, key, 2, 20, rows.phone, b"", [rows.till])
        old = await mailbox.older_than(tx, 20, 9)
        await mailbox.forget_welcome(tx, key, 1)
        return [old, await mailbox.count(tx, rows.till)]

    assert await rows.run(body) == [[(key, 1)], 1]

"""The mailboxes."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import device, mailbox
from plausch.server.store.mailbox import Item
from unit.server.store.conftest import Rows


async def test_one_welcome_lies_in_many_mailboxes(rows: Rows) -> None:
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
            (await mailbox.counts(tx, [rows.till])).get(rows.till, 0),
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


async def test_a_welcome_goes_with_its_last_item(rows: Rows) -> None:
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


async def test_numbers_go_on_after_everything_was_fetched(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> dict[int, int]:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till])
        await mailbox.forget(tx, rows.till, mailbox.ALL)
        return await mailbox.add(tx, key, 2, 7, rows.phone, b"", [rows.till])

    assert await rows.run(body) == {rows.till: 2}


async def test_old_welcomes_are_found_and_forgotten(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 1, 10, rows.phone, b"", [rows.till])
        await mailbox.add(tx, key, 2, 20, rows.phone, b"", [rows.till])
        old = await mailbox.older_than(tx, 20, 9)
        await mailbox.forget_welcome(tx, key, 1)
        return [old, (await mailbox.counts(tx, [rows.till, rows.phone])).get(rows.till, 0)]

    assert await rows.run(body) == [[(key, 1)], 1]


async def welcomes(tx: Transaction) -> list[tuple[int, bytes]]:
    rows = await tx.fetch("SELECT seq, message FROM welcome ORDER BY seq")
    return [(row[0], bytes(row[1])) for row in rows]


async def test_every_device_counts_for_itself_and_numbers_have_no_gaps(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        found: list[object] = []
        for seq, to in enumerate(([rows.till], [rows.phone, rows.till], [rows.till]), 1):
            found.append(await mailbox.add(tx, key, seq, 7, rows.phone, b"", to))
        return found

    assert await rows.run(body) == [
        {rows.till: 1},
        {rows.phone: 1, rows.till: 2},
        {rows.till: 3},
    ]


async def test_a_welcome_for_very_many_is_one_row(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        crowd = [
            await device.add(tx, rows.cem, f"uri:{number}", b"", b"", 1) for number in range(700)
        ]
        items = await mailbox.add(tx, key, 1, 7, rows.phone, b"welcome", crowd)
        for one in crowd[:-1]:
            await mailbox.forget(tx, one, mailbox.ALL)
        left = await welcomes(tx)
        await mailbox.forget(tx, crowd[-1], 1)
        return [set(items.values()), len(items), left, await welcomes(tx)]

    assert await rows.run(body) == [{1}, 700, [(1, b"welcome")], []]


async def test_what_is_undone_leaves_no_gap_in_the_numbers(rows: Rows) -> None:
    """A Commit that is refused in its transaction must not use numbers up: a device could take
    the gap for an item that is still to come."""
    key = rows.conversation

    async def refused(tx: Transaction) -> None:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till])
        raise LookupError

    async def again(tx: Transaction) -> dict[int, int]:
        return await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till])

    with pytest.raises(LookupError):
        await rows.run(refused)
    assert await rows.run(again) == {rows.till: 1}


async def test_reading_stops_at_its_limit_and_begins_after_what_one_has(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        for seq in range(1, 6):
            await mailbox.add(tx, key, seq, 7, rows.phone, bytes(seq), [rows.till])
        await mailbox.forget(tx, rows.till, 1)
        return [
            [one.item for one in await mailbox.read(tx, rows.till, after, limit)]
            for after, limit in ((0, 2), (2, 2), (4, 9), (5, 9))
        ] + [await mailbox.sizes(tx, rows.till, 2, 9), await mailbox.read(tx, rows.phone, 0, 9)]

    assert await rows.run(body) == [[2, 3], [3, 4], [5], [], [(3, 3), (4, 4), (5, 5)], []]


async def test_forgetting_says_how_many_and_touches_no_other_device(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        for seq in (1, 2, 3):
            await mailbox.add(tx, key, seq, 7, rows.phone, b"w", [rows.till, rows.phone])
        return [
            await mailbox.forget(tx, rows.till, 0),
            await mailbox.forget(tx, rows.till, 2),
            await mailbox.forget(tx, rows.till, 2),
            await mailbox.forget(tx, rows.till, mailbox.ALL),
            await mailbox.counts(tx, [rows.till, rows.phone]),
            len(await welcomes(tx)),
        ]

    assert await rows.run(body) == [0, 2, 0, 1, {rows.phone: 3}, 3]


async def test_a_welcome_that_is_forgotten_leaves_every_mailbox(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        for seq in (1, 2):
            await mailbox.add(tx, key, seq, 7, rows.phone, b"w", [rows.till, rows.phone])
        await mailbox.forget_welcome(tx, key, 1)
        await mailbox.forget_welcome(tx, key, 1)
        left = [await mailbox.read(tx, one, 0, 9) for one in (rows.till, rows.phone)]
        return [[one.seq for one in items] for items in left] + [len(await welcomes(tx))]

    assert await rows.run(body) == [[2], [2], 1]


async def test_old_ones_are_taken_a_few_at_a_time(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[int]:
        for seq in range(1, 6):
            await mailbox.add(tx, key, seq, seq * 10, rows.phone, b"", [rows.till])
        return [
            len(await mailbox.older_than(tx, before_ms, limit))
            for before_ms, limit in ((10, 9), (11, 9), (50, 9), (51, 9), (51, 2))
        ]

    assert await rows.run(body) == [0, 1, 4, 5, 2]


async def test_one_commit_has_one_welcome(rows: Rows) -> None:
    async def twice(tx: Transaction) -> None:
        for to in (rows.till, rows.phone):
            await mailbox.add(tx, rows.conversation, 1, 7, rows.phone, b"", [to])

    with pytest.raises(ConstraintViolated):
        await rows.run(twice)


async def test_a_device_that_is_not_listed_has_no_mailbox(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> dict[int, int]:
        await device.unlist(tx, rows.till)
        return await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till, rows.phone])

    assert await rows.run(body) == {rows.phone: 1}


async def test_what_waits_is_counted_by_device(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"four", [rows.till, rows.phone])
        await mailbox.add(tx, key, 2, 7, rows.phone, b"eleven more", [rows.till])
        both = await mailbox.totals(tx, [rows.phone, rows.till])
        await mailbox.forget(tx, rows.till, mailbox.ALL)
        return [both, await mailbox.totals(tx, [rows.till, rows.phone])]

    assert await rows.run(body) == [
        {rows.phone: (1, 4), rows.till: (2, 15)},
        {rows.phone: (1, 4)},
    ]


async def test_what_has_no_length_yet_is_asked_for_it(rows: Rows) -> None:
    """A full mailbox is full, also with what an older version put there."""
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"four", [rows.till, rows.phone])
        await mailbox.add(tx, key, 2, 7, rows.phone, b"eleven more", [rows.till])
        await tx.execute("UPDATE mailbox SET size_bytes = -1 WHERE seq = 1")
        return [
            await mailbox.totals(tx, [rows.phone, rows.till]),
            await mailbox.sizes(tx, rows.till, 0, 9),
        ]

    assert await rows.run(body) == [
        {rows.phone: (1, 4), rows.till: (2, 15)},
        [(1, 4), (2, 11)],
    ]


async def test_where_a_commits_welcome_lies(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await mailbox.add(tx, key, 1, 7, rows.phone, b"", [rows.till])
        await mailbox.add(tx, key, 2, 7, rows.phone, b"", [rows.till, rows.phone])
        found = [await mailbox.of_commit(tx, key, seq) for seq in (1, 2, 3)]
        await mailbox.forget(tx, rows.till, mailbox.ALL)
        return [*found, await mailbox.of_commit(tx, key, 2)]

    assert await rows.run(body) == [
        [("uri:till", 1)],
        [("uri:phone", 1), ("uri:till", 2)],
        [],
        [("uri:phone", 1)],
    ]

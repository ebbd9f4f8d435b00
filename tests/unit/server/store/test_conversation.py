"""The conversation table: where order comes from."""

import asyncio

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import conversation
from plausch.server.store.conversation import Standing
from unit.server.store.conftest import Rows


async def test_a_conversation_begins_empty(rows: Rows) -> None:
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


async def test_room_is_made_only_in_the_right_epoch(rows: Rows) -> None:
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


async def test_pages_for_sweeping(rows: Rows) -> None:
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


async def test_ids_are_unique_and_beginnings_counted(rows: Rows) -> None:
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


async def conversations(tx: Transaction, rows: Rows, count: int) -> list[int]:
    """More of them, in the order of their keys."""
    return sorted(
        [
            await conversation.add(
                tx, number.to_bytes(16, "big"), 1, b"digest", rows.phone, 10 + number
            )
            for number in range(count)
        ]
    )


async def test_many_logs_grow_by_one_statement_each_by_its_own_count(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        keys = await conversations(tx, rows, 700)
        await conversation.advance(tx, keys[1], 0)
        wanted = [(key, 0, place + 1) for place, key in enumerate(keys)]
        grown = await conversation.grow(tx, wanted)
        return [grown == {key: n for key, _, n in wanted if key != keys[1]}, keys[1] in grown]

    assert await rows.run(body) == [True, False]


async def test_an_epoch_ends_once_and_only_itself(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        return [
            await conversation.advance(tx, key, 1),
            await conversation.advance(tx, key, -1),
            await conversation.advance(tx, 999, 0),
            await conversation.advance(tx, key, 0),
            await conversation.advance(tx, key, 0),
            await conversation.advance(tx, key, 1),
            await conversation.find(tx, b"C" * 16),
        ]

    assert await rows.run(body) == [
        None,
        None,
        None,
        1,
        None,
        2,
        Standing(key, 1, 2, 2),
    ]


async def test_room_that_is_undone_is_given_to_the_next(rows: Rows) -> None:
    key = rows.conversation

    async def refused(tx: Transaction) -> None:
        await conversation.grow(tx, [(key, 0, 5)])
        raise LookupError

    async def grow(tx: Transaction) -> dict[int, int]:
        return await conversation.grow(tx, [(key, 0, 1)])

    with pytest.raises(LookupError):
        await rows.run(refused)
    assert await rows.run(grow) == {key: 1}


async def test_of_many_that_grow_one_log_at_once_each_has_its_own_place(rows: Rows) -> None:
    key = rows.conversation

    async def grow(tx: Transaction) -> dict[int, int]:
        return await conversation.grow(tx, [(key, 0, 3)])

    heads = await asyncio.gather(*[rows.run(grow) for _ in range(20)])
    assert sorted(head[key] for head in heads) == list(range(3, 63, 3))


async def test_pages_go_on_after_the_last_and_end(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        keys = await conversations(tx, rows, 5)
        await conversation.grow(tx, [(key, 0, 1) for key in keys])
        await conversation.keep_from(tx, keys[2], 2)  # nothing left in it
        found, after = [], 0
        while page := await conversation.after(tx, after, 2):
            found.append([key for key, _, _ in page])
            after = page[-1][0]
        return [found == [[keys[0], keys[1]], [keys[3], keys[4]]], len(found)]

    assert await rows.run(body) == [True, 2]


async def test_beginnings_are_counted_for_each_device_and_after_a_moment(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[int]:
        await conversations(tx, rows, 3)  # at 10, 11 and 12; the first of all at 5
        await conversation.add(tx, b"T" * 16, 1, b"", rows.till, 11)
        return [
            await conversation.created_since(tx, who, since_ms)
            for who, since_ms in (
                (rows.phone, 0),
                (rows.phone, 5),
                (rows.phone, 10),
                (rows.phone, 12),
                (rows.till, 10),
                (rows.till, 11),
            )
        ]

    assert await rows.run(body) == [4, 3, 2, 0, 1, 0]


async def test_a_conversation_has_a_creator_that_exists(rows: Rows) -> None:
    async def body(tx: Transaction) -> int:
        return await conversation.add(tx, b"X" * 16, 1, b"", 999, 1)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)


async def test_a_conversation_of_the_databases_own_number_is_found(rows: Rows) -> None:
    """One from before keys were computed, or of an older version that runs beside this one."""

    async def body(tx: Transaction) -> list[object]:
        await tx.execute(
            "INSERT INTO conversation (id, public_id, suite, epoch, head, kept_from, first_digest, "
            "created_by, created_at_ms) VALUES (7, $1, 1, 2, 3, 1, '', $2, 0)",
            b"B" * 16,
            rows.phone,
        )
        return [await conversation.find(tx, b"B" * 16)]

    async def again(tx: Transaction) -> int:
        return await conversation.add(tx, b"B" * 16, 1, b"", rows.phone, 9)

    assert await rows.run(body) == [Standing(7, 1, 2, 3)]
    with pytest.raises(ConstraintViolated):
        await rows.run(again)


def test_a_key_is_the_ids_and_beyond_the_databases_numbers() -> None:
    keys = {conversation.key_of(number.to_bytes(16, "big")) for number in range(5_000)}
    assert len(keys) == 5_000
    assert min(keys) >= 2**62 and max(keys) < 2**63
    assert conversation.key_of(b"C" * 16) == conversation.key_of(b"C" * 16)


async def test_an_id_is_not_taken_for_another_one_of_the_same_key(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "key_of", lambda _id: rows.conversation)

    async def find(tx: Transaction) -> Standing | None:
        return await conversation.find(tx, b"D" * 16)

    async def add(tx: Transaction) -> int:
        return await conversation.add(tx, b"D" * 16, 1, b"", rows.phone, 9)

    assert await rows.run(find) is None
    with pytest.raises(ConstraintViolated):
        await rows.run(add)


async def test_nothing_is_known_of_no_keys(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        return [await conversation.standings(tx, []), await conversation.grow(tx, [])]

    assert await rows.run(body) == [{}, {}]

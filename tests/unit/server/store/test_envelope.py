"""The log."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import envelope


def row(key: int, seq: int, sender: int, name: bytes, at_ms: int = 7):  # type: ignore[no-untyped-def]
    return key, seq, 0, 1, at_ms, sender, name, b"message " + name


async def test_envelopes_are_read_in_order_with_their_senders(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await envelope.add(
            tx, [row(key, 2, rows.till, b"b"), row(key, 1, rows.phone, b"a"), row(key, 3, 1, b"c")]
        )
        return [
            await envelope.read(tx, key, 1, 2),
            await envelope.sizes(tx, key, 2, 9, 1),
            await envelope.read(tx, 999, 1, 9),
        ]

    assert await rows.run(body) == [
        [(1, 0, 1, 7, "uri:phone", b"message a"), (2, 0, 1, 7, "uri:till", b"message b")],
        [(2, 9)],
        [],
    ]


async def test_an_idempotency_id_is_used_once_by_a_device(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def write(tx: Transaction) -> dict[tuple[int, int, bytes], tuple[int, int]]:
        await envelope.add(tx, [row(key, 1, rows.phone, b"a"), row(key, 2, rows.till, b"a")])
        wanted = [(key, rows.phone, b"a"), (key, rows.till, b"a"), (key, rows.phone, b"b")]
        return await envelope.accepted(tx, wanted)

    assert await rows.run(write) == {
        (key, rows.phone, b"a"): (1, 7),
        (key, rows.till, b"a"): (2, 7),
    }

    async def again(tx: Transaction) -> None:
        await envelope.add(tx, [row(key, 3, rows.phone, b"a")])

    with pytest.raises(ConstraintViolated):
        await rows.run(again)


async def test_the_old_beginning_of_a_log_is_found_and_forgotten(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        made = [row(key, n, rows.phone, bytes([n]), at_ms=n * 10) for n in range(1, 6)]
        await envelope.add(tx, made)
        return [
            await envelope.begun(tx, [(key, 2), (key, 9), (999, 2)]),
            await envelope.old_until(tx, key, 1, 5, 35),
            await envelope.old_until(tx, key, 1, 5, 30),
            await envelope.old_until(tx, key, 1, 2, 35),
            await envelope.old_until(tx, key, 4, 5, 35),
            await envelope.old_until(tx, key, 4, 1, 35),
            await envelope.forget(tx, key, 1, 3),
            await envelope.forget(tx, key, 1, 3),
            [one[0] for one in await envelope.read(tx, key, 1, 9)],
        ]

    assert await rows.run(body) == [{key: 20}, 3, 2, 2, 3, 3, 3, 0, [4, 5]]


async def test_what_looks_old_behind_a_younger_one_stays(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[int]:
        times = enumerate((10, 90, 20, 30), 1)  # the clock was behind when 3 and 4 came
        await envelope.add(tx, [row(key, n, rows.phone, bytes([n]), at_ms=at) for n, at in times])
        return [await envelope.old_until(tx, key, first, 4, 50) for first in (1, 2, 3)]

    assert await rows.run(body) == [1, 1, 4]

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


async def test_old_envelopes_are_found_and_forgotten(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        made = [row(key, n, rows.phone, bytes([n]), at_ms=n * 10) for n in range(1, 6)]
        await envelope.add(tx, made)
        return [
            await envelope.last_before(tx, key, 1, 5, 35),
            await envelope.last_before(tx, key, 1, 2, 35),
            await envelope.last_before(tx, key, 4, 5, 35),
            await envelope.forget(tx, key, 1, 3),
            await envelope.forget(tx, key, 1, 3),
            [one[0] for one in await envelope.read(tx, key, 1, 9)],
        ]

    assert await rows.run(body) == [3, 2, None, 3, 0, [4, 5]]

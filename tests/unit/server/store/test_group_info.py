"""The GroupInfo table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import group_info


async def test_the_newest_is_kept(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> tuple[bytes, bytes]:
        await group_info.add(tx, rows.conversation, b"epoch 0")
        first = await group_info.get(tx, rows.conversation)
        await group_info.replace(tx, rows.conversation, b"epoch 1")
        return first, await group_info.get(tx, rows.conversation)

    assert await rows.run(body) == (b"epoch 0", b"epoch 1")


async def test_it_belongs_to_a_conversation(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> None:
        await group_info.add(tx, 999, b"")

    with pytest.raises(ConstraintViolated):
        await rows.run(body)

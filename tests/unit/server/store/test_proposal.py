"""The proposals of the current epoch."""

from plausch.db.interface import Transaction
from plausch.server.store import proposal


async def test_proposals_are_kept_in_order_until_the_epoch_ends(rows) -> None:  # type: ignore[no-untyped-def]
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await proposal.add(tx, key, 8, b"second")
        await proposal.add(tx, key, 3, b"first")
        kept = await proposal.of(tx, key), await proposal.count(tx, key)
        await proposal.clear(tx, key)
        return [kept, await proposal.of(tx, key)]

    assert await rows.run(body) == [([b"first", b"second"], 2), []]

"""The proposals of the current epoch."""

from plausch.db.interface import Transaction
from plausch.server.store import conversation, proposal
from unit.server.store.conftest import Rows


async def test_proposals_are_found_by_their_refs_until_the_epoch_ends(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        await proposal.add(tx, key, 8, b"ref 8", b"second")
        await proposal.add(tx, key, 3, b"ref 3", b"first")
        found = await proposal.named(tx, key, [b"ref 3", b"ref 9", b"ref 3"])
        both = await proposal.named(tx, key, [b"ref 8", b"ref 3"])
        total = await proposal.total(tx, key)
        await proposal.clear(tx, key)
        return [found, both, total, await proposal.named(tx, key, [b"ref 3"])]

    assert await rows.run(body) == [
        {b"ref 3": b"first"},
        {b"ref 3": b"first", b"ref 8": b"second"},
        (2, 11),
        {},
    ]


async def test_the_same_proposal_may_be_filed_twice(rows: Rows) -> None:
    key = rows.conversation

    async def body(tx: Transaction) -> list[object]:
        for seq in (1, 2):
            await proposal.add(tx, key, seq, b"ref", b"message")
        return [await proposal.named(tx, key, [b"ref"]), await proposal.total(tx, key)]

    assert await rows.run(body) == [{b"ref": b"message"}, (2, 14)]


async def test_conversations_do_not_share_proposals(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        other = await conversation.add(tx, b"D" * 16, 1, b"digest", rows.phone, 5)
        await proposal.add(tx, other, 1, b"ref", b"message")
        await proposal.clear(tx, rows.conversation)
        return [
            await proposal.named(tx, rows.conversation, [b"ref"]),
            await proposal.total(tx, rows.conversation),
            await proposal.total(tx, other),
        ]

    assert await rows.run(body) == [{}, (0, 0), (1, 7)]

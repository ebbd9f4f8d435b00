"""Proposals of the current epoch, which its Commit may name by reference."""

from collections.abc import Sequence

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE proposal (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        seq BIGINT NOT NULL,
        message {bytes} NOT NULL,
        PRIMARY KEY (conversation_id, seq)
    )""",
)
REFS = ("ALTER TABLE proposal ADD COLUMN ref {bytes} NOT NULL DEFAULT ''",)
"""ProposalRefs, by which Commits name them. A proposal from before has none and cannot be named:
it is proposed again."""


_NAMED = Bulk(
    "SELECT p.ref, p.message FROM proposal p JOIN ({rows}) AS v "
    "ON p.conversation_id = v.column1 AND p.ref = v.column2 "
    "WHERE p.conversation_id {one_of_first}",
    ("int", "bytes"),
)


async def add(tx: Transaction, conversation_key: int, seq: int, ref: bytes, message: bytes) -> None:
    """A proposal that stands at `seq` in the log; `ref` is its ProposalRef."""
    await tx.execute(
        "INSERT INTO proposal (conversation_id, seq, ref, message) VALUES ($1, $2, $3, $4)",
        conversation_key,
        seq,
        ref,
        message,
    )


async def named(
    tx: Transaction, conversation_key: int, refs: Sequence[bytes]
) -> dict[bytes, bytes]:
    """Those of the epoch's proposals that have one of these refs, by ref."""
    rows = await tx.fetch_bulk(_NAMED, [(conversation_key, ref) for ref in sorted(set(refs))])
    return {bytes(row[0]): bytes(row[1]) for row in rows}


async def total(tx: Transaction, conversation_key: int) -> tuple[int, int]:
    """How many there are, and their bytes together."""
    rows = await tx.fetch(
        "SELECT count(*), coalesce(sum(length(message)), 0) FROM proposal "
        "WHERE conversation_id = $1",
        conversation_key,
    )
    return int(rows[0][0]), int(rows[0][1])


async def clear(tx: Transaction, conversation_key: int) -> None:
    """The epoch has ended."""
    await tx.execute("DELETE FROM proposal WHERE conversation_id = $1", conversation_key)

"""Conversations: the one row that orders a log. `head` is the last seq, `epoch` the MLS epoch.

Both change only by the statements below, which compare the epoch in the same breath: this gives
gapless order and one Commit per epoch on both engines.

A conversation's key is computed from its public id, so that whoever has the id knows on which shard
to look (decision 0027). Those from before that have the database's numbers, and are found by the
index over the public ids.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE conversation (
        id {serial},
        public_id {bytes} NOT NULL UNIQUE,
        suite BIGINT NOT NULL,
        epoch BIGINT NOT NULL,
        head BIGINT NOT NULL,
        kept_from BIGINT NOT NULL,
        first_digest {bytes} NOT NULL,
        created_by BIGINT NOT NULL REFERENCES device (id),
        created_at_ms BIGINT NOT NULL
    )""",
    "CREATE INDEX conversation_creator ON conversation (created_by, created_at_ms)",
)

# The rows are locked in the order of their keys, so that two servers cannot deadlock.
_GROW = Bulk(
    "WITH given AS ({rows}), "
    "held AS (SELECT id FROM conversation WHERE id IN (SELECT column1 FROM given) "
    "AND id {one_of_first} ORDER BY id {for_update}) "
    "UPDATE conversation SET head = head + given.column3 FROM given "
    "WHERE conversation.id = given.column1 AND conversation.epoch = given.column2 "
    "AND conversation.id {one_of_first} "
    "AND given.column1 IN (SELECT id FROM held) "
    "RETURNING conversation.id, conversation.head",
    ("int", "int", "int"),
)
_STANDS = Bulk(
    "SELECT c.id, c.epoch, c.head FROM conversation c JOIN ({rows}) AS v ON c.id = v.column1 "
    "WHERE c.id {one_of_first}",
    ("int",),
)

_DERIVED = 2**62
_SELECT = "SELECT id, suite, epoch, head FROM conversation "


class Standing(NamedTuple):
    """A conversation as it is now."""

    key: int
    suite: int
    epoch: int
    head: int


def key_of(public_id: bytes) -> int:
    """The key of a new conversation: 62 bits of a hash, beyond all numbers of the database's own.

    Two ids of one key are not to be found on purpose for an id that somebody else has chosen, and
    by chance they are one in 10^10 of 10^9 conversations: who comes second chooses another id.
    """
    return _DERIVED | int.from_bytes(hashlib.sha256(public_id).digest()[:8], "big") % _DERIVED


async def add(
    tx: Transaction, public_id: bytes, suite: int, first_digest: bytes, created_by: int, at_ms: int
) -> int:
    """A new conversation at epoch 0 with an empty log. Raises ConstraintViolated if it exists."""
    key = key_of(public_id)
    await tx.execute(
        "INSERT INTO conversation (id, public_id, suite, epoch, head, kept_from, first_digest, "
        "created_by, created_at_ms) VALUES ($1, $2, $3, 0, 0, 1, $4, $5, $6)",
        key,
        public_id,
        suite,
        first_digest,
        created_by,
        at_ms,
    )
    return key


async def find(tx: Transaction, public_id: bytes) -> Standing | None:
    """The conversation of that public id."""
    rows = await tx.fetch(
        _SELECT + "WHERE id = $1 AND public_id = $2", key_of(public_id), public_id
    )
    return Standing(*rows[0]) if rows else await _by_public_id(tx, public_id)


async def _by_public_id(tx: Transaction, public_id: bytes) -> Standing | None:
    """One from before keys were computed, if there is one."""
    rows = await tx.fetch(_SELECT + "WHERE public_id = $1", public_id)
    return Standing(*rows[0]) if rows else None


async def origin(tx: Transaction, key: int) -> tuple[int, bytes]:
    """The key of the device that created it, and the digest of its first GroupInfo."""
    rows = await tx.fetch("SELECT created_by, first_digest FROM conversation WHERE id = $1", key)
    return rows[0][0], bytes(rows[0][1])


async def created_since(tx: Transaction, device_key: int, since_ms: int) -> int:
    """How many the device has created since then."""
    rows = await tx.fetch(
        "SELECT count(*) FROM conversation WHERE created_by = $1 AND created_at_ms > $2",
        device_key,
        since_ms,
    )
    return int(rows[0][0])


async def grow(tx: Transaction, wanted: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    """Make room for envelopes: (key, epoch, how many) each; the new head by key.

    A conversation that is in another epoch is left alone and absent from the answer.
    """
    return {row[0]: row[1] for row in await tx.fetch_bulk(_GROW, wanted)}


async def advance(tx: Transaction, key: int, epoch: int) -> int | None:
    """Make room for the Commit that ends `epoch`; its seq, or None in another epoch."""
    rows = await tx.fetch(
        "UPDATE conversation SET head = head + 1, epoch = epoch + 1 "
        "WHERE id = $1 AND epoch = $2 RETURNING head",
        key,
        epoch,
    )
    return int(rows[0][0]) if rows else None


async def standings(tx: Transaction, keys: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(epoch, head) by key."""
    rows = await tx.fetch_bulk(_STANDS, [(key,) for key in keys])
    return {row[0]: (row[1], row[2]) for row in rows}


async def after(tx: Transaction, key: int, limit: int) -> list[tuple[int, int, int]]:
    """(key, kept_from, head) of the conversations after `key` that still hold envelopes."""
    rows = await tx.fetch(
        "SELECT id, kept_from, head FROM conversation WHERE id > $1 AND kept_from <= head "
        "ORDER BY id LIMIT $2",
        key,
        limit,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def keep_from(tx: Transaction, key: int, seq: int) -> None:
    """Note that envelopes before `seq` are gone."""
    await tx.execute(
        "UPDATE conversation SET kept_from = $2 WHERE id = $1 AND kept_from < $2", key, seq
    )

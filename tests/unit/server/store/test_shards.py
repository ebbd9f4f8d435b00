"""Where rows lie: the same as PostgreSQL's own hash says. What the lists are for is tried in
tests/contract/test_shards.py."""

import random
from itertools import pairwise

from engines import empty_postgres
from plausch.db.interface import Bulk, Transaction
from plausch.server.store.conversation import key_of
from plausch.server.store.shards import (
    BY_CONVERSATION,
    BY_DEVICE,
    DISTRIBUTE,
    EVERYWHERE,
    IN_ONE_PLACE,
    SHARDS,
    shard_of,
    shard_of_conversation,
    shards_of,
)
from postgres_cluster import Cluster

HASHES = Bulk("SELECT v.column1, hashint8(v.column1) FROM ({rows}) AS v", ("int",))


async def test_the_shard_is_where_postgresqls_hash_lies(postgres: Cluster) -> None:
    choice = random.Random(1)
    keys = [0, 1, -1, 2**31, 2**32, 2**63 - 1, -(2**63), *(-(2**n) for n in range(63))]
    keys += [choice.randrange(-(2**63), 2**63) for _ in range(2_000)]

    async def body(tx: Transaction) -> dict[int, int]:
        return dict(await tx.fetch_bulk(HASHES, [(key,) for key in keys]))  # type: ignore[arg-type]

    async with empty_postgres(postgres) as database:
        hashes = await database.read(body)
    part = 2**32 // SHARDS
    assert {key: shard_of(key) for key in keys} == {
        key: (hashed + 2**31) // part for key, hashed in hashes.items()
    }


def test_conversations_lie_evenly() -> None:
    counts = dict.fromkeys(range(SHARDS), 0)
    for number in range(SHARDS * 200):
        counts[shard_of(key_of(number.to_bytes(16, "big")))] += 1
    assert min(counts.values()) > 120 and max(counts.values()) < 280


def test_a_table_has_one_place() -> None:
    names = sorted([*BY_CONVERSATION, *BY_DEVICE, *EVERYWHERE, *IN_ONE_PLACE])
    assert all(one != other for one, other in pairwise(names))


def test_the_step_says_how_many_shards_there_are() -> None:
    assert DISTRIBUTE[0].count(f"shard_count => {SHARDS}") == 2


async def test_postgresql_is_one_shard_until_it_is_distributed(postgres: Cluster) -> None:
    async with empty_postgres(postgres) as database:
        assert await shards_of(database) == 1

        async def extend(tx: Transaction) -> None:
            await tx.execute(
                "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, "
                "extversion) VALUES (4294000000, 'citus', 10, 2200, false, 'stub')"
            )

        await database.transact(extend)
        assert await shards_of(database) == SHARDS


def test_a_conversation_lies_where_its_key_does() -> None:
    for number in range(50):
        public_id = number.to_bytes(16, "big")
        assert shard_of_conversation(public_id) == shard_of(key_of(public_id))

"""PostgreSQL cut into shards: what is asked often asks one shard, and every key fits.

No real Citus was there; `citus_stub` says what takes its place, and what that proves.
"""

import ast
import inspect
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from citus_stub import Ran, Watched, distributed
from delivery_world import World
from engines import empty_postgres, empty_sqlite
from full_store import all_rows, fill_older_store
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import SchemaRefused, migrate
from plausch.server.records import Member
from plausch.server.store import (
    account,
    claimed,
    conversation,
    cursor,
    device,
    envelope,
    group_info,
    key_package,
    mailbox,
    member,
    proposal,
    stay,
)
from plausch.server.store.schema import STEPS, prepare, upgrade
from plausch.server.store.shards import (
    BY_CONVERSATION,
    BY_DEVICE,
    DISTRIBUTE,
    EVERYWHERE,
    IN_ONE_PLACE,
)
from postgres_cluster import Cluster

DISTRIBUTED = BY_CONVERSATION | BY_DEVICE
MODULES = (
    conversation,
    group_info,
    member,
    stay,
    cursor,
    envelope,
    proposal,
    mailbox,
    key_package,
    claimed,
)
"""Of the distributed tables."""

ALL_SHARDS = {
    "conversation._by_public_id": "of one that began before its key was computed from its id, or "
    "that is not there at all: on a store that began with Citus, invented ids alone",
    "conversation.created_since": "once for each new conversation, an index entry on every shard",
    "conversation.after": "the sweep, every five minutes, goes through all there is",
    "cursor.counts": "once for the logins of a moment: a device's conversations lie on all "
    "shards, which is the price of writing a message once for all its readers",
    "cursor.all_moved": "as cursor.counts",
    "cursor.moved": "as cursor.counts, for a device that is in very many conversations",
    "member.sharing_with": "a device's first key packages, and a new device list: a few in a life",
    "mailbox.of_commit": "only when the answer to a Commit was lost and it comes again",
    "mailbox._is_named": "once for each Welcome that a device has fetched",
    "mailbox.older_than": "the sweep",
    "mailbox.forget_welcome": "the sweep, of Welcomes that nobody fetched",
}
"""Functions of the store that ask more than one shard, and why they may."""

CROSSING = {
    "a device is added": "its Welcome is the conversation's, its mailbox the device's",
    "a Welcome was fetched": "the last one who fetches it deletes it, on its conversation's shard",
}
"""What writes to two groups of tables in one transaction, and why it may."""


@pytest.fixture
async def shards(postgres: Cluster) -> AsyncIterator[Watched]:
    async with distributed(postgres, f"s{secrets.token_hex(6)}") as watched:
        await prepare(watched.database)
        watched.ran.clear()
        yield watched


def statements_of(module: object) -> set[str]:
    """The functions of a module that speak to the database."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    name = module.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    return {
        f"{name}.{function.name}"
        for function in ast.walk(tree)
        if isinstance(function, ast.AsyncFunctionDef)
        and any(
            isinstance(node, ast.Attribute) and node.attr in ("fetch", "execute", "fetch_bulk")
            for node in ast.walk(function)
        )
    }


async def people(tx: Transaction, count: int) -> list[int]:
    """Devices, each with its account."""
    return [
        await device.add(
            tx, await account.add(tx, f"a{n}", "person", b"", b"", 1), f"uri:{n}", b"", b"", 1
        )
        for n in range(count)
    ]


async def one_conversation(tx: Transaction, phone: int, till: int, public_id: bytes) -> int:
    """Every statement about a conversation, with one key in each."""
    key = await conversation.add(tx, public_id, 1, b"digest", phone, 5)
    await group_info.add(tx, key, b"info")
    await member.add(tx, key, [Member(one, "", 0, one, b"") for one in (phone, till)])
    await stay.begin(tx, key, [phone, till], 1)
    await cursor.begin(tx, key, [phone, till], 0)
    assert await conversation.find(tx, public_id) is not None
    assert await conversation.find(tx, b"?" * 16) is None
    await conversation.origin(tx, key)
    await conversation.created_since(tx, phone, 0)
    assert await conversation.grow(tx, [(key, 0, 2)]) == {key: 2}
    await envelope.add(tx, [(key, seq, 0, 1, 5, phone, bytes([seq]) * 16, b"m") for seq in (1, 2)])
    assert await envelope.accepted(tx, [(key, phone, b"\1" * 16)])
    assert len(await envelope.read(tx, key, 1, 2)) == len(await envelope.sizes(tx, key, 1, 2, 9))
    await envelope.begun(tx, [(key, 1)])
    await envelope.old_until(tx, key, 1, 2, 9)
    await proposal.add(tx, key, 2, b"ref", b"p")
    assert await proposal.named(tx, key, [b"ref"])
    await proposal.total(tx, key)
    assert await cursor.advance(tx, [(key, phone, 2)])
    assert await cursor.place(tx, phone, public_id) == key
    await cursor.moved(tx, till, 0, 9)
    assert list(await cursor.counts(tx, [till])) == list(await cursor.all_moved(tx, [till]))
    await cursor.of_others(tx, key, 1)
    await cursor.acknowledged_by_all(tx, [key])
    assert await conversation.advance(tx, key, 0) == 3
    await group_info.replace(tx, key, b"info")
    await group_info.get(tx, key)
    await proposal.clear(tx, key)
    assert len(await member.of(tx, key)) == 2
    await member.sharing_with(tx, 1)
    assert len(await stay.readers(tx, key, 1)) == 2
    await stay.of(tx, key, till)
    await stay.took_part(tx, public_id, 1)
    await conversation.standings(tx, [key])
    await member.remove(tx, key, [till])
    await stay.end(tx, key, [till], 3)
    await cursor.end(tx, key, [till], 3)
    await conversation.after(tx, 0, 9)
    await envelope.forget(tx, key, 1, 1)
    await conversation.keep_from(tx, key, 2)
    return key


async def one_device(tx: Transaction, phone: int, till: int, key: int) -> None:
    """Every statement about what is a device's, with one key in each."""
    items = [(await mailbox.add(tx, key, s, 7, phone, b"welcome", [till]))[till] for s in (3, 4, 5)]
    assert (await mailbox.totals(tx, [till]))[till] == (3, 21)
    assert await mailbox.sizes(tx, till, 0, 1) == [(items[0], 7)]
    assert [one.welcome for one in await mailbox.read(tx, till, 0, 1)] == [b"welcome"]
    await tx.execute("UPDATE mailbox SET size_bytes = -1 WHERE device_id = $1", till)
    assert (await mailbox.totals(tx, [till]))[till] == (3, 21)
    assert await mailbox.sizes(tx, till, 0, 1) == [(items[0], 7)]
    await mailbox.of_commit(tx, key, 3)
    assert await mailbox.counts(tx, [till]) == {till: 3}
    assert await mailbox.forget(tx, till, items[0]) == 1
    await mailbox.older_than(tx, 9, 9)
    await mailbox.forget_welcome(tx, key, 4)
    assert await mailbox.forget(tx, till, mailbox.ALL) == 1
    ref = key.to_bytes(8)
    await key_package.add(tx, [(till, 1, 0, 99, ref, b"k"), (till, 1, 1, 99, b"last" + ref, b"l")])
    assert await key_package.counts(tx, [till], 5) == {till: (1, True)}
    assert await key_package.claim(tx, till, 1, 5) == b"k"
    assert await key_package.claim(tx, till, 1, 5) == b"l"
    await key_package.known(tx, till)
    await key_package.count(tx, till, 5)
    await key_package.drop_last_resort(tx, till, 1)
    await key_package.forget_expired(tx, till, 5)
    await key_package.drop_all(tx, till)


def places(ran: Ran, tables: dict[str, str]) -> set[int]:
    """The shards of one group that a statement has looked at."""
    return set().union(*(ran.parts.get(table, set()) for table in tables))


async def test_every_statement_that_is_asked_often_asks_one_shard(shards: Watched) -> None:
    async def body(tx: Transaction) -> None:
        devices = await people(tx, 8)
        for number in range(10):  # beyond the fifth time PostgreSQL may plan without the values
            phone, till = devices[number % 4], devices[4 + number % 4]
            key = await one_conversation(tx, phone, till, secrets.token_bytes(16))
            await one_device(tx, phone, till, key)

    await shards.database.transact(body)
    wide = {
        ran.function
        for ran in shards.ran
        if len(places(ran, BY_CONVERSATION)) > 1 or len(places(ran, BY_DEVICE)) > 1
    }
    assert wide == set(ALL_SHARDS)
    seen = {ran.function for ran in shards.ran}
    everything = set().union(*map(statements_of, MODULES))
    assert everything - seen == set(), "these were not tried: call them above"


async def test_a_batch_looks_at_the_shards_of_its_rows_alone(shards: Watched) -> None:
    async def body(tx: Transaction) -> list[int]:
        (phone,) = await people(tx, 1)
        return [
            await conversation.add(tx, secrets.token_bytes(16), 1, b"", phone, 1) for _ in range(60)
        ]

    keys = sorted(await shards.database.transact(body))
    where = dict(
        await shards.query("SELECT id, right(tableoid::regclass::text, 1)::int FROM conversation")
    )
    assert len(set(where.values())) > 3, "they lie on many shards"
    wanted = keys[:3]

    async def grow(tx: Transaction) -> dict[int, int]:
        return await conversation.grow(tx, [(key, 0, 1) for key in wanted])

    for _ in range(8):
        shards.ran.clear()
        assert len(await shards.database.transact(grow)) == 3
        assert places(shards.ran[-1], BY_CONVERSATION) == {where[key] for key in wanted}


async def test_what_happens_often_writes_to_one_group_of_tables(shards: Watched) -> None:
    """So that its COMMIT is one machine's, and needs no agreement of two."""
    world = await World(shards.database).prepare()
    groups = {
        **dict.fromkeys(BY_CONVERSATION, "conversation"),
        **dict.fromkeys(BY_DEVICE, "device"),
    }
    crossed = set()

    def wrote(what: str) -> None:
        found = {groups[table] for ran in shards.ran for table in ran.written if table in groups}
        assert found, what
        if len(found) > 1:
            crossed.add(what)
        shards.ran.clear()

    anna, ben = await world.player("anna"), await world.player("ben")
    shards.ran.clear()
    await ben.upload(2)
    wrote("key packages come")
    group = await anna.create()
    wrote("a conversation begins")
    await anna.add(group, ben)
    shards.ran = [ran for ran in shards.ran if not ran.function.startswith(("key_pack", "claimed"))]
    wrote("a device is added")
    await world.delivery.acknowledge_mailbox(ben.record, 1)
    wrote("a Welcome was fetched")
    sent = await anna.send(group)
    wrote("a message")
    await anna.acknowledge(group, sent.seq)
    wrote("a message is acknowledged")
    await anna.update(group)
    wrote("an epoch ends")
    await world.delivery.close()
    assert crossed == set(CROSSING)


async def test_all_tables_have_their_place_and_fitting_keys(shards: Watched) -> None:
    made = {
        row[0]
        for row in await shards.query(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT relispartition"
        )
    }
    assert made == {*DISTRIBUTED, *EVERYWHERE, *IN_ONE_PLACE}, "a new table has no place"
    assert await shards.calls() == [
        *[("reference", table, None, None) for table in EVERYWHERE],
        *[
            ("distributed", table, column, "none" if table == "conversation" else "conversation")
            for table, column in BY_CONVERSATION.items()
        ],
        *[
            ("distributed", table, column, "none" if table == "mailbox" else "mailbox")
            for table, column in BY_DEVICE.items()
        ],
    ]
    keys = await shards.query(
        "SELECT i.indrelid::regclass::text, array_agg(a.attname::text) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = i.indrelid "
        "AND a.attnum = ANY(i.indkey::int[]) WHERE i.indisunique AND NOT c.relispartition "
        "AND c.relnamespace = 'public'::regnamespace GROUP BY i.indexrelid, i.indrelid"
    )
    assert [
        (t, columns) for t, columns in keys if DISTRIBUTED.get(t, columns[0]) not in columns
    ] == []
    assert {table for table, _ in keys} >= set(DISTRIBUTED)


async def test_references_stay_on_their_shard(shards: Watched) -> None:
    found = await shards.query(
        "SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, "
        "array_agg(a.attname::text || '=' || b.attname::text) FROM pg_constraint c "
        "CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (x, y) "
        "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.x "
        "JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.y "
        "WHERE c.contype = 'f' AND c.conparentid = 0 GROUP BY c.oid, c.conrelid, c.confrelid"
    )
    assert len(found) > 15
    for owner, target, columns in found:
        if target in DISTRIBUTED:
            assert f"{DISTRIBUTED[owner]}={DISTRIBUTED[target]}" in columns, (owner, target)
        elif target not in EVERYWHERE:
            assert owner in IN_ONE_PLACE and target in IN_ONE_PLACE, (owner, target)


@pytest.fixture(params=["sqlite", "postgresql", "citus"])
async def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        async with empty_sqlite(tmp_path) as opened:
            yield opened
        return
    cluster = request.getfixturevalue("postgres")
    if request.param == "postgresql":
        async with empty_postgres(cluster) as opened:
            yield opened
    else:
        async with distributed(cluster, f"s{secrets.token_hex(6)}") as watched:
            yield watched.database


async def test_a_store_from_before_keeps_every_row(any_store: Database) -> None:
    """Lengths of Welcomes are known, conversations are found, new rows are numbered on."""
    await fill_older_store(any_store, STEPS[:15])
    before = await all_rows(any_store, STEPS[:15])
    assert await upgrade(any_store, alone=True) == (len(STEPS) - 15, ())
    after = await all_rows(any_store)
    assert await any_store.read(lambda tx: mailbox.totals(tx, [2, 77])) == {
        2: (2, 200_000),
        77: (1, 100_000),
    }
    after["mailbox"] = [row[:-1] for row in after["mailbox"]]
    assert {name: after[name] for name in before} == before
    assert not any(rows for name, rows in after.items() if name not in before)

    async def body(tx: Transaction) -> list[object]:
        old = await conversation.find(tx, bytes([9]) * 16)
        new = await conversation.add(tx, b"N" * 16, 1, b"", 1, 1)
        found = await conversation.find(tx, b"N" * 16)
        await key_package.add(tx, [(1, 1, 0, 99, b"next", b"k")])
        numbers = await tx.fetch("SELECT id FROM key_package ORDER BY id")
        return [old and old.key, found and found.key == new, [row[0] for row in numbers]]

    assert await any_store.transact(body) == [9, True, [9, 10]]


async def test_what_has_tables_already_is_not_distributed_beside_others(postgres: Cluster) -> None:
    """Keys and references go meanwhile, and every row moves."""
    async with distributed(postgres, f"s{secrets.token_hex(6)}") as watched:
        await fill_older_store(watched.database, STEPS[:15])
        with pytest.raises(SchemaRefused, match=r"step 18, 'distribution'.*migrate --all"):
            await prepare(watched.database)
        assert await watched.calls() == []
        assert await migrate(watched.database, STEPS[:17]) == 0, "versions before go on"
        assert await upgrade(watched.database, alone=True) == (1, ())
        assert len(await watched.calls()) == len(DISTRIBUTED) + len(EVERYWHERE)
        with pytest.raises(SchemaRefused, match="newer version"):
            await migrate(watched.database, STEPS[:17])


async def test_what_step_16_distributed_once_is_left_as_it_is(postgres: Cluster) -> None:
    async with distributed(postgres, f"s{secrets.token_hex(6)}") as watched:
        await migrate(watched.database, STEPS[:17])

        async def body(tx: Transaction) -> None:
            for statement in DISTRIBUTE:
                await tx.execute(statement)

        await watched.database.transact(body)
        before = await watched.calls()
        assert await prepare(watched.database) == 1
        await watched.database.transact(body)
        assert await watched.calls() == before


async def test_what_a_version_from_before_put_into_a_mailbox_is_measured(
    database: Database,
) -> None:
    """It runs beside this one and does not know of the length."""
    await prepare(database)

    async def body(tx: Transaction) -> list[object]:
        phone, till = await people(tx, 2)
        key = await conversation.add(tx, b"C" * 16, 1, b"", phone, 1)
        await mailbox.add(tx, key, 1, 7, phone, b"welcome", [till])
        await tx.execute(
            "UPDATE mailbox SET size_bytes = DEFAULT"
            if database.engine == "postgresql"
            else "UPDATE mailbox SET size_bytes = -1"
        )
        return [
            await mailbox.sizes(tx, till, 0, 9),
            await mailbox.totals(tx, [till]),
            [one.welcome for one in await mailbox.read(tx, till, 0, 9)],
        ]

    assert await database.transact(body) == [
        [(1, 7)],
        {2: (1, 7)},
        [b"welcome"],
    ]

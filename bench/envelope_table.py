"""The log's table in PostgreSQL: as one table, and cut by the hash of the conversation.

    python bench/envelope_table.py [--partitions 16] [--rounds 6] [--envelopes 200000]

A PostgreSQL of its own with fsync on, one connection, the statements of `server/store`. Each round
does the same to both tables, one after the other: append in transactions of 100 envelopes to as
many conversations, read stretches of 50, and at the end let go of half of all envelopes as
retention does, vacuum, and write as many again: by how much the files have grown then is what
deleting row by row costs. The table shows medians of the rounds, and the median of each round's
ratio.
"""

import argparse
import asyncio
import random
import statistics
import time

import asyncpg
import uvloop

import fleet
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import migrate
from plausch.db.postgres import open_postgres
from plausch.server.store import conversation, envelope
from plausch.server.store.schema import STEPS
from postgres_cluster import running_cluster  # fleet makes the tests' folder known

CONVERSATIONS = 2_000
AT_ONCE = 100
STRETCH = 50
MESSAGE = bytes(400)
LAST_WHOLE_STEP = 15
"""The step after which the log is one table still."""

_BYTES = (
    "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c "
    "WHERE c.relkind = 'r' AND c.relname ~ '^envelope(_[0-9]+)?$'"
)
"""Of the table, or of all its parts, with their indexes."""


class Log:
    """A database with conversations in it, and where each one's log stands."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.heads: dict[int, int] = {}
        self._used = 0

    async def prepare(self, partitions: int) -> None:
        """The server's tables, the log cut into so many parts; 1 is one table."""
        await migrate(self._database, STEPS[:LAST_WHOLE_STEP])

        async def cut(tx: Transaction) -> None:
            await tx.execute("DROP TABLE envelope")
            columns = envelope.TABLES[0].replace("{bytes}", "BYTEA")
            if partitions == 1:
                await tx.execute(columns)
            else:
                await tx.execute(columns + " PARTITION BY HASH (conversation_id)")
            for part in range(partitions if partitions > 1 else 0):
                await tx.execute(
                    f"CREATE TABLE envelope_{part} PARTITION OF envelope "
                    f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {part})"
                )
            await tx.execute(envelope.TABLES[1])

        async def begin(tx: Transaction) -> list[int]:
            await tx.execute(
                "INSERT INTO account (id, name, kind, identity_key, device_list, created_at_ms) "
                "VALUES (1, 'a', 'person', '', '', 0)"
            )
            await tx.execute(
                "INSERT INTO device (id, account_id, uri, signature_key, certificate, listed, "
                "listed_at_ms, seen_at_ms, mailbox_head) VALUES (1, 1, 'd', '', '', 1, 0, 0, 0)"
            )
            return [
                await conversation.add(tx, number.to_bytes(16), 1, b"", 1, 0)
                for number in range(CONVERSATIONS)
            ]

        await self._database.transact(cut)
        self.heads = dict.fromkeys(await self._database.transact(begin), 0)

    async def append(self, keys: list[int]) -> None:
        """One envelope into each, in one transaction."""
        self._used += 1
        wanted = [(key, 0, 1) for key in sorted(keys)]

        async def body(tx: Transaction) -> dict[int, int]:
            heads = await conversation.grow(tx, wanted)
            await envelope.add(
                tx,
                [
                    (key, head, 0, 1, 0, 1, self._used.to_bytes(16), MESSAGE)
                    for key, head in heads.items()
                ],
            )
            return heads

        self.heads.update(await self._database.transact(body))

    async def read(self, key: int) -> None:
        """A stretch up to the head."""
        head = self.heads[key]

        async def body(tx: Transaction) -> list[envelope.StoredEnvelope]:
            await envelope.sizes(tx, key, head - STRETCH + 1, head, STRETCH)
            return await envelope.read(tx, key, head - STRETCH + 1, head)

        await self._database.read(body)

    async def let_go(self) -> None:
        """The older half of every log."""
        for key, head in self.heads.items():

            async def body(tx: Transaction, key: int = key, head: int = head) -> None:
                await envelope.forget(tx, key, 1, head // 2)

            await self._database.transact(body)

    async def stored_bytes(self) -> int:
        """What the log takes on disk."""

        async def body(tx: Transaction) -> int:
            return int((await tx.fetch(_BYTES))[0][0])

        return await self._database.read(body)


async def timed(log: Log, what: str, seconds: float, choice: random.Random) -> float:
    """How many a second: envelopes appended, or stretches read."""
    keys = list(log.heads)
    done, begin = 0, time.monotonic()
    while time.monotonic() - begin < seconds:
        if what == "append":
            await log.append(choice.sample(keys, AT_ONCE))
            done += AT_ONCE
        else:
            await log.read(choice.choice(keys))
            done += 1
    return done / (time.monotonic() - begin)


async def fill(log: Log, envelopes: int) -> None:
    """So many envelopes, the same number into each log."""
    keys = list(log.heads)
    for _ in range(envelopes // CONVERSATIONS):
        for first in range(0, CONVERSATIONS, AT_ONCE):
            await log.append(keys[first : first + AT_ONCE])


async def churn(log: Log, url: str, envelopes: int) -> tuple[float, float]:
    """(seconds to let go of half, times the size after as much was written again)."""
    before, begin = await log.stored_bytes(), time.monotonic()
    await log.let_go()
    took = time.monotonic() - begin
    await vacuum(url)
    await fill(log, envelopes // 2)
    return took, await log.stored_bytes() / before


async def vacuum(url: str) -> None:
    """What autovacuum does a little later."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM")
    await connection.close()


async def measure(options: argparse.Namespace, urls: list[str]) -> None:
    """Both tables, in turns; prints the table."""
    logs = [Log(await open_postgres(url, connections=1)) for url in urls]
    for log, partitions in zip(logs, (1, options.partitions), strict=True):
        await log.prepare(partitions)
        await fill(log, options.envelopes)
    found: dict[str, list[list[float]]] = {"append": [[], []], "read": [[], []]}
    for turn in range(options.rounds):
        for what, rates in found.items():
            for place in (0, 1) if turn % 2 else (1, 0):
                choice = random.Random(turn)
                rates[place].append(await timed(logs[place], what, options.seconds, choice))
    churned = [
        await churn(log, url, options.envelopes) for log, url in zip(logs, urls, strict=True)
    ]
    lines = []
    for what, (one, many) in found.items():
        ratios = [b / a for a, b in zip(one, many, strict=True)]
        lines += [
            (f"{what}: a second, one table", f"{statistics.median(one):,.0f}"),
            (f"  {options.partitions} parts", f"{statistics.median(many):,.0f}"),
            ("  ratio", f"{statistics.median(ratios):.2f}"),
        ]
    for name, (took, grown) in zip(
        ("one table", f"{options.partitions} parts"), churned, strict=True
    ):
        lines.append((f"letting go of half, {name}", f"{took:.1f} s"))
        lines.append(("  size after as much was written again", f"{grown:.2f} times"))
    fleet.table(f"{options.envelopes:,} envelopes in {CONVERSATIONS:,} conversations", lines)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--envelopes", type=int, default=200_000)
    options = parser.parse_args()
    with running_cluster() as cluster:
        names = ("whole", "parts")
        urls = [asyncio.run(cluster.create_database(name)) for name in names]
        uvloop.run(measure(options, urls))


if __name__ == "__main__":
    main()

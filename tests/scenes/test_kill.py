"""Nothing acknowledged is ever lost: the server is killed under load, again and again.

PLAUSCH_KILLS sets how often, for each database (`make soak`: 1,000); moments come from a seed that
is printed. Afterwards every promise is compared with the log.
"""

import asyncio
import contextlib
import os
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from load import Pair, new_pair
from postgres_cluster import Cluster, running_cluster
from server_process import ServerProcess

KILLS = int(os.environ.get("PLAUSCH_KILLS", "50"))
POSTGRES_KILLS = max(4, KILLS // 10)
PAIRS = 4
LONGEST_S = 0.3
STARTING_S = 0.7
"""About how long a server takes to start: every fourth kill falls into that."""

NOTICED_S = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as one:
        yield one


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("PLAUSCH_SEED", secrets.randbelow(2**32)))
    print(f"PLAUSCH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
async def make_server(
    tmp_path: Path, cluster: Cluster
) -> AsyncIterator[Callable[[str], ServerProcess]]:
    name = "kill_" + secrets.token_hex(4)
    url = await cluster.create_database(name)

    def make(engine: str) -> ServerProcess:
        return ServerProcess(tmp_path, database_url=url if engine == "postgresql" else "")

    yield make
    await cluster.drop_database(name)


async def write_until(pairs: list[Pair], url: str, seconds: float, then: Callable[[], None]) -> int:
    """Let all pairs write for a while, then break something and wait until all have noticed."""
    before = sum(len(pair.ledger.promised) for pair in pairs)
    tasks = [asyncio.create_task(pair.write(url)) for pair in pairs]
    await asyncio.sleep(seconds)
    then()
    await asyncio.wait(tasks, timeout=NOTICED_S)
    unaware = [task for task in tasks if not task.done()]
    assert not unaware, f"{len(unaware)} writers do not notice that the server is gone: {unaware}"
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(result, ConnectionError | OSError):
            raise AssertionError("a writer stopped for another reason") from result
    return sum(len(pair.ledger.promised) for pair in pairs) - before


@pytest.mark.timeout(120 + KILLS * 6)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_killing_the_server_loses_nothing(
    engine: str, make_server: Callable[[str], ServerProcess], dice: random.Random
) -> None:
    server = make_server(engine).start()
    pairs = [await new_pair(server.url) for _ in range(PAIRS)]
    answered = 0
    for kill in range(KILLS):
        if kill % 4 == 3:
            server.kill()
            server.start_blindly()
            await asyncio.sleep(dice.uniform(0, STARTING_S))
            server.kill()
            server.start()
        answered += await write_until(pairs, server.url, dice.uniform(0.01, LONGEST_S), server.kill)
        server.start()
    total = [await pair.check(server.url) for pair in pairs]
    assert server.stop() == 0
    print(f"{engine}: {KILLS} kills, {answered} acknowledged, {sum(total)} in the logs")
    assert answered > KILLS
    assert "Traceback" not in server.log()


@pytest.mark.timeout(120 + POSTGRES_KILLS * 20)
async def test_killing_postgresql_loses_nothing(tmp_path: Path, dice: random.Random) -> None:
    with running_cluster() as cluster:
        server = ServerProcess(tmp_path, database_url=await cluster.create_database("k")).start()
        pairs = [await new_pair(server.url) for _ in range(PAIRS)]
        for _ in range(POSTGRES_KILLS):
            await write_through_a_crash(pairs, server, cluster, dice.uniform(0.05, LONGEST_S))
        for pair in pairs:
            await pair.check(server.url)
        assert server.stop() == 0
        assert "Traceback" not in server.log()


async def write_through_a_crash(
    pairs: list[Pair], server: ServerProcess, cluster: Cluster, seconds: float
) -> None:
    """PostgreSQL dies and comes back; the server stays, refuses meanwhile, and goes on."""
    tasks = [asyncio.create_task(pair.write(server.url)) for pair in pairs]
    await asyncio.sleep(seconds)
    await asyncio.to_thread(cluster.stop, "immediate")
    _, waiting = await asyncio.wait(tasks, timeout=2)
    await asyncio.to_thread(cluster.start)
    for task in waiting:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        text = str(result)
        assert isinstance(result, asyncio.CancelledError) or "storage_unavailable" in text, text
    for _ in range(100):
        with contextlib.suppress(Exception):
            for pair in pairs:
                await pair.check(server.url)
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the server did not find back to its database")

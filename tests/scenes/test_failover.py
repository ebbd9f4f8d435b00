"""PostgreSQL's primary is killed under load, at a moment when its standby has fallen behind, and
the standby takes over: nothing that was acknowledged is lost, nothing is there twice, and everybody
goes on by themselves, at gateways that were never started anew. PLAUSCH_TAKEOVERS sets how often
(`make soak`: 20); the old primary is the next standby.
"""

import asyncio
import os
import signal
from collections.abc import Sequence

import pytest

from cluster.whole import Cluster, running
from load import Pair, new_pair
from server_process import OPEN_LIMITS
from wire_device import WasRefused

TAKEOVERS = int(os.environ.get("PLAUSCH_TAKEOVERS", "2"))
PAIRS = 2
MORE = 40
"""So many messages of each pair are acknowledged before the next primary dies."""

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
PATIENCE_S = 240.0


async def write_on(pair: Pair, urls: Sequence[str]) -> None:
    """As apps do: whatever happens, connect again, and send again what has no answer."""
    while True:
        try:
            await pair.write(*urls)
        except WasRefused as refused:
            assert refused.frame.code == "storage_unavailable", refused
        except OSError:  # the connection ended, or took too long
            pass
        await asyncio.sleep(0.05)


async def acknowledged(pairs: Sequence[Pair], writing: Sequence["asyncio.Task[None]"]) -> None:
    """Every pair has been promised so many more. Raises what stopped a writer."""
    wanted = [len(pair.ledger.promised) + MORE for pair in pairs]
    while any(len(pair.ledger.promised) < count for pair, count in zip(pairs, wanted, strict=True)):
        for task in writing:
            if task.done():
                task.result()
        await asyncio.sleep(0.02)


async def standby_falls_behind(cluster: Cluster, pairs: Sequence[Pair]) -> int:
    """Stop the process that takes the primary's log, until somebody waits for it; its id. Were
    nobody to wait, much would be acknowledged by now that the standby does not have."""
    nodes = cluster.pair
    receiver = await nodes.standby.ask("SELECT pid FROM pg_stat_wal_receiver")
    assert isinstance(receiver, int)
    os.kill(receiver, signal.SIGSTOP)
    before = sum(len(pair.ledger.promised) for pair in pairs)
    while not await nodes.primary.ask(WAITING):
        if sum(len(pair.ledger.promised) for pair in pairs) > before + 10 * MORE:
            break
    return receiver


async def another_primary(cluster: Cluster, pairs: Sequence[Pair]) -> None:
    """The primary is killed; return when the other one has taken over, and has a standby."""
    nodes = cluster.pair
    old = nodes.primary
    nodes.changed.clear()
    receiver = await standby_falls_behind(cluster, pairs)
    old.part.kill()
    os.kill(receiver, signal.SIGTERM)  # with what waits in its socket
    os.kill(receiver, signal.SIGCONT)
    while nodes.primary is old or not nodes.is_synchronous:
        await nodes.changed.wait()
        nodes.changed.clear()


@pytest.mark.timeout(PATIENCE_S * (TAKEOVERS + 1))
async def test_a_standby_takes_over_under_load_and_nothing_is_lost() -> None:
    async with running(settings=OPEN_LIMITS) as cluster:
        urls = [f"http://127.0.0.1:{gateway.port}" for gateway in cluster.gateways]
        pids = [gateway.pid for gateway in cluster.gateways]
        pairs = [await new_pair(urls[number % 2]) for number in range(PAIRS)]
        writing = [asyncio.create_task(write_on(pair, urls)) for pair in pairs]
        async with asyncio.timeout(PATIENCE_S * (TAKEOVERS + 1)):
            for _ in range(TAKEOVERS):
                await acknowledged(pairs, writing)
                await another_primary(cluster, pairs)
            await acknowledged(pairs, writing)
        for task in writing:
            task.cancel()
        for result in await asyncio.gather(*writing, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result
        total = [await pair.check(url) for pair in pairs for url in urls]
        print(f"{TAKEOVERS} takeovers, {sum(total) // 2} messages in the logs")
        assert [gateway.pid for gateway in cluster.gateways] == pids
        for gateway in cluster.gateways:
            assert "Traceback" not in gateway.log.read_text()

"""The disk under PostgreSQL stands still or is slow: nobody is answered before it is written, reads
go on, and all goes on with the disk, also when PostgreSQL is killed meanwhile.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from load import Pair, new_pair
from plausch.wire import frames as f
from postgres_cluster import Cluster, create_cluster
from server_process import OPEN_LIMITS, ServerProcess
from standing_disk import StandingDisk, standing_disk
from wire_device import WireDevice

WAITING = 100
PATIENCE_S = 60.0
STILL_S, GOING_S = 0.4, 0.1
WRITES_S = 3.0


@dataclass
class House:
    """A server whose PostgreSQL has a disk of its own."""

    disk: StandingDisk
    cluster: Cluster
    server: ServerProcess


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with standing_disk(tmp_path / "image") as disk:
        cluster = create_cluster(disk.folder)
        try:
            url = asyncio.run(cluster.create_database("slow"))
            with ServerProcess(tmp_path, database_url=url, config=OPEN_LIMITS) as server:
                yield House(disk, cluster, server)
                assert "Traceback" not in server.log()
        finally:
            cluster.stop("immediate")


def begin(pair: Pair, device: WireDevice) -> tuple[bytes, asyncio.Future[f.Frame], bytes]:
    """A message, its answer to come, and its idempotency id."""
    message, ledger = pair.ledger.new_message(), pair.ledger
    number, key = device.session.next_id(), secrets.token_bytes(16)
    append = f.Append(number, ledger.conversation, ledger.epoch, f.APPLICATION, message, key)
    return message, device.begin(append), key


async def test_postgresql_whose_disk_stands_still_for_a_while(house: House) -> None:
    pair = await new_pair(house.server.url)
    one, other = [await WireDevice.open(house.server.url, person) for person in pair.people]
    first = pair.ledger.new_message()
    answer = await one.append(pair.ledger.conversation, pair.ledger.epoch, first)
    pair.ledger.promised[first] = answer.seq
    house.disk.stand_still()
    try:
        waiting = [begin(pair, one) for _ in range(WAITING)]
        for _ in range(20):  # reading waits for nobody's COMMIT
            log = await other.read_log(pair.ledger.conversation)
            assert log[-1].message == first
        await asyncio.sleep(1.0)
        assert not any(future.done() for _, future, _ in waiting)
    finally:
        house.disk.go_on()
    async with asyncio.timeout(PATIENCE_S):
        for message, future, _ in waiting:
            appended = await future
            assert isinstance(appended, f.Appended)
            pair.ledger.promised[message] = appended.seq
    assert await pair.check(house.server.url) > WAITING


@pytest.mark.skipif("PLAUSCH_FAULTS" not in os.environ, reason="the long form: make soak")
async def test_postgresql_whose_disk_stands_still_for_longer_than_anybody_waits(
    house: House,
) -> None:
    pair = await new_pair(house.server.url)
    one = await WireDevice.open(house.server.url, pair.people[0])
    house.disk.stand_still()
    try:
        waiting = [begin(pair, one) for _ in range(WAITING)]
        async with asyncio.timeout(2 * PATIENCE_S):
            for message, future, key in waiting:
                refused = await future
                assert isinstance(refused, f.Refused)
                assert refused.code == "storage_unavailable"
                pair.ledger.uncertain[message] = (one.person.device.uri, key)
    finally:
        house.disk.go_on()
    await pair.write_again(house.server.url)
    assert await pair.check(house.server.url) > WAITING


async def test_postgresql_on_a_slow_disk_is_killed_and_loses_nothing(house: House) -> None:
    pair = await new_pair(house.server.url)
    with house.disk.slow(STILL_S, GOING_S):
        writing = asyncio.create_task(pair.write(house.server.url))
        await asyncio.sleep(WRITES_S)
        answered = len(pair.ledger.promised)
        await asyncio.to_thread(house.cluster.stop, "immediate")
        await asyncio.wait([writing], timeout=WRITES_S)
        await asyncio.to_thread(house.cluster.start)
        writing.cancel()
        [result] = await asyncio.gather(writing, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError) or "storage_unavailable" in str(result)
        assert answered > 0, "slow, but not standing still"
        await pair.write_again(house.server.url)
    assert await pair.check(house.server.url) > answered

"""The disk is full to the last byte and has room again, under a server that goes on running:
senders are told "later", nothing acknowledged is lost, and nobody has to restart the server.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from cluster.part import program
from load import Pair, new_pair
from plausch.wire import frames as f
from postgres_cluster import Cluster, running_cluster
from server_process import OPEN_LIMITS, ServerProcess
from small_disk import SmallDisk, small_disk
from wire_device import Person, WasRefused, WireDevice

MIB = 1024 * 1024
MESSAGES = 20_000
AT_ONCE = 32


async def append(pair: Pair, device: WireDevice) -> None:
    """A message of 16 KiB. Raises WasRefused."""
    ledger = pair.ledger
    message = ledger.sample.ljust(16_000, b"\0") + secrets.token_bytes(16)
    key = secrets.token_bytes(16)
    ledger.uncertain[message] = (device.person.device.uri, key)
    answer = await device.append(ledger.conversation, ledger.epoch, message, key)
    ledger.promised[message] = answer.seq
    del ledger.uncertain[message]


async def write_until_refused(pair: Pair, device: WireDevice, disk: SmallDisk) -> f.Refused:
    """Write on the full disk until it takes nothing more; the refusal."""
    for _ in range(MESSAGES // AT_ONCE):
        disk.fill()  # a checkpoint may have made room
        found = await asyncio.gather(
            *(append(pair, device) for _ in range(AT_ONCE)), return_exceptions=True
        )
        for one in found:
            if isinstance(one, WasRefused):
                return one.frame
            assert one is None, one
    raise AssertionError("the disk never filled")


def must_say_later(refused: f.Refused, folder: Path) -> None:
    assert refused.code == "storage_unavailable"
    assert refused.fault == "operator"
    assert refused.retry_after_ms > 0
    assert refused.sentence.endswith(".")
    assert str(folder) not in refused.sentence


async def test_sqlite(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 24 * MIB) as disk:
        server = ServerProcess(tmp_path).start()
        pair = await new_pair(server.url)
        reader = await WireDevice.open(server.url, pair.people[1])
        for _ in range(2):
            device = await WireDevice.open(server.url, pair.people[0])
            refused = await write_until_refused(pair, device, disk)
            must_say_later(refused, tmp_path)
            # What is there can be read all the while, also by who has been connected for long.
            log = await reader.read_log(pair.ledger.conversation)
            assert {one.message for one in log} >= set(pair.ledger.promised)
            await device.close()
            disk.make_room()
            await pair.write_again(server.url)
        await pair.check(server.url)
        # Full again, and killed in the middle of it.
        device = await WireDevice.open(server.url, pair.people[0])
        await write_until_refused(pair, device, disk)
        server.kill()
        disk.make_room()
        server.start()
        assert await pair.check(server.url) > AT_ONCE
        assert server.stop() == 0
        assert "Traceback" not in server.log()


async def test_postgresql_whose_tables_have_no_room(tmp_path: Path) -> None:
    """A table that cannot grow is an error of that statement: PostgreSQL goes on."""
    with running_cluster() as cluster:
        tables = f"{cluster.folder}/tables"
        with small_disk(Path(tables), 24 * MIB) as disk:
            shutil.chown(tables, *owner(cluster))
            url = await cluster.create_database("tables")
            await place_tables(cluster, tables)
            with ServerProcess(tmp_path, database_url=url, config=OPEN_LIMITS) as server:
                await through_a_full_disk(server, disk, tmp_path)
                assert "Traceback" not in server.log()
            await cluster.drop_database("tables")


@pytest.mark.skipif("PLAUSCH_FAULTS" not in os.environ, reason="the long form: make soak")
async def test_postgresql_whose_log_has_no_room(tmp_path: Path) -> None:
    """Without room for its log PostgreSQL stops, to be started again by what started it; the
    server stays and finds back to it."""
    with running_cluster() as cluster:
        cluster.stop()
        log, moved = cluster.folder / "data" / "pg_wal", cluster.folder / "wal"
        with small_disk(moved, 72 * MIB) as disk:
            shutil.copytree(log, moved, dirs_exist_ok=True)
            for one in [moved, *moved.rglob("*")]:
                shutil.chown(one, *owner(cluster))
            moved.chmod(0o700)
            shutil.rmtree(log)
            log.symlink_to(moved)
            cluster.start()
            url = await cluster.create_database("log")
            with ServerProcess(tmp_path, database_url=url, config=OPEN_LIMITS) as server:
                await through_a_full_disk(server, disk, tmp_path, cluster)
                assert "Traceback" not in server.log()
            cluster.stop("immediate")
            log.unlink()
            shutil.copytree(moved, log)
            for one in [log, *log.rglob("*")]:
                shutil.chown(one, *owner(cluster))
            log.chmod(0o700)
        cluster.start()


async def through_a_full_disk(
    server: ServerProcess, disk: SmallDisk, folder: Path, dies: Cluster | None = None
) -> None:
    pair = await new_pair(server.url)
    device = await WireDevice.open(server.url, pair.people[0])
    refused = await write_until_refused(pair, device, disk)
    must_say_later(refused, folder)
    await device.close()
    disk.make_room()
    if dies is not None and not is_running(dies):
        dies.start()
    await pair.write_again(server.url)
    assert await pair.check(server.url) > AT_ONCE
    await (await WireDevice.register(server.url, Person.new("later"))).close()


def owner(cluster: Cluster) -> tuple[int, int]:
    found = (cluster.folder / "data").stat()
    return found.st_uid, found.st_gid


def is_running(cluster: Cluster) -> bool:
    """Whether PostgreSQL is there, or is just going."""
    command = [program("pg_controldata", "postgres"), str(cluster.folder / "data")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return (cluster.folder / "data" / "postmaster.pid").exists() and "shut down" not in said


async def place_tables(cluster: Cluster, folder: str) -> None:
    """Every table that is made from now on lies in this folder."""
    connection = await asyncpg.connect(cluster.url())
    try:
        await connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        await connection.execute("ALTER DATABASE tables SET default_tablespace = small")
    finally:
        await connection.close()

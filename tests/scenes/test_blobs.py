"""Files and a server that dies: an upload goes on where the disk has it, what was acknowledged is
whole. PLAUSCH_SEED repeats a run."""

import asyncio
import contextlib
import os
import random
import resource
import secrets
from pathlib import Path

import pytest

from blob_transfer import ask_where, download, upload
from s3_service import S3Service
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WasRefused, WireDevice

KILLS = int(os.environ.get("PLAUSCH_BLOB_KILLS", "8"))
SMALL_KILLS = KILLS // 2
SIZE_BYTES = 12 * 1024 * 1024
ROOMY = OPEN_LIMITS + "blob_reserve_bytes = 0\nblob_upload_bytes_per_hour = 1000000000000\n"


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("PLAUSCH_SEED", secrets.randbelow(2**32)))
    print(f"PLAUSCH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest) -> str:
    """A server's settings, with blobs in its folder or in a bucket."""
    if request.param == "folder":
        return ROOMY
    request.getfixturevalue("s3_keys")
    s3: S3Service = request.getfixturevalue("s3")
    return f'blobs_url = "{s3.url()}"\n{ROOMY}'


@pytest.mark.timeout(120 + KILLS * 25)
async def test_an_upload_survives_a_server_that_is_killed_again_and_again(
    tmp_path: Path, storage: str, dice: random.Random
) -> None:
    server = ServerProcess(tmp_path, config=storage).start()
    anna = Person.new("anna")
    await (await WireDevice.register(server.url, anna)).close()
    content, blob = secrets.token_bytes(SIZE_BYTES), secrets.token_bytes(32)
    acknowledged, progress = 0, []
    for kill in range(KILLS):
        device = await WireDevice.open(server.url, anna)
        stands = await ask_where(device, blob, content)
        assert stands >= acknowledged  # a killed process loses nothing that it wrote
        progress.append(stands)
        goal = min(SIZE_BYTES, SIZE_BYTES * (kill + 1) // KILLS)
        working = asyncio.ensure_future(upload(device, blob, content, goal))
        if kill % 2:
            await asyncio.sleep(dice.uniform(0, 0.1))
        else:
            acknowledged = await working
        server.kill()
        with contextlib.suppress(ConnectionError):
            await working
        server.start()
    device = await WireDevice.open(server.url, anna)
    assert await upload(device, blob, content, SIZE_BYTES) == SIZE_BYTES
    server.kill()
    server.start()
    cem = await WireDevice.register(server.url, Person.new("cem"))
    assert await download(cem, blob) == content
    assert progress == sorted(progress)
    assert (server.directory / "blobs").exists() == (storage == ROOMY)
    assert server.stop() == 0
    assert "Traceback" not in server.log()


@pytest.mark.timeout(120 + KILLS * 25)
async def test_what_was_acknowledged_as_whole_is_whole_after_a_kill(
    tmp_path: Path, storage: str, dice: random.Random
) -> None:
    """Many small blobs, killed while one of them is being finished."""
    server = ServerProcess(tmp_path, config=storage).start()
    anna = Person.new("anna")
    await (await WireDevice.register(server.url, anna)).close()
    whole: dict[bytes, bytes] = {}
    begun: dict[bytes, bytes] = {}

    async def write(device: WireDevice) -> None:
        while True:
            content, blob = secrets.token_bytes(dice.randrange(1, 300_000)), secrets.token_bytes(32)
            begun[blob] = content
            await upload(device, blob, content, len(content))
            whole[blob] = content

    for kill in range(SMALL_KILLS):
        device = await WireDevice.open(server.url, anna)
        working = asyncio.ensure_future(write(device))
        while len(whole) < 2 * (kill + 1):
            await asyncio.sleep(dice.uniform(0.01, 0.1))
        server.kill()
        with contextlib.suppress(ConnectionError):
            await working
        server.start()
    device = await WireDevice.open(server.url, anna)
    for blob, content in whole.items():
        assert await download(device, blob) == content
    for blob in begun.keys() - whole.keys():  # the rest goes on, or was whole already
        await upload(device, blob, begun[blob], len(begun[blob]))
        assert await download(device, blob) == begun[blob]
    print(f"{SMALL_KILLS} kills, {len(whole)} acknowledged, {len(begun)} begun")
    assert server.stop() == 0
    assert "Traceback" not in server.log()


def small_disk() -> None:
    """No file may grow beyond this: to the process, the disk is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * 1024 * 1024, 3 * 1024 * 1024))


async def test_a_full_disk_refuses_the_chunk_and_messages_go_on(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, config=ROOMY, before_start=small_disk).start()
    anna = Person.new("anna")
    device = await WireDevice.register(server.url, anna)
    content, blob = secrets.token_bytes(4 * 1024 * 1024), secrets.token_bytes(32)
    with pytest.raises(WasRefused, match="storage_unavailable") as caught:
        await upload(device, blob, content, len(content))
    assert caught.value.frame.retry_after_ms > 0
    assert str(tmp_path) not in caught.value.frame.sentence
    group = await device.converse([], [])
    assert (await device.append(group.group_id, 0, group.encrypt(b"x"))).seq == 1
    await device.close()
    assert server.stop() == 0
    with ServerProcess(tmp_path, config=ROOMY) as roomy:
        again = await WireDevice.open(roomy.url, anna)
        assert await ask_where(again, blob, content) == 3 * 1024 * 1024
        assert await upload(again, blob, content, len(content)) == len(content)
        assert await download(again, blob) == content
        await again.close()


async def test_a_disk_below_its_reserve_takes_messages_only(tmp_path: Path) -> None:
    """The operator keeps more free than there is."""
    config = OPEN_LIMITS + f"blob_reserve_bytes = {2**60}\n"
    with ServerProcess(tmp_path, config=config) as server:
        device = await WireDevice.register(server.url, Person.new("anna"))
        with pytest.raises(WasRefused, match="storage_unavailable"):
            await upload(device, secrets.token_bytes(32), b"encrypted", 9)
        group = await device.converse([], [])
        assert (await device.append(group.group_id, 0, group.encrypt(b"x"))).seq == 1
        await device.close()
    assert "has no room for more blobs" in server.log()

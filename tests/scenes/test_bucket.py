"""Files in a bucket: an S3 service that is killed or says nothing, and servers that take over from
each other, while files are on their way; what was acknowledged stays, what is refused can be sent
again. (Servers that are killed: test_blobs.py.)"""

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blob_transfer import ask_where, download, upload
from company import Ran, clean_environment, plausch
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from postgres_cluster import Cluster
from s3_service import KEYS, S3Service, is_running, running_service
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WasRefused, WireDevice

SIZE_BYTES = 12 * 1024 * 1024
RATES = OPEN_LIMITS + "blob_upload_bytes_per_hour = 1000000000000\n"

pytestmark = [pytest.mark.usefixtures("s3_keys"), pytest.mark.timeout(300)]


@pytest.fixture
def own_s3() -> Iterator[S3Service]:
    """One that may be killed."""
    with running_service() as service:
        yield service


def settings(service: S3Service, more: str = "") -> str:
    return f'blobs_url = "{service.url()}"\n{RATES}{more}'


async def until_taken(device: WireDevice, blob: bytes, content: bytes, until: int) -> int:
    """Upload up to there, again and again while the storage is away; where it stands."""
    while True:
        try:
            return await upload(device, blob, content, until)
        except WasRefused as error:
            assert error.frame.code == "storage_unavailable"
            assert error.frame.retry_after_ms > 0
            assert "plausch" not in error.frame.sentence  # neither bucket nor keys
            await asyncio.sleep(error.frame.retry_after_ms / 1000)


async def test_an_upload_survives_a_bucket_that_is_killed_and_messages_go_on(
    tmp_path: Path, own_s3: S3Service
) -> None:
    with ServerProcess(tmp_path, config=settings(own_s3)) as server:
        anna = await WireDevice.register(server.url, Person.new("anna"))
        cem = await WireDevice.register(server.url, Person.new("cem"))
        content, blob = secrets.token_bytes(SIZE_BYTES), secrets.token_bytes(32)
        for place in (SIZE_BYTES // 3, SIZE_BYTES // 2):
            stands = await until_taken(anna, blob, content, place)
            own_s3.kill()
            with pytest.raises(WasRefused, match="storage_unavailable"):
                await upload(anna, blob, content, SIZE_BYTES)
            assert await ask_where(anna, blob, content) >= stands
            group = await cem.converse([], [])
            assert (await cem.append(group.group_id, 0, group.encrypt(b"x"))).seq == 1
            own_s3.start()
        await until_taken(anna, blob, content, SIZE_BYTES)
        own_s3.kill()
        with pytest.raises(WasRefused, match="storage_unavailable"):
            await download(cem, blob)
        own_s3.start()
        while True:
            with contextlib.suppress(WasRefused):
                assert await download(cem, blob) == content
                break
            await asyncio.sleep(0.5)
        await anna.close()
        await cem.close()
    assert "Traceback" not in server.log()
    assert "does not take or give blobs" in server.log()
    assert "testing" not in server.log()


async def test_a_bucket_that_says_nothing_holds_up_nobody_else(
    tmp_path: Path, own_s3: S3Service
) -> None:
    with ServerProcess(tmp_path, config=settings(own_s3)) as server:
        anna = await WireDevice.register(server.url, Person.new("anna"))
        cem = await WireDevice.register(server.url, Person.new("cem"))
        content, blob = secrets.token_bytes(100_000), secrets.token_bytes(32)
        own_s3.pause()
        waiting = asyncio.ensure_future(ask_where(anna, blob, content))
        group = await cem.converse([], [])
        for seq in range(1, 20):
            assert (await cem.append(group.group_id, 0, group.encrypt(b"x"))).seq == seq
        with pytest.raises(WasRefused, match="storage_unavailable"):
            await waiting
        own_s3.go_on()
        assert await until_taken(anna, blob, content, len(content)) == len(content)
        assert await download(cem, blob) == content
        await anna.close()
        await cem.close()
    assert "does not answer in time" in server.log()


async def test_an_upload_goes_on_at_another_server_when_one_is_killed(
    tmp_path: Path, s3: S3Service, postgres: Cluster
) -> None:
    name = f"bucket_{secrets.token_hex(4)}"
    database_url, config = await postgres.create_database(name), settings(s3)
    servers = [
        ServerProcess(tmp_path / place, database_url=database_url, config=config).start()
        for place in ("one", "other")
    ]
    anna = Person.new("anna")
    await (await WireDevice.register(servers[0].url, anna)).close()
    content, blob = secrets.token_bytes(SIZE_BYTES), secrets.token_bytes(32)
    stands = 0
    for turn in range(6):
        server = servers[turn % 2]
        device = await WireDevice.open(server.url, anna)
        assert await ask_where(device, blob, content) == stands
        stands = await upload(device, blob, content, SIZE_BYTES * (turn + 1) // 6)
        server.kill()
        server.start()
    for server in servers:
        device = await WireDevice.open(server.url, anna)
        assert await download(device, blob) == content
        await device.close()
        assert server.stop() == 0
        assert "Traceback" not in server.log()
    await postgres.drop_database(name)


def test_another_worker_than_the_one_that_began_it_may_end_the_service(
    own_s3: S3Service,
) -> None:
    program = f"from s3_service import *; S3Service(Path(), 0, {own_s3.pid}).kill()"
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert not is_running(own_s3.pid)


async def test_other_bytes_than_promised_and_a_full_quota_are_refused_here_too(
    tmp_path: Path, s3: S3Service
) -> None:
    config = settings(s3, f"blob_bytes_per_account = {SIZE_BYTES}\n")
    with ServerProcess(tmp_path, config=config) as server:
        anna = await WireDevice.register(server.url, Person.new("anna"))
        content, blob = secrets.token_bytes(SIZE_BYTES), secrets.token_bytes(32)
        begin = f.BeginBlob(anna.session.next_id(), blob, SIZE_BYTES, bytes(32))
        await anna.ask(f.BlobStands, begin)
        with pytest.raises(WasRefused, match="bad_blob"):
            for at in range(0, SIZE_BYTES, BLOB_CHUNK_BYTES):
                chunk = content[at : at + BLOB_CHUNK_BYTES]
                put = f.PutBlobChunk(anna.session.next_id(), blob, at, chunk)
                assert (await anna.ask(f.BlobStands, put)).offset == at + len(chunk)
        with pytest.raises(WasRefused, match="unknown_blob"):
            await download(anna, blob)
        with pytest.raises(WasRefused, match="quota_exceeded"):
            await ask_where(anna, secrets.token_bytes(32), b"one byte too many")
        await anna.ask(f.Done, f.DropBlob(anna.session.next_id(), blob))
        again = secrets.token_bytes(32)
        assert await upload(anna, again, content, SIZE_BYTES) == SIZE_BYTES
        assert await download(anna, again) == content
        await anna.close()


@pytest.mark.parametrize("to_bucket", [True, False])
async def test_a_backup_holds_what_is_in_the_bucket_and_goes_into_another_or_a_folder(
    tmp_path: Path, s3: S3Service, *, to_bucket: bool
) -> None:
    anna, content, blob = Person.new("anna"), secrets.token_bytes(6_000_000), bytes(32)
    unfinished = secrets.token_bytes(32)
    url = s3.url()
    with ServerProcess(tmp_path / "old", config=f'blobs_url = "{url}"\n{RATES}') as server:
        device = await WireDevice.register(server.url, anna)
        await upload(device, blob, content, len(content))
        await upload(device, unfinished, content, BLOB_CHUNK_BYTES)
        await device.close()
        command = ("backup", tmp_path / "town.tar", "--data", server.directory)
        wrong = await asyncio.to_thread(with_keys, *command)
        assert wrong.code == 1
        assert "None of the server's 1 files was found" in wrong.err
        assert not (tmp_path / "town.tar").exists()
        assert (await asyncio.to_thread(with_keys, *command, PLAUSCH_BLOBS=url)).code == 0
    new = ServerProcess(tmp_path / "new", config=settings(s3) if to_bucket else RATES)
    command = ("--data", new.directory, "--config", tmp_path / "new" / "server.toml")
    ran = await asyncio.to_thread(with_keys, "restore", tmp_path / "town.tar", *command)
    assert ran.code == 0, ran.err
    with new as server:
        device = await WireDevice.open(server.url, anna)
        assert await download(device, blob) == content
        assert await ask_where(device, unfinished, content) == 0, "it begins anew"
        await upload(device, unfinished, content, len(content))
        assert await download(device, unfinished) == content
        await device.close()


def with_keys(*arguments: object, **more: str) -> Ran:
    """A command of the operator's, with the bucket's keys."""
    return plausch(*arguments, environment=clean_environment(**KEYS, **more))

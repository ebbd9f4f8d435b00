"""Large files between real devices: little memory, and processes that die in the middle."""

import asyncio
import dataclasses
import hashlib
import os
import signal
import sys
import tracemalloc
from pathlib import Path

import pytest

from cast import PATIENCE_S, message, server_config, town_in
from plausch.sdk import Client, ServerRefused
from plausch.server.main import Server
from server_process import OPEN_LIMITS, ServerProcess

SIZE_BYTES = 100 * 1024 * 1024
ALLOWED_BYTES = 12 * 1024 * 1024
"""Of two devices and the server in one process, for a file of a hundred."""

ROOMY = OPEN_LIMITS + "blob_reserve_bytes = 0\n"

SENDER = """
import asyncio, sys
from pathlib import Path
from plausch.sdk import Client

async def main() -> None:
    async with await Client.open(Path(sys.argv[1])) as client:
        talk = await client.conversation_with("cem@localhost")
        def told(done: int, total: int) -> None:
            print(done, total, flush=True)
        if len(sys.argv) > 2:
            sent = await talk.send_file(Path(sys.argv[2]), on_progress=told)
            await sent.accepted()
        else:
            await asyncio.sleep(3600)

asyncio.run(main())
"""


def write_pattern(path: Path, size_bytes: int) -> str:
    """A file whose every MiB differs; its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(-(-size_bytes // 2**20)):
            piece = number.to_bytes(8, "big") * 2**17
            piece = piece[: size_bytes - number * 2**20]
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.timeout(300)
async def test_a_hundred_mebibytes_need_a_few_in_memory(tmp_path: Path) -> None:
    source = tmp_path / "film.mkv"
    wanted = write_pattern(source, SIZE_BYTES)
    async with town_in(tmp_path) as town:
        anna, cem = await town.people("anna", "cem")
        talk = await anna.conversation_with("cem@localhost")
        await talk.ready()
        tracemalloc.start()
        before_bytes, _ = tracemalloc.get_traced_memory()
        await (await talk.send_file(source)).accepted()
        incoming = await message(cem)
        path = await incoming.conversation.download(incoming, tmp_path)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert path.name == "film (2).mkv"
        assert sha256_of(path) == wanted
        print(f"{(peak_bytes - before_bytes) / 2**20:.1f} MiB at most")
        assert peak_bytes - before_bytes < ALLOWED_BYTES


@pytest.mark.timeout(300)
async def test_a_device_and_a_server_that_are_killed_send_a_file_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "server", config=ROOMY).start()
    homes = {name: tmp_path / name for name in ("anna", "cem")}
    for name, home in homes.items():
        async with await Client.register(home, server.url, name) as client:
            await client.synchronize()
    async with await Client.open(homes["anna"]) as anna:
        await (await anna.conversation_with("cem@localhost")).ready()
    source = tmp_path / "film.mkv"
    wanted = write_pattern(source, 40 * 1024 * 1024)
    await killed_half_way(homes["anna"], str(source))
    source.unlink()  # what goes out is what was sealed
    server.kill()
    server.start()
    await killed_half_way(homes["anna"])
    server.kill()
    server.start()
    async with (
        await Client.open(homes["cem"]) as cem,
        await Client.open(homes["anna"]) as anna,
    ):
        async with asyncio.timeout(6 * PATIENCE_S):
            incoming = await anext(cem.messages())
        assert incoming.attachment is not None
        path = await incoming.conversation.download(incoming, tmp_path)
        assert sha256_of(path) == wanted
        await anna.synchronize()
        assert len(await anna.conversations()[0].history()) == 1
        assert len(await cem.conversations()[0].history()) == 1
        assert list((homes["anna"] / "uploads").iterdir()) == []
    assert server.stop() == 0
    assert "Traceback" not in server.log()


async def killed_half_way(home: Path, *source: str) -> None:
    """A process that sends, or goes on, is killed while it uploads."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SENDER, str(home), *source),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    if source:
        async with asyncio.timeout(6 * PATIENCE_S):
            while True:
                done, total = map(int, (await process.stdout.readline()).split())
                if done > total // 4:
                    break
    else:
        await asyncio.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def test_a_server_with_little_room_says_so(tmp_path: Path) -> None:
    config = server_config(tmp_path / "server")
    limits = dataclasses.replace(config.limits, blob_bytes=10_000, blob_bytes_per_account=15_000)
    server = Server(dataclasses.replace(config, limits=limits))
    url = await server.start()
    async with (
        await Client.register(tmp_path / "anna", url, "anna") as anna,
        await Client.register(tmp_path / "cem", url, "cem"),
    ):
        talk = await anna.conversation_with("cem@localhost")
        with pytest.raises(ServerRefused, match="at most 10000 are accepted") as caught:
            await talk.send_file(bytes(20_000))
        assert caught.value.code == "too_large"
        await (await talk.send_file(bytes(9_000))).accepted()
        with pytest.raises(ServerRefused, match="drop some, or wait") as caught:
            await talk.send_file(bytes(9_000))
        assert caught.value.code == "quota_exceeded"
        (mine,) = await talk.history()
        await (await talk.delete(mine.message_id)).accepted()
        async with asyncio.timeout(PATIENCE_S):
            while True:  # its blob is dropped in the background
                try:
                    await (await talk.send_file(bytes(9_000))).accepted()
                except ServerRefused:
                    continue
                break
    await server.stop()

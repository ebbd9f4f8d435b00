"""Blobs in a folder: nothing half, nothing lost, nothing of anybody else."""

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from plausch.base.errors import OperatorError
from plausch.db.interface import StorageUnavailable
from plausch.server import local_blobs
from plausch.server.local_blobs import UPLOADS, LocalBlobs

NAME = bytes(range(32))
CONTENT = bytes(range(256)) * 20
DIGEST = hashlib.sha256(CONTENT).digest()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    made = LocalBlobs(tmp_path / "blobs")
    made.prepare()
    yield made
    await made.close()


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


async def upload(store: LocalBlobs, name: bytes = NAME, content: bytes = CONTENT) -> None:
    assert await store.write(name, 0, content) == len(content)
    assert await store.finish(name, len(content), hashlib.sha256(content).digest())


async def test_who_is_overtaken_between_two_looks_learns_that_it_is_whole(
    store: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.write(NAME, 0, CONTENT[:1_000]) == 1_000
    faster = LocalBlobs(folder_of(tmp_path))
    real = os.open

    def overtaken(path: Path, flags: int, mode: int = 0o777) -> int:
        monkeypatch.setattr(local_blobs.os, "open", real)
        faster._write(NAME, 1_000, CONTENT[1_000:])
        assert faster._finish(NAME, len(CONTENT), DIGEST)
        return real(path, flags, mode)

    monkeypatch.setattr(local_blobs.os, "open", overtaken)
    assert await store.write(NAME, 1_000, CONTENT[1_000:]) == len(CONTENT)
    assert await store.finish(NAME, len(CONTENT), DIGEST)
    assert await store.read(NAME, 0, len(CONTENT)) == CONTENT
    assert list((folder_of(tmp_path) / UPLOADS).iterdir()) == []
    await faster.close()


async def test_files_are_the_owners_only(store: LocalBlobs, tmp_path: Path) -> None:
    await upload(store)
    for path in [folder_of(tmp_path), *folder_of(tmp_path).rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    text = NAME.hex()
    assert (folder_of(tmp_path) / text[:2] / text[2:]).read_bytes() == CONTENT


async def test_a_link_in_the_folder_leads_nowhere(store: LocalBlobs, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (folder_of(tmp_path) / UPLOADS / NAME.hex()).symlink_to(victim)
    with pytest.raises(StorageUnavailable):
        await store.write(NAME, 0, b"x")
    assert victim.read_bytes() == b""


# --- the disk --------------------------------------------------------------------------------


async def test_a_blob_is_on_disk_before_it_has_its_name(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.rename

    def noted_sync(file: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        sync(file)

    def noted_rename(self: Path, target: Path) -> Path:
        done.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    await upload(store)
    assert done == ["file", "rename", "folder", "folder"]


async def test_a_long_upload_is_synced_on_its_way(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(local_blobs, "SYNC_BYTES", 1000)
    monkeypatch.setattr(os, "fdatasync", synced.append)
    for offset in range(0, 2500, 250):
        await store.write(NAME, offset, bytes(250))
    assert len(synced) == 2


@pytest.mark.parametrize("written", [0, 100])
async def test_a_full_disk_takes_all_of_a_chunk_or_none(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    await store.write(NAME, 0, CONTENT[:500])
    real, calls = os.pwrite, 0

    def full(file: int, chunk: bytes, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls == 1 and written:
            return real(file, chunk[:written], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        await store.write(NAME, 500, CONTENT[500:])
    monkeypatch.setattr(os, "pwrite", real)
    assert await store.begin(NAME, len(CONTENT)) == 500
    assert await store.write(NAME, 500, CONTENT[500:]) == len(CONTENT)
    assert await store.finish(NAME, len(CONTENT), DIGEST)


async def test_a_short_write_is_gone_on_with(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, chunk, at: real(file, chunk[:100], at))
    await upload(store)
    assert await store.read(NAME, 0, 2**20) == CONTENT


async def test_the_reserve_of_the_disk_stays_free(
    store: LocalBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = LocalBlobs(folder_of(tmp_path), 1_000_000)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=1_100, f_frsize=1_000))
    assert await tight.begin(NAME, 100_000) == 0
    with pytest.raises(StorageUnavailable, match="no room for more blobs"):
        await tight.begin(NAME, 100_001)
    assert await tight.write(NAME, 0, bytes(100_000)) == 100_000
    with pytest.raises(StorageUnavailable, match="blob_reserve_bytes"):
        await tight.write(NAME, 100_000, bytes(100_001))
    assert await tight.begin(NAME, 200_000) == 100_000  # the rest has room
    await tight.close()


async def test_a_folder_that_vanished_is_a_sentence(store: LocalBlobs, tmp_path: Path) -> None:
    await upload(store)
    folder_of(tmp_path).rename(tmp_path / "elsewhere")
    for work in (store.begin(NAME, 1), store.write(NAME, 0, b"x"), store.untouched(0, 1)):
        with pytest.raises(StorageUnavailable, match="does not take or give them"):
            await work
    assert await store.read(NAME, 0, 1) is None


async def test_after_closing_nothing_is_taken(store: LocalBlobs) -> None:
    working = asyncio.gather(*(store.write(NAME, 0, CONTENT) for _ in range(20)))
    await asyncio.sleep(0)
    await store.close()
    assert set(await working) == {len(CONTENT)}  # what was begun was finished
    with pytest.raises(StorageUnavailable, match="is stopping"):
        await store.begin(NAME, 1)
    await store.close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="choose another with blobs_dir"):
        LocalBlobs(tmp_path / "file" / "blobs").prepare()


# --- strays ----------------------------------------------------------------------------------


async def test_what_was_not_touched_for_long_is_named(store: LocalBlobs, tmp_path: Path) -> None:
    inside, outside = b"\x05" + bytes(31), b"\x06" + bytes(31)
    unfinished = b"\x05" + b"u" * 31
    for name in (inside, outside):
        await upload(store, name)
    await store.write(unfinished, 0, b"x")
    folder = folder_of(tmp_path)
    (folder / "05" / "README").write_text("not ours")
    (folder / "05" / ("z" * 62)).write_text("not hex")
    for path in folder.rglob("*"):
        os.utime(path, ns=(5_000_000, 5_000_000))
    assert set(await store.untouched(5, 6)) == {inside, unfinished}
    assert await store.untouched(5, 5) == []
    assert await store.untouched(6, 6) == [outside]
    assert await store.untouched(7, 6) == []

"""Restoring: all of a dump or a store that is marked; blobs verified; goes on after a crash."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from full_store import BLOBS, all_rows, fill_store, put_blobs
from plausch.db.interface import Database, StorageUnavailable
from plausch.db.migrate import SchemaRefused, Step, migrate
from plausch.db.rows import Fingerprint
from plausch.db.sqlite import open_sqlite
from plausch.server.dump import write_dump
from plausch.server.dump_file import Dump, DumpRefused, DumpWriter, Manifest, TableLine, read_dump
from plausch.server.filling import TargetTaken, silent
from plausch.server.local_blobs import LocalBlobs
from plausch.server.restoring import BlobDiffers, restore
from plausch.server.store import filling
from plausch.server.store.schema import STEPS, StoreIncomplete, prepare, travelling


@pytest.fixture
async def dump(tmp_path: Path) -> Dump:
    database = open_sqlite(tmp_path / "source.db")
    await fill_store(database, envelopes=1_500)
    blobs = await put_blobs(tmp_path / "blobs")
    file = io.BytesIO()
    await write_dump(database, blobs, file, 1, silent)
    await blobs.close()
    await database.close()
    file.seek(0)
    return await read_dump(file, Path("town.tar"))


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    store = LocalBlobs(tmp_path / "new")
    store.prepare()
    yield store
    await store.close()


async def test_a_store_is_complete_only_when_the_last_blob_is_on_disk(
    dump: Dump, memory: Database, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, left = blobs.finish, len(BLOBS) - 1

    async def failing(name: bytes, length: int, digest: bytes) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise StorageUnavailable("no room")
        return await finish(name, length, digest)

    monkeypatch.setattr(blobs, "finish", failing)
    with pytest.raises(StorageUnavailable):
        await restore(dump, memory, blobs, silent, silent)
    with pytest.raises(StoreIncomplete):
        await prepare(memory)
    monkeypatch.undo()
    await restore(dump, memory, blobs, silent, silent)
    await prepare(memory)
    for name, content in BLOBS.items():
        assert await blobs.read(name, 0, len(content)) == content


async def test_a_half_blob_of_an_interrupted_restore_is_continued(
    dump: Dump, memory: Database, blobs: LocalBlobs
) -> None:
    for name, content in BLOBS.items():
        await blobs.write(name, 0, content[: len(content) * 2 // 3])
    await restore(dump, memory, blobs, silent, silent)
    for name, content in BLOBS.items():
        assert await blobs.read(name, 0, len(content)) == content


async def test_the_same_files_that_survived_are_taken(
    dump: Dump, memory: Database, tmp_path: Path
) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    await restore(dump, memory, blobs, silent, silent)
    await blobs.close()


@pytest.mark.parametrize("is_whole", [True, False])
async def test_another_file_under_a_blobs_name_is_not_taken_for_it(
    dump: Dump, memory: Database, blobs: LocalBlobs, is_whole: bool
) -> None:
    name, content = list(BLOBS.items())[1]
    other = bytes(len(content))
    await blobs.write(name, 0, other)
    if is_whole:
        await blobs.finish(name, len(other), hashlib.sha256(other).digest())
    with pytest.raises(BlobDiffers, match=name.hex()):
        await restore(dump, memory, blobs, silent, silent)
    assert await memory.read(filling.origin) is not None
    await blobs.remove(name)
    await restore(dump, memory, blobs, silent, silent)


async def test_a_store_in_which_a_server_was_started_is_refused(
    dump: Dump, memory: Database, blobs: LocalBlobs
) -> None:
    await restore(dump, memory, blobs, silent, silent)
    before = await all_rows(memory)
    with pytest.raises(TargetTaken, match="holds something already"):
        await restore(dump, memory, blobs, silent, silent)
    assert await all_rows(memory) == before


async def test_a_database_of_a_newer_version_is_refused(
    dump: Dump, memory: Database, blobs: LocalBlobs
) -> None:
    later = Step(len(STEPS) + 1, "later", ("CREATE TABLE later (id {serial})",))
    await migrate(memory, [*STEPS, later])
    with pytest.raises(SchemaRefused, match="newer version"):
        await restore(dump, memory, blobs, silent, silent)


async def test_a_blob_that_no_table_names_is_refused(memory: Database, blobs: LocalBlobs) -> None:
    """Somebody made a dump by hand; its row of a whole blob has another name."""
    file = io.BytesIO()
    row = (1, b"n" * 32, 1, 1, hashlib.sha256(b"x").digest(), 1, 1)
    writer = DumpWriter(file, 1)
    from_one = await manifest_with(writer, row)
    writer.add("blobs/" + "00" * 32, b"x")
    writer.finish(from_one)
    file.seek(0)
    found = await read_dump(file, Path("town.tar"))
    with pytest.raises(DumpRefused, match="do not name"):
        await restore(found, memory, blobs, silent, silent)
    with pytest.raises(StoreIncomplete):
        await prepare(memory)


async def manifest_with(writer: DumpWriter, row: tuple[object, ...]) -> Manifest:
    """Write an account and its blob; the manifest that fits."""
    rows = {"account": [(1, "anna", "person", b"", b"", 1)], "blob": [row]}
    lines = {}
    for table in await travelling():
        fingerprint = Fingerprint()
        if table.name in rows:
            writer.add(f"tables/{table.name}/00000001", fingerprint.add(rows[table.name]))
        lines[table.name] = TableLine(fingerprint.rows, fingerprint.digest)
    return Manifest(lines, 1, 1, [])

"""Making a dump: of one moment, with the blobs that are there, and nothing half of them."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from full_store import BLOBS, fill_store, put_blobs
from plausch.db.interface import Database, StorageUnavailable
from plausch.db.sqlite import open_sqlite
from plausch.server import dump as dump_module
from plausch.server.dump import write_dump
from plausch.server.dump_file import read_dump
from plausch.server.filling import silent
from plausch.server.local_blobs import LocalBlobs


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_sqlite(tmp_path / "source.db")
    await fill_store(database, envelopes=50)
    yield database
    await database.close()


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    store = await put_blobs(tmp_path / "blobs")
    yield store
    await store.close()


async def test_what_was_written_is_counted(source: Database, blobs: LocalBlobs) -> None:
    told: dict[str, int] = {}

    def tell(what: str, count: int) -> None:
        told[what] = told.get(what, 0) + count

    dumped = await write_dump(source, blobs, io.BytesIO(), 1, tell)
    assert told.pop("blobs") == dumped.blobs == len(BLOBS)
    assert sum(told.values()) == dumped.rows
    assert dumped.blob_bytes == sum(map(len, BLOBS.values()))


class Vanishing(LocalBlobs):
    """A folder from which a blob is deleted in the middle of its copy."""

    async def read(self, name: bytes, offset: int, limit: int) -> bytes | None:
        if offset:
            await self.remove(name)
        return await super().read(name, offset, limit)


async def test_a_blob_that_is_deleted_while_it_is_copied_is_left_out(
    source: Database, blobs: LocalBlobs, tmp_path: Path
) -> None:
    vanishing = Vanishing(tmp_path / "blobs")
    file = io.BytesIO()
    dumped = await write_dump(source, vanishing, file, 1, silent)
    await vanishing.close()
    assert (dumped.blobs, dumped.gone, dumped.damaged) == (len(BLOBS) - 1, 1, [])
    file.seek(0)
    found = {name for name, _ in (await read_dump(file, Path("x"))).blobs()}
    assert found == {name for name, content in BLOBS.items() if len(content) < 1_000_000}


@pytest.mark.parametrize("change", ["shorter", "longer", "other"])
async def test_a_file_that_is_not_what_its_row_says_is_named(
    source: Database, blobs: LocalBlobs, tmp_path: Path, change: str
) -> None:
    name, content = next(iter(BLOBS.items()))
    path = tmp_path / "blobs" / name.hex()[:2] / name.hex()[2:]
    changes = {"shorter": b"", "longer": content + b"x", "other": bytes([content[0] ^ 1])}
    path.write_bytes(changes[change])
    dumped = await write_dump(source, blobs, io.BytesIO(), 1, silent)
    if change == "longer":  # its beginning is what was sent, and no more is given out
        assert dumped.damaged == []
    else:
        assert dumped.damaged == [name.hex()]


async def test_a_disk_that_gives_no_blobs_is_an_error_of_the_whole(
    source: Database, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> bytes:
        raise StorageUnavailable("input or output error")

    monkeypatch.setattr(blobs, "read", refuse)
    with pytest.raises(StorageUnavailable):
        await write_dump(source, blobs, io.BytesIO(), 1, silent)


async def test_a_blob_is_copied_in_pieces(
    source: Database, blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is ever held in memory as a whole."""
    monkeypatch.setattr(dump_module, "CHUNK_BYTES", 1_000)
    asked: list[int] = []
    real = blobs.read

    async def read(name: bytes, offset: int, limit: int) -> bytes | None:
        asked.append(limit)
        return await real(name, offset, limit)

    monkeypatch.setattr(blobs, "read", read)
    await write_dump(source, blobs, io.BytesIO(), 1, silent)
    assert max(asked) == 1_000

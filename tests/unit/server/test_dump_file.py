"""The file of a dump: readable by any tar, refused unless every byte is what was written."""

import hashlib
import io
import secrets
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from full_store import BLOBS, all_rows, fill_store, put_blobs
from plausch.db.sqlite import open_sqlite
from plausch.server import dump_file
from plausch.server.dump import write_dump
from plausch.server.dump_file import (
    BLOCK_BYTES,
    Beginning,
    Dump,
    DumpRefused,
    DumpWriter,
    Manifest,
    TableLine,
    decoder_of,
    read_dump,
)
from plausch.server.filling import silent
from plausch.server.store.schema import STEPS, travelling

PATH = Path("town.tar")


@pytest.fixture
async def dumped(tmp_path: Path) -> AsyncIterator[bytes]:
    """A small dump, with rows in every table and the blobs."""
    database = open_sqlite(tmp_path / "source.db")
    await fill_store(database, envelopes=20)
    blobs = await put_blobs(tmp_path / "blobs")
    file = io.BytesIO()
    await write_dump(database, blobs, file, 1_800_000_000_000, silent)
    await blobs.close()
    yield file.getvalue()
    await database.close()


async def read(content: bytes) -> Dump:
    return await read_dump(io.BytesIO(content), PATH)


async def test_any_tar_lists_it(dumped: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(dumped)) as archive:
        names = archive.getnames()
        assert names[0] == "plausch-dump.json"
        assert names[-2:] == ["manifest.json", "SHA256"]
        assert {name for name in names if name.startswith("blobs/")} == {
            f"blobs/{name.hex()}" for name in BLOBS
        }
        for name, content in BLOBS.items():
            member = archive.extractfile(f"blobs/{name.hex()}")
            assert member is not None
            assert member.read() == content
        assert {member.mode for member in archive.getmembers()} == {0o600}


async def test_what_was_written_is_read(dumped: bytes) -> None:
    dump = await read(dumped)
    assert dump.steps == STEPS
    assert dump.made_at_ms == 1_800_000_000_000
    assert dump.manifest.blobs == len(BLOBS)
    assert {name: b"".join(chunks) for name, chunks in dump.blobs()} == BLOBS
    assert dump.manifest.left_out == []


async def test_a_dump_that_was_cut_off_anywhere_is_refused(dumped: bytes) -> None:
    lengths = {0, 1, 511, 512, 513, len(dumped) - 1, len(dumped) - 512, len(dumped) - 1024}
    lengths |= {secrets.randbelow(len(dumped)) for _ in range(20)}
    for length in sorted(lengths):
        with pytest.raises(DumpRefused, match=r"cut off|is no backup"):
            await read(dumped[:length])


async def test_a_dump_with_one_wrong_bit_anywhere_is_refused(dumped: bytes) -> None:
    ends = [*range(0, 1024, 61), *(len(dumped) - one for one in range(1, 3 * 1024, 97))]
    for place in ends + [secrets.randbelow(len(dumped)) for _ in range(30)]:
        changed = bytearray(dumped)
        changed[place] ^= 1 << secrets.randbelow(8)
        with pytest.raises(DumpRefused):
            await read(bytes(changed))


@pytest.mark.parametrize("more", [b"\0", b"\0" * 512, b"x" * 5000])
async def test_nothing_comes_after_the_end(dumped: bytes, more: bytes) -> None:
    with pytest.raises(DumpRefused, match="damaged"):
        await read(dumped + more)


@pytest.mark.parametrize(
    "content", [b"", b"x" * 10_000, b"\0" * 10_240, b"SQLite format 3\0" * 1000, b"\x1f\x8b" * 999]
)
async def test_what_is_no_dump_is_called_so(content: bytes) -> None:
    with pytest.raises(DumpRefused, match=r"town.tar is no backup of a Plausch server"):
        await read(content)


def archive_of(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                line = tarfile.TarInfo(member[0])
                line.size = len(member[1])
                archive.addfile(line, io.BytesIO(member[1]))
    return file.getvalue()


async def test_another_tar_is_no_dump() -> None:
    link = tarfile.TarInfo("plausch-dump.json")
    link.type, link.linkname = tarfile.SYMTYPE, "passwords"
    for content in (
        archive_of(("etc/passwd", b"root")),
        archive_of(("plausch-dump.json", b"[]")),
        archive_of(("plausch-dump.json", b"{")),
        archive_of(link),
    ):
        with pytest.raises(DumpRefused, match="is no backup"):
            await read(content)


def beginning(**changes: object) -> bytes:
    steps = [(step.number, step.name, step.digest) for step in STEPS]
    return msgspec.json.encode({"format": 1, "made_at_ms": 1, "steps": steps, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format 2"),
        ({"format": None}, "format None"),
        ({"steps": [[1, "x", "y"]] * 99}, "newer version of Plausch"),
        ({"steps": [[1, "accounts and devices", "0" * 64]]}, "another build"),
        ({"steps": []}, "another build"),
        ({"made_at_ms": "now"}, "damaged"),
        ({"more": 1}, "damaged"),
    ],
)
async def test_what_another_version_made_is_said(changes: dict[str, object], said: str) -> None:
    with pytest.raises(DumpRefused, match=said):
        await read(archive_of(("plausch-dump.json", beginning(**changes))))


async def made(tables: dict[str, bytes], manifest: Manifest | None = None) -> bytes:
    """A dump of somebody's own making, whose digest is right."""
    file = io.BytesIO()
    writer = DumpWriter(file, 1)
    lines = {}
    for table in await travelling():
        lines[table.name] = TableLine(0, hashlib.sha256().hexdigest())
        if table.name in tables:
            writer.add(f"tables/{table.name}/00000001", tables[table.name])
    writer.finish(manifest or Manifest(lines, 0, 0, []))
    return file.getvalue()


async def test_an_empty_dump_is_one() -> None:
    dump = await read(await made({}))
    assert dump.manifest.blobs == 0
    assert list(dump.blobs()) == []


@pytest.mark.parametrize(
    "rows",
    [
        [(1,)],
        [(1, 2, 3)],
        [("1", 1)],
        [(2**64 - 1, 1)],
        [(1, 1), (1, 1)],
        [(2, 1), (1, 1)],
        "text",
        {"1": 2},
    ],
)
async def test_rows_that_are_none_of_that_table_are_refused(rows: object) -> None:
    with pytest.raises(DumpRefused, match="damaged"):
        await read(await made({"sweep": msgspec.msgpack.encode(rows)}))


async def test_a_manifest_that_says_something_else_is_refused() -> None:
    whole = await read(await made({}))
    lines = whole.manifest.tables
    for manifest in (
        Manifest({**lines, "sweep": TableLine(1, lines["sweep"].sha256)}, 0, 0, []),
        Manifest({**lines, "sweep": TableLine(0, "0" * 64)}, 0, 0, []),
        Manifest({}, 0, 0, []),
        Manifest(lines, 1, 0, []),
        Manifest(lines, 0, 1, []),
        Manifest(lines, 0, 0, ["../x"]),
    ):
        with pytest.raises(DumpRefused, match="damaged"):
            await read(await made({}, manifest))


async def test_a_member_may_not_be_longer_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    content = await made({"sweep": msgspec.msgpack.encode([])})
    monkeypatch.setattr(dump_file, "MEMBER_BYTES", 10)
    with pytest.raises(DumpRefused):
        await read(content)


async def test_what_was_taken_back_leaves_nothing() -> None:
    one, other = io.BytesIO(), io.BytesIO()
    for file, is_taken_back in ((one, False), (other, True)):
        writer = DumpWriter(file, 5)
        if is_taken_back:
            mark = writer.mark()
            writer.begin("blobs/x", 2000)
            writer.write(b"y" * 1500)
            writer.back_to(mark)
        writer.finish(Manifest({}, 0, 0, []))
    assert one.getvalue() == other.getvalue()
    assert len(one.getvalue()) % BLOCK_BYTES == 0


async def test_the_decoder_takes_null_only_where_the_column_does() -> None:
    tables = {table.name: table for table in await travelling()}
    backup = decoder_of(tables["backup"])
    row = (1, b"l", b"a", b"r", b"n", None, 8)
    assert backup.decode(msgspec.msgpack.encode([row])) == [row]
    with pytest.raises(msgspec.ValidationError):
        backup.decode(msgspec.msgpack.encode([(None, *row[1:])]))


def test_a_beginning_says_what_it_is() -> None:
    assert msgspec.json.decode(beginning(), type=Beginning).format == dump_file.FORMAT


async def test_rows_of_blobs_that_were_left_out_do_not_come_back(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "source.db")
    await fill_store(database, envelopes=1)
    blobs = await put_blobs(tmp_path / "blobs")
    gone, damaged = list(BLOBS)[1:3]
    await blobs.remove(gone)
    text = damaged.hex()
    (tmp_path / "blobs" / text[:2] / text[2:]).write_bytes(b"x" * len(BLOBS[damaged]))
    file = io.BytesIO()
    result = await write_dump(database, blobs, file, 1, silent)
    assert (result.gone, result.damaged) == (1, [text])
    dump = await read(file.getvalue())
    assert dump.manifest.left_out == [gone.hex(), text]
    left = {name: content for name, content in BLOBS.items() if name not in (gone, damaged)}
    assert {name: b"".join(chunks) for name, chunks in dump.blobs()} == left
    table = next(table for table in dump.tables if table.name == "blob")
    names = {row[1] for rows in dump.rows(table) for row in rows}
    assert names == {*left, b"u" * 32}
    assert len((await all_rows(database))["blob"]) == len(names) + 2
    await blobs.close()
    await database.close()

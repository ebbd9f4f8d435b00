"""Making a dump of a server that runs: one moment of its database, then the blobs that it names.

The rows are read in one snapshot, by the same reader on both engines, while the server writes. A
blob's file never changes and is written before its row says that it is whole, so what the snapshot
names can be copied after it. What is swept or dropped meanwhile is missing then: it is named in the
manifest, and its row does not come back, as if the dump had been made after it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import BinaryIO

import msgspec

from plausch.db.interface import Database, Row
from plausch.db.rows import Fingerprint, batch, key_of
from plausch.db.shape import Table
from plausch.server.blob_store import BlobStore
from plausch.server.dump_file import (
    CHUNK_BYTES,
    DumpWriter,
    Manifest,
    Member,
    TableLine,
    decoder_of,
    part_name,
)
from plausch.server.filling import Tally
from plausch.server.store.schema import travelling


class Dumped(msgspec.Struct):
    """What was written. `gone` blobs were deleted meanwhile; `damaged` ones are not what their row
    says, which is the disk's fault. Neither are in the dump."""

    rows: int
    blobs: int
    blob_bytes: int
    gone: int
    damaged: list[str]


async def write_dump(
    database: Database, blobs: BlobStore, file: BinaryIO, made_at_ms: int, told: Tally
) -> Dumped:
    """Write everything that the server keeps into an empty file that can be read and written.

    Raises StorageUnavailable, OSError.
    """
    writer = DumpWriter(file, made_at_ms)
    lines: dict[str, TableLine] = {}
    blob_parts: list[Member] = []
    tables = await travelling()
    async with database.snapshot() as tx:
        for table in tables:
            fingerprint, number, after = Fingerprint(), 0, None
            while rows := await batch(tx, table, after):
                number += 1
                member = writer.add(part_name(table, number), fingerprint.add(rows))
                if table.name == "blob":
                    blob_parts.append(member)
                after = key_of(table, rows[-1])
                told(table.name, len(rows))
                await asyncio.sleep(0)  # whoever wants to end this has its turn here
            lines[table.name] = TableLine(fingerprint.rows, fingerprint.digest)
    blob_table = next(table for table in tables if table.name == "blob")
    copied = blob_bytes = 0
    gone: list[str] = []
    damaged: list[str] = []
    async for name, length, digest in _whole(file, blob_table, blob_parts):
        place = await _copy_blob(writer, blobs, name, length, digest)
        if place is None:
            copied, blob_bytes = copied + 1, blob_bytes + length
            told("blobs", 1)
        else:
            (gone if place == "gone" else damaged).append(name.hex())
    writer.finish(Manifest(lines, copied, blob_bytes, [*gone, *damaged]))
    rows_written = sum(line.rows for line in lines.values())
    return Dumped(rows_written, copied, blob_bytes, len(gone), damaged)


async def _whole(
    file: BinaryIO, table: Table, parts: list[Member]
) -> AsyncIterator[tuple[bytes, int, bytes]]:
    """(name, length, digest) of the whole blobs, read back from the dump itself."""
    decoder = decoder_of(table)
    places = [table.names.index(one) for one in ("name", "length", "digest", "stored_at_ms")]
    for part in parts:
        end = file.tell()
        file.seek(part.offset)
        rows: list[Row] = decoder.decode(file.read(part.size))
        file.seek(end)
        for row in rows:
            name, length, digest, stored_at_ms = (row[place] for place in places)
            if stored_at_ms >= 0:
                yield name, length, digest


async def _copy_blob(
    writer: DumpWriter, blobs: BlobStore, name: bytes, length: int, digest: bytes
) -> str | None:
    """Copy one; else why not: "gone" or "damaged", and nothing of it is in the dump."""
    mark = writer.mark()
    member = writer.begin(f"blobs/{name.hex()}", length)
    found, offset = hashlib.sha256(), 0
    while offset < length:
        chunk = await blobs.read(name, offset, min(CHUNK_BYTES, length - offset))
        if not chunk:
            writer.back_to(mark)
            return "gone" if chunk is None else "damaged"
        found.update(chunk)
        writer.write(chunk)
        offset += len(chunk)
    if found.digest() != digest:
        writer.back_to(mark)
        return "damaged"
    writer.end(member)
    return None

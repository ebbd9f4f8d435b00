"""From a dump into an empty store of either kind, and into an empty folder for blobs.

The dump is read once before anything is written (`read_dump`); the target is marked as incomplete
until all rows were compared and all blobs are on disk. A restore that was killed goes on when it is
asked for again with the same dump.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial

from plausch.base.errors import OperatorError
from plausch.db.interface import Database, Row
from plausch.db.migrate import migrate
from plausch.db.rows import Fingerprint, Key, key_of
from plausch.db.shape import Table
from plausch.server.blob_store import BlobStore
from plausch.server.dump_file import CHUNK_BYTES, Dump, DumpRefused
from plausch.server.filling import TableCopy, Tally, complete, fill
from plausch.server.store import blob


class BlobDiffers(OperatorError):
    """The folder for blobs holds something else under a blob's name, or did not keep it."""

    code = "blob_differs"


class DumpRows:
    """A dump as a RowSource."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self.origin = f"backup {dump.digest}"

    async def batches(self, table: Table, after: Key | None) -> AsyncIterator[list[Row]]:
        """As `RowSource.batches`."""
        for rows in self._dump.rows(table):
            left = rows if after is None else [row for row in rows if key_of(table, row) > after]
            if left:
                yield left

    async def copies(self, tables: Sequence[Table], told: Tally) -> list[TableCopy]:
        """As `RowSource.copies`: what the manifest says, and of blobs what is left of it."""
        lines = self._dump.manifest.tables
        found = []
        for table in tables:
            line = lines[table.name]
            copy = TableCopy(table.name, line.rows, line.sha256)
            if table.name == "blob" and self._dump.manifest.left_out:
                fingerprint = Fingerprint()
                for rows in self._dump.rows(table):
                    fingerprint.add(rows)
                copy = TableCopy(table.name, fingerprint.rows, fingerprint.digest)
            told(table.name, copy.rows)
            found.append(copy)
        return found


async def restore(
    dump: Dump,
    target: Database,
    blobs: BlobStore,
    told: Tally,
    compared: Tally,
    *,
    anew: bool = False,
) -> list[TableCopy]:
    """Fill an empty store with all of the dump; what each table holds.

    Raises SchemaRefused, TargetTaken, CopyDiffers, BlobDiffers, DumpRefused, StorageUnavailable.
    """
    await migrate(target, dump.steps)
    copies = await fill(target, dump.tables, DumpRows(dump), told, compared, anew=anew)
    for name, chunks in dump.blobs():
        await _put(target, blobs, name, chunks)
        told("blobs", 1)
    await complete(target)
    return copies


async def _put(target: Database, blobs: BlobStore, name: bytes, chunks: Iterable[bytes]) -> None:
    """A blob into the folder, on disk; what is there already is looked at."""
    row = await target.read(partial(blob.find, name=name))
    if row is None:
        raise DumpRefused(f"The backup has a blob that its tables do not name: {name.hex()}.")
    standing, offset = await blobs.begin(name, row.length), 0
    for chunk in chunks:
        if offset + len(chunk) > standing:
            standing = await blobs.write(name, standing, chunk[max(0, standing - offset) :])
        offset += len(chunk)
    if not row.length:
        await blobs.write(name, 0, b"")
    if not await blobs.finish(name, row.length, row.digest) or not await _is(blobs, row):
        raise BlobDiffers(
            f"The folder for blobs has another file under the name {name.hex()}: remove what lies "
            "there, and restore once more."
        )


async def _is(blobs: BlobStore, row: blob.BlobRow) -> bool:
    """Whether what lies in the folder is that blob."""
    found, offset = hashlib.sha256(), 0
    while chunk := await blobs.read(row.name, offset, CHUNK_BYTES):
        found.update(chunk)
        offset += len(chunk)
    return offset == row.length and found.digest() == row.digest

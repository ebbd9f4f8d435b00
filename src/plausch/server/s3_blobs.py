"""Blobs as objects in a bucket, `AB/CDEF...` as in a folder, with the database for what is not
whole (store/upload.py), so that any server process of it goes on with an upload.

A chunk is in the database before it is acknowledged. Chunks gather there until they fill a part of
5 MiB, the least that S3 takes: the part goes into the bucket, and then they leave the database. A
blob of one part or less is put as an object in one piece.

The bucket's own upload has no name before it is complete, and by then its SHA-256 is known to this
process, if every chunk passed through it; then it is compared first. Else the object is read back.
In both cases the row of the upload stands until the SHA-256 is right, and what has such a row is
not read: that is its name. Nothing but the bucket's two answers about lost uploads and the database
decides, so every step may be repeated, by another process too.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from plausch.base.clock import Clock
from plausch.base.errors import OperatorError
from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.server.s3_bucket import S3Bucket
from plausch.server.store import upload
from plausch.server.store.upload import UploadRow

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes, and the same for every part but the last: some services ask for that."""

PARTS = 10_000
"""The most that S3 takes."""

READ_BACK_BYTES = 1024 * 1024
"""An object is read back in pieces of this length."""

AHEAD_BYTES = 1024 * 1024
AHEADS = 32
"""Who reads on from where a read ended gets the next so many bytes into memory with one request,
for so many blobs at once. Who reads here and there gets what he asks for."""

PARTS_AT_ONCE = 4
"""So many parts are in memory at once, each of them about three times."""

DIGESTS = 1_000
"""Uploads whose SHA-256 this process carries along; of others the object is read back."""


class Ahead(NamedTuple):
    """The last stretch of a blob that was read."""

    start: int
    piece: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + len(self.piece)


class _Overtaken(StorageUnavailable):
    """What waited for the bucket is gone from the database: another process has put it there."""

    def __init__(self) -> None:
        super().__init__("Another server process is busy with this upload: ask again.")


class S3Blobs:
    """A BlobStore in a bucket. What another process removes may be read here for a moment more: who
    asks has looked at the blob's row before."""

    def __init__(self, database: Database, bucket: S3Bucket, clock: Clock) -> None:
        self._database, self._bucket, self._clock = database, bucket, clock
        self._prefix = bucket.address.prefix
        self._digests: OrderedDict[bytes, tuple[int, Any]] = OrderedDict()
        self._aheads: OrderedDict[bytes, Ahead] = OrderedDict()
        self._parts = asyncio.Semaphore(PARTS_AT_ONCE)
        self._closed = False
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def demand_parts(self, blob_bytes: int) -> None:
        """Raises OperatorError when blobs may be longer than a bucket takes."""
        if blob_bytes > PARTS * PART_BYTES:
            raise OperatorError(
                f"A bucket takes blobs of {PARTS * PART_BYTES} bytes at most: lower "
                "limits.blob_bytes.",
                code="bad_config",
            )

    async def begin(self, name: bytes, length: int) -> int:
        """As `BlobStore.begin`."""
        async with self._work():
            row = await self._row(name)
            return row.stands if row is not None else await self._enter(name)

    async def write(self, name: bytes, offset: int, chunk: bytes) -> int:
        """As `BlobStore.write`."""
        async with self._work():
            row = await self._row(name)
            if row is None:
                stands = await self._enter(name)
                row = await self._row(name)
                if row is None:  # it is whole
                    return stands
            if row.stands != offset:
                return row.stands
            if row.stands - row.parted >= PART_BYTES:
                flushed = await self._flush(name, row)
                if flushed is None:
                    return 0
            return await self._append(name, offset, chunk)

    async def finish(self, name: bytes, length: int, digest: bytes) -> bool:
        """As `BlobStore.finish`."""
        async with self._work():
            row = await self._row(name)
            right: bool | None = None
            if row is not None:
                try:
                    right = await self._make(name, row, length, digest)
                except _Overtaken:
                    if await self._row(name) is not None:
                        raise
            if right is None:  # the blob's row was not told, or another process was faster
                if await self._bucket.size(self._key(name)) is None:
                    return False
                right = await self._matches(name, length, digest)
            if right:
                await self._let_go(name)
            else:
                await self._remove(name)
            return right

    async def read(self, name: bytes, offset: int, limit: int) -> bytes | None:
        """As `BlobStore.read`."""
        async with self._work():
            ahead = self._aheads.get(name)
            if ahead is not None and ahead.start <= offset and offset + limit <= ahead.end:
                self._aheads.move_to_end(name)
                return ahead.piece[offset - ahead.start : offset - ahead.start + limit]
            if await self._row(name) is not None:
                return None
            goes_on = ahead is not None and ahead.start < offset <= ahead.end
            wanted = max(limit, AHEAD_BYTES) if goes_on else limit
            piece = await self._bucket.get(self._key(name), offset, wanted)
            if piece is None:
                return None
            self._aheads.pop(name, None)
            self._aheads[name] = Ahead(offset, piece)
            if len(self._aheads) > AHEADS:
                self._aheads.popitem(last=False)
            return piece[:limit]

    async def remove(self, name: bytes) -> None:
        """As `BlobStore.remove`."""
        async with self._work():
            await self._remove(name)

    async def untouched(self, shard: int, before_ms: int) -> list[bytes]:
        """As `BlobStore.untouched`. Parts that belong to no upload are let go of here: a process
        died between the bucket's answer and the row, or a row was of an older backup."""
        async with self._work():
            prefix = f"{self._prefix}{shard:02x}/"
            for stray in await self._bucket.uploads(prefix):
                name = self._name(stray.key)
                if name is not None and stray.at_ms < before_ms:
                    row = await self._row(name)
                    if row is None or row.multipart != stray.multipart:
                        await self._bucket.abort(stray.key, stray.multipart)
            old = [one async for one in self._bucket.objects(prefix) if one.at_ms < before_ms]
            names = {name for one in old if (name := self._name(one.key)) is not None}

            async def look(tx: Transaction) -> list[bytes]:
                return await upload.untouched(tx, shard, before_ms)

            return list(names | set(await self._database.read(look)))

    async def close(self) -> None:
        """As `BlobStore.close`."""
        self._closed = True
        await self._idle.wait()
        await self._bucket.close()

    # --- uploads -------------------------------------------------------------------------

    async def _enter(self, name: bytes) -> int:
        """Where an upload without a row stands: at its end if it is whole, else it gets its row."""
        key = self._key(name)
        whole = await self._bucket.size(key)
        if whole is not None:
            return whole
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> bool:
            return await upload.enter(tx, name, now_ms)

        entered = await self._database.transact(body)
        # Another process may have begun and finished it between the first look and the row.
        whole = await self._bucket.size(key) if entered else None
        if whole is not None:
            await self._let_go(name)
            return whole
        row = await self._row(name)
        return row.stands if row is not None else 0

    async def _append(self, name: bytes, offset: int, chunk: bytes) -> int:
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> tuple[bool, int]:
            took = await upload.append(tx, name, offset, chunk, now_ms)
            row = await upload.find(tx, name)
            return took, 0 if row is None else row.stands

        took, stands = await self._database.transact(body, repeatable=True)
        self._carry(name, offset, chunk if took else None)
        return stands

    async def _flush(self, name: bytes, row: UploadRow) -> UploadRow | None:
        """One full part into the bucket; None when the bucket has lost the upload, which stands at
        0 then."""
        begun = row if row.multipart else await self._begin_multipart(name, row)
        async with self._parts:
            body = (await self._tail(name, begun))[:PART_BYTES]
            if len(body) < PART_BYTES:  # another process flushed it
                return await self._row(name)
            if not await self._put_part(name, begun, body):
                return None
            del body

        async def note(tx: Transaction) -> UploadRow | None:
            await upload.part(tx, name, begun, begun.parted + PART_BYTES)
            return await upload.find(tx, name)

        return await self._database.transact(note, repeatable=True)

    async def _begin_multipart(self, name: bytes, row: UploadRow) -> UploadRow:
        multipart = await self._bucket.begin(self._key(name))

        async def body(tx: Transaction) -> tuple[bool, UploadRow | None]:
            return await upload.begin_multipart(tx, name, multipart), await upload.find(tx, name)

        mine, now = await self._database.transact(body)
        if not mine:
            await self._bucket.abort(self._key(name), multipart)
        if now is None:
            raise StorageUnavailable("This upload was given up in between: begin it again.")
        return now

    async def _put_part(self, name: bytes, row: UploadRow, body: bytes) -> bool:
        number = row.parted // PART_BYTES + 1
        if await self._bucket.put_part(self._key(name), row.multipart, number, body):
            return True
        await self._restart(name, row)
        return False

    async def _restart(self, name: bytes, row: UploadRow) -> None:
        """The bucket has lost the parts, by its own rules perhaps: the upload stands at 0."""
        self._digests.pop(name, None)

        async def body(tx: Transaction) -> None:
            await upload.restart(tx, name, row.multipart)

        await self._database.transact(body, repeatable=True)

    # --- the end of an upload ------------------------------------------------------------

    async def _make(self, name: bytes, row: UploadRow, length: int, digest: bytes) -> bool:
        """The object of an upload; False when that is not what was said. Raises _Overtaken,
        StorageUnavailable."""
        if row.stands != length:
            return False
        if not row.multipart and length <= PART_BYTES:
            return await self._put(name, row, digest)
        return await self._complete(name, row, digest)

    async def _put(self, name: bytes, row: UploadRow, digest: bytes) -> bool:
        """All of a short blob, which is in the database."""
        async with self._parts:
            body = await self._tail(name, row)
            if len(body) != row.stands:
                raise _Overtaken
            if hashlib.sha256(body).digest() != digest:
                return False
            await self._bucket.put(self._key(name), body)
            return True

    async def _complete(self, name: bytes, row: UploadRow, digest: bytes) -> bool:
        """The last part, then the object."""
        length = row.stands
        known = self._carried(name, length)
        if known not in (None, digest):
            return False
        now: UploadRow | None = row
        while now is not None and now.stands == length and length - now.parted > PART_BYTES:
            now = await self._flush(name, now)
        if now is None or now.stands != length:
            raise self._begins_again()
        if not await self._put_last(name, now):
            if await self._bucket.size(self._key(name)) != length:
                await self._restart(name, now)
                raise self._begins_again()
            known = None  # another process completed it, or this one before it died
        return known is not None or await self._matches(name, length, digest)

    async def _put_last(self, name: bytes, row: UploadRow) -> bool:
        """The rest and all parts together; False when the bucket does not have the upload."""
        key, last = self._key(name), row.parted // PART_BYTES + 1
        async with self._parts:
            body = await self._tail(name, row)
            if len(body) != row.stands - row.parted:
                raise _Overtaken
            if not await self._bucket.put_part(key, row.multipart, last, body):
                return False
        parts = await self._bucket.parts(key, row.multipart)
        lengths = {one.number: one.length for one in parts}
        whole = dict.fromkeys(range(1, last), PART_BYTES)
        if lengths != {**whole, last: row.stands - row.parted}:
            return False
        return await self._bucket.complete(key, row.multipart, parts)

    async def _matches(self, name: bytes, length: int, digest: bytes) -> bool:
        """Read an object back and compare it; False when there is none."""
        key = self._key(name)
        if await self._bucket.size(key) != length:
            return False
        found = hashlib.sha256()
        for offset in range(0, length, READ_BACK_BYTES):
            piece = await self._bucket.get(key, offset, READ_BACK_BYTES)
            if piece is None or len(piece) != min(READ_BACK_BYTES, length - offset):
                return False
            found.update(piece)
        return found.digest() == digest

    async def _remove(self, name: bytes) -> None:
        """The row last: whatever a crash leaves in the bucket has one that leads to it."""
        row = await self._row(name)
        if row is not None and row.multipart:
            await self._bucket.abort(self._key(name), row.multipart)
        await self._bucket.delete(self._key(name))
        await self._let_go(name)

    # --- what this process carries along -------------------------------------------------

    def _carry(self, name: bytes, offset: int, chunk: bytes | None) -> None:
        """The SHA-256 of all chunks so far, as long as each of them was taken from this process."""
        stands, digest = self._digests.pop(name, (0, hashlib.sha256()))
        if chunk is None or stands != offset:
            return
        digest.update(chunk)
        self._digests[name] = offset + len(chunk), digest
        if len(self._digests) > DIGESTS:
            self._digests.popitem(last=False)

    def _carried(self, name: bytes, length: int) -> bytes | None:
        stands, digest = self._digests.get(name, (-1, None))
        return None if digest is None or stands != length else digest.digest()

    # --- inside --------------------------------------------------------------------------

    async def _row(self, name: bytes) -> UploadRow | None:
        async def look(tx: Transaction) -> UploadRow | None:
            return await upload.find(tx, name)

        return await self._database.read(look)

    async def _tail(self, name: bytes, row: UploadRow) -> bytes:
        """The bytes after those that are in the bucket; none when `row` is not true any more."""

        async def look(tx: Transaction) -> bytes:
            now = await upload.find(tx, name)
            if now is None or (now.multipart, now.parted) != (row.multipart, row.parted):
                return b""
            return await upload.tail(tx, name, row.parted)

        return await self._database.read(look)

    async def _let_go(self, name: bytes) -> None:
        self._digests.pop(name, None)
        self._aheads.pop(name, None)

        async def body(tx: Transaction) -> None:
            await upload.forget(tx, name)

        await self._database.transact(body, repeatable=True)

    def _key(self, name: bytes) -> str:
        text = name.hex()
        return f"{self._prefix}{text[:2]}/{text[2:]}"

    def _name(self, key: str) -> bytes | None:
        """The name in a key; None when it is no key of ours."""
        try:
            name = bytes.fromhex(key.removeprefix(self._prefix).replace("/", ""))
        except ValueError:
            return None
        return name if len(name) == 32 and self._key(name) == key else None

    def _begins_again(self) -> StorageUnavailable:
        return StorageUnavailable(
            f"The bucket {self._bucket.address.bucket} has lost an upload: it begins again."
        )

    @asynccontextmanager
    async def _work(self) -> AsyncIterator[None]:
        """What was begun is finished before the bucket is closed."""
        if self._closed:
            raise StorageUnavailable("The server is stopping: it takes no more of this file now.")
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

"""Blobs: encrypted files that devices leave for each other, by ids that nobody can guess.

The database says what there is, the BlobStore holds the bytes. A row is written before its bytes
come and deleted after they are gone, so whatever a crash leaves behind has a row that leads to it:
an upload that goes on, or that the sweep takes away. Bytes without a row (an older backup of the
database) are found by the sweep, shard after shard.
"""

import asyncio
import hashlib
from typing import NamedTuple
from weakref import WeakValueDictionary

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.db.interface import (
    ConstraintViolated,
    Database,
    StorageUnavailable,
    Transaction,
)
from plausch.domain.profile import PICTURE_BYTES
from plausch.server.blob_store import SHARDS, BlobStore
from plausch.server.errors import Refusal, unlisted
from plausch.server.hourly import Hourly
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord
from plausch.server.store import account, blob, device
from plausch.server.store.allowance import Kind
from plausch.server.store.blob import BlobRow

REQUEST_BYTES = 16 * 1024
"""What a request counts at least: small chunks cost the server as much as this."""

BLOBS_AT_ONCE = 100
SHARDS_AT_ONCE = 16


class Standing(NamedTuple):
    """How much of an upload is here."""

    offset: int
    length: int


class Piece(NamedTuple):
    """A stretch of a blob, and the length of all of it."""

    chunk: bytes
    length: int


class Blobs:
    """The blobs of one server's accounts."""

    def __init__(self, database: Database, store: BlobStore, clock: Clock, limits: Limits) -> None:
        self._database, self._store = database, store
        self._clock, self._limits = clock, limits
        up, down = limits.blob_upload_bytes_per_hour, limits.blob_download_bytes_per_hour
        sentence = (
            "This account has moved as many bytes of files as it may in an hour: the transfer "
            "goes on in a while."
        )
        self._up = Hourly(database, clock, Kind.BLOB_BYTES_UP, up, sentence)
        self._down = Hourly(database, clock, Kind.BLOB_BYTES_DOWN, down, sentence)
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._shard = 0

    async def begin(
        self, owner: DeviceRecord, blob_id: bytes, length: int, digest: bytes
    ) -> Standing:
        """Begin an upload, or say where it stands.

        Raises Refusal `too_large`, `quota_exceeded`, `too_many_uploads`, `blob_exists`, `bad_blob`,
        `rate_limited`, `unknown_device`; StorageUnavailable.
        """
        await self._charge(owner, 0)
        if length > self._limits.blob_bytes:
            raise Refusal(
                "too_large",
                f"The blob has {length} bytes, and at most {self._limits.blob_bytes} are accepted "
                "here; send something smaller.",
            )
        name = name_of(blob_id)
        async with self._turn(name):
            row = await self._entered(owner, name, length, digest)
            if (row.account_key, row.length, row.digest) != (owner.account_key, length, digest):
                raise _blob_exists()
            if row.whole:
                return Standing(length, length)
            return await self._stands(row, await self._store.begin(name, length))

    async def put(self, owner: DeviceRecord, blob_id: bytes, offset: int, chunk: bytes) -> Standing:
        """Take the next chunk of an upload; one that is not the next is passed over.

        Raises Refusal `unknown_blob`, `bad_blob`, `bad_request`, `rate_limited`;
        StorageUnavailable.
        """
        await self._charge(owner, len(chunk))
        name = name_of(blob_id)
        async with self._turn(name):
            row = await self._found(name)
            if row is None or row.account_key != owner.account_key:
                raise unknown_blob()
            if offset + len(chunk) > row.length:
                raise Refusal("bad_request", "This chunk ends beyond the end of its blob.")
            if row.whole:
                return Standing(row.length, row.length)
            return await self._stands(row, await self._store.write(name, offset, chunk))

    async def get(self, reader: DeviceRecord, blob_id: bytes, offset: int, limit: int) -> Piece:
        """A stretch of a whole blob; whoever knows its id may read.

        Raises Refusal `unknown_blob`, `rate_limited`; StorageUnavailable.
        """
        await self._down.count_reading(reader.account_key, max(limit, REQUEST_BYTES))
        name = name_of(blob_id)
        row = await self._found(name)
        if row is None or not row.whole:
            raise unknown_blob()
        wanted = max(0, min(limit, row.length - offset))
        chunk = await self._store.read(name, offset, wanted) if wanted else b""
        if chunk is None:
            raise unknown_blob()
        if len(chunk) != wanted:
            raise StorageUnavailable(
                "A stored file is shorter than it was: check the disk, or the bucket."
            )
        return Piece(chunk, row.length)

    async def public(self, blob_id: bytes) -> bytes | None:
        """All of a picture that a public profile shows; None when it is gone.

        Raises StorageUnavailable.
        """
        name = name_of(blob_id)
        row = await self._found(name)
        if row is None or not row.whole or row.length > PICTURE_BYTES:
            return None
        return await self._store.read(name, 0, row.length)

    async def drop(self, owner: DeviceRecord, blob_id: bytes) -> None:
        """Let go of a blob of this account; of another's, or none, nothing is said.

        Raises Refusal `rate_limited`; StorageUnavailable.
        """
        await self._charge(owner, 0)
        name = name_of(blob_id)
        async with self._turn(name):
            row = await self._found(name)
            if row is not None and row.account_key == owner.account_key:
                await self._forget(row.key, name)

    async def sweep(self, now_ms: int) -> int:
        """Let go of uploads that were given up, of old blobs, and of bytes without a row; how many.

        Raises StorageUnavailable.
        """
        begun_before_ms = now_ms - self._limits.blob_upload_hours * HOUR_MS
        stored_before_ms = now_ms - self._limits.blob_retention_days * DAY_MS

        async def look(tx: Transaction) -> list[tuple[int, bytes]]:
            return await blob.old(tx, begun_before_ms, stored_before_ms, BLOBS_AT_ONCE)

        total = 0
        while old := await self._database.read(look):
            for key, name in old:
                async with self._turn(name):
                    await self._forget(key, name)
            total += len(old)
        return total + await self._sweep_strays(begun_before_ms)

    async def close(self) -> None:
        """Finish what was begun; give back what is not used of anybody's hour."""
        await self._store.close()
        await self._up.close()
        await self._down.close()

    # --- inside --------------------------------------------------------------------------

    def _turn(self, name: bytes) -> asyncio.Lock:
        """One request at a time for each blob: two connections may upload the same one."""
        lock = self._turns.get(name)
        if lock is None:
            lock = self._turns[name] = asyncio.Lock()
        return lock

    async def _charge(self, owner: DeviceRecord, size_bytes: int) -> None:
        """From memory most of the time: a piece of the hour is many chunks. Raises Refusal
        `rate_limited`, StorageUnavailable."""
        await self._up.count(owner.account_key, max(size_bytes, REQUEST_BYTES))

    async def _found(self, name: bytes) -> BlobRow | None:
        async def look(tx: Transaction) -> BlobRow | None:
            return await blob.find(tx, name)

        return await self._database.read(look)

    async def _entered(
        self, owner: DeviceRecord, name: bytes, length: int, digest: bytes
    ) -> BlobRow:
        """The blob's row, made now if there is none."""
        found = await self._found(name)
        if found is not None:
            return found
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> BlobRow | None:
            await account.lock(tx, owner.account_key)
            if not await device.hold(tx, owner.key):
                raise unlisted()
            if await blob.find(tx, name) is None:
                self._demand_quota(await blob.usage(tx, owner.account_key), length)
                await blob.add(tx, name, owner.account_key, length, digest, now_ms)
            return await blob.find(tx, name)

        try:
            made = await self._database.transact(body, repeatable=True)
        except ConstraintViolated:  # another account was faster with the same id
            made = None
        if made is None:
            raise _blob_exists()
        return made

    def _demand_quota(self, used: blob.Usage, length: int) -> None:
        limits = self._limits
        if used.unfinished >= limits.blob_uploads_per_account:
            raise Refusal(
                "too_many_uploads",
                f"This account has {used.unfinished} unfinished uploads: finish or drop one first.",
            )
        over = used.length + length > limits.blob_bytes_per_account
        if over or used.blobs >= limits.blobs_per_account:
            raise Refusal(
                "quota_exceeded",
                f"This account has {used.blobs} files of {used.length} bytes on the server, and "
                f"may have {limits.blobs_per_account} of {limits.blob_bytes_per_account} bytes: "
                "drop some, or wait until old ones leave.",
            )

    async def _stands(self, row: BlobRow, offset: int) -> Standing:
        """Where the upload stands; at its end it becomes a blob."""
        if offset < row.length:
            return Standing(offset, row.length)
        if not await self._store.finish(row.name, row.length, row.digest):
            raise Refusal(
                "bad_blob",
                "The bytes that were uploaded have another SHA-256 than was said: begin again.",
            )
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> bool:
            return await blob.stored(tx, row.key, now_ms)

        if not await self._database.transact(body, repeatable=True):
            await self._store.remove(row.name)  # another process gave the upload up meanwhile
            raise unknown_blob()
        return Standing(row.length, row.length)

    async def _forget(self, key: int, name: bytes) -> None:
        """Bytes first: a row without bytes is forgotten again, bytes without a row lie longer."""

        async def body(tx: Transaction) -> None:
            await blob.forget(tx, key)

        await self._store.remove(name)
        await self._database.transact(body, repeatable=True)

    async def _sweep_strays(self, before_ms: int) -> int:
        """Bytes that no row leads to, in the next few shards."""
        total = 0
        for _ in range(SHARDS_AT_ONCE):
            names = await self._store.untouched(self._shard, before_ms)
            self._shard = (self._shard + 1) % SHARDS

            async def look(tx: Transaction, names: list[bytes] = names) -> set[bytes]:
                return await blob.known(tx, names)

            strays = set(names) - await self._database.read(look) if names else set()
            for name in strays:
                await self._store.remove(name)
            total += len(strays)
        return total


def name_of(blob_id: bytes) -> bytes:
    """What the server keeps of an id: who reads its disk still cannot ask for the blob."""
    return hashlib.sha256(blob_id).digest()


def unknown_blob() -> Refusal:
    """There is none, it is not whole yet, or it may be written by another account only."""
    return Refusal(
        "unknown_blob", "There is no such file on the server: it has expired, or was never whole."
    )


def _blob_exists() -> Refusal:
    return Refusal(
        "blob_exists", "There is another blob of this id: choose a new id, 32 random bytes."
    )

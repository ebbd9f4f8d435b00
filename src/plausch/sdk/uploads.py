"""Files on their way out: sealed into the vault, uploaded by offset, then their message is sent.

From the moment `send` has written an upload, it survives anything: the sealed bytes and the row are
on disk, the server says how much of it is there, and the message is written in the transaction that
deletes the row. So a file is uploaded once and its message said once, whoever dies in between.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from plausch.base.errors import Fault, PlauschError
from plausch.content.attachment import attachment_message
from plausch.sdk.composing import compose, new_salt, sendable
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import (
    FileRefused,
    NotParticipant,
    SdkError,
    ServerMisbehaved,
    ServerRefused,
    TrustRefused,
    Unreachable,
)
from plausch.sdk.files import in_thread, read_at, seal_file
from plausch.sdk.membership import demand_participant
from plausch.sdk.message import SentMessage
from plausch.sdk.outbox import Outbox
from plausch.sdk.outgoing import Outgoing
from plausch.sdk.transport import jittered_delay_s
from plausch.sdk.vault.uploads import Upload, UploadTable, new_upload_id
from plausch.sdk.whole import whole
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all), as they lie on the server: padded and sealed."""

WINDOW = 2
"""Chunks of an upload that are under way: a message waits for no more than these."""

AT_ONCE = 2
"""Uploads at once; a picture need not wait for a long film before it."""

STUCK = 4
"""Answers in a row that take an upload back, after which the server is not believed."""


class Uploads:
    """The uploads of one device."""

    def __init__(self, core: Core, outbox: Outbox) -> None:
        self._core, self._outbox = core, outbox
        self._table = UploadTable(core.vault)
        self._working: set[bytes] = set()
        self._sealing: set[bytes] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiters: dict[bytes, asyncio.Future[SentMessage]] = {}
        self._watchers: dict[bytes, Progress] = {}
        self._closed = False

    async def send(
        self, live: Live, outgoing: Outgoing, on_progress: Progress | None = None
    ) -> SentMessage:
        """Seal the file, upload it, put its message into the outbox.

        A caller that is cancelled has the file sent all the same. Raises FileRefused, SdkError
        (content beyond the limits, a file that changes), NotParticipant, IdentityChanged,
        ServerRefused (too large, no room), Unreachable (the client was closed; it goes on next
        time).
        """
        demand_participant(live)
        self._core.trust.demand_unchanged(live.others(self._core.address))
        return await asyncio.shield(await self._begun(live, outgoing, on_progress))

    @whole
    async def _begun(
        self, live: Live, outgoing: Outgoing, on_progress: Progress | None
    ) -> "asyncio.Future[SentMessage]":
        """Seal it and write it down; what becomes of it."""
        upload_id = new_upload_id()
        self._sealing.add(upload_id)
        try:
            content = await self._sealed(upload_id, outgoing)
            await self._core.vault.write([self._table.add(upload_id, live.id, content)])
        except BaseException:
            await self._forgotten(upload_id)
            raise
        else:
            waiter: asyncio.Future[SentMessage] = asyncio.get_running_loop().create_future()
            self._waiters[upload_id] = waiter
            if on_progress is not None:
                self._watchers[upload_id] = on_progress
            self._kick(upload_id)
            if self._closed:  # while it was written
                self.close()
            return waiter
        finally:
            self._sealing.discard(upload_id)

    async def drop(self, blob: bytes) -> None:
        """The server need not keep this blob of ours any longer; if it can be told now."""
        with suppress(PlauschError):
            await self._core.transport.ask(lambda request_id: f.DropBlob(request_id, blob), f.Done)

    async def kick_all(self) -> None:
        """There is a connection: whatever waits goes on. Files that no upload names are removed."""
        found = await self._sealed_files()  # first: what is sealed from now on is not among them
        uploads = await self._table.all()
        named = {one.upload_id for one in uploads} | self._sealing | self._working
        for path in found:
            if path.name not in {one.hex() for one in named}:
                await self._unlink(path)
        for upload in uploads:
            self._kick(upload.upload_id)

    def close(self) -> None:
        """The device is closed: whoever waits is told."""
        self._closed = True
        closed = Unreachable("The client was closed; the file goes on next time.")
        for upload_id in list(self._waiters):
            self._disappoint(upload_id, closed)

    # --- sealing -----------------------------------------------------------------------------

    async def _sealed(self, upload_id: bytes, outgoing: Outgoing) -> bytes:
        """The encoded message, once the sealed bytes are on disk."""
        attachment, path = outgoing.attachment, self._table.path(upload_id)
        source = "given" if isinstance(outgoing.source, bytes) else outgoing.source
        with sendable():
            seal = partial(seal_file, outgoing.source, attachment.secret, attachment.layout, path)
            digest = await in_thread(source, seal)
            return attachment_message(
                replace(attachment, digest=digest),
                salt=new_salt(),
                caption=outgoing.caption,
                in_reply_to=outgoing.in_reply_to,
            ).encode()

    async def _forgotten(self, upload_id: bytes) -> None:
        """Nothing is left of it."""
        self._waiters.pop(upload_id, None)
        self._watchers.pop(upload_id, None)
        await self._unlink(self._table.path(upload_id))

    async def _unlink(self, path: Path) -> None:
        with suppress(FileRefused):  # the next connection tidies up
            await in_thread(path, partial(path.unlink, missing_ok=True))

    async def _sealed_files(self) -> list[Path]:
        folder = self._table.folder
        try:
            return await in_thread(folder, lambda: list(folder.iterdir()))
        except FileRefused:
            return []  # nothing was ever sealed here

    # --- working -----------------------------------------------------------------------------

    def _kick(self, upload_id: bytes) -> None:
        if upload_id not in self._working:
            self._working.add(upload_id)
            self._core.spawn(self._work(upload_id))

    async def _work(self, upload_id: bytes) -> None:
        try:
            await self._core.patiently(lambda: self._do(upload_id))
        finally:
            self._working.discard(upload_id)

    async def _do(self, upload_id: bytes) -> None:
        """Upload and send; again while it can be refused for a while only."""
        attempt = 0
        while (upload := await self._table.get(upload_id)) is not None:
            try:
                async with self._places:
                    await self._upload(upload)
                await self._compose(upload)
            except Unreachable:
                if not self._core.transport.online:
                    return  # goes on with the next connection
                await asyncio.sleep(jittered_delay_s(attempt))
                attempt += 1
            except ServerMisbehaved as error:
                await self._core.report(upload.conversation, None, error)
                self._disappoint(upload_id, error)
                return
            except (ServerRefused, TrustRefused) as error:
                wait_s = _wait_s(error, attempt)
                if wait_s is None:
                    await self._give_up(upload, error)
                    return
                if isinstance(error, TrustRefused):
                    self._disappoint(upload_id, error)
                await asyncio.sleep(wait_s)
                attempt += 1
            except SdkError as error:
                await self._give_up(upload, error)
                return

    async def _compose(self, upload: Upload) -> None:
        """The message, in the transaction that ends the upload."""
        core = self._core
        live = core.lives.get(upload.conversation)
        if live is None:
            raise NotParticipant("The conversation of this file is not here any more.")
        ending = [self._table.delete(upload.upload_id)]
        sent = await compose(core, self._outbox, live, upload.content, ending)
        waiter = self._waiters.pop(upload.upload_id, None)
        await self._forgotten(upload.upload_id)
        if waiter is not None and not waiter.done():
            waiter.set_result(sent)

    @whole
    async def _give_up(self, upload: Upload, error: PlauschError) -> None:
        """It cannot be sent: neither the vault nor the server need keep it."""
        core = self._core
        await core.vault.write([self._table.delete(upload.upload_id)])
        await core.report(upload.conversation, None, error)
        self._disappoint(upload.upload_id, error)
        await self._forgotten(upload.upload_id)
        await self.drop(upload.attachment.blob)

    def _disappoint(self, upload_id: bytes, error: PlauschError) -> None:
        waiter = self._waiters.pop(upload_id, None)
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
            waiter.exception()  # retrieved: nobody may be waiting

    # --- bytes -------------------------------------------------------------------------------

    async def _upload(self, upload: Upload) -> None:
        """Until the server has all of it. Raises ServerRefused, ServerMisbehaved, Unreachable,
        FileRefused."""
        attachment = upload.attachment
        length = attachment.layout.sealed_bytes
        stands = await self._core.transport.ask(
            lambda request_id: f.BeginBlob(request_id, attachment.blob, length, attachment.digest),
            f.BlobStands,
        )
        offset, backwards = _offset(stands, length), 0
        self._tell(upload, offset, length)
        while offset < length:
            reached = await self._put_from(upload, offset, length)
            backwards = 0 if reached > offset else backwards + 1
            if backwards == STUCK:
                raise ServerMisbehaved("The server does not keep what is uploaded to it.")
            offset = reached

    async def _put_from(self, upload: Upload, offset: int, length: int) -> int:
        """Send one chunk after the other, WINDOW at a time; the end, or where the upload stands
        when the server has another idea of it."""
        path, blob = self._table.path(upload.upload_id), upload.attachment.blob
        waiting: deque[tuple[int, asyncio.Task[f.BlobStands]]] = deque()
        at = offset
        try:
            while at < length or waiting:
                while at < length and len(waiting) < WINDOW:
                    chunk = await in_thread(path, partial(read_at, path, at, BLOB_CHUNK_BYTES))
                    if not chunk:
                        raise FileRefused(f"{path} is shorter than it was: send the file again.")
                    task = asyncio.ensure_future(self._put(blob, at, chunk))
                    at += len(chunk)
                    waiting.append((at, task))
                    await asyncio.sleep(0)  # it leaves before the next one does
                expected, task = waiting.popleft()
                stands = _offset(await task, length)
                self._tell(upload, stands, length)
                if stands != expected:
                    return stands
            return length
        finally:
            for _, task in waiting:
                task.cancel()
            await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)

    async def _put(self, blob: bytes, offset: int, chunk: bytes) -> f.BlobStands:
        return await self._core.transport.ask(
            lambda request_id: f.PutBlobChunk(request_id, blob, offset, chunk), f.BlobStands
        )

    def _tell(self, upload: Upload, done: int, length: int) -> None:
        watcher = self._watchers.get(upload.upload_id)
        if watcher is not None:
            watcher(done, length)


def _offset(stands: f.BlobStands, length: int) -> int:
    """Raises ServerMisbehaved."""
    if stands.length != length or stands.offset > length:
        raise ServerMisbehaved("The server speaks of another file than the one that is uploaded.")
    return stands.offset


def _wait_s(error: ServerRefused | TrustRefused, attempt: int) -> float | None:
    """When to try again; None: never."""
    if isinstance(error, TrustRefused):
        return jittered_delay_s(attempt)
    if error.fault is Fault.OPERATOR or error.retry_after_ms > 0:
        return max(error.retry_after_ms / 1000, jittered_delay_s(attempt))
    return None

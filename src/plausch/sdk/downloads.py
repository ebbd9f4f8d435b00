"""Files on their way in: asked for piece by piece, opened chunk by chunk, and given their name when
all of it is proven to be what the sender meant.

What was received lies beside its place in a file `.HEX.part`; a download that was interrupted, by a
lost connection or the end of the process, goes on there.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path

from plausch.base.errors import Fault
from plausch.content.attachment import Attachment
from plausch.content.errors import ContentError
from plausch.content.file_name import safe_name
from plausch.content.stream import altered
from plausch.sdk.core import Core
from plausch.sdk.errors import SdkError, ServerRefused, Unreachable
from plausch.sdk.files import Part, free_name, in_thread
from plausch.sdk.transport import jittered_delay_s
from plausch.sdk.uploads import Progress
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES

WINDOW = 4
"""Pieces of a download that are under way."""

ATTEMPTS = 6
"""Failures in a row, without a piece between them, after which the caller is told."""


async def download(
    core: Core, attachment: Attachment, to: Path, on_progress: Progress | None = None
) -> Path:
    """Fetch a file; where it is. `to` is a folder (the file gets the sender's name, made safe, or
    one like it that is free) or a file, which is replaced.

    Raises SdkError (of another server, or being fetched already), FileRefused, ServerRefused (it
    has expired), ContentError (it is not what was sent), Unreachable.
    """
    if attachment.domain != core.address.domain:
        raise SdkError(
            f"This file lies at {attachment.domain}, and this device fetches from "
            f"{core.address.domain} only; ask for it to be sent from there."
        )
    is_folder = await in_thread(to, to.is_dir)
    folder = to if is_folder else to.parent
    path = folder / f".{attachment.digest.hex()[:32]}.part"
    part = await in_thread(path, partial(Part, path, attachment.secret, attachment.layout))
    try:
        await _receive(core, attachment, part, path, on_progress)
        if not part.is_the_one(attachment.digest):
            raise altered()
        return await in_thread(to, partial(_place, part, to, attachment.name if is_folder else ""))
    except ContentError:
        await in_thread(path, part.discard)
        raise
    finally:
        part.close()


def _place(part: Part, to: Path, name: str) -> Path:
    """With a name, `to` is a folder. Blocking."""
    return part.move_to(free_name(to, safe_name(name)) if name else to)


async def _receive(
    core: Core, attachment: Attachment, part: Part, path: Path, on_progress: Progress | None
) -> None:
    """Until all chunks are in the part. Raises as `download`."""
    layout = attachment.layout
    position, buffer, failures = layout.sealed_before(part.chunks), bytearray(), 0
    while part.chunks < layout.chunks:
        try:
            async with aclosing(_pieces(core, attachment, position)) as pieces:
                async for piece in pieces:
                    position, failures = position + len(piece), 0
                    buffer += piece
                    while len(buffer) >= (size := _next(part, attachment)):
                        sealed = bytes(memoryview(buffer)[:size])
                        del buffer[:size]
                        await in_thread(path, partial(part.add, sealed))
                    if on_progress is not None:
                        on_progress(position, layout.sealed_bytes)
        except Unreachable:
            failures += 1
            if failures == ATTEMPTS:
                raise
            await core.transport.wait_online()
        except ServerRefused as error:
            failures += 1
            if failures == ATTEMPTS or not (error.retry_after_ms or error.fault is Fault.OPERATOR):
                raise
            await asyncio.sleep(max(error.retry_after_ms / 1000, jittered_delay_s(failures)))


def _next(part: Part, attachment: Attachment) -> int:
    """The length of the next chunk; beyond all when there is none."""
    layout = attachment.layout
    return layout.sealed_in(part.chunks) if part.chunks < layout.chunks else layout.sealed_bytes + 1


async def _pieces(core: Core, attachment: Attachment, start: int) -> AsyncGenerator[bytes, None]:
    """The blob from `start` to its end. Raises ServerRefused, Unreachable, ContentError."""
    length = attachment.layout.sealed_bytes
    waiting: deque[tuple[int, asyncio.Task[f.BlobChunk]]] = deque()
    at = start
    try:
        while at < length or waiting:
            while at < length and len(waiting) < WINDOW:
                size = min(BLOB_CHUNK_BYTES, length - at)
                waiting.append((size, asyncio.ensure_future(_piece(core, attachment, at, size))))
                at += size
            size, task = waiting.popleft()
            answer = await task
            if answer.length != length or len(answer.chunk) != size:
                raise altered()
            yield answer.chunk
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


async def _piece(core: Core, attachment: Attachment, offset: int, size: int) -> f.BlobChunk:
    return await core.transport.ask(
        lambda request_id: f.GetBlobChunk(request_id, attachment.blob, offset, size), f.BlobChunk
    )

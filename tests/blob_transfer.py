"""Blobs by frames, as a device that knows no more than the protocol sends and fetches them."""

import asyncio
import hashlib

from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from wire_device import WasRefused, WireDevice

WINDOW = 4
"""Chunks on their way at once."""


async def ask_where(device: WireDevice, blob: bytes, content: bytes) -> int:
    """Begin an upload, or where it stands."""
    digest = hashlib.sha256(content).digest()
    begin = f.BeginBlob(device.session.next_id(), blob, len(content), digest)
    return (await device.ask(f.BlobStands, begin)).offset


async def upload(device: WireDevice, blob: bytes, content: bytes, until: int) -> int:
    """Upload up to `until`, a few chunks at a time; where it stands."""
    stands = await ask_where(device, blob, content)
    while stands < until:
        window = range(stands, min(until, stands + WINDOW * BLOB_CHUNK_BYTES), BLOB_CHUNK_BYTES)
        waiting = [
            device.begin(
                f.PutBlobChunk(
                    device.session.next_id(), blob, at, content[at : at + BLOB_CHUNK_BYTES]
                )
            )
            for at in window
        ]
        for answer in await asyncio.gather(*waiting):
            if isinstance(answer, f.Refused):
                raise WasRefused(answer)
            assert isinstance(answer, f.BlobStands)
            stands = answer.offset
    return stands


async def download(device: WireDevice, blob: bytes) -> bytes:
    """All of a blob."""
    found = bytearray()
    while True:
        frame = f.GetBlobChunk(device.session.next_id(), blob, len(found), BLOB_CHUNK_BYTES)
        piece = await device.ask(f.BlobChunk, frame)
        found += piece.chunk
        if len(found) == piece.length:
            return bytes(found)

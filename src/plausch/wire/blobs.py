"""Frames that carry blobs: encrypted files, opaque to the server, in chunks (spec/wire.md).

`blob` is 32 random bytes that the uploading device chose. It is a capability: whoever knows it and
has an account on this server may read.
"""

from typing import Annotated

import msgspec

from plausch.wire.frame import BlobBytes, DigestBytes, Frame, RequestId

BLOB_CHUNK_BYTES = 128 * 1024
"""Most bytes of a blob in one frame."""

MAX_BLOB_BYTES = 2**40
"""Largest length on the wire; what a server accepts is its own limit, and less."""

Length = Annotated[int, msgspec.Meta(ge=1, le=MAX_BLOB_BYTES)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=MAX_BLOB_BYTES)]
Chunk = Annotated[bytes, msgspec.Meta(min_length=1, max_length=BLOB_CHUNK_BYTES)]


class BeginBlob(Frame, frozen=True, tag=70):
    """Begin an upload, or ask where it stands: the same question. Answer: `BlobStands`.

    `length` bytes will follow whose SHA-256 is `digest`. Repeating it with the same length and
    digest changes nothing, however far the upload is.
    """

    id: RequestId
    blob: BlobBytes
    length: Length
    digest: DigestBytes


class BlobStands(Frame, frozen=True, tag=71):
    """The server has the first `offset` bytes. At `length` the blob is whole, verified and on disk;
    before, a server that is restarted may come back with less."""

    id: RequestId
    offset: Offset
    length: Length


class PutBlobChunk(Frame, frozen=True, tag=72):
    """The next bytes of an upload of this account. Answer: `BlobStands`.

    A chunk that does not begin where the blob stands is passed over; the answer says where to go
    on, so that a repeated or reordered chunk does no harm.
    """

    id: RequestId
    blob: BlobBytes
    offset: Offset
    chunk: Chunk


class GetBlobChunk(Frame, frozen=True, tag=73):
    """Up to `limit` bytes of a whole blob from `offset` on. Answer: `BlobChunk`."""

    id: RequestId
    blob: BlobBytes
    offset: Offset
    limit: Annotated[int, msgspec.Meta(ge=1, le=BLOB_CHUNK_BYTES)]


class BlobChunk(Frame, frozen=True, tag=74):
    """A stretch of a blob: `limit` bytes, fewer only at its end, none beyond it. `length` is the
    whole blob's."""

    id: RequestId
    length: Length
    chunk: Annotated[bytes, msgspec.Meta(max_length=BLOB_CHUNK_BYTES)]


class DropBlob(Frame, frozen=True, tag=75):
    """This account's blob is no longer needed, whole or not. Answer: `Done`, also when it is gone
    already."""

    id: RequestId
    blob: BlobBytes

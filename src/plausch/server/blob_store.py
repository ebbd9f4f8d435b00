"""Where the bytes of blobs lie: the narrow interface that a folder, or a service, can fill."""

from typing import Protocol

SHARDS = 256
"""Stored blobs are spread by the first byte of their name."""


class BlobStore(Protocol):
    """Bytes by name (32 bytes, the hash of a blob's id). Of an upload nobody can read anything
    until `finish`. Every method may be repeated, and raises StorageUnavailable when the storage
    does not take or give the bytes: then nothing counts as done.
    """

    async def begin(self, name: bytes, length: int) -> int:
        """How much of an upload is here. Raises StorageUnavailable when there is no room for it."""
        ...

    async def write(self, name: bytes, offset: int, chunk: bytes) -> int:
        """Add a chunk if it begins where the upload stands; where it stands now."""
        ...

    async def finish(self, name: bytes, length: int, digest: bytes) -> bool:
        """Make an upload of these length and SHA-256 readable and durable. False when it is
        another one: then it is gone. The storage may have lost it: StorageUnavailable, and it
        stands at 0."""
        ...

    async def read(self, name: bytes, offset: int, limit: int) -> bytes | None:
        """A stretch of a finished blob, shorter at its end; None when there is no such blob."""
        ...

    async def remove(self, name: bytes) -> None:
        """Let go of a blob, finished or not."""
        ...

    async def untouched(self, shard: int, before_ms: int) -> list[bytes]:
        """Names in a shard, finished or not, that were last written to before then."""
        ...

    async def close(self) -> None:
        """Finish what was begun."""
        ...

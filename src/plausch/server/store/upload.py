"""Uploads on their way into a bucket: what of them lies there in parts, and the bytes after those,
which wait here until they fill the next part.

A blob's name has a row from its first byte until it is verified. `multipart` is the bucket's id of
the upload, empty until a first part is needed. The first `parted` bytes lie in the bucket, the rest
up to `stands` in `upload_tail`, in the chunks in which they came; a chunk that lies across the end
of a part stays until all of it is in the bucket."""

from typing import NamedTuple

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE upload (
        name {bytes} PRIMARY KEY,
        multipart TEXT NOT NULL,
        parted BIGINT NOT NULL,
        stands BIGINT NOT NULL,
        touched_at_ms BIGINT NOT NULL
    )""",
    """CREATE TABLE upload_tail (
        name {bytes} NOT NULL REFERENCES upload (name) ON DELETE CASCADE,
        start BIGINT NOT NULL,
        chunk {bytes} NOT NULL,
        PRIMARY KEY (name, start)
    )""",
)

NAMES = ("upload", "upload_tail")


class UploadRow(NamedTuple):
    """How much of an upload is in the bucket, and how much of it there is."""

    multipart: str
    parted: int
    stands: int


async def find(tx: Transaction, name: bytes) -> UploadRow | None:
    """The upload of that name."""
    rows = await tx.fetch("SELECT multipart, parted, stands FROM upload WHERE name = $1", name)
    return UploadRow(*rows[0]) if rows else None


async def enter(tx: Transaction, name: bytes, at_ms: int) -> bool:
    """An upload begins; False when there is one of that name."""
    changed = await tx.execute(
        "INSERT INTO upload (name, multipart, parted, stands, touched_at_ms) "
        "VALUES ($1, '', 0, 0, $2) ON CONFLICT (name) DO NOTHING",
        name,
        at_ms,
    )
    return changed > 0


async def append(tx: Transaction, name: bytes, start: int, chunk: bytes, at_ms: int) -> bool:
    """A chunk, if the upload stands where it starts."""
    changed = await tx.execute(
        "UPDATE upload SET stands = $3, touched_at_ms = $4 WHERE name = $1 AND stands = $2",
        name,
        start,
        start + len(chunk),
        at_ms,
    )
    if changed:
        await tx.execute(
            "INSERT INTO upload_tail (name, start, chunk) VALUES ($1, $2, $3)", name, start, chunk
        )
    return changed > 0


async def tail(tx: Transaction, name: bytes, parted: int) -> bytes:
    """The bytes after the first `parted` ones, which are in the bucket."""
    rows = await tx.fetch(
        "SELECT start, chunk FROM upload_tail WHERE name = $1 ORDER BY start", name
    )
    return b"".join(memoryview(chunk)[max(0, parted - start) :] for start, chunk in rows)


async def begin_multipart(tx: Transaction, name: bytes, multipart: str) -> bool:
    """The bucket takes it in parts; False when another process was faster, or it was given up."""
    changed = await tx.execute(
        "UPDATE upload SET multipart = $2 WHERE name = $1 AND multipart = ''", name, multipart
    )
    return changed > 0


async def part(tx: Transaction, name: bytes, row: UploadRow, parted: int) -> None:
    """The bytes from where `row` says up to `parted` are in the bucket; nothing happens when
    another process has written so already."""
    changed = await tx.execute(
        "UPDATE upload SET parted = $4 WHERE name = $1 AND multipart = $2 AND parted = $3",
        name,
        row.multipart,
        row.parted,
        parted,
    )
    if changed:
        await tx.execute(
            "DELETE FROM upload_tail WHERE name = $1 AND start + length(chunk) <= $2", name, parted
        )


async def restart(tx: Transaction, name: bytes, multipart: str) -> None:
    """The bucket has lost the parts: the upload stands at 0 again."""
    changed = await tx.execute(
        "UPDATE upload SET multipart = '', parted = 0, stands = 0 "
        "WHERE name = $1 AND multipart = $2",
        name,
        multipart,
    )
    if changed:
        await tx.execute("DELETE FROM upload_tail WHERE name = $1", name)


async def forget(tx: Transaction, name: bytes) -> None:
    """It is a blob now, or was given up."""
    await tx.execute("DELETE FROM upload WHERE name = $1", name)


async def untouched(tx: Transaction, first: int, before_ms: int) -> list[bytes]:
    """Names with that first byte of uploads that got no byte since then."""
    rows = await tx.fetch(
        "SELECT name FROM upload WHERE name >= $1 AND name < $2 AND touched_at_ms < $3",
        bytes([first]),
        bytes([first + 1]) if first < 255 else b"\xff" * 33,
        before_ms,
    )
    return [bytes(row[0]) for row in rows]

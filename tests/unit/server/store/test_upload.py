"""The table of uploads into a bucket: one truth about where each of them stands."""

from plausch.server.store import upload
from plausch.server.store.upload import UploadRow
from unit.server.store.conftest import Rows

NAME = b"N" * 32
OTHER = b"O" * 32


async def test_an_upload_is_entered_once(rows: Rows) -> None:
    assert await rows.run(lambda tx: upload.find(tx, NAME)) is None
    assert await rows.run(lambda tx: upload.enter(tx, NAME, 1))
    assert not await rows.run(lambda tx: upload.enter(tx, NAME, 2))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("", 0, 0)


async def test_a_chunk_is_taken_where_the_upload_stands(rows: Rows) -> None:
    assert not await rows.run(lambda tx: upload.append(tx, NAME, 0, b"abc", 1))
    await rows.run(lambda tx: upload.enter(tx, NAME, 1))
    assert await rows.run(lambda tx: upload.append(tx, NAME, 0, b"abc", 1))
    for start in (0, 1, 4):
        assert not await rows.run(lambda tx, s=start: upload.append(tx, NAME, s, b"xyz", 1))
    assert await rows.run(lambda tx: upload.append(tx, NAME, 3, b"de", 1))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("", 0, 5)
    assert await rows.run(lambda tx: upload.tail(tx, NAME, 0)) == b"abcde"


async def test_what_is_in_the_bucket_leaves_and_a_chunk_across_the_end_stays(rows: Rows) -> None:
    await rows.run(lambda tx: upload.enter(tx, NAME, 1))
    await rows.run(lambda tx: upload.append(tx, NAME, 0, b"abc", 1))
    await rows.run(lambda tx: upload.append(tx, NAME, 3, b"def", 1))
    begun = UploadRow("id", 0, 6)
    await rows.run(lambda tx: upload.part(tx, NAME, begun, 4))  # no such upload in parts
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("", 0, 6)
    assert await rows.run(lambda tx: upload.begin_multipart(tx, NAME, "id"))
    assert not await rows.run(lambda tx: upload.begin_multipart(tx, NAME, "other"))
    for _ in range(2):
        await rows.run(lambda tx: upload.part(tx, NAME, begun, 4))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("id", 4, 6)
    assert await rows.run(lambda tx: upload.tail(tx, NAME, 4)) == b"ef"

    async def chunks(tx):  # type: ignore[no-untyped-def]
        return await tx.fetch("SELECT start FROM upload_tail WHERE name = $1", NAME)

    assert await rows.run(chunks) == [(3,)]


async def test_a_lost_upload_stands_at_its_beginning(rows: Rows) -> None:
    for name in (NAME, OTHER):
        await rows.run(lambda tx, n=name: upload.enter(tx, n, 1))
        await rows.run(lambda tx, n=name: upload.append(tx, n, 0, b"abc", 1))
        await rows.run(lambda tx, n=name: upload.begin_multipart(tx, n, "id"))
    await rows.run(lambda tx: upload.restart(tx, NAME, "another"))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("id", 0, 3)
    await rows.run(lambda tx: upload.restart(tx, NAME, "id"))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) == UploadRow("", 0, 0)
    assert await rows.run(lambda tx: upload.tail(tx, NAME, 0)) == b""
    assert await rows.run(lambda tx: upload.tail(tx, OTHER, 0)) == b"abc"


async def test_what_is_forgotten_leaves_no_bytes(rows: Rows) -> None:
    await rows.run(lambda tx: upload.enter(tx, NAME, 1))
    await rows.run(lambda tx: upload.append(tx, NAME, 0, b"abc", 1))
    for _ in range(2):
        await rows.run(lambda tx: upload.forget(tx, NAME))
    assert await rows.run(lambda tx: upload.find(tx, NAME)) is None
    assert await rows.run(lambda tx: upload.tail(tx, NAME, 0)) == b""


async def test_names_are_found_by_their_first_byte_and_their_last_chunk(rows: Rows) -> None:
    for first in (0, 5, 6, 255):
        await rows.run(lambda tx, f=first: upload.enter(tx, bytes([f]) * 32, 10))
    await rows.run(lambda tx: upload.append(tx, b"\x06" * 32, 0, b"x", 20))
    for first in (0, 5, 255):
        found = await rows.run(lambda tx, f=first: upload.untouched(tx, f, 11))
        assert found == [bytes([first]) * 32]
    assert await rows.run(lambda tx: upload.untouched(tx, 5, 10)) == []
    assert await rows.run(lambda tx: upload.untouched(tx, 6, 20)) == []
    assert await rows.run(lambda tx: upload.untouched(tx, 7, 99)) == []

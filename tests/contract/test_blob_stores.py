"""One suite for every BlobStore: a folder, and a bucket of a real S3 service with either database.
Two stores are two server processes."""

import asyncio
import hashlib
import random
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blob_stores import two_buckets, two_folders
from engines import empty_postgres, empty_sqlite
from plausch.base.clock import ManualClock
from plausch.base.durations import DAY_MS
from plausch.db.interface import StorageUnavailable
from plausch.server.blob_store import BlobStore
from plausch.server.s3_blobs import PART_BYTES
from plausch.server.store.schema import prepare

NAME = bytes(range(32))
CONTENT = bytes(range(256)) * 20
DIGEST = hashlib.sha256(CONTENT).digest()
LENGTHS = [PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 12_345]
STEP_BYTES = 1024 * 1024
YEAR_MS = 365 * DAY_MS

pytestmark = pytest.mark.usefixtures("s3_keys")


@pytest.fixture(params=["folder", "bucket and sqlite", "bucket and postgresql"])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[BlobStore]]:
    if request.param == "folder":
        async with two_folders(tmp_path / "blobs") as made:
            yield made
        return
    address = request.getfixturevalue("s3").address()
    if request.param == "bucket and sqlite":
        opened = empty_sqlite(tmp_path)
    else:
        opened = empty_postgres(request.getfixturevalue("postgres"))
    async with opened as database:
        await prepare(database)
        async with two_buckets(database, address, ManualClock(1_000)) as made:
            yield made


@pytest.fixture
def store(both: list[BlobStore]) -> BlobStore:
    return both[0]


async def upload(store: BlobStore, name: bytes = NAME, content: bytes = CONTENT) -> None:
    assert await store.write(name, 0, content) == len(content)
    assert await store.finish(name, len(content), hashlib.sha256(content).digest())


async def write_on(
    stores: list[BlobStore], name: bytes, content: bytes, step: int = STEP_BYTES
) -> None:
    """The rest of an upload, each chunk by another process."""
    stands = await stores[0].begin(name, len(content))
    while stands < len(content):
        store = stores[stands // step % len(stores)]
        stands = await store.write(name, stands, content[stands : stands + step])


async def whole(store: BlobStore, name: bytes, length: int) -> bytes:
    pieces = [await store.read(name, offset, STEP_BYTES) for offset in range(0, length, STEP_BYTES)]
    return b"".join(piece or b"?" for piece in pieces)


async def test_what_is_uploaded_in_chunks_is_read_in_others(store: BlobStore) -> None:
    assert await store.begin(NAME, len(CONTENT)) == 0
    for offset in range(0, len(CONTENT), 1000):
        chunk = CONTENT[offset : offset + 1000]
        assert await store.write(NAME, offset, chunk) == offset + len(chunk)
    assert await store.finish(NAME, len(CONTENT), DIGEST)
    pieces = [await store.read(NAME, offset, 777) for offset in range(0, len(CONTENT), 777)]
    assert b"".join(piece or b"?" for piece in pieces) == CONTENT
    assert await store.read(NAME, len(CONTENT), 10) == b""


async def test_an_upload_is_not_readable_before_its_end(store: BlobStore) -> None:
    await store.write(NAME, 0, CONTENT)
    assert await store.read(NAME, 0, 10) is None
    assert await store.finish(NAME, len(CONTENT), DIGEST)
    assert await store.read(NAME, 0, 10) == CONTENT[:10]


async def test_a_chunk_that_is_not_the_next_is_passed_over(store: BlobStore) -> None:
    assert await store.write(NAME, 0, b"abc") == 3
    for offset, chunk in ((0, b"xyz"), (1, b"x"), (2, b"xy"), (4, b"x"), (2**40, b"x")):
        assert await store.write(NAME, offset, chunk) == 3
    assert await store.write(NAME, 3, b"def") == 6
    assert await store.finish(NAME, 6, hashlib.sha256(b"abcdef").digest())


async def test_an_upload_goes_on_in_another_process(both: list[BlobStore]) -> None:
    store, other = both
    await store.write(NAME, 0, CONTENT[:1000])
    assert await other.begin(NAME, len(CONTENT)) == 1000
    assert await other.write(NAME, 1000, CONTENT[1000:]) == len(CONTENT)
    assert await other.finish(NAME, len(CONTENT), DIGEST)
    assert await store.finish(NAME, len(CONTENT), DIGEST)
    assert await store.begin(NAME, len(CONTENT)) == len(CONTENT)


async def test_what_is_finished_stays_as_it_is(store: BlobStore) -> None:
    await upload(store)
    assert await store.write(NAME, 0, b"something else") == len(CONTENT)
    assert await store.write(NAME, len(CONTENT), b"more") == len(CONTENT)
    assert await store.finish(NAME, len(CONTENT), DIGEST)
    assert await store.read(NAME, 0, 2**20) == CONTENT


@pytest.mark.parametrize(
    ("length", "digest"), [(len(CONTENT), bytes(32)), (len(CONTENT) - 1, DIGEST)]
)
async def test_bytes_of_another_digest_or_length_are_thrown_away(
    store: BlobStore, length: int, digest: bytes
) -> None:
    await store.write(NAME, 0, CONTENT)
    assert not await store.finish(NAME, length, digest)
    assert await store.read(NAME, 0, 1) is None
    assert await store.begin(NAME, len(CONTENT)) == 0


async def test_what_was_never_begun_is_not_finished(store: BlobStore) -> None:
    assert not await store.finish(NAME, 0, hashlib.sha256(b"").digest())
    assert await store.read(NAME, 0, 1) is None


async def test_a_removed_blob_is_gone_and_may_be_removed_again(store: BlobStore) -> None:
    await upload(store)
    await store.write(b"U" * 32, 0, b"unfinished")
    for name in (NAME, b"U" * 32):
        for _ in range(2):
            await store.remove(name)
        assert await store.begin(name, 1) == 0
    assert await store.read(NAME, 0, 1) is None


async def test_many_uploads_do_not_mix(store: BlobStore) -> None:
    names = [bytes([number]) * 32 for number in range(20)]

    async def one(name: bytes) -> None:
        for offset in range(0, 1000, 100):
            await store.write(name, offset, name[:1] * 100)
        assert await store.finish(name, 1000, hashlib.sha256(name[:1] * 1000).digest())

    await asyncio.gather(*map(one, names))
    for name in names:
        assert await store.read(name, 0, 2000) == name[:1] * 1000


# --- more than a part ------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
async def test_a_long_blob_comes_back_as_it_went(store: BlobStore, length: int) -> None:
    content = random.Random(length).randbytes(length)
    await write_on([store], NAME, content)
    assert await store.read(NAME, 0, 1) is None
    for _ in range(2):
        assert await store.finish(NAME, length, hashlib.sha256(content).digest())
    assert await whole(store, NAME, length) == content
    assert await store.read(NAME, PART_BYTES - 3, 6) == content[PART_BYTES - 3 : PART_BYTES + 3]
    assert await store.read(NAME, length, 1) == b""


async def test_chunks_that_lie_across_the_ends_of_parts(both: list[BlobStore]) -> None:
    content = secrets.token_bytes(2 * PART_BYTES + 200_000)
    await write_on(both, NAME, content, step=399_989)
    assert await both[1].finish(NAME, len(content), hashlib.sha256(content).digest())
    assert await whole(both[0], NAME, len(content)) == content


async def test_a_long_upload_goes_from_process_to_process(both: list[BlobStore]) -> None:
    content = secrets.token_bytes(PART_BYTES + 3 * STEP_BYTES)
    await write_on(both[:1], NAME, content[: PART_BYTES + STEP_BYTES])
    assert await both[1].begin(NAME, len(content)) == PART_BYTES + STEP_BYTES
    await write_on(both, NAME, content)
    assert await both[1].finish(NAME, len(content), hashlib.sha256(content).digest())
    assert await both[0].finish(NAME, len(content), hashlib.sha256(content).digest())
    assert await whole(both[0], NAME, len(content)) == content


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_long_blob_of_another_digest_is_thrown_away(
    both: list[BlobStore], processes: int
) -> None:
    content = secrets.token_bytes(PART_BYTES + 3 * STEP_BYTES)
    await write_on(both[:processes], NAME, content)
    assert not await both[0].finish(NAME, len(content), DIGEST)
    for store in both:
        assert await store.read(NAME, 0, 1) is None
        assert await store.begin(NAME, len(content)) == 0
    await write_on(both, NAME, content)
    assert await both[0].finish(NAME, len(content), hashlib.sha256(content).digest())


async def test_two_processes_write_and_finish_the_same_long_upload_at_once(
    both: list[BlobStore],
) -> None:
    content = secrets.token_bytes(PART_BYTES + 5 * STEP_BYTES)
    digest = hashlib.sha256(content).digest()
    await asyncio.gather(*(write_on([store], NAME, content) for store in both))
    done = await asyncio.gather(*(store.finish(NAME, len(content), digest) for store in both))
    assert done == [True, True]
    assert await whole(both[0], NAME, len(content)) == content


async def test_a_long_upload_is_removed_with_its_parts(both: list[BlobStore]) -> None:
    content = secrets.token_bytes(PART_BYTES + 2 * STEP_BYTES)
    await write_on(both[:1], NAME, content)
    await both[1].remove(NAME)
    assert await both[0].begin(NAME, len(content)) == 0
    await write_on(both, NAME, content)
    assert await both[0].finish(NAME, len(content), hashlib.sha256(content).digest())


# --- strays ----------------------------------------------------------------------------------


async def test_names_of_what_was_not_touched_for_long(store: BlobStore) -> None:
    inside, unfinished, outside = b"\xff" + bytes(31), b"\xff" + b"u" * 31, b"\x06" + bytes(31)
    for name in (inside, outside):
        await upload(store, name)
    await store.write(unfinished, 0, b"x")
    late_ms = 100 * YEAR_MS
    assert set(await store.untouched(255, late_ms)) == {inside, unfinished}
    assert await store.untouched(6, late_ms) == [outside]
    assert await store.untouched(7, late_ms) == []
    assert await store.untouched(255, 0) == []


async def test_after_closing_nothing_is_taken(store: BlobStore) -> None:
    working = asyncio.gather(*(store.write(NAME, 0, CONTENT) for _ in range(20)))
    await asyncio.sleep(0)
    await store.close()
    assert set(await working) == {len(CONTENT)}  # what was begun was finished
    with pytest.raises(StorageUnavailable, match="is stopping"):
        await store.begin(NAME, 1)
    await store.close()

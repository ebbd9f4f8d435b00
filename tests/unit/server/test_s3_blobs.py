"""Blobs in a bucket where it fails: processes that die between two steps, parts that the bucket
loses, a bucket that is away. What every store does is in tests/contract/test_blob_stores.py."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from blob_stores import s3, s3_keys
from delivery_world import World
from plausch.base.errors import OperatorError
from plausch.db.interface import StorageUnavailable
from plausch.server import s3_blobs, s3_bucket
from plausch.server.s3_blobs import PART_BYTES, PARTS, S3Blobs
from plausch.server.s3_bucket import S3Bucket
from plausch.server.store import upload
from s3_service import S3Service, running_service

__all__ = ["s3", "s3_keys"]

NAME = bytes(range(32))
STEP_BYTES = 1024 * 1024
SHORT = secrets.token_bytes(5_000)
LONG = secrets.token_bytes(2 * PART_BYTES + 300_000)
LATE_MS = 10**14


@dataclass
class Place:
    """A bucket, and what opens a server process over it."""

    bucket: S3Bucket
    process: Callable[[], S3Blobs]
    world: World

    def key(self, name: bytes = NAME) -> str:
        return f"{self.bucket.address.prefix}{name.hex()[:2]}/{name.hex()[2:]}"

    async def row(self) -> upload.UploadRow | None:
        return await self.world.database.read(lambda tx: upload.find(tx, NAME))


@pytest.fixture
async def place(s3: S3Service, s3_keys: None, world: World) -> AsyncIterator[Place]:
    bucket = await S3Bucket(s3.address()).open()
    yield Place(bucket, lambda: S3Blobs(world.database, bucket, world.clock), world)
    await bucket.close()


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


async def write(store: S3Blobs, content: bytes, until: int = 10**12) -> int:
    """An upload up to there; where it stands."""
    stands = await store.begin(NAME, len(content))
    while stands < min(until, len(content)):
        stands = await store.write(NAME, stands, content[stands : stands + STEP_BYTES])
    return stands


async def is_whole(store: S3Blobs, content: bytes) -> bool:
    assert await store.finish(NAME, len(content), digest_of(content))
    return await store.read(NAME, 0, len(content)) == content


class Died(Exception):
    """The process, at this place."""


def dies(monkeypatch: pytest.MonkeyPatch, where: object, method: str) -> None:
    """The next call of it never happens."""

    async def gone(*given: object) -> None:
        monkeypatch.undo()
        raise Died

    monkeypatch.setattr(where, method, gone)


def counts_reads(monkeypatch: pytest.MonkeyPatch, bucket: S3Bucket) -> list[tuple[int, int]]:
    """(offset, limit) of every request for a stretch from now on."""
    asked: list[tuple[int, int]] = []
    get = bucket.get

    async def counted(key: str, offset: int, limit: int) -> bytes | None:
        asked.append((offset, limit))
        return await get(key, offset, limit)

    monkeypatch.setattr(bucket, "get", counted)
    return asked


# --- one truth -------------------------------------------------------------------------------


async def test_a_chunk_is_in_the_database_until_its_part_is_in_the_bucket(place: Place) -> None:
    store = place.process()
    await write(store, LONG, PART_BYTES)
    assert await place.row() == ("", 0, PART_BYTES)
    await write(store, LONG, PART_BYTES + 1)
    row = await place.row()
    assert row is not None
    assert (row.parted, row.stands) == (PART_BYTES, PART_BYTES + STEP_BYTES)
    parts = await place.bucket.parts(place.key(), row.multipart)
    assert [(one.number, one.length) for one in parts] == [(1, PART_BYTES)]
    tail = await place.world.database.read(lambda tx: upload.tail(tx, NAME, PART_BYTES))
    assert tail == LONG[PART_BYTES : PART_BYTES + STEP_BYTES]


@pytest.mark.parametrize("content", [SHORT, LONG])
async def test_a_whole_blob_is_an_object_and_leaves_nothing_behind(
    place: Place, content: bytes
) -> None:
    store = place.process()
    await write(store, content)
    assert await is_whole(store, content)
    assert await place.row() is None
    assert await place.bucket.uploads(place.bucket.address.prefix) == []
    keys = [one.key async for one in place.bucket.objects(place.bucket.address.prefix)]
    assert keys == [place.key()]


async def test_who_saw_all_chunks_does_not_read_them_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.process()
    await write(store, LONG)
    dies(monkeypatch, place.bucket, "get")
    assert await store.finish(NAME, len(LONG), digest_of(LONG))


async def test_who_saw_all_chunks_makes_no_object_of_another_digest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.process()
    await write(store, LONG)
    dies(monkeypatch, place.bucket, "complete")
    assert not await store.finish(NAME, len(LONG), bytes(32))
    assert await place.row() is None
    assert await place.bucket.uploads(place.bucket.address.prefix) == []


async def test_who_did_not_reads_them_back_in_pieces(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(place.process(), LONG)
    asked = counts_reads(monkeypatch, place.bucket)
    assert await place.process().finish(NAME, len(LONG), digest_of(LONG))
    assert len(asked) == len(LONG) // s3_blobs.READ_BACK_BYTES + 1
    assert max(limit for _, limit in asked) == s3_blobs.READ_BACK_BYTES


async def test_who_reads_on_is_read_ahead_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.process()
    await write(store, LONG)
    assert await store.finish(NAME, len(LONG), digest_of(LONG))
    asked = counts_reads(monkeypatch, place.bucket)
    monkeypatch.setattr(s3_blobs, "AHEAD_BYTES", 4_000)
    pieces = [await store.read(NAME, at, 1_000) for at in range(0, 10_000, 1_000)]
    assert b"".join(piece or b"?" for piece in pieces) == LONG[:10_000]
    assert asked == [(0, 1_000), (1_000, 4_000), (5_000, 4_000), (9_000, 4_000)]
    assert await store.read(NAME, 12_500, 1_000) == LONG[12_500:13_500]  # across an end
    end = len(LONG) - 500
    for at in (end, end + 500, end + 9_000):
        assert await store.read(NAME, at, 1_000) == LONG[at : at + 1_000]


async def test_who_reads_here_and_there_gets_what_is_asked_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.process()
    await write(store, LONG)
    assert await store.finish(NAME, len(LONG), digest_of(LONG))
    asked = counts_reads(monkeypatch, place.bucket)
    wanted = [(500, 10), (0, 10), (700, 10), (600, 10), (0, 10)]
    for offset, limit in wanted:
        assert await store.read(NAME, offset, limit) == LONG[offset : offset + limit]
    assert asked == wanted


async def test_reading_ahead_is_for_so_many_blobs_and_ends_with_a_blob(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_blobs, "AHEADS", 2)
    store = place.process()
    names = [bytes([number]) * 32 for number in range(4)]
    for name in names:
        await store.write(name, 0, SHORT)
        assert await store.finish(name, len(SHORT), digest_of(SHORT))
        assert await store.read(name, 0, 100) == SHORT[:100]
    assert list(store._aheads) == names[2:]
    await store.remove(names[3])
    assert await store.read(names[3], 0, 100) is None


async def test_carrying_digests_along_has_an_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_blobs, "DIGESTS", 3)
    store = place.process()
    for number in range(6):
        await store.write(bytes([number]) * 32, 0, b"x")
    assert len(store._digests) == 3


def test_blobs_have_no_more_parts_than_a_bucket_takes(place: Place) -> None:
    store = place.process()
    store.demand_parts(PARTS * PART_BYTES)
    with pytest.raises(OperatorError, match=r"lower limits\.blob_bytes"):
        store.demand_parts(PARTS * PART_BYTES + 1)


# --- processes that die ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["begin", "put_part", "parts", "complete", "size", "get", "_let_go"]
)
async def test_a_long_upload_goes_on_wherever_a_process_died(
    place: Place, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    first = place.process()
    try:
        await write(first, LONG, PART_BYTES)
        dies(monkeypatch, first if method == "_let_go" else place.bucket, method)
        await write(first, LONG)
        await first.finish(NAME, len(LONG), digest_of(LONG))
    except Died:
        pass
    monkeypatch.undo()
    second = place.process()
    row = await place.row()
    if row is not None:  # else it was finished: who saw all chunks asks nothing more
        assert await second.read(NAME, 0, 1) is None
        assert await second.begin(NAME, len(LONG)) >= PART_BYTES
    await write(second, LONG)
    assert await is_whole(second, LONG)
    assert await place.row() is None


@pytest.mark.parametrize("after", ["put_part", "complete"])
async def test_a_process_that_died_after_the_buckets_answer_did_it_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    first, real = place.process(), getattr(place.bucket, after)

    async def then_dies(*given: object) -> None:
        await real(*given)
        monkeypatch.undo()
        raise Died

    monkeypatch.setattr(place.bucket, after, then_dies)
    with pytest.raises(Died):
        await write(first, LONG)
        await first.finish(NAME, len(LONG), digest_of(LONG))
    second = place.process()
    assert await second.read(NAME, 0, 1) is None  # complete or not, it is not verified
    await write(second, LONG)
    assert await is_whole(second, LONG)


async def test_a_complete_object_of_another_digest_is_not_given_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place.process()
    await write(first, LONG)
    dies(monkeypatch, first, "_let_go")
    with pytest.raises(Died):
        await first.finish(NAME, len(LONG), digest_of(LONG))
    assert await place.bucket.size(place.key()) == len(LONG)
    second = place.process()
    assert not await second.finish(NAME, len(LONG), bytes(32))
    assert await place.bucket.size(place.key()) is None
    assert await second.begin(NAME, len(LONG)) == 0


async def test_an_object_without_a_row_is_read_back_before_it_counts(place: Place) -> None:
    await place.bucket.put(place.key(), SHORT)
    store = place.process()
    assert await store.begin(NAME, len(SHORT)) == len(SHORT)
    assert not await store.finish(NAME, len(SHORT), bytes(32))
    assert await place.bucket.size(place.key()) is None


async def test_two_processes_begin_parts_at_once_and_one_upload_is_left(place: Place) -> None:
    one, other = place.process(), place.process()
    await write(one, LONG, PART_BYTES)
    chunk = LONG[PART_BYTES : PART_BYTES + STEP_BYTES]
    stands = await asyncio.gather(*(each.write(NAME, PART_BYTES, chunk) for each in (one, other)))
    assert set(stands) == {PART_BYTES + STEP_BYTES}
    row = await place.row()
    assert row is not None
    begun = await place.bucket.uploads(place.key())
    assert [one.multipart for one in begun] == [row.multipart]
    await write(other, LONG)
    assert await is_whole(one, LONG)


async def test_who_is_overtaken_between_look_and_row_learns_that_it_is_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast, size = place.process(), place.process(), place.bucket.size

    async def overtaken(key: str) -> int | None:
        monkeypatch.undo()
        found = await size(key)
        await write(fast, SHORT)
        assert await fast.finish(NAME, len(SHORT), digest_of(SHORT))
        return found

    monkeypatch.setattr(place.bucket, "size", overtaken)
    assert await slow.write(NAME, 0, SHORT) == len(SHORT)
    assert await slow.read(NAME, 0, len(SHORT)) == SHORT
    assert await place.row() is None


@pytest.mark.parametrize("content", [SHORT, LONG], ids=["short", "long"])
async def test_who_is_overtaken_at_the_end_learns_that_it_is_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    first, second = place.process(), place.process()
    await write(first, content)
    tail = second._tail

    async def late(name: bytes, row: upload.UploadRow) -> bytes:
        monkeypatch.undo()
        assert await first.finish(NAME, len(content), digest_of(content))
        return await tail(name, row)

    monkeypatch.setattr(second, "_tail", late)
    assert await is_whole(second, content)
    assert await place.row() is None


async def test_who_is_overtaken_by_one_who_goes_on_asks_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = place.process(), place.process()
    await write(first, SHORT)

    async def none(name: bytes, row: upload.UploadRow) -> bytes:
        return b""

    monkeypatch.setattr(second, "_tail", none)
    with pytest.raises(StorageUnavailable, match="Another server process"):
        await second.finish(NAME, len(SHORT), digest_of(SHORT))
    assert await is_whole(first, SHORT)


# --- parts that are lost ---------------------------------------------------------------------


async def test_an_upload_whose_parts_the_bucket_let_go_of_begins_again(place: Place) -> None:
    store = place.process()
    await write(store, LONG, PART_BYTES + STEP_BYTES)
    row = await place.row()
    assert row is not None
    await place.bucket.abort(place.key(), row.multipart)  # as a lifecycle rule does
    stands = PART_BYTES + STEP_BYTES
    while stands:
        stands = await store.write(NAME, stands, LONG[stands : stands + STEP_BYTES])
    assert await place.row() == ("", 0, 0)
    await write(store, LONG)
    assert await is_whole(store, LONG)


async def test_parts_that_are_lost_at_the_end_are_the_storages_fault(place: Place) -> None:
    store = place.process()
    await write(store, LONG)
    row = await place.row()
    assert row is not None
    await place.bucket.abort(place.key(), row.multipart)
    with pytest.raises(StorageUnavailable, match="it begins again"):
        await store.finish(NAME, len(LONG), digest_of(LONG))
    assert await store.begin(NAME, len(LONG)) == 0
    await write(store, LONG)
    assert await is_whole(store, LONG)


async def test_a_part_that_is_missing_is_noticed_before_the_object_is_made(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, parts = place.process(), place.bucket.parts
    await write(store, LONG)

    async def one_less(key: str, multipart: str) -> object:
        return (await parts(key, multipart))[1:]

    with monkeypatch.context() as patch:
        patch.setattr(place.bucket, "parts", one_less)
        with pytest.raises(StorageUnavailable, match="it begins again"):
            await store.finish(NAME, len(LONG), digest_of(LONG))
    assert await place.bucket.size(place.key()) is None


async def test_an_upload_that_is_given_up_leaves_no_parts(place: Place) -> None:
    store = place.process()
    await write(store, LONG, PART_BYTES + STEP_BYTES)
    await place.process().remove(NAME)
    assert await place.bucket.uploads(place.bucket.address.prefix) == []
    assert await place.row() is None


async def test_parts_to_which_no_row_leads_are_let_go_of(place: Place) -> None:
    store = place.process()
    await write(store, LONG, PART_BYTES + STEP_BYTES)
    row = await place.row()
    assert row is not None
    stray = await place.bucket.begin(place.key())
    await place.bucket.begin(place.key(b"\x00" + bytes(31)))
    not_ours = await place.bucket.begin(f"{place.bucket.address.prefix}00/not-ours")
    assert await store.untouched(0, 0) == []
    assert len(await place.bucket.uploads(place.bucket.address.prefix)) == 4
    assert await store.untouched(0, LATE_MS) == [NAME]
    left = {one.multipart for one in await place.bucket.uploads(place.bucket.address.prefix)}
    assert left == {row.multipart, not_ours}
    assert stray not in left


async def test_objects_that_are_not_ours_are_left_alone(place: Place) -> None:
    prefix = place.bucket.address.prefix
    for key in ("00/README", "00/" + "z" * 62, "00/" + "0" * 61, "00/0" + "0/" * 31):
        await place.bucket.put(prefix + key, b"x")
    assert await place.process().untouched(0, LATE_MS) == []


# --- a bucket that is away -------------------------------------------------------------------


async def test_a_bucket_that_is_away_takes_a_part_more_and_then_no_more(
    world: World, s3_keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_bucket, "PAUSE_S", 0)
    with running_service() as service:
        bucket = await S3Bucket(service.address()).open()
        store = S3Blobs(world.database, bucket, world.clock)
        await write(store, LONG, STEP_BYTES)
        service.kill()
        assert await write(store, LONG, PART_BYTES) == PART_BYTES  # the database has them
        with pytest.raises(StorageUnavailable, match="does not take or give blobs: no answer"):
            await store.write(NAME, PART_BYTES, LONG[PART_BYTES : PART_BYTES + 10])
        for work in (store.read(b"?" * 32, 0, 1), store.begin(b"?" * 32, 1), store.remove(NAME)):
            with pytest.raises(StorageUnavailable):
                await work
        assert await store.begin(NAME, len(LONG)) == PART_BYTES
        service.start()
        await write(store, LONG)
        service.kill()
        with pytest.raises(StorageUnavailable):
            await store.finish(NAME, len(LONG), digest_of(LONG))
        service.start()
        assert await is_whole(store, LONG)
        await store.close()

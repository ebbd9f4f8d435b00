"""What accounts may do with blobs, what it costs them, and what becomes of crashes between file
and row."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery_world import World
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.server import blobs as module
from plausch.server.allowance import LONGEST_PAUSE_MS
from plausch.server.blobs import REQUEST_BYTES, Blobs, Piece, Standing, name_of
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.records import DeviceRecord
from plausch.server.store import allowance
from plausch.server.store.allowance import Kind
from plausch.wire.blobs import BLOB_CHUNK_BYTES

CONTENT = secrets.token_bytes(10_000)


@dataclass
class House:
    """A blob service in a world, two accounts, and how to open a second process over it."""

    world: World
    blobs: Blobs
    store: LocalBlobs
    anna: DeviceRecord
    cem: DeviceRecord
    strict: Callable[..., Blobs]


@pytest.fixture
async def house(world: World, tmp_path: Path) -> AsyncIterator[House]:
    store = LocalBlobs(tmp_path / "blobs")
    store.prepare()

    def strict(**limits: int) -> Blobs:
        return Blobs(world.database, store, world.clock, Limits(**limits))

    anna, cem = [(await world.player(name)).record for name in ("anna", "cem")]
    yield House(world, strict(), store, anna, cem, strict)
    await store.close()


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


async def begin(blobs: Blobs, owner: DeviceRecord, blob: bytes, content: bytes) -> Standing:
    return await blobs.begin(owner, blob, len(content), digest_of(content))


async def upload(blobs: Blobs, owner: DeviceRecord, content: bytes = CONTENT) -> bytes:
    blob = secrets.token_bytes(32)
    assert await begin(blobs, owner, blob, content) == Standing(0, len(content))
    assert await blobs.put(owner, blob, 0, content) == Standing(len(content), len(content))
    return blob


async def download(blobs: Blobs, reader: DeviceRecord, blob: bytes) -> bytes:
    found = b""
    while True:
        piece = await blobs.get(reader, blob, len(found), 3000)
        found += piece.chunk
        if len(found) >= piece.length:
            return found


async def test_whoever_knows_the_id_may_read(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    for reader in (house.anna, house.cem):
        assert await download(house.blobs, reader, blob) == CONTENT


async def test_a_piece_ends_with_the_blob(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    assert await house.blobs.get(house.cem, blob, 9_990, 100) == Piece(CONTENT[-10:], 10_000)
    for offset in (10_000, 10_001, 2**40):
        assert await house.blobs.get(house.cem, blob, offset, 100) == Piece(b"", 10_000)


async def test_every_step_may_be_repeated(house: House) -> None:
    blob = secrets.token_bytes(32)
    for _ in range(2):
        assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(0, 10_000)
    for _ in range(2):
        assert await house.blobs.put(house.anna, blob, 0, CONTENT[:4000]) == Standing(4000, 10_000)
    assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(4000, 10_000)
    for _ in range(2):
        assert await house.blobs.put(house.anna, blob, 4000, CONTENT[4000:]) == (10_000, 10_000)
    assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(10_000, 10_000)
    assert await download(house.blobs, house.cem, blob) == CONTENT


async def test_a_chunk_that_is_not_the_next_says_where_to_go_on(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    assert await house.blobs.put(house.anna, blob, 500, CONTENT[500:600]) == Standing(0, 10_000)
    await house.blobs.put(house.anna, blob, 0, CONTENT[:100])
    assert await house.blobs.put(house.anna, blob, 50, b"x") == Standing(100, 10_000)


async def test_a_chunk_beyond_the_end_is_refused(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    with refused("bad_request"):
        await house.blobs.put(house.anna, blob, 0, CONTENT + b"x")
    with refused("bad_request"):
        await house.blobs.put(house.anna, blob, 10_000, b"x")


async def test_other_bytes_than_promised_are_refused_and_may_be_sent_anew(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    with refused("bad_blob"):
        await house.blobs.put(house.anna, blob, 0, bytes(10_000))
    with refused("unknown_blob"):
        await house.blobs.get(house.anna, blob, 0, 1)
    assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(0, 10_000)
    assert (await house.blobs.put(house.anna, blob, 0, CONTENT)).offset == 10_000


async def test_an_unfinished_blob_is_nobodys_to_read_and_its_owners_to_write(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    await house.blobs.put(house.anna, blob, 0, CONTENT[:100])
    for reader in (house.anna, house.cem):
        with refused("unknown_blob"):
            await house.blobs.get(reader, blob, 0, 100)
    with refused("unknown_blob"):
        await house.blobs.put(house.cem, blob, 100, CONTENT[100:])
    with refused("unknown_blob"):
        await house.blobs.put(house.anna, secrets.token_bytes(32), 0, b"x")


async def test_an_id_belongs_to_one_blob(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    with refused("blob_exists"):
        await begin(house.blobs, house.cem, blob, CONTENT)
    with refused("blob_exists"):
        await house.blobs.begin(house.anna, blob, 9_999, digest_of(CONTENT))
    with refused("blob_exists"):
        await house.blobs.begin(house.anna, blob, 10_000, bytes(32))


async def test_dropping_is_for_the_owner_and_never_told_to_others(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    await house.blobs.drop(house.cem, blob)
    assert await download(house.blobs, house.cem, blob) == CONTENT
    for _ in range(2):
        await house.blobs.drop(house.anna, blob)
    with refused("unknown_blob"):
        await house.blobs.get(house.anna, blob, 0, 1)
    await house.blobs.drop(house.anna, secrets.token_bytes(32))


async def test_an_unfinished_upload_can_be_dropped(house: House) -> None:
    blobs = house.strict(blob_uploads_per_account=1)
    blob = secrets.token_bytes(32)
    await begin(blobs, house.anna, blob, CONTENT)
    await blobs.put(house.anna, blob, 0, CONTENT[:100])
    await blobs.drop(house.anna, blob)
    assert await begin(blobs, house.anna, blob, CONTENT) == Standing(0, 10_000)


async def test_the_server_keeps_no_id(house: House, tmp_path: Path) -> None:
    blob = await upload(house.blobs, house.anna)
    names = [path.name for path in (tmp_path / "blobs").rglob("*")]
    assert not any(blob.hex()[2:] in name for name in names)
    assert name_of(blob).hex()[2:] in names


async def test_a_device_that_is_not_listed_begins_nothing(house: House) -> None:
    async def body(tx):  # type: ignore[no-untyped-def]
        await tx.execute("UPDATE device SET listed = 0 WHERE id = $1", house.anna.key)

    await house.world.database.transact(body)
    with refused("unknown_device"):
        await begin(house.blobs, house.anna, secrets.token_bytes(32), CONTENT)


# --- limits ----------------------------------------------------------------------------------


async def test_a_blob_has_a_largest_size(house: House) -> None:
    blobs = house.strict(blob_bytes=10_000)
    await upload(blobs, house.anna)
    with refused("too_large"):
        await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT + b"x")


async def test_an_account_has_a_quota_and_unfinished_uploads_count(house: House) -> None:
    blobs = house.strict(blob_bytes_per_account=25_000)
    first = await upload(blobs, house.anna)
    await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)
    with refused("quota_exceeded"):
        await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)
    await upload(blobs, house.cem)  # nobody else's concern
    await blobs.drop(house.anna, first)
    await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)


async def test_an_account_has_so_many_blobs(house: House) -> None:
    blobs = house.strict(blobs_per_account=2)
    await upload(blobs, house.anna)
    second = await upload(blobs, house.anna)
    with refused("quota_exceeded"):
        await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)
    assert await begin(blobs, house.anna, second, CONTENT) == Standing(10_000, 10_000)


async def test_an_account_has_so_many_unfinished_uploads(house: House) -> None:
    blobs = house.strict(blob_uploads_per_account=2)
    first = secrets.token_bytes(32)
    await begin(blobs, house.anna, first, CONTENT)
    await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)
    with refused("too_many_uploads"):
        await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)
    await begin(blobs, house.anna, first, CONTENT)
    await blobs.put(house.anna, first, 0, CONTENT)
    await begin(blobs, house.anna, secrets.token_bytes(32), CONTENT)


async def test_uploads_of_an_hour_are_counted_and_go_on_later(house: House) -> None:
    blobs = house.strict(blob_upload_bytes_per_hour=4 * REQUEST_BYTES)
    blob, content = secrets.token_bytes(32), bytes(4 * REQUEST_BYTES)
    await begin(blobs, house.anna, blob, content)
    await blobs.put(house.anna, blob, 0, content[: 2 * REQUEST_BYTES])
    with refused("rate_limited") as caught:
        await blobs.put(house.anna, blob, 2 * REQUEST_BYTES, content[2 * REQUEST_BYTES :])
    assert 0 < caught.value.retry_after_ms <= HOUR_MS
    await begin(blobs, house.cem, secrets.token_bytes(32), content)
    house.world.clock.advance(caught.value.retry_after_ms)
    stands = await blobs.put(house.anna, blob, 2 * REQUEST_BYTES, content[2 * REQUEST_BYTES :])
    assert stands.offset == stands.length


async def test_downloads_of_an_hour_are_counted_and_small_ones_too(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    blobs = house.strict(blob_download_bytes_per_hour=3 * REQUEST_BYTES)
    for _ in range(3):
        await blobs.get(house.cem, blob, 0, 1)
    with refused("rate_limited"):
        await blobs.get(house.cem, blob, 0, 1)
    await blobs.get(house.anna, blob, 0, 1)


async def test_guessing_costs_as_much_as_reading(house: House) -> None:
    blobs = house.strict(blob_download_bytes_per_hour=2 * REQUEST_BYTES)
    for code in ("unknown_blob", "unknown_blob", "rate_limited"):
        with refused(code):
            await blobs.get(house.cem, secrets.token_bytes(32), 0, 1)


async def test_a_chunk_costs_no_statement_for_being_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour's first piece is 8 MiB of uploads and 32 of downloads."""
    draws, draw = [], allowance.draw

    async def counting(tx: Transaction, wants: Sequence[allowance.Want]) -> dict[bytes, int]:
        draws.extend(one.kind for one in wants)
        return await draw(tx, wants)

    monkeypatch.setattr(allowance, "draw", counting)
    chunk, content = bytes(BLOB_CHUNK_BYTES), bytes(32 * BLOB_CHUNK_BYTES)
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, content)
    for start in range(0, len(content), len(chunk)):
        await house.blobs.put(house.anna, blob, start, chunk)
    for start in range(0, len(content), len(chunk)):
        await house.blobs.get(house.cem, blob, start, len(chunk))
    assert draws == [Kind.BLOB_BYTES_UP, Kind.BLOB_BYTES_DOWN]


async def test_who_only_reads_goes_on_while_nothing_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = await upload(house.blobs, house.anna)
    blobs = house.strict(blob_download_bytes_per_hour=REQUEST_BYTES)

    async def disk_full(_tx: Transaction, _wants: Sequence[allowance.Want]) -> dict[bytes, int]:
        raise StorageUnavailable("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(allowance, "draw", disk_full)
        for _ in range(2):
            assert (await blobs.get(house.cem, blob, 0, 10)).chunk == CONTENT[:10]
        with pytest.raises(StorageUnavailable):
            await blobs.put(house.anna, blob, 0, CONTENT)
    house.world.clock.advance(LONGEST_PAUSE_MS)
    await blobs.get(house.cem, blob, 0, 10)
    with refused("rate_limited"):  # there is room again
        await blobs.get(house.cem, blob, 0, 10)


async def test_a_service_that_closes_gives_back_what_was_not_moved(house: House) -> None:
    limit = 1_024 * REQUEST_BYTES  # the first piece is four requests
    for _ in range(3):
        blobs = house.strict(blob_upload_bytes_per_hour=limit, blob_download_bytes_per_hour=limit)
        await blobs.drop(house.anna, secrets.token_bytes(32))
        with refused("unknown_blob"):
            await blobs.get(house.anna, secrets.token_bytes(32), 0, 1)
        await blobs.close()

    async def body(tx: Transaction) -> list[int]:
        rows = await tx.fetch("SELECT drawn FROM allowance WHERE kind >= $1", Kind.BLOB_BYTES_UP)
        return [int(row[0]) for row in rows]

    assert await house.world.database.read(body) == [3 * REQUEST_BYTES] * 2


async def test_beginning_and_dropping_without_end_is_stopped(house: House) -> None:
    blobs = house.strict(blob_upload_bytes_per_hour=4 * REQUEST_BYTES)
    blob = secrets.token_bytes(32)
    for _ in range(2):
        await begin(blobs, house.anna, blob, CONTENT)
        await blobs.drop(house.anna, blob)
    with refused("rate_limited"):
        await blobs.drop(house.anna, blob)


# --- crashes ---------------------------------------------------------------------------------


async def test_a_crash_after_the_file_was_finished_and_before_the_row_is_mended(
    house: House,
) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    await house.store.write(name_of(blob), 0, CONTENT)
    assert await house.store.finish(name_of(blob), 10_000, digest_of(CONTENT))
    with refused("unknown_blob"):
        await house.blobs.get(house.cem, blob, 0, 1)
    again = house.strict()
    assert await begin(again, house.anna, blob, CONTENT) == Standing(10_000, 10_000)
    assert await download(again, house.cem, blob) == CONTENT


async def test_a_crash_before_the_last_chunk_was_finished_is_mended(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    await house.store.write(name_of(blob), 0, CONTENT)
    assert await begin(house.strict(), house.anna, blob, CONTENT) == Standing(10_000, 10_000)
    assert await download(house.blobs, house.cem, blob) == CONTENT


async def test_a_crash_in_the_middle_of_a_drop_is_mended(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    await house.store.remove(name_of(blob))
    with refused("unknown_blob"):
        await house.blobs.get(house.cem, blob, 0, 1)
    await house.blobs.drop(house.anna, blob)
    assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(0, 10_000)


async def test_an_upload_that_lost_its_end_to_a_crash_goes_on_where_it_is(
    house: House, tmp_path: Path
) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    await house.blobs.put(house.anna, blob, 0, CONTENT[:5000])
    with (tmp_path / "blobs" / "uploads" / name_of(blob).hex()).open("r+b") as file:
        file.truncate(1234)
    assert await house.blobs.put(house.anna, blob, 5000, CONTENT[5000:]) == (1234, 10_000)
    assert (await house.blobs.put(house.anna, blob, 1234, CONTENT[1234:])).offset == 10_000


async def test_an_upload_that_was_given_up_while_it_was_finished_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    finish = house.store.finish

    async def slow(name: bytes, length: int, digest: bytes) -> bool:
        async def body(tx):  # type: ignore[no-untyped-def]
            await tx.execute("DELETE FROM blob WHERE name = $1", name)

        done = await finish(name, length, digest)
        await house.world.database.transact(body)  # another process sweeps
        return done

    monkeypatch.setattr(house.store, "finish", slow)
    with refused("unknown_blob"):
        await house.blobs.put(house.anna, blob, 0, CONTENT)
    assert await house.store.read(name_of(blob), 0, 1) is None


async def test_a_file_that_became_shorter_is_the_operators_to_look_at(
    house: House, tmp_path: Path
) -> None:
    blob = await upload(house.blobs, house.anna)
    text = name_of(blob).hex()
    with (tmp_path / "blobs" / text[:2] / text[2:]).open("r+b") as file:
        file.truncate(5000)
    assert await house.blobs.get(house.cem, blob, 0, 5000) == Piece(CONTENT[:5000], 10_000)
    with pytest.raises(StorageUnavailable, match="check the disk"):
        await house.blobs.get(house.cem, blob, 4000, 2000)


async def test_a_disk_that_refuses_a_chunk_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)

    async def full(name: bytes, offset: int, chunk: bytes) -> int:
        raise StorageUnavailable("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "write", full)
        with pytest.raises(StorageUnavailable):
            await house.blobs.put(house.anna, blob, 0, CONTENT)
    assert await house.blobs.put(house.anna, blob, 0, CONTENT) == Standing(10_000, 10_000)


async def test_two_connections_that_upload_the_same_blob_do_not_harm_it(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)

    async def one() -> None:
        offset = 0
        while offset < len(CONTENT):
            chunk = CONTENT[offset : offset + 700]
            offset = (await house.blobs.put(house.anna, blob, offset, chunk)).offset

    await asyncio.gather(*(one() for _ in range(4)))
    assert await download(house.blobs, house.cem, blob) == CONTENT


# --- the sweep -------------------------------------------------------------------------------


async def test_an_upload_that_is_not_finished_in_a_day_is_given_up(house: House) -> None:
    blob = secrets.token_bytes(32)
    await begin(house.blobs, house.anna, blob, CONTENT)
    await house.blobs.put(house.anna, blob, 0, CONTENT[:100])
    house.world.clock.advance(24 * HOUR_MS)
    assert await house.blobs.sweep(house.world.clock.now_ms()) == 0
    house.world.clock.advance(1)
    assert await house.blobs.sweep(house.world.clock.now_ms()) == 1
    with refused("unknown_blob"):
        await house.blobs.put(house.anna, blob, 100, CONTENT[100:])
    assert await begin(house.blobs, house.anna, blob, CONTENT) == Standing(0, 10_000)


async def test_a_blob_stays_for_ninety_days(house: House) -> None:
    blob = await upload(house.blobs, house.anna)
    house.world.clock.advance(90 * DAY_MS)
    assert await house.blobs.sweep(house.world.clock.now_ms()) == 0
    assert await download(house.blobs, house.cem, blob) == CONTENT
    house.world.clock.advance(1)
    assert await house.blobs.sweep(house.world.clock.now_ms()) == 1
    with refused("unknown_blob"):
        await house.blobs.get(house.cem, blob, 0, 1)


async def test_many_old_blobs_leave_in_one_sweep(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOBS_AT_ONCE", 3)
    for _ in range(8):
        await upload(house.blobs, house.anna, b"x")
    house.world.clock.advance(91 * DAY_MS)
    assert await house.blobs.sweep(house.world.clock.now_ms()) == 8


async def test_bytes_without_a_row_are_found_in_the_course_of_sweeps(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = await upload(house.blobs, house.anna)
    strays = [bytes([number]) * 32 for number in (0, 100, 255)]
    for name in strays:
        await house.store.write(name, 0, b"x")
        assert await house.store.finish(name, 1, digest_of(b"x"))
    await house.store.write(b"\x50" * 32, 0, b"never finished")
    future_ms = 2**42
    assert await house.blobs._sweep_strays(0) == 0  # too young
    monkeypatch.setattr(module, "SHARDS_AT_ONCE", 256)
    assert await house.blobs._sweep_strays(future_ms) == 4
    assert await house.blobs._sweep_strays(future_ms) == 0
    for name in strays:
        assert await house.store.read(name, 0, 1) is None
    assert await download(house.blobs, house.cem, kept) == CONTENT

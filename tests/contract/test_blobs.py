"""Blobs on both engines, in a folder and in a bucket of a real S3 service, also by two server
processes over one database."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blob_stores import two_buckets, two_folders
from delivery_world import World
from plausch.base.durations import DAY_MS
from plausch.server.blob_store import BlobStore
from plausch.server.blobs import Blobs, Standing, name_of
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord

CONTENT = secrets.token_bytes(5_000)


@pytest.fixture(params=["folder", "bucket"])
async def stores(
    request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> AsyncIterator[list[BlobStore]]:
    if request.param == "folder":
        opened = two_folders(tmp_path / "blobs")
    else:
        request.getfixturevalue("s3_keys")
        address = request.getfixturevalue("s3").address()
        opened = two_buckets(world.database, address, world.clock)
    async with opened as made:
        yield made


def processes(world: World, stores: list[BlobStore], **limits: int) -> list[Blobs]:
    return [Blobs(world.database, one, world.clock, Limits(**limits)) for one in stores]


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def begin(blobs: Blobs, owner: DeviceRecord, blob: bytes) -> Standing:
    return await blobs.begin(owner, blob, len(CONTENT), hashlib.sha256(CONTENT).digest())


async def upload(blobs: Blobs, owner: DeviceRecord) -> bytes:
    blob = secrets.token_bytes(32)
    await begin(blobs, owner, blob)
    assert await blobs.put(owner, blob, 0, CONTENT) == Standing(5_000, 5_000)
    return blob


async def test_what_one_process_took_the_other_gives(world: World, stores: list[BlobStore]) -> None:
    one, other = processes(world, stores)
    anna, cem = [(await world.player(name)).record for name in ("anna", "cem")]
    blob = await upload(one, anna)
    piece = await other.get(cem, blob, 1_000, 100)
    assert (piece.chunk, piece.length) == (CONTENT[1_000:1_100], 5_000)
    await other.drop(anna, blob)
    with refused("unknown_blob"):
        await one.get(cem, blob, 0, 1)


async def test_an_upload_moves_from_one_process_to_the_other(
    world: World, stores: list[BlobStore]
) -> None:
    one, other = processes(world, stores)
    anna = (await world.player("anna")).record
    blob = secrets.token_bytes(32)
    await begin(one, anna, blob)
    await one.put(anna, blob, 0, CONTENT[:2_000])
    assert await begin(other, anna, blob) == Standing(2_000, 5_000)
    assert await other.put(anna, blob, 2_000, CONTENT[2_000:]) == Standing(5_000, 5_000)
    assert await one.put(anna, blob, 2_000, CONTENT[2_000:]) == Standing(5_000, 5_000)


async def test_both_processes_may_finish_at_once(world: World, stores: list[BlobStore]) -> None:
    both = processes(world, stores)
    anna = (await world.player("anna")).record
    for _ in range(5):
        blob = secrets.token_bytes(32)
        await begin(both[0], anna, blob)
        await both[0].put(anna, blob, 0, CONTENT[:4_000])
        done = await asyncio.gather(*(one.put(anna, blob, 4_000, CONTENT[4_000:]) for one in both))
        assert {one.offset for one in done} == {5_000}
        assert (await both[1].get(anna, blob, 0, 10)).chunk == CONTENT[:10]


async def test_nobody_gets_around_the_quota_by_asking_at_once(
    world: World, stores: list[BlobStore]
) -> None:
    both = processes(world, stores, blob_bytes_per_account=5 * len(CONTENT))
    anna = (await world.player("anna")).record
    results = await asyncio.gather(
        *(begin(one, anna, secrets.token_bytes(32)) for one in both * 6), return_exceptions=True
    )
    assert len([one for one in results if isinstance(one, Standing)]) == 5
    assert {one.code for one in results if isinstance(one, Refusal)} == {"quota_exceeded"}


async def test_one_id_begun_by_two_accounts_at_once_belongs_to_one(
    world: World, stores: list[BlobStore]
) -> None:
    both = processes(world, stores)
    people = [(await world.player(name)).record for name in ("anna", "cem")]
    blob = secrets.token_bytes(32)
    results = await asyncio.gather(
        *(begin(one, who, blob) for one, who in zip(both, people, strict=True)),
        return_exceptions=True,
    )
    assert sorted(getattr(one, "code", "begun") for one in results) == ["begun", "blob_exists"]


async def test_one_id_begun_twice_at_once_is_one_upload(
    world: World, stores: list[BlobStore]
) -> None:
    both = processes(world, stores, blob_uploads_per_account=1)
    anna = (await world.player("anna")).record
    blob = secrets.token_bytes(32)
    results = await asyncio.gather(*(begin(one, anna, blob) for one in both * 4))
    assert set(results) == {Standing(0, 5_000)}


async def test_a_sweep_takes_what_is_old_and_leaves_the_rest(
    world: World, stores: list[BlobStore]
) -> None:
    one, other = processes(world, stores)
    anna = (await world.player("anna")).record
    old, unfinished = await upload(one, anna), secrets.token_bytes(32)
    world.clock.advance(89 * DAY_MS)
    fresh = await upload(one, anna)
    await begin(one, anna, unfinished)
    world.clock.advance(DAY_MS + 1)
    swept = await asyncio.gather(*(each.sweep(world.clock.now_ms()) for each in (one, other)))
    assert sum(swept) >= 2
    for gone in (old, unfinished):
        with refused("unknown_blob"):
            await one.get(anna, gone, 0, 1)
        assert await stores[0].begin(name_of(gone), 1) == 0
    assert (await other.get(anna, fresh, 0, 1)).length == 5_000

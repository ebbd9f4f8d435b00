"""The table of blobs: what is begun, what is whole, what is old, what an account has."""

import pytest

from plausch.db.interface import ConstraintViolated
from plausch.server.store import blob
from plausch.server.store.blob import BlobRow, Usage
from unit.server.store.conftest import Rows

NAME = b"N" * 32
OTHER = b"O" * 32
DIGEST = b"D" * 32


async def test_a_blob_is_found_by_its_name(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 100, DIGEST, 7))
    found = await rows.run(lambda tx: blob.find(tx, NAME))
    assert found == BlobRow(found.key, NAME, rows.anna, 100, DIGEST, 7, -1)
    assert not found.whole
    assert await rows.run(lambda tx: blob.find(tx, OTHER)) is None


async def test_a_name_is_taken_once(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 100, DIGEST, 7))
    with pytest.raises(ConstraintViolated):
        await rows.run(lambda tx: blob.add(tx, NAME, rows.cem, 100, DIGEST, 7))


async def test_a_blob_becomes_whole_once(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 100, DIGEST, 7))
    found = await rows.run(lambda tx: blob.find(tx, NAME))
    assert await rows.run(lambda tx: blob.stored(tx, found.key, 9))
    assert await rows.run(lambda tx: blob.stored(tx, found.key, 11))
    whole = await rows.run(lambda tx: blob.find(tx, NAME))
    assert whole.whole
    assert whole.stored_at_ms == 9
    assert not await rows.run(lambda tx: blob.stored(tx, found.key + 1, 9))


async def test_the_usage_of_an_account_is_its_own(rows: Rows) -> None:
    assert await rows.run(lambda tx: blob.usage(tx, rows.anna)) == Usage(0, 0, 0)
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 2**40, DIGEST, 7))
    await rows.run(lambda tx: blob.add(tx, OTHER, rows.anna, 5, DIGEST, 7))
    await rows.run(lambda tx: blob.add(tx, b"C" * 32, rows.cem, 1, DIGEST, 7))
    found = await rows.run(lambda tx: blob.find(tx, OTHER))
    await rows.run(lambda tx: blob.stored(tx, found.key, 9))
    assert await rows.run(lambda tx: blob.usage(tx, rows.anna)) == Usage(2, 2**40 + 5, 1)
    assert await rows.run(lambda tx: blob.usage(tx, rows.cem)) == Usage(1, 1, 1)


async def test_an_unfinished_blob_ages_from_its_beginning_and_a_whole_one_from_its_end(
    rows: Rows,
) -> None:
    for name, begun_at_ms in ((NAME, 10), (OTHER, 20)):
        await rows.run(lambda tx, n=name, b=begun_at_ms: blob.add(tx, n, rows.anna, 1, DIGEST, b))
    found = await rows.run(lambda tx: blob.find(tx, OTHER))
    await rows.run(lambda tx: blob.stored(tx, found.key, 50))

    async def old(begun_before_ms: int, stored_before_ms: int, limit: int = 10) -> list[bytes]:
        rows_found = await rows.run(
            lambda tx: blob.old(tx, begun_before_ms, stored_before_ms, limit)
        )
        return sorted(name for _, name in rows_found)

    assert await old(10, 50) == []
    assert await old(11, 50) == [NAME]
    assert await old(1000, 50) == [NAME]
    assert await old(10, 51) == [OTHER]
    assert await old(1000, 1000) == [NAME, OTHER]
    assert len(await old(1000, 1000, 1)) == 1


async def test_a_forgotten_blob_is_gone(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 100, DIGEST, 7))
    found = await rows.run(lambda tx: blob.find(tx, NAME))
    for _ in range(2):
        await rows.run(lambda tx: blob.forget(tx, found.key))
    assert await rows.run(lambda tx: blob.find(tx, NAME)) is None
    assert await rows.run(lambda tx: blob.usage(tx, rows.anna)) == Usage(0, 0, 0)


async def test_names_with_a_row_are_known(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, NAME, rows.anna, 100, DIGEST, 7))
    assert await rows.run(lambda tx: blob.known(tx, [NAME, OTHER])) == {NAME}
    assert await rows.run(lambda tx: blob.known(tx, [OTHER])) == set()

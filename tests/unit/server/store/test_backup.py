"""The table of backups: one for each account, gone with the device that kept it."""

import pytest

from plausch.server.store import backup, blob
from plausch.server.store.backup import BackupRow
from unit.server.store.conftest import Rows

ROW = BackupRow(b"L" * 32, b"A" * 32, b"sealed", b"N" * 32, 7)


async def test_an_account_has_one_at_most(rows: Rows) -> None:
    assert await rows.run(lambda tx: backup.of_account(tx, rows.anna)) is None
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))
    newer = ROW._replace(record=b"newer", kept_at_ms=9)
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, newer))
    await rows.run(lambda tx: backup.keep(tx, rows.cem, rows.till, ROW))
    assert await rows.run(lambda tx: backup.of_account(tx, rows.anna)) == newer
    assert await rows.run(lambda tx: backup.of_account(tx, rows.cem)) == ROW


async def test_it_goes_when_it_is_wanted_no_more(rows: Rows) -> None:
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))
    for _ in range(2):
        await rows.run(lambda tx: backup.stop(tx, rows.anna))
    assert await rows.run(lambda tx: backup.of_account(tx, rows.anna)) is None


async def test_which_key_counts_is_remembered_without_a_backup(rows: Rows) -> None:
    async def current() -> bytes | None:
        return await rows.run(lambda tx: backup.current(tx, rows.anna))

    assert await current() is None
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))
    await rows.run(lambda tx: backup.forget_of_device(tx, rows.phone))
    assert await current() == ROW.lookup
    other = ROW._replace(lookup=b"M" * 32)
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, other))
    assert await current() == other.lookup
    await rows.run(lambda tx: backup.stop(tx, rows.anna))
    assert await current() == b""


async def test_a_backup_made_before_its_key_was_remembered_counts(rows: Rows) -> None:
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))
    await rows.run(lambda tx: tx.execute("DROP TABLE recovery_key"))
    for statement in backup.CURRENT:
        text = statement.replace("{bytes}", "BLOB")
        await rows.run(lambda tx, text=text: tx.execute(text))
    assert await rows.run(lambda tx: backup.current(tx, rows.anna)) == ROW.lookup


@pytest.mark.parametrize("adopted", [False, True])
async def test_it_goes_with_its_device_or_with_the_one_that_was_adopted_by_it(
    rows: Rows, adopted: bool
) -> None:
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))
    own, other = rows.phone, rows.till
    if adopted:
        await rows.run(lambda tx: backup.adopted(tx, rows.anna, "uri:till"))
        own, other = other, own
    await rows.run(lambda tx: backup.forget_of_device(tx, other))
    assert await rows.run(lambda tx: backup.of_account(tx, rows.anna)) == ROW
    await rows.run(lambda tx: backup.forget_of_device(tx, own))
    assert await rows.run(lambda tx: backup.of_account(tx, rows.anna)) is None


async def test_a_blob_that_a_backup_names_is_never_old(rows: Rows) -> None:
    await rows.run(lambda tx: blob.add(tx, ROW.blob_name, rows.anna, 1, b"D" * 32, 1))
    found = await rows.run(lambda tx: blob.find(tx, ROW.blob_name))
    await rows.run(lambda tx: backup.keep(tx, rows.anna, rows.phone, ROW))

    async def old() -> int:
        return len(await rows.run(lambda tx: blob.old(tx, 1_000, 1_000, 10)))

    assert await old() == 1  # it is not whole yet
    await rows.run(lambda tx: blob.stored(tx, found.key, 2))
    assert await old() == 0
    await rows.run(lambda tx: backup.stop(tx, rows.anna))
    assert await old() == 1

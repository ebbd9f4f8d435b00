"""Opening, owning, writing; and what a thief of the file alone would see."""

import os
import stat
from pathlib import Path

import pytest

from plausch.db.interface import ConstraintViolated, Row, StorageUnavailable, Transaction
from plausch.sdk.errors import VaultBusy, VaultDamaged, VaultError, VaultMissing, WrongPassphrase
from plausch.sdk.vault.key import KEY_FILE, make_vault_key
from plausch.sdk.vault.vault import DATABASE_FILE, Vault, Write
from unit.sdk.full_disk import nothing_written

INSERT = (
    "INSERT INTO problem (conversation, seq, code, sentence, at_ms) VALUES (NULL, NULL, $1, $2, 0)"
)


def contents(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.iterdir()}


async def test_a_new_vault_is_private(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in (KEY_FILE, DATABASE_FILE):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    await vault.close()


async def test_there_is_one_owner(home: Path, vault: Vault) -> None:
    with pytest.raises(VaultBusy, match=str(os.getpid())):
        await Vault.open(home)


async def test_after_closing_it_opens_again_with_what_was_written(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    await vault.write([Write(INSERT, ("code", "sentence"))])
    await vault.close()
    again = await Vault.open(home)
    assert await again.fetch("SELECT code, sentence FROM problem") == [("code", "sentence")]
    await again.close()


async def test_an_absent_vault_is_not_made_by_opening(home: Path) -> None:
    with pytest.raises(VaultMissing):
        await Vault.open(home)
    assert not home.exists()


async def test_a_wrong_passphrase_frees_the_lock(home: Path) -> None:
    vault = await Vault.open(home, "richtig", make=True)
    await vault.close()
    with pytest.raises(WrongPassphrase):
        await Vault.open(home, "falsch")
    vault = await Vault.open(home, "richtig")
    await vault.close()


async def test_a_transaction_is_all_or_nothing(vault: Vault) -> None:
    good = Write(INSERT, ("code", "sentence"))
    bad = Write(INSERT, (None, None))
    with pytest.raises(ConstraintViolated):
        await vault.write([good, bad])
    assert await vault.fetch("SELECT COUNT(*) FROM problem") == [(0,)]


async def test_writing_nothing_is_fine(vault: Vault) -> None:
    await vault.write([])


async def test_a_file_in_the_way_is_a_sentence(home: Path) -> None:
    home.write_text("not a folder")
    with pytest.raises(VaultError, match="cannot be made"):
        await Vault.open(home, make=True)


async def test_a_replaced_key_makes_sealed_values_unreadable(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    sealed = vault.seal.close("a.b", b"", b"word")
    await vault.close()
    (home / KEY_FILE).unlink()
    make_vault_key(home, None)
    again = await Vault.open(home)
    with pytest.raises(VaultDamaged):
        again.seal.open("a.b", b"", sealed)
    await again.close()


@pytest.mark.parametrize("make", [True, False])
async def test_a_lost_key_is_asked_for_and_nothing_is_written(home: Path, make: bool) -> None:
    await (await Vault.open(home, make=True)).close()
    key = (home / KEY_FILE).read_bytes()
    (home / KEY_FILE).unlink()
    before = contents(home)
    with pytest.raises(VaultDamaged, match=r"restore vault\.key") as lost:
        await Vault.open(home, make=make)
    assert lost.value.code == "vault_key_missing"
    assert contents(home) == before
    (home / KEY_FILE).write_bytes(key)
    await (await Vault.open(home)).close()


@pytest.mark.parametrize("left", [None, b""])
async def test_a_key_without_a_vault_is_a_registration_to_be_finished(
    home: Path, left: bytes | None
) -> None:
    await (await Vault.open(home, make=True)).close()
    (home / DATABASE_FILE).unlink()
    if left is not None:
        (home / DATABASE_FILE).write_bytes(left)
    before = contents(home)
    with pytest.raises(VaultMissing, match="register again"):
        await Vault.open(home)
    assert contents(home) == before
    await (await Vault.open(home, make=True)).close()


@pytest.mark.parametrize("length", [99, 512, 4095, 4096, 40_000])
async def test_a_truncated_vault_is_called_damaged(home: Path, length: int) -> None:
    await (await Vault.open(home, make=True)).close()
    path = home / DATABASE_FILE
    assert path.stat().st_size > length
    os.truncate(path, length)
    with pytest.raises(VaultDamaged, match="from a backup"):
        await Vault.open(home)
    assert path.stat().st_size == length


async def test_a_file_that_is_no_database_is_called_damaged(home: Path) -> None:
    await (await Vault.open(home, make=True)).close()
    (home / DATABASE_FILE).write_bytes(b"a shopping list " * 1000)
    for _ in range(2):
        with pytest.raises(VaultDamaged, match="from a backup"):
            await Vault.open(home)


async def test_what_is_deleted_is_overwritten_also_after_a_write_has_failed(
    home: Path, vault: Vault
) -> None:
    """Whatever SQLite was built with, each connection of a vault is told."""

    async def setting(transaction: Transaction) -> list[Row]:
        return await transaction.fetch("PRAGMA secure_delete")

    async def unset(transaction: Transaction) -> list[Row]:
        return await transaction.fetch("PRAGMA secure_delete = OFF")

    assert await vault._database.transact(setting) == [(1,)]
    await vault._database.transact(unset)
    with nothing_written(home), pytest.raises(StorageUnavailable):
        await vault.write([Write(INSERT, ("code", "sentence"))])
    assert await vault._database.transact(setting) == [(1,)]

"""Opening, owning, writing; and what a thief of the file alone would see."""

import os
import stat
from pathlib import Path

import pytest

from plausch.db.interface import ConstraintViolated
from plausch.sdk.errors import VaultBusy, VaultDamaged, VaultError, VaultMissing, WrongPassphrase
from plausch.sdk.vault.key import KEY_FILE
from plausch.sdk.vault.vault import DATABASE_FILE, Vault, Write

INSERT = (
    "INSERT INTO problem (conversation, seq, code, sentence, at_ms) VALUES (NULL, NULL, $1, $2, 0)"
)


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
    again = await Vault.open(home, make=True)
    with pytest.raises(VaultDamaged):
        again.seal.open("a.b", b"", sealed)
    await again.close()

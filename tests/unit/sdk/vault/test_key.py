"""The vault's key: in a private file, or under a passphrase."""

import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.sdk.errors import VaultDamaged, VaultError, VaultMissing, WrongPassphrase
from plausch.sdk.vault.key import (
    KEY_BYTES,
    KEY_FILE,
    MEMORY_KIB,
    PASSES,
    make_vault_key,
    read_vault_key,
)


def test_without_a_passphrase_the_file_holds_the_key(tmp_path: Path) -> None:
    key = make_vault_key(tmp_path, None)
    assert len(key) == KEY_BYTES
    assert read_vault_key(tmp_path, None) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_two_vaults_have_two_keys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert make_vault_key(tmp_path / "a", None) != make_vault_key(tmp_path / "b", None)


def test_an_existing_key_is_never_overwritten(tmp_path: Path) -> None:
    key = make_vault_key(tmp_path, None)
    with pytest.raises(VaultError, match="cannot be written"):
        make_vault_key(tmp_path, None)
    assert read_vault_key(tmp_path, None) == key


def test_a_key_that_was_half_written_is_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills, or the process dies, before all of it is on disk: one begins again."""

    def fails(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(VaultError, match="No space left"):
            make_vault_key(tmp_path, None)
    assert not (tmp_path / KEY_FILE).exists()
    key = make_vault_key(tmp_path, None)
    assert read_vault_key(tmp_path, None) == key
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_the_passphrase_opens_it_and_no_other_does(tmp_path: Path) -> None:
    key = make_vault_key(tmp_path, "korrekt pferd batterie")
    assert read_vault_key(tmp_path, "korrekt pferd batterie") == key
    with pytest.raises(WrongPassphrase, match="does not open the vault"):
        read_vault_key(tmp_path, "korrekt pferd batterien")
    with pytest.raises(WrongPassphrase, match="needs its passphrase"):
        read_vault_key(tmp_path, None)


def test_the_file_holds_the_parameters_and_not_the_key(tmp_path: Path) -> None:
    key = make_vault_key(tmp_path, "geheim")
    raw = (tmp_path / KEY_FILE).read_bytes()
    kept = msgspec.json.decode(raw)
    assert (kept["memory_kib"], kept["passes"]) == (MEMORY_KIB, PASSES) == (64 * 1024, 3)
    assert msgspec.json.encode(key).strip(b'"') not in raw


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing, match="register one first"):
        read_vault_key(tmp_path, None)


@pytest.mark.parametrize("raw", [b'{"\x80":1}', b"[" * 100_000])
def test_what_breaks_the_reader_is_called_damaged(tmp_path: Path, raw: bytes) -> None:
    make_vault_key(tmp_path, "geheim")
    (tmp_path / KEY_FILE).write_bytes(raw)
    with pytest.raises(VaultDamaged):
        read_vault_key(tmp_path, "geheim")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"memory_kib": 1 << 40},
        {"memory_kib": 0},
        {"passes": 10_000},
        {"lanes": 0},
        {"key": b"short", "salt": b""},
        {"unknown": 1},
    ],
)
def test_impossible_files_are_called_damaged(tmp_path: Path, change: dict[str, object]) -> None:
    make_vault_key(tmp_path, "geheim")
    path = tmp_path / KEY_FILE
    kept = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**kept, **change}))
    with pytest.raises(VaultDamaged):
        read_vault_key(tmp_path, "geheim")


@given(raw=st.binary(max_size=200))
def test_random_bytes_are_called_damaged(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("key")
    (folder / KEY_FILE).write_bytes(raw)
    with pytest.raises(VaultDamaged):
        read_vault_key(folder, None)


def test_an_unreadable_key_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(VaultError, match="cannot be read"):
        read_vault_key(tmp_path, None)

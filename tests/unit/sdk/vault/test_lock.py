"""One owner for a vault: the second one is told which process, and what to do."""

import os
from pathlib import Path

import pytest

from plausch.sdk.errors import VaultBusy, VaultError
from plausch.sdk.vault.lock import lock_vault


def test_the_second_owner_is_told_the_first_ones_process(tmp_path: Path) -> None:
    lock = lock_vault(tmp_path)
    with pytest.raises(VaultBusy, match=f"in use by process {os.getpid()}"):
        lock_vault(tmp_path)
    lock.release()


def test_an_absent_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be locked"):
        lock_vault(tmp_path / "absent")

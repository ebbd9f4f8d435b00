"""One owner for a vault, across processes and within one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plausch.sdk.errors import VaultBusy, VaultError
from plausch.sdk.vault.lock import LOCK_FILE, VaultLock

HOLD = """
import sys
from pathlib import Path
from plausch.sdk.vault.lock import VaultLock
lock = VaultLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


def test_the_second_owner_is_told_the_first_ones_process(tmp_path: Path) -> None:
    lock = VaultLock(tmp_path)
    with pytest.raises(VaultBusy, match=f"in use by process {os.getpid()}"):
        VaultLock(tmp_path)
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(3):
        VaultLock(tmp_path).release()
    assert (tmp_path / LOCK_FILE).read_bytes() == b""


def test_release_may_be_repeated(tmp_path: Path) -> None:
    lock = VaultLock(tmp_path)
    lock.release()
    lock.release()
    VaultLock(tmp_path).release()


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(VaultBusy, match=f"process {holder.pid}"):
            VaultLock(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    VaultLock(tmp_path).release()


def test_the_lock_file_is_private(tmp_path: Path) -> None:
    lock = VaultLock(tmp_path)
    assert (tmp_path / LOCK_FILE).stat().st_mode & 0o777 == 0o600
    lock.release()


def test_an_absent_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be locked"):
        VaultLock(tmp_path / "absent")

"""A lock between processes: one holder, who is named; the file stays and is private."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plausch.base.file_lock import FileLock, LockTaken

HOLD = """
import sys
from pathlib import Path
from plausch.base.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


def test_the_second_holder_is_told_who_has_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "it.lock")
    with pytest.raises(LockTaken) as taken:
        FileLock(tmp_path / "it.lock")
    assert taken.value.owner == str(os.getpid())
    lock.release()


def test_it_can_be_taken_and_released_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        lock = FileLock(tmp_path / "it.lock")
        lock.release()
        lock.release()
    assert (tmp_path / "it.lock").read_bytes() == b""


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "it.lock")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockTaken) as taken:
            FileLock(tmp_path / "it.lock")
        assert taken.value.owner == str(holder.pid)
        holder.kill()
        holder.wait()
    FileLock(tmp_path / "it.lock").release()


def test_who_holds_it_without_a_name_is_unknown(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "it.lock")
    (tmp_path / "it.lock").write_bytes(b"")
    with pytest.raises(LockTaken) as taken:
        FileLock(tmp_path / "it.lock")
    assert taken.value.owner == "unknown"
    lock.release()


def test_the_file_is_private(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "it.lock")
    assert (tmp_path / "it.lock").stat().st_mode & 0o777 == 0o600
    lock.release()


def test_where_it_cannot_be_made_the_systems_error_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "absent" / "it.lock")

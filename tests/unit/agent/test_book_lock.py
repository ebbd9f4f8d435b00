"""A book has one agent: the second one says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plausch.agent.book_lock import BookBusy, book_lock
from plausch.base.errors import LocalError

HOLD = """
import sys
from pathlib import Path
from plausch.agent.book_lock import book_lock
with book_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_agent_is_told_by_whom_the_book_is_held(tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    with book_lock(book):
        with (
            pytest.raises(BookBusy, match=rf"Another agent .* \(process {os.getpid()}\)"),
            book_lock(book),
        ):
            pass
        with pytest.raises(BookBusy), book_lock(book):
            pass
    with book_lock(book):
        pass


def test_one_book_by_two_names_is_one_book(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    book, other = tmp_path / "book.db", tmp_path / "other" / "book.db"
    book.touch()
    other.symlink_to(book)
    with book_lock(book), pytest.raises(BookBusy), book_lock(other):
        pass


def test_who_was_killed_holds_nothing(tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    command = [sys.executable, "-c", HOLD, str(book)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BookBusy, match=rf"process {holder.pid}"), book_lock(book):
            pass
        holder.kill()
        holder.wait()
        with book_lock(book):
            pass


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalError, match="cannot be locked") as refused,
        book_lock(tmp_path / "nowhere" / "book.db"),
    ):
        pass
    assert refused.value.code == "book_lock"

"""Who may be at a file: one server, or one who moves it, alone."""

import os
import sqlite3
from pathlib import Path

import pytest

from plausch.db.interface import StorageUnavailable
from plausch.db.still import (
    StoreBusy,
    StoreMoved,
    mark_moved,
    nobody_serves,
    nobody_writes,
    serve_from,
)


def test_one_server_is_at_a_file_and_keeps_others_off(tmp_path: Path) -> None:
    file = tmp_path / "plausch.db"
    one = serve_from(file)
    with pytest.raises(StoreBusy, match=f"Process {os.getpid()} is at"), nobody_serves(file):
        raise AssertionError("a server runs")
    with pytest.raises(StoreBusy, match="Several need PostgreSQL and NATS"):
        serve_from(file)
    one.release()
    with nobody_serves(file), pytest.raises(StoreBusy, match="moves or restores it"):
        serve_from(file)
    serve_from(file).release()


def test_nobody_serves_from_a_file_that_was_moved(tmp_path: Path) -> None:
    file = tmp_path / "plausch.db"
    mark_moved(file, "postgresql://elsewhere/x")
    with pytest.raises(StoreMoved, match="moved to postgresql://elsewhere/x, or") as refused:
        serve_from(file)
    with nobody_serves(file):
        mark_moved(file, "postgresql://other/x")
    assert str(refused.value).endswith(f"remove {file}-moved.")
    Path(f"{file}-moved").unlink()
    serve_from(file).release()


def test_a_mark_that_cannot_be_made_or_read_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="did not take the work"):
        mark_moved(tmp_path / "absent" / "plausch.db", "postgresql://x")
    (tmp_path / "plausch.db-moved").mkdir()
    with pytest.raises(StorageUnavailable, match="did not take the work"):
        serve_from(tmp_path / "plausch.db")


def test_it_ends_also_with_an_error(tmp_path: Path) -> None:
    file = tmp_path / "plausch.db"
    with pytest.raises(ZeroDivisionError), nobody_serves(file):
        raise ZeroDivisionError
    serve_from(file).release()


def test_nobody_writes_and_everybody_reads(tmp_path: Path) -> None:
    file = tmp_path / "plausch.db"
    other = sqlite3.connect(file, timeout=0, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE a (x)")
    with nobody_writes(file):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO a VALUES (1)")
        assert other.execute("SELECT count(*) FROM a").fetchone() == (0,)
    other.execute("INSERT INTO a VALUES (1)")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="Somebody writes to"), nobody_writes(file):
        raise AssertionError("another one writes")
    other.close()


def test_a_folder_that_takes_no_lock_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="did not take the work"):
        serve_from(tmp_path / "absent" / "plausch.db")
    with (
        pytest.raises(StorageUnavailable, match="did not take the work"),
        nobody_serves(tmp_path / "absent" / "plausch.db"),
    ):
        raise AssertionError("there is no folder")

"""`plausch backup` as cron and people call it."""

import hashlib
import json
import re
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import PLAUSCH, clean_environment, server

from .conftest import Plausch


@pytest.fixture
def folder(tmp_path: Path, plausch: Plausch) -> Iterator[Path]:
    """Of a running server with one account."""
    with server(tmp_path / "server") as url:
        plausch("register", "anna", "--server", url, "--home", tmp_path / "anna")
        yield tmp_path / "server"


def test_it_says_what_it_has_written(plausch: Plausch, folder: Path, tmp_path: Path) -> None:
    ran = plausch("backup", tmp_path / "town.tar", "--data", folder)
    assert ran.code == 0, ran.err
    assert re.search(r"town.tar: \d+ rows, 0 blobs, \d+\.\d MB\.", ran.out.replace("\n", " "))
    german = plausch("--language", "de", "backup", tmp_path / "dorf.tar", "--data", folder)
    assert "Zeilen, 0 Blobs" in german.out
    taken = plausch("backup", tmp_path / "town.tar", "--data", folder)
    assert taken.code == 1
    assert "is there already" in taken.sentence


def test_cron_hears_nothing_and_keeps_what_it_wants(
    plausch: Plausch, folder: Path, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for day in range(1, 5):
        (shelf / f"plausch-2020010{day}T000000Z.tar").write_bytes(b"")
    (shelf / ".plausch-20200101T000000Z.tar.partial").write_bytes(b"killed")
    ran = plausch("backup", shelf, "--data", folder, "--keep", 3, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    names = sorted(path.name for path in shelf.iterdir())
    assert names[:2] == ["plausch-20200103T000000Z.tar", "plausch-20200104T000000Z.tar"]
    assert len(names) == 3
    assert (shelf / names[2]).stat().st_size > 10_000


def test_scripts_get_it_as_json(plausch: Plausch, folder: Path, tmp_path: Path) -> None:
    ran = plausch("backup", tmp_path, "--data", folder, "--json", "--keep", 1)
    record = json.loads(ran.out)
    path = Path(record.pop("path"))
    assert path.stat().st_size == record.pop("size_bytes")
    assert record.pop("rows") > 5
    assert record == {"blobs": 0, "gone": 0, "damaged": [], "deleted": []}


def test_a_damaged_file_is_told_even_when_quiet(
    plausch: Plausch, folder: Path, tmp_path: Path
) -> None:
    connection = sqlite3.connect(folder / "plausch.db")
    with connection:
        connection.executemany(
            "INSERT INTO blob (name, account_id, length, digest, begun_at_ms, stored_at_ms) "
            "SELECT ?, id, 3, ?, 1, 1 FROM account",
            [(b"\xab" * 32, b"d" * 32), (b"\xcd" * 32, hashlib.sha256(b"xyz").digest())],
        )
    connection.close()
    for name in ("ab", "cd"):
        (folder / "blobs" / name).mkdir()
        (folder / "blobs" / name / (name * 31)).write_bytes(b"xyz")
    ran = plausch("backup", tmp_path / "town.tar", "--data", folder, "--quiet")
    assert ran.code == 0
    assert "the first is " + "ab" * 32 in ran.sentence
    (folder / "blobs" / "ab" / ("ab" * 31)).unlink()
    gone = plausch("backup", tmp_path / "other.tar", "--data", folder)
    assert gone.code == 0
    assert "1 blobs were deleted" in gone.err
    (folder / "blobs" / "cd" / ("cd" * 31)).unlink()
    nothing = plausch("backup", tmp_path / "nothing.tar", "--data", folder)
    assert nothing.code == 1
    assert "give --blobs or --config as the server has them" in nothing.sentence
    assert not (tmp_path / "nothing.tar").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("absent",), 1, "There is no server"),
        (("absent", "--keep", "0"), 2, "0 is not in the range"),
        (("absent", "--keep", "2"), 2, "--keep wants a folder"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    plausch: Plausch, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "nothing").mkdir()
    place = tmp_path / arguments[0] if arguments[0] != "absent" else tmp_path / "town.tar"
    ran = plausch("backup", place, *arguments[1:], "--data", tmp_path / "nothing")
    assert ran.code == code
    assert said in ran.sentence
    assert list((tmp_path / "nothing").iterdir()) == []


def test_a_disk_that_does_not_take_it_leaves_nothing(
    plausch: Plausch, folder: Path, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    done = subprocess.run(
        [*PLAUSCH, "backup", str(shelf), "--data", str(folder), "--quiet"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096)),
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "File too large" in done.stderr
    assert list(shelf.iterdir()) == []
    ran = plausch("backup", folder / "absent" / "town.tar", "--data", folder)
    assert ran.code == 1
    assert "check the path" in ran.sentence


def test_an_older_database_is_not_upgraded_under_its_server(
    plausch: Plausch, folder: Path, tmp_path: Path
) -> None:
    connection = sqlite3.connect(folder / "plausch.db")
    with connection:
        connection.execute("DELETE FROM schema_step WHERE number > 13")
    connection.close()
    ran = plausch("backup", tmp_path / "town.tar", "--data", folder)
    assert ran.code == 1
    assert "older version" in ran.sentence
    assert not (tmp_path / "town.tar").exists()

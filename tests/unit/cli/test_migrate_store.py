"""`plausch migrate-store`: the call, and what it refuses; kills are in tests/scenes/test_moving."""

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from company import server
from engines import postgres
from plausch.server.store.schema import STEPS
from postgres_cluster import Cluster

from .conftest import Plausch

__all__ = ["postgres"]


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    name = "cli_" + secrets.token_hex(4)
    yield asyncio.run(postgres.create_database(name))
    asyncio.run(postgres.drop_database(name))


@pytest.fixture
def folder(tmp_path: Path, plausch: Plausch) -> Path:
    with server(tmp_path / "server") as at:
        plausch("register", "anna", "--server", at, "--home", tmp_path / "anna")
    return tmp_path / "server"


def test_it_moves_and_says_what_and_how_to_go_on(
    plausch: Plausch, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAUSCH_DATABASE", url)
    ran = plausch("migrate-store", "--from", folder)
    assert ran.code == 0, ran.err
    (line,) = [line for line in ran.out.splitlines() if line.startswith("account\t")]
    assert line.split("\t")[1] == "1"
    assert "never again on" in ran.err
    assert url not in ran.err + ran.out
    again = plausch("migrate-store", "--from", folder / "plausch.db")
    assert again.code == 1
    assert "holds something already" in again.sentence


def test_scripts_get_counts_and_hashes(plausch: Plausch, folder: Path, url: str) -> None:
    file = folder / "plausch.db"
    ran = plausch("migrate-store", "--from", file, "--to", url, "--json")
    assert json.loads(ran.out)["tables"]["device"]["rows"] == 1
    assert ran.err == ""


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("server", "other.db", 2, "--to wants postgresql://"),
        ("empty", "postgresql://x", 2, "give the folder of a server"),
        ("absent", "postgresql://x", 2, "give the folder of a server"),
        ("server", "postgresql://localhost:1/x", 1, "PostgreSQL did not take the work"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    plausch: Plausch, folder: Path, source: str, target: str, code: int, said: str
) -> None:
    (folder.parent / "empty").mkdir()
    ran = plausch("migrate-store", "--from", folder.parent / source, "--to", target)
    assert ran.code == code
    assert said in ran.sentence


def test_a_store_of_an_older_version_stays_as_it_is(
    plausch: Plausch, folder: Path, url: str
) -> None:
    with closing(sqlite3.connect(folder / "plausch.db")) as old:
        old.execute(f"DELETE FROM schema_step WHERE number = {len(STEPS)}")
        old.commit()
    before = (folder / "plausch.db").read_bytes()
    ran = plausch("migrate-store", "--from", folder, "--to", url)
    assert ran.code == 1
    assert "older version" in ran.sentence
    assert (folder / "plausch.db").read_bytes() == before

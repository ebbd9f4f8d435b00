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
from plausch.cli.migrate_store import place_of
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


def test_the_old_store_is_served_no_more_until_somebody_wants_it(
    plausch: Plausch, folder: Path, url: str
) -> None:
    assert plausch("migrate-store", "--from", folder, "--to", url).code == 0
    refused = plausch("serve", "--data", folder, "--port", 0)
    assert refused.code == 1
    assert f"was moved to {place_of(url)}, or" in refused.sentence
    assert url not in refused.sentence
    mark = folder / "plausch.db-moved"
    assert f"remove {mark}." in refused.sentence
    mark.unlink()
    with server(folder) as at:
        plausch("register", "ben", "--server", at, "--home", folder.parent / "ben")


def test_a_move_that_the_target_refuses_leaves_the_old_store_as_it_was(
    plausch: Plausch, folder: Path, url: str
) -> None:
    assert plausch("migrate-store", "--from", folder, "--to", url).code == 0
    (folder / "plausch.db-moved").unlink()
    assert plausch("migrate-store", "--from", folder, "--to", url).code == 1
    assert not (folder / "plausch.db-moved").exists()


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:s3cret@one:5432,two/x?password=s3cret", "postgres://one:5432,two/x#s3cret"],
)
def test_where_it_went_is_said_without_secrets(url: str) -> None:
    assert place_of(url) == "postgresql://one:5432,two/x"


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

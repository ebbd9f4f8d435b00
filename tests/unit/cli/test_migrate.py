"""`plausch migrate`: what is taken beside older servers, and when nobody may serve."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from company import server
from plausch.db.migrate import Step
from plausch.server.store import schema

from .conftest import Plausch

LAST = len(schema.STEPS)
BESIDE = Step(LAST + 1, "a table", ("CREATE TABLE more (id BIGINT PRIMARY KEY)",), beside=True)
ALONE = Step(LAST + 2, "no table", ("DROP TABLE more",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with server(tmp_path / "server"):
        pass
    return tmp_path / "server"


def newer(monkeypatch: pytest.MonkeyPatch, *more: Step) -> None:
    """The program is a version that wants these steps too."""
    steps: Sequence[Step] = (*schema.STEPS, *more)
    monkeypatch.setattr(schema, "STEPS", steps)


def test_nothing_is_left_to_do(plausch: Plausch, folder: Path) -> None:
    ran = plausch("migrate", "--data", folder, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"taken": 0, "left": []})


def test_what_older_servers_survive_is_taken_and_the_rest_named(
    plausch: Plausch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, BESIDE, ALONE)
    ran = plausch("--language", "en", "migrate", "--data", folder)
    assert ran.code == 0, ran.err
    assert f"step {LAST + 2}" in ran.out.lower() and "no table" in ran.out
    assert "--all" in ran.err
    german = plausch("--language", "de", "migrate", "--data", folder)
    assert "Schritt" in german.out and "anhalten" in german.err
    with closing(sqlite3.connect(folder / "plausch.db")) as connection:
        assert connection.execute("SELECT count(*) FROM more").fetchall() == [(0,)]


def test_the_rest_is_taken_when_nobody_serves(
    plausch: Plausch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, BESIDE, ALONE)
    with server(folder):
        ran = plausch("migrate", "--data", folder, "--all")
        assert ran.code == 1
        assert "stop it first" in ran.sentence
    ran = plausch("migrate", "--data", folder, "--all", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"taken": 2, "left": []})
    monkeypatch.undo()
    refused = plausch("migrate", "--data", folder)
    assert refused.code == 1
    assert "newer version" in refused.sentence


def test_a_folder_without_a_server_is_named(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("migrate", "--data", tmp_path)
    assert ran.code == 2
    assert "no server in" in ran.sentence

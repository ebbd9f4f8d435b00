"""The steps of the book: an older file becomes what a new one is."""

import re
import sqlite3
from pathlib import Path

import pytest

from plausch.agent.book_schema import STEPS
from plausch.db.migrate import migrate
from plausch.db.sqlite import open_sqlite


async def shape(path: Path, *stops: int) -> set[str]:
    """The tables and columns of a file that was brought to the present in stages."""
    for stop in (*stops, len(STEPS)):
        database = open_sqlite(path)
        await migrate(database, STEPS[:stop])
        await database.close()
    with sqlite3.connect(path) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        found = {
            f"{table}.{column[1]}"
            for table in tables
            for column in connection.execute(f"SELECT * FROM pragma_table_info('{table}')")
        }
    connection.close()
    return found


@pytest.mark.parametrize("stop", range(1, len(STEPS)))
async def test_a_file_of_every_age_becomes_the_same(tmp_path: Path, stop: int) -> None:
    assert await shape(tmp_path / "old.db", stop) == await shape(tmp_path / "new.db")


def test_steps_are_numbered_and_named() -> None:
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))
    assert all(re.fullmatch(r"[a-z][a-z ,:;-]+", step.name) for step in STEPS)

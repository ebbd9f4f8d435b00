"""A SQLite file of our own: opened with its tables, or not at all."""

from pathlib import Path

import pytest

from plausch.db.file import open_file
from plausch.db.interface import Transaction
from plausch.db.migrate import SchemaRefused, Step
from plausch.db.sqlite import SqliteDatabase

ONE = Step(1, "notes", ("CREATE TABLE note (text TEXT NOT NULL)",))
OTHER = Step(1, "others", ("CREATE TABLE other (text TEXT NOT NULL)",))


async def test_it_has_its_tables_and_keeps_what_is_in_them(tmp_path: Path) -> None:
    async def write(transaction: Transaction) -> None:
        await transaction.execute("INSERT INTO note (text) VALUES ($1)", "kept")

    database = await open_file(tmp_path / "notes.db", (ONE,))
    await database.transact(write)
    await database.close()
    again = await open_file(tmp_path / "notes.db", (ONE,))
    assert await again.read(lambda tx: tx.fetch("SELECT text FROM note")) == [("kept",)]
    await again.close()


async def test_tables_of_another_program_are_refused_and_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await open_file(tmp_path / "notes.db", (ONE,))).close()
    closed: list[SqliteDatabase] = []
    close = SqliteDatabase.close

    async def counted(database: SqliteDatabase) -> None:
        closed.append(database)
        await close(database)

    monkeypatch.setattr(SqliteDatabase, "close", counted)
    with pytest.raises(SchemaRefused):
        await open_file(tmp_path / "notes.db", (OTHER,))
    assert len(closed) == 1

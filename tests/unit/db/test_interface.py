"""What the interface's own types promise."""

import dataclasses

import pytest

from plausch.base.errors import Fault
from plausch.db.interface import Bulk, ConstraintViolated, Database, StorageUnavailable
from plausch.db.postgres import PostgresDatabase
from plausch.db.sqlite import SqliteDatabase


def test_errors_say_whose_fault_it_is() -> None:
    assert StorageUnavailable("x").fault is Fault.OPERATOR
    assert StorageUnavailable("x").code == "storage_unavailable"
    assert ConstraintViolated("x").fault is Fault.LOCAL


def test_a_bulk_statement_cannot_change() -> None:
    bulk = Bulk("INSERT INTO t (a) {rows}", ("int",))
    with pytest.raises(dataclasses.FrozenInstanceError):
        bulk.sql = "other"  # type: ignore[misc]
    assert hash(bulk) == hash(Bulk("INSERT INTO t (a) {rows}", ("int",)))


@pytest.mark.parametrize("engine", [SqliteDatabase, PostgresDatabase])
def test_both_engines_have_all_of_it(engine: type) -> None:
    promised = {name for name in vars(Database) if not name.startswith("_")}
    assert promised - set(dir(engine)) == set()

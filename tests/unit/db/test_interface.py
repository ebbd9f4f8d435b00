"""What the interface's own types promise."""

import dataclasses
import inspect

import pytest

from plausch.base.errors import Fault, LocalError, OperatorError, PlauschError
from plausch.db.interface import (
    Bulk,
    ConstraintViolated,
    Database,
    StorageUnavailable,
    Transaction,
)
from plausch.db.postgres import PostgresDatabase, PostgresTransaction
from plausch.db.sqlite import SqliteDatabase, SqliteTransaction


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


def promised(protocol: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(one)
        for name, one in vars(protocol).items()
        if inspect.iscoroutinefunction(one)
    }


@pytest.mark.parametrize(
    ("protocol", "engine"),
    [
        (Database, SqliteDatabase),
        (Database, PostgresDatabase),
        (Transaction, SqliteTransaction),
        (Transaction, PostgresTransaction),
    ],
)
def test_each_engine_is_called_exactly_as_promised(protocol: type, engine: type) -> None:
    """Names, order, defaults and keywords: a caller never asks which engine it has."""
    wanted = promised(protocol)
    assert len(wanted) == (4 if protocol is Database else 3)
    for name, signature in wanted.items():
        assert inspect.iscoroutinefunction(getattr(engine, name)), name
        assert inspect.signature(getattr(engine, name)) == signature, name


def test_an_engine_says_which_it_is() -> None:
    assert (SqliteDatabase.engine, PostgresDatabase.engine) == ("sqlite", "postgresql")


@pytest.mark.parametrize(
    ("kind", "parent", "code"),
    [
        (StorageUnavailable, OperatorError, "storage_unavailable"),
        (ConstraintViolated, LocalError, "constraint"),
    ],
)
def test_an_error_is_a_sentence_with_a_code_that_programs_know(
    kind: type[PlauschError], parent: type[PlauschError], code: str
) -> None:
    error = kind("The disk is full: make room.")
    assert isinstance(error, parent)
    assert (str(error), error.code) == ("The disk is full: make room.", code)
    other = ConstraintViolated if kind is StorageUnavailable else StorageUnavailable
    assert not isinstance(error, other)  # a row that is forbidden is no reason to try again


def test_bulks_are_equal_when_statement_and_kinds_are() -> None:
    bulk = Bulk("INSERT INTO t (a) {rows}", ("int",))
    assert bulk != Bulk("INSERT INTO t (a) {rows}", ("text",))
    assert bulk != Bulk("INSERT INTO u (a) {rows}", ("int",))
    assert not hasattr(bulk, "__dict__")

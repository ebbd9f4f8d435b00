"""Bring a database to the shape that this version of the program knows.

A step is a few statements with a number and a name. Steps already applied are remembered with a
digest of their text: a changed step, or one that this program does not know, is refused, because
running on a database of unknown shape would destroy what it holds.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from plausch.base.errors import OperatorError
from plausch.db.interface import ConstraintViolated, Database, Transaction

_REMEMBER = """CREATE TABLE IF NOT EXISTS schema_step (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of shape; `number` counts from 1 without gaps."""

    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the statements' text, in hexadecimal."""
        return hashlib.sha256("\0".join(self.statements).encode()).hexdigest()


class SchemaRefused(OperatorError):
    """The database has a shape that this program does not know."""

    code = "schema"


async def migrate(database: Database, steps: Sequence[Step]) -> int:
    """Apply the steps that are missing, each in a transaction; how many were applied.

    Several processes may do this at once. Raises SchemaRefused, StorageUnavailable.
    """
    numbers = [step.number for step in steps]
    if numbers != list(range(1, len(steps) + 1)):
        raise SchemaRefused(f"Migration steps must be numbered 1 to {len(steps)}, not {numbers}.")
    applied = await _remembered(database)
    _check(applied, steps)
    missing = [step for step in steps if step.number not in applied]
    for step in missing:
        await _apply(database, step)
    return len(missing)


async def step_reached(database: Database) -> int:
    """The number of the last step that was applied here; 0 on an empty database.

    Raises StorageUnavailable.
    """
    return max(await _remembered(database), default=0)


async def _remembered(database: Database) -> dict[int, tuple[str, str]]:
    try:
        await database.transact(_create_memory)
    except ConstraintViolated:  # PostgreSQL: another process created the same table just now
        await database.transact(_create_memory)
    return await database.transact(_applied)


async def _create_memory(transaction: Transaction) -> None:
    await transaction.execute(_REMEMBER)


async def _applied(transaction: Transaction) -> dict[int, tuple[str, str]]:
    rows = await transaction.fetch("SELECT number, name, digest FROM schema_step")
    return {number: (name, digest) for number, name, digest in rows}


def _check(applied: dict[int, tuple[str, str]], steps: Sequence[Step]) -> None:
    known = {step.number: step for step in steps}
    for number, (name, digest) in sorted(applied.items()):
        if number not in known:
            raise SchemaRefused(
                f"The database was written by a newer version (step {number}, {name!r}): "
                "start that version, or restore a backup made by this one."
            )
        if known[number].digest != digest:
            raise SchemaRefused(
                f"Step {number} ({name!r}) was applied with another text than this program's: "
                "the database belongs to another build; start that one."
            )


async def _apply(database: Database, step: Step) -> None:
    async def body(transaction: Transaction) -> None:
        # First the memory, so that a second process waits here and then finds it done.
        await transaction.execute(
            "INSERT INTO schema_step (number, name, digest) VALUES ($1, $2, $3)",
            step.number,
            step.name,
            step.digest,
        )
        for statement in step.statements:
            await transaction.execute(statement)

    try:
        await database.transact(body)
    except ConstraintViolated:
        applied = await database.transact(_applied)
        if applied.get(step.number, ("", ""))[1] != step.digest:
            raise

"""Bring a database to the shape that this version of the program knows.

A step is a few statements with a number and a name. Steps already applied are remembered with a
digest of their text: a changed step is refused, because running on a database of unknown shape
would destroy what it holds.

Two versions may run on one database at the same time while a newer one takes the place of an older
one. A step says whether the version before it can go on beside it: `beside` adds what the older
version does not look at (a table, a column with a default). The others (dropping, renaming,
demanding) move the floor: the number of steps that a program must know to be let in. A program that
finds steps it does not know runs if it is not below the floor, and is refused otherwise.
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
_REMEMBER_FLOOR = """CREATE TABLE IF NOT EXISTS schema_floor (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    step BIGINT NOT NULL
)"""
MEMORY_TABLES = ("schema_step", "schema_floor")


@dataclass(frozen=True, slots=True)
class Step:
    """One change of shape; `number` counts from 1 without gaps.

    `postgresql`: statements for that engine alone, after the others; they change how rows lie,
    never which columns there are. `beside`: a program that does not know this step may go on.
    """

    number: int
    name: str
    statements: tuple[str, ...]
    postgresql: tuple[str, ...] = ()
    beside: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over the statements' text, in hexadecimal."""
        texts = self.statements + self.postgresql
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()


class SchemaRefused(OperatorError):
    """The database has a shape that this program does not know."""

    code = "schema"


async def migrate(database: Database, steps: Sequence[Step]) -> int:
    """Apply the steps that are missing, each in a transaction; how many were applied.

    Several processes may do this at once. Raises SchemaRefused, StorageUnavailable.
    """
    missing = await _missing(database, steps)
    for step in missing:
        await _apply(database, step)
    return len(missing)


async def expand(database: Database, steps: Sequence[Step]) -> tuple[int, Sequence[Step]]:
    """As `migrate`, up to the first step beside which programs of the version before could not go
    on; how many were applied, and which are left. An empty database has nobody beside.

    Raises SchemaRefused, StorageUnavailable.
    """
    missing = await _missing(database, steps)
    if len(missing) == len(steps):
        return await migrate(database, steps), ()
    count = next((n for n, step in enumerate(missing) if not step.beside), len(missing))
    for step in missing[:count]:
        await _apply(database, step)
    return count, missing[count:]


async def _missing(database: Database, steps: Sequence[Step]) -> list[Step]:
    numbers = [step.number for step in steps]
    if numbers != list(range(1, len(steps) + 1)):
        raise SchemaRefused(f"Migration steps must be numbered 1 to {len(steps)}, not {numbers}.")
    applied = await _remembered(database)
    _check(applied, steps, await database.transact(_floor))
    return [step for step in steps if step.number not in applied]


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
    await transaction.execute(_REMEMBER_FLOOR)


async def _floor(transaction: Transaction) -> int:
    rows = await transaction.fetch("SELECT step FROM schema_floor")
    return int(rows[0][0]) if rows else 0


async def _applied(transaction: Transaction) -> dict[int, tuple[str, str]]:
    rows = await transaction.fetch("SELECT number, name, digest FROM schema_step")
    return {number: (name, digest) for number, name, digest in rows}


def _check(applied: dict[int, tuple[str, str]], steps: Sequence[Step], floor: int) -> None:
    known = {step.number: step for step in steps}
    for number, (name, digest) in sorted(applied.items()):
        if number not in known:
            if floor <= len(steps):
                continue
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
        if not step.beside:
            await transaction.execute(
                "INSERT INTO schema_floor (id, step) VALUES (1, $1) "
                "ON CONFLICT (id) DO UPDATE SET step = $1",
                step.number,
            )
        special = step.postgresql if database.engine == "postgresql" else ()
        for statement in step.statements + special:
            await transaction.execute(statement)

    try:
        await database.transact(body)
    except ConstraintViolated:
        applied = await database.transact(_applied)
        if applied.get(step.number, ("", ""))[1] != step.digest:
            raise

"""Bring a database to the shape that this version of the program knows.

A step is a few statements with a number and a name. Steps already applied are remembered with a
digest of their text: a changed step is refused, because running on a database of unknown shape
would destroy what it holds.

Two versions may run on one database at the same time while a newer one takes the place of an older
one. A step says whether the version before it can go on beside it: `beside` adds what the older
version does not look at (a table, a column with a default). The others (dropping, renaming,
demanding) move the floor: the number of steps that a program must know to be let in. A program that
finds steps it does not know runs if it is not below the floor, and is refused otherwise.

All of it happens in `Database.reshape`: one process after the other, however long a step takes.
Each step is a transaction; on an empty database all together are one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from plausch.base.errors import OperatorError
from plausch.db.interface import Body, ConstraintViolated, Database, T, Transaction

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
    never which columns there are. `beside`: a program that does not know this step may go on; but
    not on a PostgreSQL where the query `alone_where` has a row. `taken_as`: the digest of the text
    that the step once had, when it was mended since; both lead to the same columns.
    """

    number: int
    name: str
    statements: tuple[str, ...]
    postgresql: tuple[str, ...] = ()
    beside: bool = False
    alone_where: str = ""
    taken_as: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over the statements' (first) text, in hexadecimal."""
        if self.taken_as:
            return self.taken_as
        texts = self.statements + self.postgresql
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()


class SchemaRefused(OperatorError):
    """The database has a shape that this program does not know."""

    code = "schema"


async def migrate(database: Database, steps: Sequence[Step]) -> int:
    """Apply the steps that are missing; how many were applied.

    Several processes may do this at once. Raises SchemaRefused, StorageUnavailable.
    """
    taken, _ = await _take(database, steps, alone=True)
    return taken


async def expand(database: Database, steps: Sequence[Step]) -> tuple[int, Sequence[Step]]:
    """As `migrate`, up to the first step beside which programs of the version before could not go
    on; how many were applied, and which are left. An empty database has nobody beside.

    Raises SchemaRefused, StorageUnavailable.
    """
    return await _take(database, steps, alone=False)


async def step_reached(database: Database) -> int:
    """The number of the last step that was applied here; 0 on an empty database.

    Raises StorageUnavailable.
    """
    return max(await _reshape(database, _remembered), default=0)


async def _take(
    database: Database, steps: Sequence[Step], *, alone: bool
) -> tuple[int, Sequence[Step]]:
    numbers = [step.number for step in steps]
    if numbers != list(range(1, len(steps) + 1)):
        raise SchemaRefused(f"Migration steps must be numbered 1 to {len(steps)}, not {numbers}.")

    async def body(transaction: Transaction) -> tuple[int, Sequence[Step]]:
        return await _next(transaction, steps, database.engine, alone=alone)

    taken = 0
    while True:
        count, left = await _reshape(database, body)
        taken += count
        if not count or not left:
            return taken, left


async def _reshape(database: Database, body: Body[T]) -> T:
    try:
        return await database.reshape(body)
    except ConstraintViolated:  # by a version from before, which did the same without the lock
        return await database.reshape(body)


async def _next(
    transaction: Transaction, steps: Sequence[Step], engine: str, *, alone: bool
) -> tuple[int, Sequence[Step]]:
    """Apply the next missing step if it may be, on an empty database all: nobody ever sees one with
    some of them, which would look like that of an older version. How many, and which are left."""
    applied = await _remembered(transaction)
    _check(applied, steps, await _floor(transaction))
    missing = [step for step in steps if step.number not in applied]
    count = 0
    for step in missing if not applied else missing[:1]:
        beside = step.beside and not await _is_found(transaction, step.alone_where, engine)
        if applied and not (alone or beside):
            break
        await _apply(transaction, step, engine, beside=beside)
        count += 1
    return count, missing[count:]


async def _is_found(transaction: Transaction, query: str, engine: str) -> bool:
    return bool(query and engine == "postgresql" and await transaction.fetch(query))


async def _floor(transaction: Transaction) -> int:
    rows = await transaction.fetch("SELECT step FROM schema_floor")
    return int(rows[0][0]) if rows else 0


async def _remembered(transaction: Transaction) -> dict[int, tuple[str, str]]:
    """Name and digest of the steps applied, by number."""
    await transaction.execute(_REMEMBER)
    await transaction.execute(_REMEMBER_FLOOR)
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


async def _apply(transaction: Transaction, step: Step, engine: str, *, beside: bool) -> None:
    # First the memory: a version from before, which takes no lock, then waits here.
    await transaction.execute(
        "INSERT INTO schema_step (number, name, digest) VALUES ($1, $2, $3)",
        step.number,
        step.name,
        step.digest,
    )
    if not beside:
        await transaction.execute(
            "INSERT INTO schema_floor (id, step) VALUES (1, $1) "
            "ON CONFLICT (id) DO UPDATE SET step = $1",
            step.number,
        )
    special = step.postgresql if engine == "postgresql" else ()
    for statement in step.statements + special:
        await transaction.execute(statement)

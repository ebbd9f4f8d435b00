"""Times at which places are closed, once or every so many weeks: a party, a repair, a holiday.

A closure keeps new bookings away. Bookings that are there already stay until staff moves them.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from plausch.agent.rows import Source, joined, split
from plausch.base.errors import LocalError
from plausch.db.interface import Row, Transaction
from plausch.domain.calendar import instant_s, local_minute

MAX_CLOSURES = 100_000
MAX_NOTE_CHARACTERS = 500
MAX_LENGTH_S = 366 * 86_400
FAR_S = 4_102_444_800
"""The year 2100: an end for what recurs without one."""

_ALL = """SELECT id, resources, starts_at_s, ends_at_s, every_weeks, until_s, note, source
    FROM block WHERE starts_at_s < $2 AND (ends_at_s > $1 OR every_weeks > 0)
    ORDER BY starts_at_s, id"""
_INSERT = """INSERT INTO block (id, resources, starts_at_s, ends_at_s, every_weeks, until_s, note,
    source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""


class ClosureRefused(LocalError):
    """The closure makes no sense; nothing changed."""

    code = "bad_request"


@dataclass(frozen=True, slots=True)
class Closure:
    """Places closed between two instants; no resources means all of them.

    With `every_weeks` above 0 it happens again at the same local time every so many weeks, while
    it begins before `until_s`.
    """

    identifier: str
    resources: tuple[str, ...]
    starts_at_s: int
    ends_at_s: int
    note: str = ""
    source: Source = Source.STAFF
    every_weeks: int = 0
    until_s: int = FAR_S


def checked(closure: Closure, known: frozenset[str]) -> Closure:
    """The closure with an identifier of its own. Raises ClosureRefused."""
    unknown = set(closure.resources) - known
    if unknown:
        raise ClosureRefused(f"There is no place {min(unknown)[:40]!r}: choose one from the plan.")
    if not 0 <= closure.starts_at_s < closure.ends_at_s <= FAR_S:
        raise ClosureRefused("A closure ends after it begins: correct its times.")
    length_s = closure.ends_at_s - closure.starts_at_s
    if length_s > MAX_LENGTH_S:
        raise ClosureRefused("A closure lasts a year at most: split it.")
    if not 0 <= closure.every_weeks <= 52 or length_s > (closure.every_weeks or 52) * 604_800:
        raise ClosureRefused("A closure recurs every 1 to 52 weeks, after it has ended.")
    if len(closure.note) > MAX_NOTE_CHARACTERS or not closure.note.isprintable():
        raise ClosureRefused(f"A note is one line of at most {MAX_NOTE_CHARACTERS} characters.")
    return replace(closure, identifier=closure.identifier or f"k-{secrets.token_hex(12)}")


async def save(transaction: Transaction, closure: Closure) -> None:
    """Write a checked closure. Raises ClosureRefused if the book holds too many."""
    rows = await transaction.fetch("SELECT COUNT(*) FROM block")
    if rows[0][0] >= MAX_CLOSURES:
        raise ClosureRefused("The book holds too many closures: remove old ones.")
    await transaction.execute(
        _INSERT,
        closure.identifier,
        joined(closure.resources),
        closure.starts_at_s,
        closure.ends_at_s,
        closure.every_weeks,
        closure.until_s,
        closure.note,
        closure.source.value,
    )


async def remove(transaction: Transaction, identifier: str) -> bool:
    """Forget a closure; whether there was one."""
    return bool(await transaction.execute("DELETE FROM block WHERE id = $1", identifier))


async def closures_between(
    transaction: Transaction, zone: str, first_s: int, end_s: int
) -> list[Closure]:
    """Every time that places are closed within a stretch; what recurs is listed each time."""
    found: list[Closure] = []
    for row in await transaction.fetch(_ALL, first_s, end_s):
        found += _occurrences(_closure(row), zone, first_s, end_s)
    return found


def _occurrences(closure: Closure, zone: str, first_s: int, end_s: int) -> list[Closure]:
    if not closure.every_weeks:
        return [closure]
    length_s = closure.ends_at_s - closure.starts_at_s
    day, minute = local_minute(zone, closure.starts_at_s)
    step = timedelta(weeks=closure.every_weeks)
    # An hour of tolerance: local weeks are not equally long.
    passed = max(0, (first_s - closure.ends_at_s - 3600) // (closure.every_weeks * 604_800))
    day += passed * step
    found = []
    while (starts_at_s := instant_s(zone, day, minute)) < min(end_s, closure.until_s):
        if starts_at_s + length_s > first_s:
            found.append(
                replace(closure, starts_at_s=starts_at_s, ends_at_s=starts_at_s + length_s)
            )
        day += step
    return found


def _closure(row: Row) -> Closure:
    identifier, resources, starts_at_s, ends_at_s, every_weeks, until_s, note, source = row
    return Closure(
        identifier,
        split(resources),
        starts_at_s,
        ends_at_s,
        note,
        Source(source),
        every_weeks,
        until_s,
    )

"""Times that other calendars block, as closures of the book: from a file, or from CalDAV.

A calendar has a name; its closures carry the name's mark, so that they can be exchanged without
touching those of the staff or of another calendar. The same calendar again changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from plausch.agent import closures
from plausch.agent.book import Book
from plausch.agent.closures import Closure, ClosureRefused
from plausch.agent.desk import Desk
from plausch.agent.ical.blocked_times import BlockedTime, Wish, difference
from plausch.agent.ical.dav import Collection, DavRefused, DavUnreachable
from plausch.agent.ical.expanding import expand
from plausch.agent.ical.scan import CalendarRefused
from plausch.agent.ical.settings import BlockCalendar
from plausch.agent.rows import Source, joined
from plausch.base.clock import Clock
from plausch.domain.business import Business

_LOG = logging.getLogger("plausch.agent.calendar")

_DAY_S = 86_400
AHEAD_S = 180 * _DAY_S
EVERY_S = 1_800.0
_IDENTIFIERS = "SELECT id FROM block WHERE source = $1 AND ends_at_s > $2"

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Closing:
    """What an import did: times newly closed, opened again; events left out or guessed at."""

    closed: int
    opened: int
    problems: tuple[tuple[str, str], ...] = ()


def wish_for(calendar: str, zone: str, now_s: int) -> Wish:
    """From the day that began before now: what of a calendar matters."""
    return Wish(calendar, now_s - now_s % _DAY_S, now_s + AHEAD_S, zone)


async def close_times(
    book: Book,
    business: Business,
    calendar: str,
    times: Sequence[BlockedTime],
    now_s: int,
    resources: tuple[str, ...] = (),
) -> Closing:
    """Make a calendar's closures equal to these times, in one transaction.

    What is over stays as it is. Raises ClosureRefused: nothing changed.
    """
    wanted = [
        msgspec.structs.replace(one, identifier=one.identifier + _mark(resources))
        for one in times
        if one.ends_at_s > now_s
    ]
    known_places = frozenset(one.identifier for one in business.floor.resources)

    closures.checked(Closure("", resources, 0, 1), known_places)

    async def body(desk: Desk) -> Closing:
        rows = await desk.transaction.fetch(_IDENTIFIERS, Source.CALENDAR.value, now_s)
        added, removed = difference([str(row[0]) for row in rows], wanted, calendar)
        for identifier in removed:
            await closures.remove(desk.transaction, identifier)
        for time in added:
            await closures.remove(desk.transaction, time.identifier)
            made = Closure(
                time.identifier,
                resources,
                time.starts_at_s,
                time.ends_at_s,
                time.note,
                Source.CALENDAR,
            )
            await closures.save(desk.transaction, closures.checked(made, known_places))
        return Closing(len(added), len(removed))

    return await book.at_desk(business, now_s, body)


def _mark(resources: tuple[str, ...]) -> str:
    """Part of an identifier: the same time of other places is another closure."""
    return f"-{sha256(joined(resources).encode()).hexdigest()[:8]}" if resources else ""


async def close_by_texts(
    book: Book,
    business: Business,
    calendar: str,
    texts: list[str],
    now_s: int,
    resources: tuple[str, ...] = (),
) -> Closing:
    """As `close_times`, from the calendars' texts. Raises CalendarRefused too."""
    found = await expand(texts, wish_for(calendar, business.calendar.zone, now_s))
    done = await close_times(book, business, calendar, found.times, now_s, resources)
    return Closing(done.closed, done.opened, tuple(found.problems))


async def open_again(book: Book, business: Business, calendar: str, now_s: int) -> Closing:
    """Take back what a calendar blocks from now on."""
    return await close_times(book, business, calendar, [], now_s)


async def keep_closed(
    book: Book,
    business: Business,
    settings: BlockCalendar,
    clock: Clock,
    pause: Pause = asyncio.sleep,
) -> None:
    """Look at a calendar every half hour until cancelled; the log tells what changed.

    While it cannot be read, what it blocked last stays closed. Raises StorageUnavailable.
    """
    collection = Collection(settings.address)
    last_trouble = ""
    while True:
        now_s = clock.now_ms() // 1000
        trouble = ""
        try:
            texts = await asyncio.to_thread(_fetched, collection, now_s)
            done = await close_by_texts(
                book, business, settings.name, texts, now_s, settings.resources
            )
            _tell(settings.name, done)
        except (DavUnreachable, DavRefused, CalendarRefused, ClosureRefused) as error:
            trouble = str(error)
            if trouble != last_trouble:
                _LOG.warning("calendar %s: %s", settings.name, error)
        last_trouble = trouble
        await pause(EVERY_S)


def _fetched(collection: Collection, now_s: int) -> list[str]:
    with collection.connected():
        return collection.texts(now_s - now_s % _DAY_S, now_s + AHEAD_S)


def _tell(calendar: str, done: Closing) -> None:
    if done.closed or done.opened:
        _LOG.info(
            "calendar %s: %s times closed, %s open again, %s events left out or guessed at",
            calendar,
            done.closed,
            done.opened,
            len(done.problems),
        )

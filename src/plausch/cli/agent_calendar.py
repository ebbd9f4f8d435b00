"""`plausch agent calendar`: bookings as a calendar's file, and what other calendars block."""

import time
from pathlib import Path
from urllib.parse import quote

import click

from plausch.agent.book import Book
from plausch.agent.ical.book_entries import feed_of
from plausch.agent.ical.closing import Closing, close_by_texts, open_again
from plausch.agent.ical.feed import Feed, feed_path, feed_secret
from plausch.agent.ical.scan import MAX_CALENDAR_BYTES
from plausch.agent.ical.settings import load_settings
from plausch.agent.ical.sync_store import Edit, SyncStore
from plausch.agent.ical.tasks import STORE_FILE
from plausch.cli.agent import BOOK_FILE, business_of
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.options import home_option, json_option
from plausch.cli.private_file import read_bounded, write_private
from plausch.domain.business import Business

EVENT_PHRASES = {
    "repeats_too_often": "event_repeats_too_often",
    "repeats_too_long": "event_repeats_too_long",
    "several_rules": "event_several_rules",
    "too_many_dates": "event_too_many_dates",
    "too_many_exceptions": "event_too_many_exceptions",
    "unreadable": "event_unreadable",
    "unknown_zone": "event_unknown_zone",
}
"""What is said of an event that was left out or guessed at, by the reason."""


async def booked_feed(home: Path, house: Business, names: bool, now_s: int) -> Feed:
    """The book as a feed. Raises StorageUnavailable."""
    book = await Book.open(home / BOOK_FILE)
    try:
        return await feed_of(book, house, names, now_s)
    finally:
        await book.close()


@click.command(
    "calendar",
    epilog="""\b
Examples:
  plausch agent calendar --home ~/linde --output bookings.ics
  plausch agent calendar --home ~/linde --block holidays.ics --as holidays
  plausch agent calendar --home ~/linde --unblock holidays
  plausch agent calendar --home ~/linde --edits""",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write the bookings as a calendar (.ics); '-' is standard output.",
)
@click.option("--names/--no-names", default=True, help="With the guests' names, or without.")
@click.option("--address", is_flag=True, help="Show the secret address of the feed.")
@click.option("--new-address", is_flag=True, help="Make it anew: the old one leads nowhere then.")
@click.option("--edits", is_flag=True, help="What people changed in the CalDAV calendar.")
@click.option(
    "--block",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Nothing is free while an event of this calendar lasts.",
)
@click.option("--as", "called", default="", metavar="NAME", help="Name of the calendar to block.")
@click.option("--table", "tables", multiple=True, help="Block only this one; may be repeated.")
@click.option("--unblock", default="", metavar="NAME", help="Take back what a calendar blocks.")
@home_option
@json_option
def calendar_command(
    output: Path | None,
    names: bool,
    address: bool,
    new_address: bool,
    edits: bool,
    block: Path | None,
    called: str,
    tables: tuple[str, ...],
    unblock: str,
    home: Path,
    as_json: bool,
) -> None:
    """Bookings for your calendar, and times that your calendar blocks.

    To keep a CalDAV calendar equal to the book, write HOME/calendar.toml (see README).
    """
    wishes = [output is not None, address, new_address, edits, block is not None, bool(unblock)]
    if sum(wishes) != 1:
        raise click.UsageError(
            "Give one of --output, --address, --new-address, --edits, --block, --unblock."
        )
    screen = screen_of(json=as_json)
    house = business_of(home)
    now_s = int(time.time())
    if output is not None:
        made = run(booked_feed(home, house, names, now_s))
        write_private(output, made.body)
    elif address or new_address:
        screen.line(feed_path(feed_secret(home, anew=new_address)))
    elif edits:
        show_edits(screen, run(found_edits(home)))
    elif block is not None:
        if not called:
            raise click.UsageError("Give the calendar a name: --as NAME.")
        text = read_bounded(block, MAX_CALENDAR_BYTES).decode("utf-8", "replace")
        show_closing(screen, run(_block(home, house, called, text, tables, now_s)), called)
    else:
        show_closing(screen, run(_unblock(home, house, unblock, now_s)), unblock)


async def _block(
    home: Path, house: Business, called: str, text: str, tables: tuple[str, ...], now_s: int
) -> Closing:
    book = await Book.open(home / BOOK_FILE)
    try:
        return await close_by_texts(book, house, called, [text], now_s, tables)
    finally:
        await book.close()


async def _unblock(home: Path, house: Business, called: str, now_s: int) -> Closing:
    book = await Book.open(home / BOOK_FILE)
    try:
        return await open_again(book, house, called, now_s)
    finally:
        await book.close()


def show_closing(screen: Screen, done: Closing, called: str) -> None:
    """What an import did, and each event that was left out or guessed at."""
    if screen.json:
        problems = [{"uid": uid, "reason": reason} for uid, reason in done.problems]
        screen.record({"closed": done.closed, "opened": done.opened, "problems": problems})
        return
    screen.answer("calendar_closed", name=called, closed=done.closed, opened=done.opened)
    for uid, reason in done.problems:
        screen.note(
            screen.phrase("calendar_event", uid=uid, why=screen.phrase(EVENT_PHRASES[reason]))
        )


async def found_edits(home: Path) -> list[Edit]:
    """What people wrote over bookings in the CalDAV calendar, the oldest first."""
    settings = load_settings(home)
    if settings.bookings is None:
        return []
    store = await SyncStore.open(home / STORE_FILE, settings.bookings.url)
    try:
        return await store.edits()
    finally:
        await store.close()


def show_edits(screen: Screen, edits: list[Edit]) -> None:
    """Each edit: when it was seen, of which booking, and the text that stood there."""
    if screen.json:
        screen.record(
            {
                "edits": [
                    {"uid": one.uid, "seenAtS": one.seen_at_s, "text": one.text} for one in edits
                ]
            }
        )
        return
    if not edits:
        screen.say("no_edits")
    for one in edits:
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.seen_at_s))
        what = "calendar_edited" if one.text else "calendar_deleted"
        screen.line(screen.phrase(what, uid=quote(one.uid), at=at))
        for line in one.text.splitlines():
            screen.line(f"  {line}")

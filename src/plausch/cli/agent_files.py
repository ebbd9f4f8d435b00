"""`plausch agent export` and `plausch agent import`: bookings and customers as files."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from plausch.agent.book import Book
from plausch.agent.ical.book_entries import BookEntries
from plausch.agent.ical.entries import Style
from plausch.agent.ical.feed import feed
from plausch.agent.transfer.booking_rows import export_bookings, read_bookings
from plausch.agent.transfer.customer_book import all_customers, take_over_customers
from plausch.agent.transfer.customer_rows import export_customers, read_customers
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.sheet import MAX_FILE_BYTES
from plausch.agent.transfer.taking_over import RowsRefused, TakenOver, take_over
from plausch.cli.agent import BOOK_FILE, business_of
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.options import home_option, json_option
from plausch.cli.private_file import read_bounded, write_private
from plausch.domain.business import Business

KINDS = click.Choice(("bookings", "customers"))
MOST_SHOWN = 50
_FOR_EVER_S = 4_102_444_800


@click.command(
    "export",
    epilog="""\b
Examples:
  plausch agent export bookings --home ~/linde --output bookings.csv
  plausch agent export bookings --home ~/linde --format ics --output bookings.ics
  plausch agent export customers --home ~/linde --output customers.csv""",
)
@click.argument("kind", type=KINDS)
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Where to; '-' is standard output. Only you may read the file.",
)
@click.option("--format", "form", type=click.Choice(("csv", "ics")), default="csv")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="From then.")
@home_option
def export_command(kind: str, output: Path, form: str, since: datetime | None, home: Path) -> None:
    """Write all bookings, or all customers, to a file for other programs."""
    if kind == "customers" and (form == "ics" or since is not None):
        raise click.UsageError("Customers are exported as CSV, all of them.")
    screen = screen_of()
    house = business_of(home)
    first_s = int(since.replace(tzinfo=UTC).timestamp()) - 86_400 if since else 0
    content = run(_exported(kind, form, first_s, home, house, screen.language))
    write_private(output, content)


async def _exported(
    kind: str, form: str, first_s: int, home: Path, house: Business, language: str
) -> bytes:
    now_s = int(time.time())
    if kind == "customers":
        book = await Book.open(home / BOOK_FILE)
        try:
            return export_customers(await all_customers(book, house, now_s), language)
        finally:
            await book.close()
    entries = await BookEntries.open(home / BOOK_FILE)
    try:
        found = await entries.between(first_s, _FOR_EVER_S, now_s)
    finally:
        await entries.close()
    if form == "ics":
        return feed(found, house.name, Style(language)).body
    return export_bookings(found, language)


@click.command(
    "import",
    epilog="""\b
Examples:
  plausch agent import bookings old.csv --home ~/linde --preview
  plausch agent import customers guests.csv --home ~/linde""",
)
@click.argument("kind", type=KINDS)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Only say what would happen.")
@home_option
@json_option
def import_command(kind: str, file: Path, preview: bool, home: Path, as_json: bool) -> None:
    """Take over bookings or customers from a CSV FILE: all of them, or none.

    The first line names the columns: date, time, guests, name, telephone, note; or name,
    telephone, language, note. The same file again changes nothing. The agent may be running.
    """
    screen = screen_of(json=as_json)
    house = business_of(home)
    raw = read_bounded(file, MAX_FILE_BYTES)
    work = _customers if kind == "customers" else _bookings
    try:
        done, encoding, skipped = run(work(raw, home, house, screen.language, preview))
    except RowsRefused as error:
        show_problems(screen, error.problems)
        raise
    if screen.json:
        screen.record({"new": done.new, "known": done.known, "skipped": skipped})
    key = "import_preview" if preview else "import_done"
    screen.answer(key, new=done.new, known=done.known, skipped=skipped, encoding=encoding)


async def _bookings(
    raw: bytes, home: Path, house: Business, language: str, preview: bool
) -> tuple[TakenOver, str, int]:
    found = read_bookings(raw, house.calendar.zone, language)
    if found.problems:
        raise RowsRefused(found.problems)
    book = await Book.open(home / BOOK_FILE)
    try:
        now_s = int(time.time())
        done = await take_over(found.rows, book, house, now_s, is_preview=preview)
        return done, found.encoding, found.skipped
    finally:
        await book.close()


async def _customers(
    raw: bytes, home: Path, house: Business, language: str, preview: bool
) -> tuple[TakenOver, str, int]:
    found = read_customers(raw, language)
    if found.problems:
        raise RowsRefused(found.problems)
    book = await Book.open(home / BOOK_FILE)
    try:
        now_s = int(time.time())
        done = await take_over_customers(found.rows, book, house, now_s, is_preview=preview)
        return done, found.encoding, 0
    finally:
        await book.close()


def show_problems(screen: Screen, problems: tuple[Problem, ...]) -> None:
    """Each line's mistake, the first of them; or all as JSON."""
    if screen.json:
        listed = [
            {"line": one.line, "code": one.code, "sentence": one.sentence(screen.language)}
            for one in problems
        ]
        screen.record({"problems": listed})
        return
    for one in problems[:MOST_SHOWN]:
        screen.note(one.sentence(screen.language))
    if len(problems) > MOST_SHOWN:
        screen.note(screen.phrase("more_problems", count=len(problems) - MOST_SHOWN))

"""`plausch agent`: a business's agent, from its TOML file to its book."""

import asyncio
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from plausch.agent.book import Book
from plausch.agent.book_lock import book_lock
from plausch.agent.config import example_text, load_business
from plausch.agent.ical.settings import load_settings
from plausch.agent.ical.tasks import calendar_tasks
from plausch.agent.operations.doors import TOKEN_FILE, Doors
from plausch.agent.rows import TableBooking
from plausch.base.clock import SystemClock
from plausch.base.errors import LocalError
from plausch.base.ids import parse_name
from plausch.cli.agent_call import call
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import owned, run
from plausch.cli.later import AgentCommands
from plausch.cli.link import join
from plausch.cli.options import home_option, json_option, passphrase_option, read_passphrase
from plausch.cli.records import BookingRecord
from plausch.cli.stage.menu import wall_time
from plausch.domain.business import Business
from plausch.sdk import Client
from plausch.server.logs import log_to_stderr

BUSINESS_FILE = "business.toml"
BOOK_FILE = "book.db"


class NoAgent(LocalError):
    """There is no agent in this home."""

    code = "no_agent"


@click.group(cls=AgentCommands)
def agent() -> None:
    """A business's agent: it answers guests at any hour, and keeps the book.

    The agent is a device of the business on the business's own machine: what guests write is
    decrypted there and nowhere else.
    """


def business_of(home: Path) -> Business:
    """The business that was set up in a home. Raises NoAgent, ConfigurationRefused."""
    file = home / BUSINESS_FILE
    if not file.is_file():
        raise NoAgent(
            f"There is no agent in {home}; set one up with: plausch agent init --home {home} "
            "--server URL --name NAME"
        )
    return load_business(file)


@agent.command(
    epilog="Example: plausch agent init --home ~/linde --server http://localhost:7480 --name linde"
)
@click.option("--server", required=True, metavar="URL", help="http:// or https:// of the server.")
@click.option("--name", required=True, help="Name of the business's account: NAME@domain.")
@click.option(
    "--business",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="TOML",
    help="The business; without it, the restaurant 'Zur Linde' for you to change.",
)
@click.option("--invitation", default="", metavar="CODE", help="If the server asks for one.")
@home_option
@passphrase_option
@json_option
def init(
    server: str,
    name: str,
    business: Path | None,
    invitation: str,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make the business's account, with this device as its agent.

    The business's file is copied to HOME/business.toml; change it there.
    """
    screen = screen_of(json=as_json)
    parse_name(name)
    if business is not None:
        load_business(business)
    passphrase = read_passphrase(passphrase_file)

    async def work() -> str:
        client = await Client.register(
            home, server, name, kind="business", invitation=invitation, passphrase=passphrase
        )
        await client.close()
        return str(client.address)

    with screen.working("registering"):
        address = run(work())
    place_business(home, business)
    house = business_of(home)
    if as_json:
        screen.record({"address": address, "business": house.name, "home": str(home)})
    screen.answer("business_ready", name=house.name, address=address, home=home)


@agent.command(epilog="Example: plausch agent pair --home ~/linde --server https://example.org")
@click.argument("link", default="")
@click.option("--server", default="", metavar="URL", help="Of the server; a LINK names it.")
@click.option(
    "--business",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="TOML",
    help="The business; without it, the restaurant 'Zur Linde' for you to change.",
)
@home_option
@passphrase_option
@json_option
def pair(
    link: str,
    server: str,
    business: Path | None,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make this machine the agent of a business whose account is on another device.

    Shows a code for the device that has the account, or answers the LINK that it shows. It knows
    what comes from now on. A private account is refused, and so is a device of staff: an agent
    speaks for the owner.
    """
    screen = screen_of(json=as_json)
    if business is not None:
        load_business(business)
    record = join(screen, home, server, link, "Plausch agent", passphrase_file, for_agent=True)
    place_business(home, business)
    house = business_of(home)
    if as_json:
        screen.record(record)
    screen.answer("business_ready", name=house.name, address=record.address, home=home)


def place_business(home: Path, business: Path | None) -> None:
    """Put the business's file, or the example, where `run` looks for it."""
    target = home / BUSINESS_FILE
    if business is None:
        target.write_text(example_text(), encoding="utf-8")
    elif business.resolve() != target.resolve():
        shutil.copyfile(business, target)
    target.chmod(0o600)


@agent.command(epilog="Example: plausch agent check ~/linde/business.toml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with a business's FILE, or that nothing is."""
    house = load_business(file)
    floor = house.floor
    screen_of().answer(
        "business_checked",
        name=house.name,
        tables=len(floor.resources),
        most=floor.largest_party,
    )


agent.add_command(call)


@agent.command(
    "run",
    epilog="""\b
Examples:
  plausch agent run --home ~/linde
  plausch agent run --home ~/linde --api 7490""",
)
@click.option(
    "--api",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Listen for programs of this machine, on 127.0.0.1; 0 takes a free port.",
)
@home_option
@passphrase_option
def run_agent(port: int | None, home: Path, passphrase_file: Path | None) -> None:
    """Answer guests, and the business's other devices, until Ctrl-C or SIGTERM.

    Prints `ready ADDRESS` when it is connected. Bookings are logged on standard error, without
    names and texts. Meanwhile `send`, `history` and others for the same --home are carried out by
    this process. With --api programs may ask too; the token they need is in HOME/api.token.
    """
    screen = screen_of()
    house = business_of(home)
    calendars = load_settings(home)
    log_to_stderr()

    async def work() -> None:
        book = await Book.open(home / BOOK_FILE)
        clock = SystemClock()
        beside = calendar_tasks(calendars, home, home / BOOK_FILE, house, clock)
        try:
            async with owned(home, passphrase_file, screen) as client, beside:
                await client.synchronize()
                raw_file = (home / BUSINESS_FILE).read_bytes()
                doors = Doors(client, house, raw_file, book, clock)
                async with doors.open(home, port) as opened:
                    screen.say("agent_running", name=house.name, address=client.address)
                    if opened.url:
                        screen.say("agent_listening", url=opened.url, file=home / TOKEN_FILE)
                    screen.line(f"ready {client.address}")
                    await opened.run()
        finally:
            await book.close()

    with book_lock(home / BOOK_FILE):
        run(work())


def booking_record(entry: TableBooking) -> BookingRecord:
    """A booking for a script."""
    booking = entry.booking
    return BookingRecord(
        uid=booking.uid,
        state=str(booking.state),
        party=booking.party,
        starts_at_s=booking.starts_at_s,
        ends_at_s=booking.ends_at_s,
        zone=booking.zone,
        under_name=booking.under_name,
        tables=list(entry.tables),
    )


async def booked(home: Path, first: date, days: int, zone: str) -> list[BookingRecord]:
    """The live bookings of so many days, in their order. Raises StorageUnavailable."""
    book = await Book.open(home / BOOK_FILE)
    try:
        found: list[BookingRecord] = []
        for number in range(days):
            entries = await book.bookings_on(first + timedelta(days=number), zone)
            found += [booking_record(entry) for entry in entries]
        return found
    finally:
        await book.close()


@agent.command(
    epilog="""\b
Examples:
  plausch agent bookings --home ~/linde
  plausch agent bookings --home ~/linde --day 2026-12-31 --json"""
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Only this day; otherwise all that is booked from today on.",
)
@home_option
@json_option
def bookings(day: datetime | None, home: Path, as_json: bool) -> None:
    """The bookings in the agent's book; it may be running meanwhile."""
    screen = screen_of(json=as_json)
    house = business_of(home)
    zone = house.calendar.zone
    first = day.date() if day else datetime.now(ZoneInfo(zone)).date()
    days = 1 if day else max(one.booking_window_days for one in house.services) + 1
    records = asyncio.run(booked(home, first, days, zone))
    show_bookings(screen, records)


def show_bookings(screen: Screen, records: list[BookingRecord]) -> None:
    """Bookings by time."""
    if screen.json:
        screen.record(records)
        return
    if not records:
        screen.say("no_bookings")
        return
    rows = [
        [
            wall_time(one.starts_at_s, one.zone, screen.language),
            str(one.party),
            one.under_name,
            ", ".join(one.tables),
            one.state,
        ]
        for one in records
    ]
    screen.table(screen.phrase("booking_heads").split("|"), rows)

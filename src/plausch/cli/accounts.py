"""`plausch accounts`: the accounts of a server, for its operator."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from plausch.base.clock import SystemClock
from plausch.base.ids import DeviceAddress
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.invite import config_of, day_of, place_options, said_again
from plausch.cli.options import json_option
from plausch.cli.reports import with_database
from plausch.db.interface import Database
from plausch.server.administration import Administration, Shown, state_of
from plausch.server.config import ServerConfig
from plausch.server.store.allowance import Drawn
from plausch.server.store.overview import AccountRow, Totals

Result = TypeVar("Result")

name_argument = click.argument("name", metavar="NAME")


async def with_administration(
    config: ServerConfig, work: Callable[[Administration], Awaitable[Result]]
) -> Result:
    """Do something to a server, which may be running meanwhile.

    Raises StorageUnavailable, SchemaRefused, OrderRefused.
    """

    async def body(database: Database) -> Result:
        return await work(Administration(database, SystemClock()))

    return await with_database(config, body)


@click.group()
def accounts() -> None:
    """The accounts of a server, for its operator.

    What is shown is what the server knows: names, counts, sizes and times; never content. All of it
    works beside the running server, on either database.
    """


@accounts.command("list", epilog="Example: plausch accounts list --kind business --json")
@place_options
@click.option("--kind", type=click.Choice(["person", "business"]), help="Only those.")
@click.option("--suspended", is_flag=True, help="Only those that are suspended or removed.")
@click.option("--after", default="", metavar="NAME", help="Go on after this one.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    metavar="N",
    help="How many at most.",
)
@json_option
def list_accounts(
    data_folder: Path,
    database_url: str,
    kind: str | None,
    suspended: bool,
    after: str,
    limit: int,
    as_json: bool,
) -> None:
    """Accounts in the order in which they were made."""
    screen = screen_of(json=as_json)

    async def work(hand: Administration) -> list[AccountRow]:
        return await hand.accounts(after, limit, kind or "", only_suspended=suspended)

    found = run(with_administration(config_of(data_folder, database_url), work))
    if as_json:
        screen.record({"accounts": [record_of(one) for one in found]})
    elif not found:
        screen.say("no_accounts")
    else:
        show_rows(screen, found)
        if len(found) == limit:
            screen.say("account_more", name=found[-1].name)


def show_rows(screen: Screen, rows: list[AccountRow]) -> None:
    """For people."""
    screen.table(
        screen.phrase("account_heads").split("|"),
        [
            [
                one.name,
                screen.phrase(f"kind_{one.kind}"),
                moment(screen, one.created_at_ms),
                str(one.devices),
                moment(screen, one.seen_at_ms),
                str(one.blobs),
                str(one.blob_bytes),
                screen.phrase(f"account_{state_of(one)}"),
            ]
            for one in rows
        ],
    )


@accounts.command(epilog="Example: plausch accounts show anna --data /var/lib/plausch")
@name_argument
@place_options
@json_option
def show(name: str, data_folder: Path, database_url: str, as_json: bool) -> None:
    """One account, its devices, and what it has had lately of what it may have."""
    screen = screen_of(json=as_json)

    async def work(hand: Administration) -> Shown:
        return await hand.show(name)

    found = run(with_administration(config_of(data_folder, database_url), work))
    devices = [
        (DeviceAddress.parse_uri(uri).device, listed_ms, seen_ms)
        for uri, listed_ms, seen_ms in found.devices
    ]
    if as_json:
        each = [{"id": a, "listed_at_ms": b, "seen_at_ms": c} for a, b, c in devices]
        rates = [{**one._asdict(), "kind": one.kind.name.lower()} for one in found.rates]
        screen.record({**record_of(found.row), "device_list": each, "rates": rates})
        return
    show_rows(screen, [found.row])
    if found.row.has_page:
        screen.answer("has_page")
    screen.table(
        screen.phrase("device_heads").split("|"),
        [
            [one, moment(screen, listed_ms), moment(screen, seen_ms)]
            for one, listed_ms, seen_ms in devices
        ],
    )
    if found.rates:
        screen.table(
            screen.phrase("rate_heads").split("|"), [rate_of(screen, one) for one in found.rates]
        )


def rate_of(screen: Screen, one: Drawn) -> list[str]:
    """What an account has had of its hour, its day or the days of retention, for people."""
    what = screen.phrase(f"rate_{one.kind.name.lower()}")
    return [what, str(one.drawn), str(one.most), moment(screen, one.ends_at_ms)]


def moment(screen: Screen, at_ms: int) -> str:
    """A time of the database, for people: a clock that was wrong may have written anything."""
    if not at_ms:
        return screen.phrase("never")
    try:
        return day_of(at_ms)
    except (ValueError, OverflowError, OSError):  # no calendar has it
        return screen.phrase("unknown")


@accounts.command(epilog="Example: plausch accounts suspend mallory --data /var/lib/plausch")
@name_argument
@place_options
@json_option
def suspend(name: str, data_folder: Path, database_url: str, as_json: bool) -> None:
    """Let nobody log in to an account; who is connected is sent away within seconds.

    Nothing is deleted. Its public page is not shown meanwhile.
    """

    async def work(hand: Administration) -> AccountRow:
        return await hand.suspend(name)

    _order(data_folder, database_url, work, "suspended_now", as_json=as_json)


@accounts.command(epilog="Example: plausch accounts unsuspend mallory --data /var/lib/plausch")
@name_argument
@place_options
@json_option
def unsuspend(name: str, data_folder: Path, database_url: str, as_json: bool) -> None:
    """Take a suspension back."""

    async def work(hand: Administration) -> AccountRow:
        return await hand.unsuspend(name)

    _order(data_folder, database_url, work, "unsuspended_now", as_json=as_json)


@accounts.command(epilog="Example: plausch accounts remove mallory --data /var/lib/plausch")
@name_argument
@place_options
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
def remove(name: str, data_folder: Path, database_url: str, yes: bool, as_json: bool) -> None:
    """Take an account off the server, for good.

    Devices, key packages, backup and public page go at once, files with the next sweep. The name
    stays taken; what the account sent stays with those it wrote to.
    """
    if not yes:
        question = screen_of(json=as_json).phrase("remove_confirm", name=name)
        click.confirm(question, abort=True, err=True)

    async def work(hand: Administration) -> AccountRow:
        return await hand.remove(name)

    _order(data_folder, database_url, work, "removed_now", as_json=as_json)


def _order(
    data_folder: Path,
    database_url: str,
    work: Callable[[Administration], Awaitable[AccountRow]],
    said: str,
    *,
    as_json: bool,
) -> None:
    screen = screen_of(json=as_json)
    row = run(with_administration(config_of(data_folder, database_url), work))
    if as_json:
        screen.record(record_of(row))
    else:
        screen.answer(said, name=row.name, at=said_again(data_folder))


@accounts.command(epilog="Example: plausch accounts totals --data /var/lib/plausch --json")
@place_options
@json_option
def totals(data_folder: Path, database_url: str, as_json: bool) -> None:
    """How much the server holds: accounts, devices, messages, files, invitations, reports."""
    screen = screen_of(json=as_json)

    async def work(hand: Administration) -> Totals:
        return await hand.totals()

    found = run(with_administration(config_of(data_folder, database_url), work))._asdict()
    if as_json:
        screen.record(found)
    else:
        screen.table(
            ["", ""],
            [[screen.phrase(f"total_{key}"), str(value)] for key, value in found.items()],
        )


def record_of(row: AccountRow) -> dict[str, object]:
    """An account for scripts; times that never were are null."""
    return {
        "name": row.name,
        "kind": row.kind,
        "state": state_of(row),
        "suspended_at_ms": row.suspended_ms or None,
        "created_at_ms": row.created_at_ms,
        "seen_at_ms": row.seen_at_ms or None,
        "devices": row.devices,
        "files": row.blobs,
        "file_bytes": row.blob_bytes,
        "has_page": row.has_page,
    }

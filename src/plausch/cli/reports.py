"""`plausch reports`: what people have reported, for the operator of a server."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from plausch.base.clock import SystemClock
from plausch.base.ids import DeviceAddress
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.invite import config_of, day_of, place_options
from plausch.cli.options import json_option
from plausch.content.errors import ContentError
from plausch.content.mimi import decode
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.text import readable_text
from plausch.db.interface import Database, Transaction
from plausch.db.open import open_database
from plausch.server.config import ServerConfig
from plausch.server.store import report
from plausch.server.store.report import Disclosed, ReportRow
from plausch.server.store.schema import prepare

Result = TypeVar("Result")


async def with_database(
    config: ServerConfig, work: Callable[[Database], Awaitable[Result]]
) -> Result:
    """Do something with the database of a server, which may be running meanwhile.

    Raises StorageUnavailable, SchemaRefused.
    """
    database = await open_database(config.database)
    try:
        await prepare(database)
        return await work(database)
    finally:
        await database.close()


def text_of(one: Disclosed) -> tuple[str, bool]:
    """A disclosed message as its receiver read it, and whether it replaced an earlier version."""
    try:
        content = decode(one.content)
        return readable_text(content), purpose_of(content) is Purpose.EDIT
    except ContentError as error:
        return f"({error})", False


@click.group()
def reports() -> None:
    """What people have reported, for the operator of a server.

    Who reports somebody discloses messages. The server takes a report only when it can tell that
    they are genuine: that this device sent exactly this, there and then. Nobody else is told.
    """


@reports.command("list", epilog="Example: plausch reports list --data /var/lib/plausch")
@place_options
@click.option("--closed", is_flag=True, help="Those that were dealt with, instead of the others.")
@json_option
def list_reports(data_folder: Path, database_url: str, closed: bool, as_json: bool) -> None:
    """The reports that wait, oldest first."""
    screen = screen_of(json=as_json)

    async def work(database: Database) -> list[ReportRow]:
        async def body(tx: Transaction) -> list[ReportRow]:
            return await report.of_state(tx, closed=closed)

        return await database.read(body)

    found = run(with_database(config_of(data_folder, database_url), work))
    if as_json:
        screen.record({"reports": [record_of(one) for one in found]})
    elif not found:
        screen.say("no_reports")
    else:
        heads = screen.phrase("report_heads").split("|")
        screen.table(
            heads,
            [
                [
                    str(one.number),
                    day_of(one.reported_at_ms),
                    one.reported,
                    screen.phrase(f"reason_{one.reason}"),
                    str(one.messages),
                    one.reporter,
                ]
                for one in found
            ],
        )


@reports.command(epilog="Example: plausch reports show 7 --data /var/lib/plausch")
@click.argument("number", type=click.IntRange(min=1), metavar="ID")
@place_options
@json_option
def show(number: int, data_folder: Path, database_url: str, as_json: bool) -> None:
    """One report with the messages that were disclosed."""
    screen = screen_of(json=as_json)

    async def work(database: Database) -> tuple[ReportRow | None, list[Disclosed]]:
        async def body(tx: Transaction) -> tuple[ReportRow | None, list[Disclosed]]:
            return await report.get(tx, number), await report.disclosed_in(tx, number)

        return await database.read(body)

    row, messages = run(with_database(config_of(data_folder, database_url), work))
    if row is None:
        raise missing(number)
    if as_json:
        screen.record({**record_of(row), "disclosed": [disclosed_record(one) for one in messages]})
        return
    show_report(screen, row, messages)


def show_report(screen: Screen, row: ReportRow, messages: list[Disclosed]) -> None:
    """For people."""
    screen.answer(
        "report_about",
        number=row.number,
        reporter=row.reporter,
        reported=row.reported,
        reason=screen.phrase(f"reason_{row.reason}"),
        at=day_of(row.reported_at_ms),
    )
    if row.note:
        screen.answer("report_note", note=row.note)
    if row.closed_at_ms:
        screen.answer("report_is_closed", at=day_of(row.closed_at_ms))
    for one in messages:
        text, edited = text_of(one)
        mark = f" {screen.phrase('report_edited')}" if edited else ""
        sender = DeviceAddress.parse_uri(one.sender).account
        screen.line(f"{day_of(one.accepted_at_ms)}  {sender}{mark}: {text}")
    if messages:
        screen.say("report_genuine")


@reports.command(epilog="Example: plausch reports close 7 --data /var/lib/plausch")
@click.argument("number", type=click.IntRange(min=1), metavar="ID")
@place_options
@json_option
def close(number: int, data_folder: Path, database_url: str, as_json: bool) -> None:
    """Put a report away as dealt with; the messages that were disclosed in it are deleted.

    What is to be kept has to be saved before: plausch reports show ID --json
    """
    screen = screen_of(json=as_json)

    async def work(database: Database) -> ReportRow | None:
        async def body(tx: Transaction) -> ReportRow | None:
            await report.close(tx, number, SystemClock().now_ms())
            return await report.get(tx, number)

        return await database.transact(body, repeatable=True)

    row = run(with_database(config_of(data_folder, database_url), work))
    if row is None:
        raise missing(number)
    if as_json:
        screen.record(record_of(row))
    else:
        screen.answer("report_closed", number=number)


def record_of(row: ReportRow) -> dict[str, object]:
    """A report for scripts; `closed_at_ms` is null while it is open."""
    return {
        "id": row.number,
        "from": row.reporter,
        "about": row.reported,
        "reason": row.reason,
        "note": row.note,
        "reported_at_ms": row.reported_at_ms,
        "closed_at_ms": row.closed_at_ms or None,
        "messages": row.messages,
    }


def disclosed_record(one: Disclosed) -> dict[str, object]:
    """A disclosed message for scripts; `content` is its MIMI content in hexadecimal digits."""
    text, edited = text_of(one)
    return {
        "conversation": one.conversation.hex(),
        "device": one.sender,
        "accepted_at_ms": one.accepted_at_ms,
        "text": text,
        "edit": edited,
        "content": one.content.hex(),
    }


def missing(number: int) -> click.ClickException:
    """There is no such report."""
    return click.ClickException(f"There is no report {number}; see: plausch reports list")

"""`plausch maintenance`: for a while a server takes nothing new; for its operator."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from plausch.base.clock import SystemClock
from plausch.base.durations import MINUTE_MS
from plausch.cli.accounts import with_administration
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.invite import config_of, day_of, place_options, said_again
from plausch.cli.options import json_option
from plausch.server.administration import (
    MOST_CHARACTERS,
    MOST_MINUTES,
    Administration,
)
from plausch.server.store.regime import RegimeRow


@click.group()
def maintenance() -> None:
    """Maintenance of a server, for its operator.

    Meanwhile devices log in and read, and nothing new is taken: no messages, accounts or files.
    What people write waits on their devices and goes out afterwards. No process has to be
    restarted.
    """


@maintenance.command(
    epilog='Example: plausch maintenance on --data /var/lib/plausch --minutes 30 --text "New disks"'
)
@place_options
@click.option(
    "--minutes",
    type=click.IntRange(1, MOST_MINUTES),
    metavar="N",
    help="How long it will take; people are told until when. It does not end by itself.",
)
@click.option(
    "--text",
    default="",
    metavar="TEXT",
    help=f"What people are told besides, at most {MOST_CHARACTERS} characters.",
)
@json_option
def on(data_folder: Path, database_url: str, minutes: int | None, text: str, as_json: bool) -> None:
    """Begin it, or say something else about it."""
    until_ms = SystemClock().now_ms() + minutes * MINUTE_MS if minutes else 0

    async def work(hand: Administration) -> RegimeRow:
        return await hand.maintain(until_ms=until_ms, words=text)

    screen = _carry_out(data_folder, database_url, work, as_json=as_json)
    screen.say("maintenance_soon")


@maintenance.command(epilog="Example: plausch maintenance off --data /var/lib/plausch")
@place_options
@json_option
def off(data_folder: Path, database_url: str, as_json: bool) -> None:
    """End it."""
    screen = _carry_out(data_folder, database_url, Administration.resume, as_json=as_json)
    screen.say("maintenance_soon")


@maintenance.command(epilog="Example: plausch maintenance status --data /var/lib/plausch")
@place_options
@json_option
def status(data_folder: Path, database_url: str, as_json: bool) -> None:
    """Whether there is one, since when, and what people are told."""
    _carry_out(data_folder, database_url, Administration.maintenance, as_json=as_json)


def _carry_out(
    data_folder: Path,
    database_url: str,
    work: Callable[[Administration], Awaitable[RegimeRow]],
    *,
    as_json: bool,
) -> Screen:
    screen = screen_of(json=as_json)
    row = run(with_administration(config_of(data_folder, database_url), work))
    if as_json:
        screen.record(
            {
                "maintenance": row.since_ms > 0,
                "since_ms": row.since_ms or None,
                "until_ms": row.until_ms or None,
                "text": row.words,
            }
        )
    elif not row.since_ms:
        screen.answer("maintenance_off")
    else:
        at = said_again(data_folder)
        screen.answer("maintenance_on", since=day_of(row.since_ms), at=at)
        if row.until_ms:
            screen.answer("maintenance_until", until=day_of(row.until_ms))
        if row.words:
            screen.answer("maintenance_words", words=row.words)
    return screen

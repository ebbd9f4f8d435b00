"""`plausch invite`: invitation codes, for the operator of a server."""

import shlex
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from plausch.base.clock import SystemClock
from plausch.base.durations import DAY_MS
from plausch.cli.console import screen_of
from plausch.cli.home import run
from plausch.cli.options import json_option
from plausch.db.open import open_database
from plausch.server.accounts import INVITATION_MS, Accounts
from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.store.schema import prepare

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., None])


def place_options(command: Command) -> Command:
    """`--data DIR` and `--database URL`, as `plausch serve` has them."""
    database = click.option(
        "--database",
        "database_url",
        envvar="PLAUSCH_DATABASE",
        default="",
        metavar="URL",
        help="The server's postgresql://..., if it does not use the embedded database.",
    )
    folder = click.option(
        "--data",
        "data_folder",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        required=True,
        metavar="DIR",
        help="Folder of the server.",
    )
    return folder(database(command))


def said_again(data_folder: Path) -> str:
    """The place as the next command needs it; a URL may hold a password and is not repeated."""
    return f"--data {shlex.quote(str(data_folder))}"


def config_of(data_folder: Path, database_url: str) -> ServerConfig:
    """Where that server keeps its accounts. Raises ConfigRefused, click.UsageError."""
    config = ServerConfig(data_folder, database_url=database_url)
    if not database_url and not Path(config.database).is_file():
        raise click.UsageError(
            f"There is no server in {data_folder}; start it once with: plausch serve --data "
            f"{data_folder}"
        )
    return config


async def with_accounts(
    config: ServerConfig, work: Callable[[Accounts], Awaitable[Result]]
) -> Result:
    """Do something with the accounts of a server, which may be running meanwhile.

    Raises StorageUnavailable, SchemaRefused.
    """
    database = await open_database(config.database)
    try:
        await prepare(database)
        return await work(Accounts(database, SystemClock(), Limits(), config.domain))
    finally:
        await database.close()


def day_of(at_ms: int) -> str:
    """An instant as a date of this machine."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%d %H:%M")


@click.group()
def invite() -> None:
    """Invitation codes of a server, for its operator.

    A server run with --registration invitation takes new accounts only with such a code. The
    server keeps a hash of it: a code is shown once, when it is made.
    """


@invite.command(epilog="Example: plausch invite create --data /var/lib/plausch --days 7 --count 3")
@place_options
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=INVITATION_MS // DAY_MS,
    show_default=True,
    metavar="N",
    help="How long it is good for.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="N",
    help="How many codes to make.",
)
@json_option
def create(data_folder: Path, database_url: str, days: int, count: int, as_json: bool) -> None:
    """Make codes, each good for one account."""
    screen = screen_of(json=as_json)

    async def work(accounts: Accounts) -> list[str]:
        return [await accounts.invite(days * DAY_MS) for _ in range(count)]

    codes = run(with_accounts(config_of(data_folder, database_url), work))
    until_ms = SystemClock().now_ms() + days * DAY_MS
    if as_json:
        screen.record({"codes": codes, "expires_at_ms": until_ms})
    for code in codes:
        screen.answer("invited", code=code, until=day_of(until_ms))


@invite.command("list", epilog="Example: plausch invite list --data /var/lib/plausch")
@place_options
@json_option
def list_invitations(data_folder: Path, database_url: str, as_json: bool) -> None:
    """The invitations that nobody has used yet; their codes are not known any more."""
    screen = screen_of(json=as_json)

    async def work(accounts: Accounts) -> list[tuple[int, int]]:
        return await accounts.invitations()

    unused = run(with_accounts(config_of(data_folder, database_url), work))
    if as_json:
        screen.record({"unused": [{"created_at_ms": a, "expires_at_ms": b} for a, b in unused]})
    elif unused:
        screen.table(["Made", "Good until"], [[day_of(a), day_of(b)] for a, b in unused])
    else:
        screen.say("nothing")

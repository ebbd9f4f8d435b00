"""`plausch operator`: a small page beside a server, for its operator."""

import asyncio
from pathlib import Path

import click

from plausch.base.clock import SystemClock
from plausch.cli.accounts import with_administration
from plausch.cli.console import screen_of
from plausch.cli.home import run
from plausch.cli.invite import config_of, place_options
from plausch.server.administration import Administration
from plausch.server.operator_desk import OperatorDesk
from plausch.server.operator_door import OperatorDoor


@click.command(
    epilog="""\b
Examples:
  plausch operator --data /var/lib/plausch
  plausch operator --data /var/lib/plausch --port 7490
    and from elsewhere: ssh -L 7490:127.0.0.1:7490 SERVER"""
)
@place_options
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="N",
    help="Port to listen on, on 127.0.0.1 alone. [default: a free one]",
)
def operator(data_folder: Path, database_url: str, port: int) -> None:
    """A small page for the operator of a server, in a browser of this machine.

    Accounts, figures, maintenance, that there are reports; never content. It works beside the
    running server, on either database, until Ctrl-C or SIGTERM. Prints `link URL`: that lets one
    browser in, once, for 8 hours at most; when it was used, the next one is printed.
    """
    screen = screen_of()
    clock = SystemClock()
    folder = str(data_folder.absolute())

    def tell(link: str) -> None:
        screen.line(f"link {link}")

    async def work(hand: Administration) -> None:
        desk = OperatorDesk(hand, clock)
        door = OperatorDoor(desk, clock, folder, screen.language, tell)
        screen.say("operator_listening")
        await door.start(port)
        try:
            await asyncio.Event().wait()
        finally:
            door.close()

    run(with_administration(config_of(data_folder, database_url), work))

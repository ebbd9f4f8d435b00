"""`plausch link`: this device becomes one of an account that there is."""

import platform
from pathlib import Path

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.home import run
from plausch.cli.linking import Terminal
from plausch.cli.options import home_option, json_option, passphrase_option, read_passphrase
from plausch.cli.records import LinkedRecord
from plausch.sdk import Client
from plausch.sdk.pairing import server_of


def join(
    screen: Screen,
    home: Path,
    server: str,
    link: str,
    name: str,
    passphrase_file: Path | None,
    *,
    for_agent: bool = False,
) -> LinkedRecord:
    """Link the device in `home`, by the code of the other one or by its own.

    `for_agent`: as an owner's device of a business, or not at all. Raises as `Client.link`, and
    click.UsageError when it is not known which server it is.
    """
    if not link and not server:
        raise click.UsageError(
            "Give the LINK that the device with the account shows, or --server URL to show a code "
            "here."
        )
    passphrase = read_passphrase(passphrase_file)

    async def work() -> LinkedRecord:
        client = await Client.link(
            home,
            server or server_of(link),
            Terminal(screen),
            link=link,
            name=name or platform.node() or "Plausch",
            passphrase=passphrase,
            for_agent=for_agent,
        )
        try:
            return LinkedRecord(
                address=str(client.address), device=client.device.uri, is_staff=client.is_staff
            )
        finally:
            await client.close()

    return run(work())


@click.command(
    epilog="""\b
Examples:
  plausch link --server https://example.org --home ~/anna
  plausch link 'https://example.org/#/link/AQE...' --home ~/anna"""
)
@click.argument("link", default="")
@click.option("--server", default="", metavar="URL", help="Of the server; a LINK names it.")
@click.option("--name", default="", help="What this device is called; else the machine's name.")
@home_option
@passphrase_option
@json_option
def link(
    link: str, server: str, name: str, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Make this a device of an account that you have on another one.

    Without LINK, a code and a link are shown here, for the device that has the account; with the
    LINK that it shows, this device answers it. What was said before does not come along: this
    device begins with what is said from now on.
    """
    screen = screen_of(json=as_json)
    record = join(screen, home, server, link, name, passphrase_file)
    if as_json:
        screen.record(record)
    screen.answer("linked_staff" if record.is_staff else "linked", address=record.address)
    screen.say("link_no_history")

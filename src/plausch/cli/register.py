"""`plausch register`: a new account."""

from pathlib import Path

import click

from plausch.base.ids import parse_name
from plausch.cli.console import screen_of
from plausch.cli.home import run
from plausch.cli.options import home_option, json_option, passphrase_option, read_passphrase
from plausch.sdk import Client


@click.command(epilog="Example: plausch register anna --server http://localhost:7480 --home ~/anna")
@click.argument("name")
@click.option("--server", required=True, metavar="URL", help="http:// or https:// of the server.")
@click.option("--invitation", default="", metavar="CODE", help="If the server asks for one.")
@click.option("--business", is_flag=True, help="The account of a business, not of a person.")
@click.option("--ask-passphrase", is_flag=True, help="Protect the vault with a passphrase.")
@home_option
@passphrase_option
@json_option
def register(
    name: str,
    server: str,
    invitation: str,
    business: bool,
    ask_passphrase: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make the account NAME on a server, with this device as its first.

    NAME is 1 to 32 of a-z 0-9 . _ - and begins and ends with a letter or digit. The keys are made
    here and stay here, in the folder of --home.
    """
    screen = screen_of(json=as_json)
    parse_name(name)
    passphrase = read_passphrase(passphrase_file)
    if ask_passphrase and passphrase is None:
        passphrase = click.prompt(
            screen.phrase("passphrase_new"), hide_input=True, confirmation_prompt=True, err=True
        )

    async def work() -> tuple[str, str]:
        client = await Client.register(
            home,
            server,
            name,
            kind="business" if business else "person",
            invitation=invitation,
            passphrase=passphrase,
        )
        try:
            return str(client.address), client.device.uri
        finally:
            await client.close()

    with screen.working("registering"):
        address, device = run(work())
    if as_json:
        screen.record({"address": address, "device": device, "home": str(home)})
    screen.answer("registered", address=address, home=home)

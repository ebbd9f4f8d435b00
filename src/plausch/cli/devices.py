"""`plausch devices`: the devices of this account."""

from pathlib import Path

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.home import owned, perform, run
from plausch.cli.linking import Terminal
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.records import DevicesRecord, LinkedRecord
from plausch.cli.requests import Devices


@click.group()
def devices() -> None:
    """The devices of this account, as listed under its identity key."""


def _show(screen: Screen, record: DevicesRecord) -> None:
    if screen.json:
        screen.record(record)
        return
    here, staff = screen.phrase("device_here"), screen.phrase("device_staff")
    rows = [
        [one.device, ", ".join([staff] * one.staff + [here] * one.here)] for one in record.devices
    ]
    screen.table([record.address, ""], rows)


@devices.command("list", epilog="Example: plausch devices list --json")
@home_option
@passphrase_option
@json_option
def list_devices(home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List the devices."""
    screen = screen_of(json=as_json)
    with screen.working("looking"):
        record = run(perform(Devices(), home, passphrase_file, screen))
    _show(screen, record)


@devices.command(epilog="Example: plausch devices remove 0123456789abcdef")
@click.argument("device")
@home_option
@passphrase_option
@json_option
def remove(device: str, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Take DEVICE (its id of 16 hex digits, or its URI) off the account.

    It leaves all conversations and can read nothing that is sent afterwards.
    """
    screen = screen_of(json=as_json)
    with screen.working("working"):
        record = run(perform(Devices(remove=device), home, passphrase_file, screen))
    if not as_json:
        screen.answer("device_removed", device=device)
    else:
        screen.record(record)


@devices.command(
    epilog="""\b
Examples:
  plausch devices link
  plausch devices link 'https://example.org/#/link/AQA...'
  plausch devices link --staff"""
)
@click.argument("link", default="")
@click.option("--staff", is_flag=True, help="A device of staff: it reads and writes, no more.")
@home_option
@passphrase_option
@json_option
def link(link: str, staff: bool, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Put another device on this account.

    With LINK, the one that shows it; without, a code and a link are shown here. Then type the six
    digits that the new device shows. A device of staff does not get the account's identity key: it
    can link and remove nobody. No other command may have this --home open meanwhile.
    """
    screen = screen_of(json=as_json)

    async def work() -> LinkedRecord:
        async with owned(home, passphrase_file, screen) as client:
            linked = await client.link_device(Terminal(screen), link=link, is_staff=staff)
            return LinkedRecord(address=str(client.address), device=linked.uri, is_staff=staff)

    record = run(work())
    if as_json:
        screen.record(record)
    screen.answer("device_linked", device=record.device, address=record.address)

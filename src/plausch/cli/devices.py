"""`plausch devices`: the devices of this account."""

from pathlib import Path

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.records import DevicesRecord
from plausch.cli.requests import Devices


@click.group()
def devices() -> None:
    """The devices of this account, as listed under its identity key."""


def _show(screen: Screen, record: DevicesRecord) -> None:
    if screen.json:
        screen.record(record)
        return
    here = screen.phrase("device_here")
    screen.table(
        [record.address, ""], [[one.device, here if one.here else ""] for one in record.devices]
    )


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

"""`plausch doctor`: look an installation over."""

from pathlib import Path

import click

from plausch.cli.checks import (
    Finding,
    Verdict,
    check_databases,
    check_device,
    check_folder,
    check_installation,
    check_key,
    check_url,
)
from plausch.cli.console import Screen, screen_of
from plausch.cli.home import open_client, run
from plausch.cli.options import default_home, json_option, passphrase_option

COLOURS = {Verdict.FINE: "green", Verdict.WARNING: "yellow", Verdict.WRONG: "bold red"}
SIGNS = {Verdict.FINE: "ok     ", Verdict.WARNING: "warning", Verdict.WRONG: "WRONG  "}


def look(
    screen: Screen,
    home: Path | None,
    data_folder: Path | None,
    url: str | None,
    passphrase_file: Path | None,
) -> list[Finding]:
    """All findings about what was named; about the installation itself always."""
    found = list(check_installation())
    if home is not None:
        found += check_folder("home", home)
        found += check_databases(home)
        key = list(check_key(home))
        found += key
        if not any(one.verdict is Verdict.WRONG for one in key):
            found += run(check_device(home, lambda: open_client(home, passphrase_file, screen)))
    if data_folder is not None:
        found += check_folder("data", data_folder)
        found += check_databases(data_folder)
    if url is not None:
        found += check_url(url)
    return found


@click.command(
    epilog="""\b
Examples:
  plausch doctor                                  this installation, and your device if any
  plausch doctor --url http://localhost:7480      is that server well?
  plausch doctor --data /var/lib/plausch --json   a server's folder"""
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PLAUSCH_HOME",
    help="Folder of a device [default: PLAUSCH_HOME, else ~/.local/share/plausch if it is there].",
)
@click.option(
    "--data",
    "data_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of a server.",
)
@click.option("--url", metavar="URL", help="Address of a running server.")
@passphrase_option
@json_option
def doctor(
    home: Path | None,
    data_folder: Path | None,
    url: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> int:
    """Look an installation over and say what is wrong.

    Exit code 0 when nothing is wrong (warnings allowed), 1 otherwise.
    """
    screen = screen_of(json=as_json)
    if home is None and data_folder is None and url is None and default_home().is_dir():
        home = default_home()
    with screen.working("working"):
        found = look(screen, home, data_folder, url, passphrase_file)
    bad = sum(one.verdict is Verdict.WRONG for one in found)
    if as_json:
        screen.record(found)
    else:
        for one in found:
            screen.line(f"{SIGNS[one.verdict]} {one.what}: {one.sentence}", COLOURS[one.verdict])
    if bad:
        screen.answer("unhealthy", count=bad, total=len(found))
        return 1
    screen.answer("healthy")
    return 0

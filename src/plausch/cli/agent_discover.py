"""`plausch agent discover`: the owner's calendars at a server, one of which is picked by name."""

import sys
from pathlib import Path

import click

from plausch.agent.ical.dav import CollectionAddress
from plausch.agent.ical.discovery import FoundCalendar, discovered
from plausch.agent.ical.settings import FILE, settings_text
from plausch.base.errors import LocalError
from plausch.cli.agent import business_of
from plausch.cli.console import Screen, screen_of
from plausch.cli.options import home_option, json_option, read_secret
from plausch.cli.private_file import write_private


class NotPicked(LocalError):
    """No calendar could be picked; nothing was written."""

    code = "calendar_not_picked"


@click.command(
    "discover",
    epilog="""\b
Examples:
  plausch agent discover https://calendar.example --home ~/linde --user linde
  plausch agent discover calendar.example --home ~/linde --user linde --pick Bookings""",
)
@click.argument("server")
@click.option("--user", required=True, metavar="USER", help="Your name at that server.")
@click.option(
    "--password-file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="File whose first line is the password; without it you are asked.",
)
@click.option(
    "--pick", default="", metavar="NAME", help="Bookings go into the calendar of that name."
)
@home_option
@json_option
def discover_command(
    server: str, user: str, password_file: Path | None, pick: str, home: Path, as_json: bool
) -> None:
    """Your calendars at a CalDAV SERVER; with --pick bookings go into one of them.

    Writes HOME/calendar.toml, for you alone, unless there is one. Services that let programs in by
    OAuth only cannot be used.
    """
    screen = screen_of(json=as_json)
    business_of(home)
    if pick and (home / FILE).exists():
        raise NotPicked(
            f"{home / FILE} is there already and is not written over: run this without --pick and "
            "write the address into it."
        )
    password = password_of(screen, password_file)
    with screen.working("working"):
        found = discovered(server, user, password)
    if pick:
        picked = picked_of(found, pick)
        text = settings_text(CollectionAddress(picked.url, user, password))
        write_private(home / FILE, text.encode())
        if as_json:
            screen.record(_record(picked))
        screen.answer("calendar_picked", name=picked.name, file=home / FILE)
    else:
        show(screen, found)


def password_of(screen: Screen, file: Path | None) -> str:
    """From the file, or from whoever sits there. Raises click.UsageError."""
    if file is not None:
        return read_secret(file, "password")
    if not sys.stdin.isatty():
        raise click.UsageError("Give the password by --password-file FILE.")
    answer: str = click.prompt(screen.phrase("calendar_password"), hide_input=True, err=True)
    return answer


def picked_of(found: list[FoundCalendar], wanted: str) -> FoundCalendar:
    """The one calendar of that name, or at that address. Raises NotPicked."""
    fitting = [one for one in found if wanted in (one.name, one.url)] or [
        one for one in found if one.name.casefold() == wanted.casefold()
    ]
    if not fitting:
        names = ", ".join(one.name for one in found) or "none"
        raise NotPicked(f"There is no calendar {wanted!r}; there are: {names}.")
    if len(fitting) > 1:
        raise NotPicked(f"Several calendars are called {wanted!r}: give --pick the address of one.")
    if not fitting[0].may_write:
        raise NotPicked(f"You may only read the calendar {fitting[0].name!r}: pick another one.")
    return fitting[0]


def show(screen: Screen, found: list[FoundCalendar]) -> None:
    """One calendar a line."""
    if screen.json:
        screen.record({"calendars": [_record(one) for one in found]})
        return
    if not found:
        screen.say("no_calendars")
    for one in found:
        key = "calendar_found" if one.may_write else "calendar_read_only"
        screen.line(screen.phrase(key, name=one.name, url=one.url))


def _record(one: FoundCalendar) -> dict[str, object]:
    return {"name": one.name, "url": one.url, "mayWrite": one.may_write}

"""`plausch group`: make, change, leave and list groups."""

from pathlib import Path
from typing import Literal

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.history import show_conversations
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.records import ConversationRecord
from plausch.cli.requests import (
    Conversations,
    GroupApprove,
    GroupAsking,
    GroupChange,
    GroupCreate,
    GroupJoin,
    GroupLink,
)


@click.group()
def group() -> None:
    """Make, change, leave and list groups.

    A group's title travels encrypted: the server never learns it.
    """


def _title(text: str) -> str:
    """Raises click.UsageError for a title that nobody could read."""
    too_long = len(text.encode(errors="replace")) > 256
    if not text.strip() or not text.isprintable() or too_long:
        raise click.UsageError(
            "A title is one line of 1 to 256 bytes that can be printed; choose another."
        )
    return text


def _told(screen: Screen, record: ConversationRecord, key: str, **values: object) -> None:
    if screen.json:
        screen.record(record)
    screen.answer(key, title=record.title, id=record.conversation, **values)


@group.command(epilog='Example: plausch group create "Chess club" anna@example.org cem')
@click.argument("title")
@click.argument("addresses", nargs=-1, required=True)
@home_option
@passphrase_option
@json_option
def create(
    title: str, addresses: tuple[str, ...], home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Make a group called TITLE with ADDRESSES and yourself."""
    screen = screen_of(json=as_json)
    request = GroupCreate(title=_title(title), addresses=list(addresses))
    with screen.working("working"):
        record = run(perform(request, home, passphrase_file, screen))
    _told(screen, record, "group_created")


def _change(
    request: GroupChange,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
    key: str,
    **values: object,
) -> None:
    screen = screen_of(json=as_json)
    with screen.working("working"):
        record = run(perform(request, home, passphrase_file, screen))
    _told(screen, record, key, **values)


@group.command(epilog='Example: plausch group add "Chess club" olga')
@click.argument("group_name", metavar="GROUP")
@click.argument("address")
@home_option
@passphrase_option
@json_option
def add(
    group_name: str, address: str, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Add ADDRESS to GROUP (its title or id)."""
    request = GroupChange(group=group_name, add=address)
    _change(request, home, passphrase_file, as_json, "group_added", address=address)


@group.command(epilog='Example: plausch group remove "Chess club" olga')
@click.argument("group_name", metavar="GROUP")
@click.argument("address")
@home_option
@passphrase_option
@json_option
def remove(
    group_name: str, address: str, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Remove ADDRESS from GROUP: nothing sent from then on can be read there."""
    request = GroupChange(group=group_name, remove=address)
    _change(request, home, passphrase_file, as_json, "group_removed", address=address)


@group.command(epilog='Example: plausch group admin "Chess club" olga')
@click.argument("group_name", metavar="GROUP")
@click.argument("address")
@click.option("--dismiss", is_flag=True, help="An admin no longer.")
@home_option
@passphrase_option
@json_option
def admin(
    group_name: str,
    address: str,
    dismiss: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make ADDRESS an admin of GROUP: only admins add and remove others and name admins."""
    if dismiss:
        request, key = GroupChange(group=group_name, demote=address), "group_demoted"
    else:
        request, key = GroupChange(group=group_name, promote=address), "group_promoted"
    _change(request, home, passphrase_file, as_json, key, address=address)


@group.command(epilog='Example: plausch group rename "Chess club" "Chess and cake"')
@click.argument("group_name", metavar="GROUP")
@click.argument("title")
@home_option
@passphrase_option
@json_option
def rename(
    group_name: str, title: str, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Call GROUP by another TITLE."""
    request = GroupChange(group=group_name, title=_title(title))
    _change(request, home, passphrase_file, as_json, "group_renamed")


@group.command(epilog='Example: plausch group link "Chess club" --new')
@click.argument("group_name", metavar="GROUP")
@click.option("--new", "change", flag_value="new", help="Make one; an earlier one ends.")
@click.option("--off", "change", flag_value="off", help="Nobody may ask by it any more.")
@home_option
@passphrase_option
@json_option
def link(
    group_name: str, change: str | None, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Show the link by which people may ask an admin of GROUP, you, to let them in."""
    screen = screen_of(json=as_json)
    wanted: Literal["", "new", "off"] = "new" if change == "new" else "off" if change else ""
    with screen.working("working"):
        request = GroupLink(group=group_name, change=wanted)
        record = run(perform(request, home, passphrase_file, screen))
    if screen.json:
        screen.record(record)
    key = "group_link" if record.link else "group_no_link"
    screen.answer(key, title=record.title, link=record.link)


@group.command(epilog="Example: plausch group join https://example.org/#/join/anna/...")
@click.argument("join_link", metavar="LINK")
@home_option
@passphrase_option
@json_option
def join(join_link: str, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Ask to be added to the group of an invitation LINK."""
    screen = screen_of(json=as_json)
    with screen.working("working"):
        record = run(perform(GroupJoin(link=join_link), home, passphrase_file, screen))
    if screen.json:
        screen.record(record)
    screen.answer("group_asked", title=record.title)
    screen.server_says(record.why)


@group.command(epilog="Example: plausch group requests --json")
@home_option
@passphrase_option
@json_option
def requests(home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Who asks to be added to a group of which you are an admin."""
    screen = screen_of(json=as_json)
    with screen.working("looking"):
        found = run(perform(GroupAsking(), home, passphrase_file, screen))
    if not found.fresh:
        screen.stale(found.why)
    if screen.json:
        screen.record(found.asking)
    elif not found.asking:
        screen.say("nothing")
    for one in found.asking:
        screen.answer("group_asking", title=one.title, sender=one.sender)


@group.command(epilog='Example: plausch group approve "Chess club" olga')
@click.argument("group_name", metavar="GROUP")
@click.argument("address")
@home_option
@passphrase_option
@json_option
def approve(
    group_name: str, address: str, home: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Add ADDRESS, who asks for it, to GROUP."""
    screen = screen_of(json=as_json)
    with screen.working("working"):
        request = GroupApprove(group=group_name, address=address)
        record = run(perform(request, home, passphrase_file, screen))
    _told(screen, record, "group_added", address=address)


@group.command(epilog='Example: plausch group leave "Chess club"')
@click.argument("group_name", metavar="GROUP")
@home_option
@passphrase_option
@json_option
def leave(group_name: str, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Leave GROUP; its history stays on this device."""
    request = GroupChange(group=group_name, leave=True)
    _change(request, home, passphrase_file, as_json, "group_left")


@group.command("list", epilog="Example: plausch group list --json")
@click.option("--offline", is_flag=True, help="Do not ask the server for what is new.")
@home_option
@passphrase_option
@json_option
def list_groups(offline: bool, home: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """The groups that you are or were in."""
    screen = screen_of(json=as_json)
    with screen.working("looking"):
        overview = run(
            perform(Conversations(groups=True, offline=offline), home, passphrase_file, screen)
        )
    if not overview.fresh and not offline:
        screen.stale(overview.why)
    show_conversations(screen, overview.conversations)

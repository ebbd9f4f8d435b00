"""`plausch save`: fetch a file that somebody sent."""

from pathlib import Path

import click

from plausch.cli.console import screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.requests import Save


@click.command(
    epilog="""\b
Examples:
  plausch save anna                     the newest file, into this folder
  plausch save "Chess club" --to board.png
  plausch save anna --message 01a3f7    of the message with this id"""
)
@click.argument("address")
@click.option(
    "--message",
    default="",
    metavar="ID",
    help="The message with the file: its id or how it begins (see: plausch history --json).",
)
@click.option(
    "--to",
    type=click.Path(resolve_path=True, path_type=Path),
    default=Path(),
    metavar="PATH",
    help="A folder, where the file gets its own name; or a file, which is replaced.",
)
@home_option
@passphrase_option
@json_option
def save(
    address: str,
    message: str,
    to: Path,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Fetch a file of the conversation with ADDRESS, decrypt it and verify it.

    ADDRESS is name@domain, a group's title, or a conversation's id. A transfer that was
    interrupted goes on when it is asked for again. The file's name is the sender's, made harmless.
    """
    screen = screen_of(json=as_json)
    request = Save(target=address, message=message.lower(), to=str(to.resolve()))
    with screen.working("saving"):
        saved = run(perform(request, home, passphrase_file, screen))
    if as_json:
        screen.record(saved)
    screen.answer("saved", path=saved.path, size=saved.size_bytes, sender=saved.sender)

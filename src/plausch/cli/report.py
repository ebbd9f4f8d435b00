"""`plausch report`: disclose messages of somebody to the operator of the server."""

from pathlib import Path

import click

from plausch.cli.console import screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.requests import ReportMessages
from plausch.sdk import Reason


@click.command(
    epilog="""\b
Examples:
  plausch report cem 01a3f7 --reason spam
  plausch report "Chess club" 01a3f7 01b2c9 --reason abuse --note "Every evening."
The ids, or how they begin, are in: plausch history cem --json"""
)
@click.argument("address")
@click.argument("messages", nargs=-1, required=True, metavar="MESSAGE...")
@click.option(
    "--reason",
    type=click.Choice([one.value for one in Reason]),
    required=True,
    help="What is wrong with them.",
)
@click.option("--note", default="", metavar="TEXT", help="What the operator should know besides.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@home_option
@passphrase_option
@json_option
def report(
    address: str,
    messages: tuple[str, ...],
    reason: str,
    note: str,
    yes: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Report messages that somebody sent in the conversation with ADDRESS.

    The operator of your server can then read these messages (all versions of them, and the files
    that they carry), sees who wrote them and that you reported them, and knows that they are
    genuine. Whoever wrote them is told nothing.
    """
    screen = screen_of(json=as_json)
    if not yes and not as_json:
        click.confirm(screen.phrase("report_confirm", count=len(messages)), abort=True)
    request = ReportMessages(
        target=address,
        messages=[one.lower() for one in messages],
        reason=reason,
        note=note,
    )
    with screen.working("reporting"):
        done = run(perform(request, home, passphrase_file, screen))
    if as_json:
        screen.record(done)
    else:
        screen.answer("reported", count=done.messages, address=done.about)

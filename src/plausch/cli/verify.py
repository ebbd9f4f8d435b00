"""`plausch verify`: safety numbers."""

from pathlib import Path

import click

from plausch.cli.console import screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.requests import Verify


@click.command(
    epilog="""\b
Examples:
  plausch verify anna@localhost
  plausch verify anna --mark          we compared the numbers, they are the same"""
)
@click.argument("address")
@click.option("--mark", is_flag=True, help="The numbers were compared and are the same.")
@click.option("--accept", is_flag=True, help="Accept a changed key; the comparison starts anew.")
@home_option
@passphrase_option
@json_option
def verify(
    address: str,
    mark: bool,
    accept: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Show the safety number with ADDRESS.

    Both of you see the same 60 digits if nobody is in between. Compare them by voice or side by
    side, then mark them.
    """
    screen = screen_of(json=as_json)
    if mark and accept:
        raise click.UsageError(
            "A changed key is accepted first and compared then: give --accept or --mark, not both."
        )
    request = Verify(address=address, mark=mark, accept=accept)
    with screen.working("looking"):
        contact = run(perform(request, home, passphrase_file, screen))
    if as_json:
        screen.record(contact)
        return
    state = screen.phrase(f"state_{contact.state}")
    screen.line(screen.phrase("safety", address=contact.address, state=state))
    for row in rows_of(contact.safety_number):
        screen.line(f"  {row}")
    if contact.state == "pinned":
        screen.say("safety_advice", address=contact.address)


def rows_of(safety_number: str) -> list[str]:
    """Twelve groups of five digits in three rows of four: what two people can read aloud."""
    groups = safety_number.split()
    return [" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4)]

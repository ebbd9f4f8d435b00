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
  plausch verify anna --mark "03845 87011 ..."      the number that she reads to you
  plausch verify anna --accept "03845 87011 ..."    her new key, after comparing as well
  plausch verify anna --reject                      not her key: keep the one known so far"""
)
@click.argument("address")
@click.option("--mark", metavar="NUMBER", help="The number as the other side shows it: compared.")
@click.option("--accept", metavar="NUMBER", help="Accept the changed key that has this number.")
@click.option("--reject", is_flag=True, help="Drop a changed key; keep the one known so far.")
@home_option
@passphrase_option
@json_option
def verify(
    address: str,
    mark: str | None,
    accept: str | None,
    reject: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Show the safety number with ADDRESS.

    Both of you see the same 60 digits if nobody is in between. Compare them by voice or side by
    side, then mark them by giving the number that the other side shows.
    """
    screen = screen_of(json=as_json)
    if sum((mark is not None, accept is not None, reject)) > 1:
        raise click.UsageError(
            "A changed key is accepted or rejected first and marked then: give one of --accept, "
            "--reject and --mark."
        )
    request = Verify(address=address, mark=mark, accept=accept, reject=reject)
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
    if contact.state == "changed":
        screen.say("safety_changed", address=contact.address)


def rows_of(safety_number: str) -> list[str]:
    """Twelve groups of five digits in three rows of four: what two people can read aloud."""
    groups = safety_number.split()
    return [" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4)]

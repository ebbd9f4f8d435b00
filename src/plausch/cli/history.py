"""`plausch history`: what was said."""

from datetime import datetime
from pathlib import Path

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import home_option, json_option, passphrase_option
from plausch.cli.records import ConversationRecord, HistoryRecord, message_line
from plausch.cli.requests import Conversations, History


def show_conversations(screen: Screen, conversations: list[ConversationRecord]) -> None:
    """A list of conversations."""
    if screen.json:
        screen.record(conversations)
    elif not conversations:
        screen.say("nothing")
    else:
        rows = [
            [one.title, one.kind, one.state, ", ".join(one.participants), one.conversation]
            for one in conversations
        ]
        screen.table(["Title", "Kind", "State", "Participants", "Id"], rows)


def show_messages(screen: Screen, history: HistoryRecord) -> None:
    """A conversation's messages, oldest first; a script gets them as one JSON list."""
    if screen.json:
        screen.record(history.messages)
        return
    if not history.messages:
        screen.say("nothing")
    for record in history.messages:
        at = datetime.fromtimestamp(record.sent_at_ms / 1000).strftime("%Y-%m-%d %H:%M")
        screen.line(message_line(screen, record, at))


@click.command(
    epilog="""\b
Examples:
  plausch history                     all conversations
  plausch history anna --limit 5
  plausch history "Chess club" --json"""
)
@click.argument("address", required=False)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=100_000),
    default=50,
    show_default=True,
    metavar="N",
    help="The last N messages.",
)
@click.option("--offline", is_flag=True, help="Do not ask the server for what is new.")
@home_option
@passphrase_option
@json_option
def history(
    address: str | None,
    limit: int,
    offline: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """What was said with ADDRESS: name@domain, a group's title, or a conversation's id.

    Without ADDRESS: the list of all conversations. With --json: one list of messages, the oldest
    first. It all comes from this device's vault; the server keeps only what it cannot read.
    """
    screen = screen_of(json=as_json)
    with screen.working("looking"):
        if address is None:
            overview = run(perform(Conversations(offline=offline), home, passphrase_file, screen))
            fresh, why = overview.fresh, overview.why
        else:
            request = History(target=address, limit=limit, offline=offline)
            found = run(perform(request, home, passphrase_file, screen))
            fresh, why = found.fresh, found.why
    if not fresh and not offline:
        screen.stale(why)
    if address is None:
        show_conversations(screen, overview.conversations)
    else:
        show_messages(screen, found)

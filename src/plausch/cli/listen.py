"""`plausch listen`: messages as they come."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.home import owned, run
from plausch.cli.options import finite, home_option, json_option, passphrase_option
from plausch.cli.pipe import taken
from plausch.cli.records import message_line, message_record
from plausch.sdk import Client, ConnectionChanged, IncomingMessage

TIME_IS_UP = 3


def show(screen: Screen, message: IncomingMessage) -> None:
    """One message, at once: JSON for scripts, a line for people."""
    record = message_record(message.stored, message.conversation.title)
    if screen.json:
        screen.record(record)
    else:
        at = datetime.fromtimestamp(record.sent_at_ms / 1000).strftime("%H:%M")
        screen.line(message_line(screen, record, at))


async def say_why(screen: Screen, client: Client) -> None:
    """For ever: say why the server does not let this device in, once for each reason."""
    said = ""
    async for event in client.events():
        if isinstance(event, ConnectionChanged) and client.hindrance not in ("", said):
            said = client.hindrance
            screen.server_says(said)


class Listening:
    """One run of `listen`: how many messages were shown when the time was over."""

    def __init__(self, screen: Screen, count: int | None, changes: bool) -> None:
        self._screen = screen
        self._count = count
        self._changes = changes
        self.taken = 0

    async def until_done(self, client: Client, timeout_s: float | None) -> bool:
        """True when `count` messages were shown, False when the time was over first."""
        try:
            async with asyncio.timeout(timeout_s):
                async for message in client.messages(changes=self._changes):
                    show(self._screen, message)
                    await taken()
                    self.taken += 1
                    if self.taken == self._count:
                        return True
        except TimeoutError:
            return False
        return self._count is None


@click.command(
    epilog="""\b
Examples:
  plausch listen
  plausch listen --json --count 1 --timeout 30 | jq -r .text"""
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Stop after N messages.")
@click.option(
    "--timeout",
    "timeout_s",
    callback=finite,
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Stop after S seconds: exit code 0, or 3 when --count was given and not reached.",
)
@click.option("--changes", is_flag=True, help="Edits, deletions, reactions and titles too.")
@home_option
@passphrase_option
@json_option
def listen(
    count: int | None,
    timeout_s: float | None,
    changes: bool,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> int:
    """Show messages as they come, those first that no `listen` has shown yet.

    With --json each message is one object on one line: conversation, from, text, kind (text, card,
    file, ...), seq, message_id, sent_at_ms, title. Meanwhile `send`, `history`, `group` and others
    for the same --home are carried out by this process.

    Into a pipe, a message counts as shown once the reader has taken it out: until then the next one
    waits, and what a reader leaves there (`| head -n 1`) is shown again by the next `listen`.
    """
    screen = screen_of(json=as_json)
    listening = Listening(screen, count, changes)

    async def work() -> bool:
        async with owned(home, passphrase_file, screen) as client:
            screen.say("listening", address=client.address)
            saying = asyncio.create_task(say_why(screen, client), name="say why")
            try:
                return await listening.until_done(client, timeout_s)
            finally:
                saying.cancel()

    if run(work()) or count is None:
        return 0
    screen.note(
        screen.phrase(
            "time_is_up", taken=listening.taken, count=count, seconds=f"{timeout_s or 0:g}"
        )
    )
    return TIME_IS_UP

"""`plausch send`: one text or one file to somebody or to a group."""

import sys
from pathlib import Path

import click

from plausch.cli.console import screen_of
from plausch.cli.home import perform, run
from plausch.cli.options import finite, home_option, json_option, passphrase_option
from plausch.cli.requests import Send

NOT_YET = 3
TEXT_BYTES = 256 * 1024


def text_to_send(text: str) -> str:
    """The text itself; `-` reads standard input. Raises click.UsageError."""
    if text == "-":
        raw = sys.stdin.buffer.read(TEXT_BYTES + 1)
        try:
            text = raw.decode().rstrip("\n")
        except UnicodeDecodeError:
            raise click.UsageError(
                "Standard input is not UTF-8 text; convert it, for instance with iconv."
            ) from None
    if len(text.encode(errors="replace")) > TEXT_BYTES:
        raise click.UsageError(f"The text is longer than {TEXT_BYTES // 1024} KiB; send less.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise click.UsageError("The text is not UTF-8; check the terminal's locale.") from None
    if not text.strip():
        raise click.UsageError("The text is empty; say something.")
    return text


@click.command(
    epilog="""\b
Examples:
  plausch send cem@localhost "Have you a table for two tonight?"
  plausch send "Chess club" "I am late" --json
  date | plausch send anna -
  plausch send anna --file map.png "We sit here"
"""
)
@click.argument("address")
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    metavar="PATH",
    help="Send this file, with TEXT below it if there is one.",
)
@click.option(
    "--timeout",
    "timeout_s",
    callback=finite,
    type=click.FloatRange(min=0, min_open=True, max=3600),
    default=20.0,
    show_default=True,
    metavar="S",
    help="Seconds to wait for the server; then exit code 3, text or file go out later.",
)
@home_option
@passphrase_option
@json_option
def send(
    address: str,
    text: str | None,
    file: Path | None,
    timeout_s: float,
    home: Path,
    passphrase_file: Path | None,
    as_json: bool,
) -> int:
    """Send TEXT or a file to ADDRESS and wait until the server has it on disk.

    ADDRESS is name@domain, a name of your own server, a group's title, or a conversation's id.
    TEXT may be Markdown; - reads standard input. A TEXT that begins with a dash stands after the
    options and --.
    """
    screen = screen_of(json=as_json)
    if text is None and file is None:
        raise click.UsageError("There is nothing to send; give a TEXT, or a file with --file.")
    request = Send(
        target=address,
        text="" if text is None else text_to_send(text),
        file="" if file is None else str(file),
        timeout_s=timeout_s,
    )
    with screen.working("sending"):
        sent = run(perform(request, home, passphrase_file, screen))
    if as_json:
        screen.record(sent)
    if sent.seq is None:
        screen.say("waiting", title=sent.title, seconds=f"{timeout_s:g}")
        screen.server_says(sent.why)
        return NOT_YET
    screen.answer("sent", title=sent.title, seq=sent.seq)
    return 0

"""`plausch`: the commands, and the one place where errors become a sentence and an exit code.

Exit codes: 0 done; 1 it failed; 2 the call was wrong; 3 the time was over; 70 a fault of Plausch
itself; 130 Ctrl-C; 143 SIGTERM.
"""

import errno
import os
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module, metadata
from typing import cast

import click

from plausch.base.errors import PlauschError
from plausch.base.ids import NameRefused
from plausch.cli.console import one_line
from plausch.cli.phrases import LANGUAGES, language_of, phrase

FAILED = 1
USAGE = 2
SOFTWARE = 70
INTERRUPTED = 130

COMMANDS = {
    "register": "Make an account on a server, with this device as its first.",
    "link": "Make this a device of an account that you have elsewhere.",
    "send": "Send a text or a file to somebody or to a group.",
    "listen": "Show messages as they come.",
    "history": "What was said with somebody or in a group.",
    "save": "Fetch a file that somebody sent.",
    "report": "Report messages of somebody to the operator of the server.",
    "group": "Make, change, leave and list groups.",
    "devices": "The devices of this account.",
    "verify": "Compare safety numbers with somebody.",
    "business": "A business's public profile, link and poster; the directory.",
    "agent": "A business's agent: set up, run, look into its book.",
    "demo": "Reserve a table in the restaurant Zur Linde.",
    "serve": "Run a server.",
    "invite": "Invitation codes of a server, for its operator.",
    "accounts": "The accounts of a server, for its operator: list, suspend, remove.",
    "maintenance": "For a while a server takes nothing new; for its operator.",
    "reports": "What people have reported, for the operator of a server.",
    "operator": "A small page beside a server, for its operator.",
    "backup": "Write all that a server keeps into one file, while it runs.",
    "restore": "Fill an empty server from a backup.",
    "migrate-store": "Move a server from SQLite to PostgreSQL.",
    "migrate": "Bring a server's tables to what this version wants.",
    "doctor": "Look an installation over and say what is wrong.",
    "completion": "Completion of commands for your shell.",
}


class Commands(click.Group):
    """The commands, each imported when it is called: `plausch --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which somebody new needs them: people, businesses, operators."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, from the module of that name."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"plausch.cli.{name}")
        return cast(click.Command, getattr(module, name))  # a module has its command's name

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Each command has its own --help with examples. Try first: plausch demo",
)
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of messages; else LANG.")
@click.version_option(metadata.version("plausch"), prog_name="plausch")
def plausch(language: str | None) -> None:
    """Plausch: an end-to-end encrypted messenger for people and the businesses they deal with."""


def complain(sentence: str) -> None:
    """One line on standard error; what is wrong with standard error cannot be told anywhere."""
    try:
        click.echo(f"plausch: {one_line(sentence)}", err=True)
    except OSError:
        return


def usage_sentence(error: click.ClickException) -> str:
    """click's complaint as one sentence with the way to help."""
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "plausch"
    if text.endswith((".", "?", "!")):
        return text if "--help" in text else f"{text} See: {path} --help"
    return f"{text}; see: {path} --help"


def system_sentence(error: OSError) -> str:
    """What the operating system refused, and what to do about it."""
    where = f" ({error.filename})" if error.filename else ""
    reason = error.strerror or type(error).__name__
    advice = {
        errno.ENOSPC: "make room on the disk and try again",
        errno.EROFS: "the file system is mounted read-only",
        errno.EACCES: "check the owner and the mode of that file or folder",
        errno.ENOENT: "check the path",
        errno.EBADF: "give the command a standard output that is open",
        errno.EMFILE: "raise the limit of open files (ulimit -n)",
    }.get(error.errno or 0, "check this machine and try again")
    return f"{reason}{where}: {advice}."


def outcome(error: BaseException) -> int:
    """Say what went wrong; the exit code that it means."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            complain(phrase("interrupted", language_of()))
            return INTERRUPTED
        case BrokenPipeError():
            return FAILED  # whoever read us has gone
        case click.UsageError():
            complain(usage_sentence(error))
            return USAGE
        case click.ClickException():
            complain(error.format_message())
            return FAILED
        case NameRefused():
            complain(str(error))
            return USAGE
        case PlauschError():
            complain(str(error))
            return FAILED
        case OSError():
            complain(system_sentence(error))
            return FAILED
        case sqlite3.Error():
            complain(f"The database refused ({error}); run: plausch doctor")
            return FAILED
    return fault_of_ours(error)


def fault_of_ours(error: BaseException) -> int:
    """An error that nobody expected: one sentence, and the trace for whoever asks for it."""
    if os.environ.get("PLAUSCH_DEBUG"):
        traceback.print_exception(error)
    complain(
        f"This is a fault of Plausch itself ({type(error).__name__}: {error}); please report it "
        "with what PLAUSCH_DEBUG=1 shows."
    )
    return SOFTWARE


def call(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Never raises."""
    try:
        code = plausch.main(args=list(arguments), prog_name="plausch", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return outcome(error.exceptions[0] if isinstance(error, ExceptionGroup) else error)
    return code if isinstance(code, int) else 0


def drop_unwritten() -> None:
    """What standard output did not take was told already; Python would try and complain again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_streams() -> None:
    """Give the three streams that the caller closed (`>&-`) a place that refuses to be used.

    Otherwise the next file that is opened, a vault or a socket, would get their number, and
    Python has no object for them. Standard error is thrown away: there is nobody to tell.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if name == "stdout" else os.O_WRONLY
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode))


def main() -> None:
    """The program `plausch`."""
    open_streams()
    code = call(sys.argv[1:])
    drop_unwritten()
    sys.exit(code)

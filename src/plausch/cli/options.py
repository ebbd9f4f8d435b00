"""Options that several commands have, and what stands behind them."""

import math
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

PASSPHRASE_BYTES = 4096


def default_home() -> Path:
    """PLAUSCH_HOME is read by click; without it, the XDG place for a program's own files."""
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "share") / "plausch"


def home_option(command: Command) -> Command:
    """`--home DIR`, from PLAUSCH_HOME otherwise."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="PLAUSCH_HOME",
        default=default_home,
        show_default="PLAUSCH_HOME, else ~/.local/share/plausch",
        help="Folder of this device: its vault with keys and history.",
    )(command)


def passphrase_option(command: Command) -> Command:
    """`--passphrase-file FILE`."""
    return click.option(
        "--passphrase-file",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        envvar="PLAUSCH_PASSPHRASE_FILE",
        help="File whose first line is the vault's passphrase; '-' reads standard input.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")(command)


def finite(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Not "nan" and not "inf", which no range refuses. Raises click.BadParameter."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no length of time; give seconds.")
    return value


def read_passphrase(file: Path | None) -> str | None:
    """The first line of that file. Raises click.UsageError with what is wrong with it."""
    return None if file is None else read_secret(file, "passphrase")


def read_secret(file: Path, what: str) -> str:
    """The first line of a file, which is a secret. Raises click.UsageError."""
    if str(file) == "-":
        line = sys.stdin.readline(PASSPHRASE_BYTES)
    else:
        try:
            with file.open(encoding="utf-8") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                line = opened.readline(PASSPHRASE_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise click.UsageError(
                f"The {what} file {file} cannot be read ({reason}); give a text file whose "
                f"first line is the {what}."
            ) from None
        if stat.S_IMODE(mode) & 0o077 and stat.S_ISREG(mode):
            raise click.UsageError(
                f"The {what} file {file} can be read by others; run: chmod 600 {file}"
            )
    secret = line.rstrip("\r\n")
    if not secret:
        raise click.UsageError(
            f"The {what} file {file} begins with an empty line; put the {what} there."
        )
    return secret

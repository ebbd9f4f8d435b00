"""What backup, restore and moving up share: which store, and how far it is."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from plausch.cli.console import Screen
from plausch.cli.serve import blobs_option, configured
from plausch.server.config import ServerConfig
from plausch.server.filling import TableCopy, Tally, silent

Command = TypeVar("Command", bound=Callable[..., None])


def store_options(command: Command) -> Command:
    """`--data`, `--database`, `--blobs` and `--config`, as `plausch serve` has them."""
    folder = click.option(
        "--data",
        "data_folder",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        metavar="DIR",
        help="Folder of the server.",
    )
    database = click.option(
        "--database",
        "database_url",
        envvar="PLAUSCH_DATABASE",
        default="",
        metavar="URL",
        help="The server's postgresql://..., if it does not use the embedded database; a password "
        "is safer in PLAUSCH_DATABASE.",
    )
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="TOML",
        help="The server's settings, for its database_url, blobs_dir and blobs_url.",
    )
    return folder(database(blobs_option(config(command))))


def quiet_option(command: Command) -> Command:
    """`--quiet`."""
    return click.option(
        "--quiet", is_flag=True, help="Say nothing unless something is wrong; for cron."
    )(command)


def store_config(
    data_folder: Path, database_url: str, blobs_url: str | None, config: Path | None
) -> ServerConfig:
    """Where that server keeps what it keeps. Raises ConfigRefused."""
    return configured(
        config, data_folder, database_url=database_url or None, blobs_url=blobs_url or None
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """Whom the work tells how far it is."""

    copied: Tally = silent
    compared: Tally = silent


@contextmanager
def watching(screen: Screen, total: int | None, *, quiet: bool = False) -> Iterator[Watched]:
    """A bar for each stage on a terminal's standard error; nothing elsewhere. `total` is of the
    first stage, None when it is not known."""
    if quiet or screen.json or not sys.stderr.isatty():
        yield Watched()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as shown:

        def stage(key: str, rows: int | None) -> Tally:
            task = shown.add_task("", total=rows, visible=False)

            def told(what: str, count: int) -> None:
                text = screen.phrase(key, what=what)
                shown.update(task, advance=count, description=text, visible=True)

            return told

        both = None if total is None else 2 * total  # the source and the target
        yield Watched(stage("stage_copied", total), stage("stage_compared", both))


def show_copies(screen: Screen, copies: Sequence[TableCopy]) -> None:
    """Every table with its count and hash."""
    heads = screen.phrase("copy_heads").split("|")
    screen.table(heads, [[one.table, str(one.rows), one.digest] for one in copies])


def records_of(copies: Sequence[TableCopy]) -> dict[str, object]:
    """The same for scripts."""
    return {one.table: {"rows": one.rows, "sha256": one.digest} for one in copies}

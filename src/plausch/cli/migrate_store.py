"""`plausch migrate-store`: a server moves up from SQLite to PostgreSQL."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from plausch.cli.console import Screen, screen_of
from plausch.cli.copying import quiet_option, records_of, show_copies, watching
from plausch.cli.home import run
from plausch.cli.options import json_option
from plausch.db.interface import Database
from plausch.db.migrate import migrate
from plausch.db.open import POSTGRES_SCHEMES, open_database
from plausch.db.rows import count
from plausch.db.shape import Table
from plausch.db.still import mark_moved, nobody_serves, nobody_writes
from plausch.server.config import ServerConfig
from plausch.server.filling import DatabaseRows, TableCopy, complete, fill
from plausch.server.store.schema import STEPS, demand_prepared, travelling


@click.command(
    "migrate-store",
    epilog="""\b
Examples:
  export PLAUSCH_DATABASE=postgresql://plausch:SECRET@localhost/plausch
  plausch migrate-store --from /var/lib/plausch
  plausch migrate-store --from /var/lib/plausch/plausch.db --to postgresql:///plausch""",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="The server's folder, or its SQLite file. No server may run on it.",
)
@click.option(
    "--to",
    "target",
    envvar="PLAUSCH_DATABASE",
    required=True,
    metavar="URL",
    help="An empty database, postgresql://...; a password is safer in PLAUSCH_DATABASE, for other "
    "people of this machine see what a program was called with.",
)
@click.option("--anew", is_flag=True, help="Empty a target that an interrupted move has begun.")
@quiet_option
@json_option
def migrate_store(source: Path, target: str, anew: bool, quiet: bool, as_json: bool) -> None:
    """Move a server from SQLite to PostgreSQL: every row, compared by counts and hashes.

    The server has to be stopped. A move that was interrupted goes on when it is given once more;
    before its end no server starts on the new database. The old one is only read, and from the
    beginning of the move on no server starts on it. People's files (the folder blobs) stay where
    they are.
    """
    if not target.startswith(POSTGRES_SCHEMES):
        raise click.UsageError("--to wants postgresql://...; into SQLite: plausch restore.")
    file = Path(ServerConfig(source).database) if source.is_dir() else source
    file = file.resolve()
    if not file.is_file():
        raise click.UsageError(f"There is no {file}: give the folder of a server.")
    screen = screen_of(json=as_json)
    copies = run(move(file, target, screen, anew=anew, quiet=quiet))
    if as_json:
        screen.record({"tables": records_of(copies)})
    elif not quiet:
        show_copies(screen, copies)
        screen.say("store_moved", rows=sum(one.rows for one in copies), old=file)


async def move(file: Path, url: str, screen: Screen, *, anew: bool, quiet: bool) -> list[TableCopy]:
    """All rows. Raises StoreBusy, TargetTaken, CopyDiffers, SchemaRefused, StorageUnavailable."""
    tables = await travelling()
    target = await open_database(url)
    try:
        with nobody_serves(file):
            old = await open_database(file)
            try:
                await demand_prepared(old)
                with nobody_writes(file):
                    leave = partial(mark_moved, file, place_of(url))
                    return await copy(old, target, tables, str(file), leave, screen, anew, quiet)
            finally:
                await old.close()
    finally:
        await target.close()


async def copy(
    old: Database,
    target: Database,
    tables: tuple[Table, ...],
    origin: str,
    leave: Callable[[], None],
    screen: Screen,
    anew: bool,
    quiet: bool,
) -> list[TableCopy]:
    """Fill and complete the target. `leave` marks the source, once the target takes it."""
    total = 0
    for table in tables:
        total += await old.read(lambda tx, one=table: count(tx, one))  # type: ignore[misc]
    await migrate(target, STEPS)
    with watching(screen, total, quiet=quiet) as watched:
        copies = await fill(
            target,
            tables,
            DatabaseRows(old, origin),
            watched.copied,
            watched.compared,
            anew=anew,
            claimed=leave,
        )
    await complete(target)
    return copies


def place_of(url: str) -> str:
    """Servers and database of a PostgreSQL URL, without user and settings: each may be a secret."""
    parts = urlsplit(url)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

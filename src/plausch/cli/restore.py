"""`plausch restore`: an empty server filled from a backup."""

from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from plausch.base.clock import SystemClock
from plausch.cli.console import Screen, screen_of
from plausch.cli.copying import (
    quiet_option,
    records_of,
    show_copies,
    store_config,
    store_options,
    watching,
)
from plausch.cli.home import run
from plausch.cli.options import json_option
from plausch.db.open import file_of, open_database
from plausch.db.still import nobody_serves
from plausch.server.config import ServerConfig
from plausch.server.dump_file import Dump, read_dump
from plausch.server.filling import TableCopy
from plausch.server.main import make_data_dir, open_store
from plausch.server.restoring import restore as restore_dump


@click.command(
    epilog="""\b
Examples:
  plausch restore plausch-20270101T031500Z.tar --data /var/lib/plausch
  PLAUSCH_DATABASE=postgresql://... plausch restore town.tar --data /var/lib/plausch"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_options
@click.option("--anew", is_flag=True, help="Empty a store that an interrupted restore has begun.")
@quiet_option
@json_option
def restore(
    file: Path,
    data_folder: Path,
    database_url: str,
    blobs_url: str | None,
    config: Path | None,
    anew: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Fill an empty server from the backup FILE, in SQLite or in PostgreSQL, whichever it was.

    All of FILE is read and found whole before anything is written, and every table is compared
    afterwards. A restore that was interrupted goes on when it is given once more; before its end no
    server starts on the store.
    """
    screen = screen_of(json=as_json)
    place = store_config(data_folder, database_url, blobs_url, config)
    with file.open("rb") as opened:
        dump, copies = run(fill_from(opened, file, place, screen, anew=anew, quiet=quiet))
    if as_json:
        tables = records_of(copies)
        blobs, left_out = dump.manifest.blobs, len(dump.manifest.left_out)
        screen.record({"tables": tables, "blobs": blobs, "left_out": left_out})
    elif not quiet:
        show_copies(screen, copies)
        screen.say(
            "store_restored",
            rows=sum(one.rows for one in copies),
            blobs=dump.manifest.blobs,
            at=datetime.fromtimestamp(dump.made_at_ms / 1000).strftime("%Y-%m-%d %H:%M"),
        )


async def fill_from(
    opened: BinaryIO, path: Path, place: ServerConfig, screen: Screen, *, anew: bool, quiet: bool
) -> tuple[Dump, list[TableCopy]]:
    """The dump, and what came of it. Raises DumpRefused, StoreBusy and what `restore` raises."""
    with screen.working("checking_dump"):
        dump = await read_dump(opened, path)
    make_data_dir(place.data_dir)
    target = file_of(place.database)
    total = sum(line.rows for line in dump.manifest.tables.values()) + dump.manifest.blobs
    async with AsyncExitStack() as stack:
        if target is not None:
            stack.enter_context(nobody_serves(target))
        watched = stack.enter_context(watching(screen, total, quiet=quiet))
        database = await open_database(place.database)
        stack.push_async_callback(database.close)
        blobs = await open_store(place, database, SystemClock())
        stack.push_async_callback(blobs.close)
        copies = await restore_dump(
            dump, database, blobs, watched.copied, watched.compared, anew=anew
        )
    return dump, copies

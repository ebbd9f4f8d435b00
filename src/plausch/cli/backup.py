"""`plausch backup`: all that a server keeps, in one file, while it runs."""

from contextlib import AsyncExitStack
from pathlib import Path

import click

from plausch.base.clock import SystemClock
from plausch.base.errors import OperatorError
from plausch.cli.console import Screen, screen_of
from plausch.cli.copying import Watched, quiet_option, store_config, store_options, watching
from plausch.cli.dump_folder import appearing, forget_old, forget_partials, place_for
from plausch.cli.home import run
from plausch.cli.options import json_option
from plausch.db.open import file_of, open_database
from plausch.server.config import ServerConfig
from plausch.server.dump import Dumped, write_dump
from plausch.server.main import open_store
from plausch.server.store.schema import demand_prepared


@click.command(
    epilog="""\b
Examples:
  plausch backup /var/backups/plausch --data /var/lib/plausch --keep 14 --quiet
  plausch backup town.tar --data /var/lib/plausch
  PLAUSCH_DATABASE=postgresql://... plausch backup /var/backups/plausch --data /var/lib/plausch"""
)
@click.argument("destination", type=click.Path(path_type=Path))
@store_options
@click.option(
    "--keep",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Delete all but the newest N backups of that folder, once this one is made.",
)
@quiet_option
@json_option
def backup(
    destination: Path,
    data_folder: Path,
    database_url: str,
    blobs_url: str | None,
    config: Path | None,
    keep: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write all that a server keeps into one file, while it runs.

    DESTINATION is a file, or a folder, in which the backup gets the moment as its name. It holds
    the database with the server's own keys, and people's encrypted files: as much as the server
    knows, and nothing that it cannot read. Only you may read it. Settings (--config) are not in
    it. Exit code 0 means that the whole backup is on disk.
    """
    screen = screen_of(json=as_json)
    if keep is not None and not destination.is_dir():
        raise click.UsageError("--keep wants a folder as DESTINATION.")
    place = store_config(data_folder, database_url, blobs_url, config)
    at_ms = SystemClock().now_ms()
    path = place_for(destination, at_ms)
    if destination.is_dir():
        forget_partials(destination)
    with watching(screen, None, quiet=quiet) as watched:
        made = run(write(place, path, at_ms, watched))
    forgotten = forget_old(path, keep) if keep is not None else []
    if as_json:
        screen.record(
            {
                "path": str(path),
                "size_bytes": path.stat().st_size,
                "rows": made.rows,
                "blobs": made.blobs,
                "gone": made.gone,
                "damaged": made.damaged,
                "deleted": [str(one) for one in forgotten],
            }
        )
    elif not quiet:
        tell(screen, path, made, forgotten)
    if made.damaged:
        count, name = len(made.damaged), made.damaged[0]
        screen.note(screen.phrase("dump_damaged", count=count, name=name))


def tell(screen: Screen, path: Path, made: Dumped, forgotten: list[Path]) -> None:
    """For people."""
    megabytes = f"{path.stat().st_size / 1e6:.1f}"
    screen.answer("dump_made", path=path, rows=made.rows, blobs=made.blobs, megabytes=megabytes)
    if made.gone:
        screen.say("dump_gone", count=made.gone)
    for one in forgotten:
        screen.say("dump_forgotten", path=one)


async def write(place: ServerConfig, path: Path, at_ms: int, watched: Watched) -> Dumped:
    """Make the file. Raises OperatorError, SchemaRefused, StoreIncomplete, OSError."""
    file = file_of(place.database)
    if file is not None and not file.is_file():
        raise OperatorError(
            f"There is no server in {place.data_dir}: give the folder of one.", code="no_server"
        )
    async with AsyncExitStack() as stack:
        database = await open_database(place.database)
        stack.push_async_callback(database.close)
        await demand_prepared(database)
        blobs = await open_store(place, database, SystemClock())
        stack.push_async_callback(blobs.close)
        with appearing(path) as written:
            made = await write_dump(database, blobs, written, at_ms, watched.copied)
            if made.gone and not made.blobs:
                raise OperatorError(
                    f"None of the server's {made.gone} files was found where blobs were looked "
                    "for: give --blobs or --config as the server has them. No backup was made.",
                    code="no_blobs",
                )
            return made

"""`plausch migrate`: the tables of a server, brought to what this version wants."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from plausch.cli.console import screen_of
from plausch.cli.home import run
from plausch.cli.invite import config_of, place_options
from plausch.cli.options import json_option
from plausch.db.migrate import Step
from plausch.db.open import file_of, open_database
from plausch.db.still import nobody_serves
from plausch.server.store.schema import upgrade


@click.command(
    epilog="""\b
Examples:
  plausch migrate --data /var/lib/plausch
  plausch migrate --data /var/lib/plausch --all"""
)
@place_options
@click.option(
    "--all",
    "alone",
    is_flag=True,
    help="Take the steps too that an older version does not survive: no server may run.",
)
@json_option
def migrate(data_folder: Path, database_url: str, alone: bool, as_json: bool) -> None:
    """Bring the tables of a server to what this version wants.

    Without --all only such steps are taken beside which servers of the version before go on, and
    what is left is named. A server that starts does the same by itself; this does it before.
    """
    screen = screen_of(json=as_json)
    taken, left = run(take(str(config_of(data_folder, database_url).database), alone=alone))
    if as_json:
        screen.record({"taken": taken, "left": [[step.number, step.name] for step in left]})
    screen.answer("steps_taken", count=taken)
    for step in left:
        screen.answer("step_left", number=step.number, name=step.name)
    if left:
        screen.say("steps_left")


async def take(where: str, *, alone: bool) -> tuple[int, Sequence[Step]]:
    """Raises StoreBusy, SchemaRefused, StoreIncomplete, StorageUnavailable."""
    file = file_of(where)
    with nullcontext() if file is None or not alone else nobody_serves(file):
        database = await open_database(where)
        try:
            return await upgrade(database, alone=alone)
        finally:
            await database.close()

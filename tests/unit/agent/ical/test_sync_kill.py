"""kill -9 in a round: the next process makes the calendar right, and nobody is blamed."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import dying_sync
from plausch.agent.ical.dav import Collection, CollectionAddress
from plausch.agent.ical.entries import SHOWN, Style
from plausch.agent.ical.sync import CalendarSync
from plausch.agent.ical.sync_store import SyncStore
from radicale_server import PASSWORD, USER, Radicale

KILLS = 4
ROOT = Path(__file__).resolve().parents[4]


async def test_after_any_kill_the_calendar_becomes_the_book(
    radicale: Radicale, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(request.config.getoption("randomly_seed", 1))
    file = tmp_path / "calendar.db"
    for kill in range(KILLS):
        program = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "tests" / "dying_sync.py"),
                radicale.url(),
                str(file),
                str(kill),
            ],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        assert program.stdout is not None
        for _ in range(chance.randint(1, 2)):
            assert program.stdout.readline()
        # Some requests later, wherever that is: the killer asks the same server meanwhile.
        for _ in range(chance.randint(0, 8)):
            radicale.names()
        program.kill()
        program.wait()
        program.stdout.close()
    store = await SyncStore.open(file, radicale.url())
    sync = CalendarSync(
        Collection(CollectionAddress(radicale.url(), USER, PASSWORD)), store, Style("de")
    )
    book = dying_sync.book(99, 0)
    await sync.round(book, dying_sync.NOW_S)
    await sync.round(book, dying_sync.NOW_S)
    assert (await sync.round(book, dying_sync.NOW_S)).is_quiet
    assert await store.edits() == []
    wanted = {one.booking.uid: one for one in book if one.booking.state in SHOWN}
    assert radicale.names() == {f"{uid}.ics" for uid in wanted}
    for uid, entry in wanted.items():
        assert f"SUMMARY:{entry.booking.party} Person" in radicale.text(f"{uid}.ics")
    await store.close()

"""The server on a machine that behaves oddly, as a program: files in its folder say how.

`clock`: so many milliseconds are added to the wall clock. `stuck`: while it exists, a COMMIT of
SQLite waits for the disk.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from plausch.db import sqlite
from plausch.server import main

PROGRAM = (str(Path(__file__)),)
LOOK_S = 0.01


def offset_ms(folder: Path) -> int:
    try:
        return int((folder / "clock").read_text())
    except (OSError, ValueError):  # not there, or just being written
        return 0


def behave_oddly(folder: Path) -> None:
    real_ns, real_s, commit = time.time_ns, time.time, sqlite._CommitThread.commit
    time.time_ns = lambda: real_ns() + offset_ms(folder) * 1_000_000
    time.time = lambda: real_s() + offset_ms(folder) / 1000

    def slow_commit(self: object, connection: object, loop: object, then: object) -> None:
        commit(self, Waiting(connection, folder / "stuck"), loop, then)

    sqlite._CommitThread.commit = slow_commit


class Waiting:
    """A connection whose disk stands still while a file exists."""

    def __init__(self, connection: object, stuck: Path) -> None:
        self._connection, self._stuck = connection, stuck

    def execute(self, sql: str) -> object:
        while self._stuck.exists():
            time.sleep(LOOK_S)
        execute: Callable[[str], object] = self._connection.execute
        return execute(sql)


if __name__ == "__main__":
    folder = Path(sys.argv[sys.argv.index("--data") + 1])
    folder.mkdir(parents=True, exist_ok=True)
    behave_oddly(folder)
    raise SystemExit(main.main())

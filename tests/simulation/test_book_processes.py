"""The book under several processes and under kill -9: no double booking, no orphan, no loss."""

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import audit
from linde import NOW_S, TUESDAY, at, restaurant
from plausch.agent.book import Book
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking

HOUSE = restaurant()
WORKER = Path(__file__).resolve().parents[1] / "book_worker.py"


def start(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(path), name, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def states(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        found = dict(connection.execute("SELECT uid, state FROM booking").fetchall())
    connection.close()
    return found


def make_book(path: Path) -> None:
    async def make() -> None:
        await (await Book.open(path)).close()

    asyncio.run(make())


def test_six_processes_on_one_book(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    make_book(path)
    workers = [start(path, f"process {number}", 30) for number in range(6)]
    lines: list[list[str]] = []
    for worker in workers:
        out, err = worker.communicate()
        assert worker.returncode == 0, err
        lines += [line.split() for line in out.splitlines()]
    assert audit(path, HOUSE) > 0
    last = {words[1]: words[0] for words in lines if words[0] != "refused"}
    assert states(path) == last
    assert any(words[0] == "refused" for words in lines)


@pytest.mark.parametrize("seed", range(8))
def test_killed_in_the_middle(tmp_path: Path, seed: int) -> None:
    """What was said to be done is done; what was not said is whole or absent."""
    path = tmp_path / "book.db"
    make_book(path)
    dice = random.Random(seed)
    said: dict[str, str] = {}
    for life in range(4):
        worker = start(path, f"life {seed} {life}", 1_000)
        assert worker.stdout is not None
        for _ in range(dice.randint(1, 40)):
            words = worker.stdout.readline().split()
            assert words, worker.stderr and worker.stderr.read()
            if words[0] != "refused":
                said[words[1]] = words[0]
        worker.kill()
        rest, _ = worker.communicate()
        for line in rest.splitlines():
            # A line may be torn by the kill; a whole one was said.
            words = line.split()
            if len(words) == 2 and len(words[1]) == 34 and words[0] != "refused":
                said[words[1]] = words[0]
        audit(path, HOUSE)
        found = states(path)
        order = ["held", "confirmed", "cancelled"]
        for uid, state in said.items():
            assert order.index(found[uid]) >= order.index(state)


async def test_the_survivor_goes_on(tmp_path: Path) -> None:
    """After a kill the next process finds the holds, and ends them when their time is over."""
    path = tmp_path / "book.db"
    worker = start(path, "short", 1_000)
    assert worker.stdout is not None
    while "held" not in worker.stdout.readline():
        pass
    worker.kill()
    worker.communicate()
    book = await Book.open(path)
    later_s = NOW_S + HOUSE.service().hold_minutes * 60
    conversation = ConversationId(b"z" * 16)
    booking = await book.hold(HOUSE, conversation, b"t", at(TUESDAY, "21:30"), 2, later_s)
    assert isinstance(booking, Booking)
    await book.close()
    assert audit(path, HOUSE) == sum(
        state in ("held", "confirmed") for state in states(path).values()
    )

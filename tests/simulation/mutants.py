"""Servers with one thing broken, by which the simulation is tried: it has to notice each of them.

Every mutant is a context in which the server's real code is changed in one place.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from plausch.db.interface import Bulk, Transaction
from plausch.server.appends import Appends
from plausch.server.bus import Bus
from plausch.server.cursors import Cursors
from plausch.server.hub import Hub
from plausch.server.lanes import answer
from plausch.server.repairs import Repairs
from plausch.server.rosters import Rosters
from plausch.server.steady import SteadyClock
from plausch.server.store import conversation, envelope, stay

Mutant = Callable[[], AbstractContextManager[object]]


def acknowledges_before_commit() -> AbstractContextManager[object]:
    """The answer goes out while the transaction is still under way."""
    real = Appends._append

    async def hasty(self: Appends, batch: list[Any]) -> tuple[dict[int, int], int]:
        async def body(tx: Transaction) -> dict[int, tuple[int, int]]:
            return await conversation.standings(tx, [one.key[0] for one in batch])

        heads = {key: head for key, (_, head) in (await self._database.read(body)).items()}
        for one in batch:
            heads[one.key[0]] += 1
        task = asyncio.get_running_loop().create_task(real(self, batch))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return heads, self.now_ms()

    return mock.patch.object(Appends, "_append", hasty)


def forgets_idempotency() -> AbstractContextManager[object]:
    """A retry is an append like any other."""
    real, numbers = envelope.add, iter(range(1 << 60))

    async def add(tx: Transaction, rows: Any) -> None:
        await real(tx, [(*row[:6], next(numbers).to_bytes(16, "big"), row[7]) for row in rows])

    return mock.patch.object(envelope, "add", add)


@contextmanager
def neither_pushes_nor_repairs() -> Iterator[None]:
    """Devices that are connected hear of nothing."""
    with (
        mock.patch.object(Hub, "to_devices", lambda *_: None),
        mock.patch.object(Repairs, "due", lambda *_: False),
    ):
        yield


def never_repairs() -> AbstractContextManager[object]:
    """A push that was lost stays lost."""
    return mock.patch.object(Repairs, "due", lambda *_: False)


def tells_no_gateway() -> AbstractContextManager[object]:
    """What is for devices elsewhere is not told, and nobody has to doubt."""
    return mock.patch.object(Bus, "tell", lambda *_: None)


def takes_two_commits() -> AbstractContextManager[object]:
    """A Commit is not compared with the epoch that it ends."""

    async def advance(tx: Transaction, key: int, epoch: int) -> int | None:
        rows = await tx.fetch(
            "UPDATE conversation SET head = head + 1, epoch = $2 + 1 WHERE id = $1 RETURNING head",
            key,
            epoch,
        )
        return int(rows[0][0]) if rows else None

    return mock.patch.object(conversation, "advance", advance)


def files_in_any_epoch() -> AbstractContextManager[object]:
    """An append is not compared with the epoch in the database."""
    sql = conversation._GROW.sql.replace("AND conversation.epoch = given.column2 ", "")
    return mock.patch.object(conversation, "_GROW", Bulk(sql, conversation._GROW.kinds))


def resumes_before_it_hears() -> AbstractContextManager[object]:
    """A device's log is looked at before its subscription is in force."""

    async def settled(self: Hub) -> None:
        return None

    return mock.patch.object(Hub, "settled", settled)


def never_doubts_its_line() -> AbstractContextManager[object]:
    """What was lost while the line was down is not looked for."""
    return mock.patch.object(Bus, "doubts", property(lambda self: 0))


def believes_what_is_sent() -> AbstractContextManager[object]:
    """What the network has not confirmed when the line breaks counts as heard by the others."""

    def back(self: Bus) -> None:
        self._doubts += 1
        self._greet()

    return mock.patch.object(Bus, "line_is_back", back)


def keeps_who_has_left() -> AbstractContextManager[object]:
    """A device that has gone is listened for until the process ends."""
    return mock.patch.object(Bus, "leave", lambda *_: None)


def believes_its_roster() -> AbstractContextManager[object]:
    """Who is a member is looked up once, and never again."""

    async def load(self: Rosters, public_id: bytes) -> Any:
        return self.known(public_id) or await real(self, public_id)

    real = Rosters.load
    return mock.patch.object(Rosters, "load", load)


def loses_cursors() -> AbstractContextManager[object]:
    """Acknowledgements that the database does not take are dropped."""

    async def flush(self: Cursors, device: Any = None) -> None:
        pending, self._pending = self._pending, {}
        await self._write(pending)

    return mock.patch.object(Cursors, "flush", flush)


def pushes_past_the_log() -> AbstractContextManager[object]:
    """Two batches that are told in the wrong order and by wrong numbers."""
    real = Appends._settle

    def settle(self: Appends, batch: list[Any], heads: dict[int, int], at_ms: int) -> Any:
        return real(self, batch[::-1], heads, at_ms)

    return mock.patch.object(Appends, "_settle", settle)


def reads_beyond_a_stay() -> AbstractContextManager[object]:
    """A device that was removed reads on."""
    real = stay.of

    async def of(tx: Transaction, key: int, device_key: int) -> list[tuple[int, int]]:
        return [(first, -1) for first, _ in (await real(tx, key, device_key))[:1]]

    return mock.patch.object(stay, "of", of)


def believes_any_clock() -> AbstractContextManager[object]:
    """The logs are swept by whatever the clock says."""
    return mock.patch.object(SteadyClock, "believe", lambda *_: True)


def says_more_is_delivered() -> AbstractContextManager[object]:
    """A delivery mark is one too high."""
    real = Hub.cursor_moved

    def moved(self: Hub, where: bytes, device: str, seq: int) -> None:
        real(self, where, device, seq + 1)

    return mock.patch.object(Hub, "cursor_moved", moved)


def forgets_a_dead_gateway() -> AbstractContextManager[object]:
    """A gateway that fell silent without a good-bye may not have told what it had committed."""

    def look_round(self: Bus) -> None:
        if not self._line.is_up:
            self._doubts += 1

    return mock.patch.object(Bus, "look_round", look_round)


def answers_retries_in_silence() -> AbstractContextManager[object]:
    """What a retry finds in the log is not pushed once more."""

    async def again(self: Appends, known: dict[Any, Any]) -> None:
        for one, accepted in known.items():
            one.found(None)
            answer(one, accepted)

    return mock.patch.object(Appends, "_answer_again", again)

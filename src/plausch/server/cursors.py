"""Cursors: acknowledgements are collected and written together, a little later.

An acknowledgement has no answer, so it need not be durable at once: one that is lost in a crash
is repeated by the device, which compares its vault with the cursor when it resumes.
"""

import asyncio
import logging
from typing import Protocol

from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.server.records import DeviceRecord
from plausch.server.rosters import Rosters
from plausch.server.store import cursor

log = logging.getLogger("plausch.server")

PAUSE_S = 0.1
"""How long acknowledgements are collected."""

PAUSE_AFTER_FAILURE_S = 1.0


class CursorMoved(Protocol):
    """Who is told that a device has acknowledged."""

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        """The device has everything up to `seq`."""
        ...


class Cursors:
    """Acknowledgements on their way to the database."""

    def __init__(self, database: Database, rosters: Rosters, told: CursorMoved) -> None:
        self._database, self._rosters, self._told = database, rosters, told
        self._pending: dict[tuple[bytes, int], tuple[str, int]] = {}
        self._task: asyncio.Task[None] | None = None

    def acknowledge(self, device: DeviceRecord, public_id: bytes, seq: int) -> None:
        """The device has everything up to `seq` of a conversation. What it may not acknowledge
        (backwards, past the head, of a conversation not its own) is passed over."""
        if not 0 < seq < 1 << 63:
            return
        slot = (public_id, device.key)
        if slot not in self._pending or self._pending[slot][1] < seq:
            self._pending[slot] = (device.uri, seq)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_soon())

    async def flush(self) -> None:
        """Write what is pending now. Raises StorageUnavailable; then it stays pending."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            await self._write(pending)
        except StorageUnavailable:
            for slot, (uri, seq) in pending.items():
                newer = self._pending.get(slot, (uri, 0))
                self._pending[slot] = (uri, max(seq, newer[1]))
            raise

    async def close(self) -> None:
        """Write what is pending, for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.flush()
        except StorageUnavailable as error:
            log.warning("cursors were not written: %s", error)

    async def _write_soon(self) -> None:
        pause_s = PAUSE_S
        try:
            while self._pending:
                await asyncio.sleep(pause_s)
                try:
                    await self.flush()
                    pause_s = PAUSE_S
                except StorageUnavailable as error:
                    log.warning("cursors are not written for now: %s", error)
                    pause_s = PAUSE_AFTER_FAILURE_S
        finally:
            self._task = None

    async def _write(self, pending: dict[tuple[bytes, int], tuple[str, int]]) -> None:
        names: dict[tuple[int, int], tuple[bytes, str]] = {}
        rows = []
        for (public_id, device_key), (uri, seq) in pending.items():
            roster = await self._rosters.get(public_id)
            if roster is not None:
                names[roster.conversation_key, device_key] = (public_id, uri)
                rows.append((roster.conversation_key, device_key, seq))
        rows.sort()

        async def body(tx: Transaction) -> list[tuple[int, int, int]]:
            return await cursor.advance(tx, rows)

        for conversation_key, device_key, seq in await self._database.transact(
            body, repeatable=True
        ):
            public_id, uri = names[conversation_key, device_key]
            self._told.cursor_moved(public_id, uri, seq)

"""Cursors: acknowledgements are collected and written together, a little later.

An acknowledgement has no answer, so it need not be durable at once: one that is lost in a crash
is repeated by the device, which compares its vault with the cursor when it resumes.

Only what a device may acknowledge is collected: of a conversation in whose roster it is, or, after
a look in the database, of one that it has had a part in. So invented conversations take nothing
but the time of who invents them.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from plausch.db.interface import Database, StorageUnavailable, Transaction
from plausch.server.records import DeviceRecord
from plausch.server.rosters import Rosters
from plausch.server.store import cursor
from plausch.server.store.shards import shard_of

log = logging.getLogger("plausch.server")

Pending = dict[int, dict[int, tuple[bytes, str, int]]]
"""By device key and conversation key: the conversation's id, the device's URI, the seq."""

PAUSE_S = 0.1
"""How long acknowledgements are collected."""

PAUSE_AFTER_FAILURE_S = 1.0
MOST_PUT_OFF = 1_000
"""Acknowledgements that wait, while the database is away, to be looked up."""


class CursorMoved(Protocol):
    """Who is told that a device has acknowledged."""

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        """The device has everything up to `seq`."""
        ...


class Cursors:
    """Acknowledgements on their way to the database."""

    def __init__(
        self, database: Database, rosters: Rosters, told: CursorMoved, *, by_shard: bool = False
    ) -> None:
        self._database, self._rosters, self._told = database, rosters, told
        self._by_shard = by_shard
        self._pending: Pending = {}
        self._put_off: list[tuple[DeviceRecord, bytes, int]] = []
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def acknowledge(self, device: DeviceRecord, public_id: bytes, seq: int) -> bool:
        """The device has everything up to `seq` of a conversation. Backwards or past the head is
        passed over. False: nothing was done, it has to be looked up whether it may."""
        if not 0 < seq < 1 << 63:
            return True
        roster = self._rosters.known(public_id)
        if roster is None or device.key not in roster.members:
            return False
        self._collect(device, public_id, roster.conversation_key, seq)
        return True

    async def look_up_and_acknowledge(
        self, device: DeviceRecord, public_id: bytes, seq: int
    ) -> None:
        """As `acknowledge`, of any conversation. Of one that the device has never been in it is
        passed over. While the database is away it is put off, as no device says it twice. Raises
        StorageUnavailable when too much is put off already."""

        async def body(tx: Transaction) -> int | None:
            return await cursor.place(tx, device.key, public_id)

        try:
            conversation_key = await self._database.read(body)
        except StorageUnavailable:
            if len(self._put_off) >= MOST_PUT_OFF:
                raise
            self._put_off.append((device, public_id, seq))
            self._write_later()
            return
        if conversation_key is not None:
            self._collect(device, public_id, conversation_key, seq)

    async def flush(self, device: DeviceRecord | None = None) -> None:
        """Write what is pending now, of one device or of all, and what is being written. Raises
        StorageUnavailable; then, as after any other failure, it stays pending."""
        async with self._writing:
            if device is None:
                pending, self._pending = self._pending, {}
            else:
                pending = {device.key: self._pending.pop(device.key, {})}
            try:
                await self._write(pending)
            except BaseException:
                for device_key, slots in pending.items():
                    for conversation_key, slot in slots.items():
                        self._put(device_key, conversation_key, slot)
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

    def _collect(
        self, device: DeviceRecord, public_id: bytes, conversation_key: int, seq: int
    ) -> None:
        self._put(device.key, conversation_key, (public_id, device.uri, seq))
        self._write_later()

    def _write_later(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_soon())

    def _put(self, device_key: int, conversation_key: int, slot: tuple[bytes, str, int]) -> None:
        slots = self._pending.setdefault(device_key, {})
        known = slots.get(conversation_key)
        if known is None or known[2] < slot[2]:
            slots[conversation_key] = slot

    async def _write_soon(self) -> None:
        pause_s = PAUSE_S
        try:
            while self._pending or self._put_off:
                await asyncio.sleep(pause_s)
                try:
                    await self._look_up_again()
                    await self.flush()
                    pause_s = PAUSE_S
                except StorageUnavailable as error:
                    log.warning("cursors are not written for now: %s", error)
                    pause_s = PAUSE_AFTER_FAILURE_S
                except Exception as error:  # a bug of ours: it is tried again all the same
                    log.error("Writing cursors failed unexpectedly.", exc_info=error)
                    pause_s = PAUSE_AFTER_FAILURE_S
        finally:
            self._task = None

    async def _look_up_again(self) -> None:
        """What was put off. Raises StorageUnavailable; then it stays so."""
        while self._put_off:
            device, public_id, seq = self._put_off[0]

            async def body(
                tx: Transaction, key: int = device.key, where: bytes = public_id
            ) -> int | None:
                return await cursor.place(tx, key, where)

            conversation_key = await self._database.read(body)
            self._put_off.pop(0)
            if conversation_key is not None:
                self._put(device.key, conversation_key, (public_id, device.uri, seq))

    async def _write(self, pending: Pending) -> None:
        rows = [
            (conversation_key, device_key, seq)
            for device_key, slots in pending.items()
            for conversation_key, (_, _, seq) in slots.items()
        ]
        rows.sort()
        parts: dict[int, list[tuple[int, int, int]]] = {}
        for row in rows:
            parts.setdefault(shard_of(row[0]) if self._by_shard else 0, []).append(row)
        for part in parts.values():
            await self._write_part(pending, part)

    async def _write_part(self, pending: Pending, rows: Sequence[tuple[int, int, int]]) -> None:
        """In one transaction, and tell."""

        async def body(tx: Transaction) -> list[tuple[int, int, int]]:
            return await cursor.advance(tx, rows)

        for conversation_key, device_key, seq in await self._database.transact(
            body, repeatable=True
        ):
            public_id, uri, _ = pending[device_key][conversation_key]
            self._told.cursor_moved(public_id, uri, seq)

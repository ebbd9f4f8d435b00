"""The delivery service: append, read, acknowledge, resume, mailboxes (spec/delivery.md)."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.db.interface import Database, Transaction
from plausch.server.appends import Appends
from plausch.server.commits import Commits
from plausch.server.cursors import Cursors
from plausch.server.errors import Refusal, unknown_conversation
from plausch.server.figures import Figures
from plausch.server.franking import Franking
from plausch.server.gathering import Gathering
from plausch.server.lanes import Answer
from plausch.server.limits import Limits
from plausch.server.records import Accepted, DeviceRecord
from plausch.server.rosters import Rosters
from plausch.server.store import conversation, cursor, envelope, mailbox, stay
from plausch.wire import frames as f

READ_ENVELOPES = 500
READ_MAILBOX = 50
MOVED = 1_000
FEW = 100
"""Conversations: a device that is in more is told what moved by a transaction of its own, which the
others that come back in this moment do not wait for; nor has one turn of the loop to make answers
of more than so many for each."""

__all__ = ["Accepted", "Audience", "Delivery", "Resumption", "Stretch"]


class Audience(Protocol):
    """Who is told after a commit (the hub). Called on the event loop, in the log's order."""

    def appended(
        self,
        conversation: bytes,
        envelopes: Sequence[f.Envelope],
        quiet: Collection[int] = (),
    ) -> None:
        """These envelopes are in the log, in this order; nobody is woken for the `quiet` seqs."""
        ...

    def committed(self, conversation: bytes, envelope: f.Envelope, devices: Sequence[str]) -> None:
        """A Commit is in the log; `devices` were members before it."""
        ...

    def mailbox_moved(self, device: str, item: int) -> None:
        """A Welcome lies in the device's mailbox."""
        ...

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        """The device has acknowledged everything up to `seq`."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Envelopes, and the last seq that the device may read."""

    envelopes: list[f.Envelope]
    head: int


@dataclass(frozen=True, slots=True)
class Resumption:
    """What moved since a device's cursors; `more`: go on after the last of these."""

    moved: list[f.Moved]
    mailbox: int
    more: bool


class Delivery:
    """Logs, cursors and mailboxes of one server."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        rosters: Rosters,
        franking: Franking,
        told: Audience,
        figures: Figures | None = None,
        shards: int = 1,
    ) -> None:
        self._database, self._limits, self._rosters = database, limits, rosters
        self._franking = franking
        self._commits = Commits(database, clock, limits, rosters, told)
        counted = figures or Figures()
        self._appends = Appends(
            database, clock, limits, rosters, self._commits, franking, told, counted, shards
        )
        self._cursors = Cursors(database, rosters, told, by_shard=shards > 1)
        self._resuming = Gathering(self._resume_all)

    async def close(self) -> None:
        """Finish what was submitted; write the cursors."""
        await self._appends.close()
        await self._commits.close()
        await self._cursors.close()

    # --- appending -------------------------------------------------------------------------

    def submit(self, device: DeviceRecord, request: f.Append, answer: Answer) -> None:
        """Append without waiting: `answer` is called once, on the event loop, with Accepted when
        the envelope is on disk, or with the error. Appends keep the order of the calls."""
        self._appends.submit(device, request, answer)

    async def append(self, device: DeviceRecord, request: f.Append) -> Accepted:
        """Append an application message or a proposal; returns when it is on disk.

        Raises Refusal `too_large`, `bad_message`, `rate_limited`, `unknown_conversation`,
        `stale_epoch`, `storage_unavailable`, and for proposals as `Commits.append_proposal`.
        """
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()

        def answer(result: Accepted | PlauschError) -> None:
            if future.done():
                return
            if isinstance(result, PlauschError):
                future.set_exception(result)
            else:
                future.set_result(result)

        self._appends.submit(device, request, answer)
        return await future

    async def append_commit(self, device: DeviceRecord, request: f.AppendCommit) -> Accepted:
        """Append a Commit and all that belongs to it; as `Commits.append_commit`."""
        return await self._commits.append_commit(device, request)

    # --- reading ---------------------------------------------------------------------------

    async def read(self, device: DeviceRecord, public_id: bytes, after: int, limit: int) -> Stretch:
        """Envelopes after `after` that this device may read, at most `limit` (1 to 500).

        A device reads from where it joined, a removed one up to the Commit that removed it.
        Raises Refusal `unknown_conversation`, `bad_request`.
        """
        # The seq after it has to fit into 64 bits as well.
        if not 1 <= limit <= READ_ENVELOPES or not 0 <= after < (1 << 63) - 1:
            raise Refusal("bad_request", f"Read 1 to {READ_ENVELOPES} envelopes after 0 or more.")

        async def body(tx: Transaction) -> Stretch:
            standing = await conversation.find(tx, public_id)
            stays = [] if standing is None else await stay.of(tx, standing.key, device.key)
            if standing is None or not stays:
                raise unknown_conversation()
            found: list[f.Envelope] = []
            budget = self._limits.read_bytes
            for first, last in stays:
                end = standing.head if last < 0 else last
                begin = max(first, after + 1)
                sizes = await envelope.sizes(tx, standing.key, begin, end, limit - len(found))
                fitting, budget = _fitting(sizes, budget, at_least_one=not found)
                if fitting:
                    rows = await envelope.read(tx, standing.key, begin, sizes[fitting - 1][0])
                    found += [self._franking.envelope(public_id, row) for row in rows]
                if fitting < len(sizes) or len(found) >= limit:
                    break
            last = stays[-1][1]
            return Stretch(found, standing.head if last < 0 else last)

        return await self._database.read(body)

    def acknowledge(self, device: DeviceRecord, public_id: bytes, seq: int) -> bool:
        """The device has everything up to `seq` in its vault; only ever forwards. False: nothing
        was done, because it has to be looked up first."""
        return self._cursors.acknowledge(device, public_id, seq)

    async def look_up_and_acknowledge(
        self, device: DeviceRecord, public_id: bytes, seq: int
    ) -> None:
        """As `acknowledge`, where that says False. Raises StorageUnavailable."""
        await self._cursors.look_up_and_acknowledge(device, public_id, seq)

    async def resume(self, device: DeviceRecord, after: bytes = b"") -> Resumption:
        """What moved since this device's cursors, in the order of the conversations' keys: from the
        first one, or from the one after conversation `after`.

        Raises Refusal `unknown_conversation`, StorageUnavailable.
        """
        await self._cursors.flush(device)
        together = None if after else await self._resuming.ask(device.key)
        if together is not None:
            return together

        async def body(tx: Transaction) -> Resumption:
            begin = await cursor.place(tx, device.key, after) if after else 0
            if begin is None:
                raise unknown_conversation()
            rows = await cursor.moved(tx, device.key, begin, MOVED + 1)
            waiting = await mailbox.counts(tx, [device.key])
            return _resumption(rows, waiting.get(device.key, 0))

        return await self._database.read(body)

    async def _resume_all(self, device_keys: Sequence[int]) -> list[Resumption | None]:
        """From the first conversation on, in the order of the devices; None for those that are in
        too many."""

        async def body(tx: Transaction) -> dict[int, Resumption]:
            wanted = set(device_keys)
            sizes = await cursor.counts(tx, wanted)
            few = [key for key in wanted if sizes.get(key, 0) <= FEW]
            moved = await cursor.all_moved(tx, few)
            waiting = await mailbox.counts(tx, few)
            return {key: _resumption(moved.get(key, []), waiting.get(key, 0)) for key in few}

        found = await self._database.read(body)
        return [found.get(key) for key in device_keys]

    async def cursors(self, device: DeviceRecord, public_id: bytes) -> list[tuple[str, int]]:
        """(device URI, seq) of the member devices of other accounts.

        Raises Refusal `unknown_conversation`, StorageUnavailable.
        """
        roster = await self._rosters.load(public_id)
        if roster is None or device.key not in roster.members:
            raise unknown_conversation()
        await self._cursors.flush()

        async def body(tx: Transaction) -> list[tuple[str, int]]:
            return await cursor.of_others(tx, roster.conversation_key, device.account_key)

        return await self._database.read(body)

    # --- mailboxes -------------------------------------------------------------------------

    async def read_mailbox(
        self, device: DeviceRecord, after: int, limit: int
    ) -> list[f.MailboxItem]:
        """Welcomes after item `after`, at most `limit` (1 to 50); read on until there is none.

        Raises Refusal `bad_request`.
        """
        if not 1 <= limit <= READ_MAILBOX or not 0 <= after < 1 << 63:
            raise Refusal("bad_request", f"Read 1 to {READ_MAILBOX} Welcomes after 0 or more.")

        async def body(tx: Transaction) -> list[f.MailboxItem]:
            sizes = await mailbox.sizes(tx, device.key, after, limit)
            fitting, _ = _fitting(sizes, self._limits.read_bytes, at_least_one=True)
            if not fitting:
                return []
            rows = await mailbox.read(tx, device.key, after, fitting)
            return [f.MailboxItem(*row) for row in rows]

        return await self._database.read(body)

    async def acknowledge_mailbox(self, device: DeviceRecord, item: int) -> None:
        """The Welcomes up to `item` are in the vault; the server forgets them."""
        if not 0 < item < 1 << 63:
            return

        async def body(tx: Transaction) -> None:
            await mailbox.forget(tx, device.key, item)

        await self._database.transact(body, repeatable=True)


def _resumption(rows: Sequence[cursor.MovedRow], waiting: int) -> Resumption:
    """`rows` are MOVED at most, and one more if there are more."""
    return Resumption([f.Moved(*row) for row in rows[:MOVED]], waiting, len(rows) > MOVED)


def _fitting(
    sizes: Sequence[tuple[int, int]], budget: int, *, at_least_one: bool
) -> tuple[int, int]:
    """How many of the (number, bytes) fit into the budget, and what is left of it."""
    for place, (_, size) in enumerate(sizes):
        if size > budget and not (at_least_one and place == 0):
            return place, 0
        budget -= min(size, budget)
    return len(sizes), budget

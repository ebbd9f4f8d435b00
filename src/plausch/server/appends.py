"""Appending messages: all that wait share one durable transaction, in the order they came.

Where the tables are distributed each shard has its own lane, so that a COMMIT is one machine's.

An append is cheap to check because an epoch's members never change: a device that is in the
roster of epoch E may write in epoch E, and the statement that makes room in the log compares the
epoch in the database. What does not fit the roster in memory is looked at again in the database,
a retry of an earlier append first of all.

How much a device may send in a day is drawn in pieces (allowance.py); while a piece is fetched,
this device's appends wait, and nobody else's.

What takes longer than that is set aside with everything of its conversation that comes behind it: a
proposal, which is judged, and what has to be looked up. So conversations wait for each other for
one commit, never for what another one's messages are.

A retry is recognised by the unique index over (conversation, device, idempotency id). The common
case pays for no look-up: only when that index refuses a batch are its ids looked up.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Coroutine, Sequence
from itertools import takewhile
from typing import Protocol

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS
from plausch.base.errors import Fault, PlauschError
from plausch.db.interface import ConstraintViolated, Database, StorageUnavailable, Transaction
from plausch.server.allowance import Allowance
from plausch.server.append_checks import message_refusal, request_refusal
from plausch.server.errors import Refusal, stale_epoch, unknown_conversation
from plausch.server.figures import Figures
from plausch.server.franking import Franking
from plausch.server.lanes import Answer, Key, Lane, Waiting, answer
from plausch.server.limits import Limits
from plausch.server.records import Accepted, DeviceRecord
from plausch.server.rosters import Rosters
from plausch.server.store import conversation, envelope
from plausch.server.store.allowance import Kind
from plausch.server.store.shards import shard_of, shard_of_conversation
from plausch.server.turns import Turns
from plausch.wire import frames as f

log = logging.getLogger("plausch.server")

BATCH = 1024
"""Appends in one transaction at most."""

LOOKED_UP_AT_ONCE, PROPOSED_AT_ONCE = 4, 2
"""Conversations; the connections to the database are there for others too. Accounts take turns."""

RETRY_MS = 1_000


class Appended(Protocol):
    """Who is told, after the commit, that logs grew."""

    def appended(
        self,
        conversation: bytes,
        envelopes: Sequence[f.Envelope],
        quiet: Collection[int] = (),
    ) -> None:
        """These envelopes are in the log, in this order; nobody is woken for the `quiet` seqs."""
        ...


class ProposalGate(Protocol):
    """Where a proposal is judged and written."""

    async def append_proposal(self, device: DeviceRecord, request: f.Append) -> Accepted:
        """Raises Refusal."""
        ...


class Appends:
    """The appends that wait, by lane."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        rosters: Rosters,
        proposals: ProposalGate,
        franking: Franking,
        told: Appended,
        figures: Figures,
        shards: int = 1,
    ) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._franking, self._figures = franking, figures
        self._rosters, self._proposals, self._told = rosters, proposals, told
        self._lanes = [Lane() for _ in range(shards)]
        self._judging: set[asyncio.Task[None]] = set()
        self._looking, self._proposing = Turns(LOOKED_UP_AT_ONCE), Turns(PROPOSED_AT_ONCE)
        self._last_ms = 0
        self._sent: Allowance[int] = Allowance(
            database, clock, Kind.SENDS, limits.sends_per_device_per_day or None, DAY_MS
        )
        self._stored: Allowance[int] = Allowance(
            database,
            clock,
            Kind.ENVELOPES,
            limits.envelopes_per_account or None,
            limits.retention_days * DAY_MS,
        )
        self._undrawn: dict[int, list[Waiting]] = {}
        self._drawing: asyncio.Task[None] | None = None

    def submit(self, device: DeviceRecord, request: f.Append, told: Answer) -> None:
        """Queue an append; `told` is called once, on the event loop, when it is on disk or
        refused."""
        refusal = request_refusal(request, self._limits.message_bytes)
        if refusal is not None:
            told(refusal)
            return
        self._admit_or_draw(Waiting(device, request, told))

    async def close(self) -> None:
        """Wait until all that was submitted is answered; give back what is not used of a day."""
        while tasks := self._tasks():
            await asyncio.shield(asyncio.gather(*tasks))
        await self._sent.close()
        await self._stored.close()

    def _tasks(self) -> list[asyncio.Task[None]]:
        """All that is under way."""
        own = [self._drawing, *(lane.task for lane in self._lanes)]
        return [*self._judging, *(one for one in own if one is not None)]

    def now_ms(self) -> int:
        """The server's time, which never runs backwards while the process lives."""
        self._last_ms = max(self._last_ms, self._clock.now_ms())
        return self._last_ms

    # --- how much a day -----------------------------------------------------------------

    def _admit_or_draw(self, one: Waiting) -> None:
        """Into the queue, if the device may send more today; what is refused later is given back
        in `_refuse`. Behind others that wait for the device's next piece, to keep the order."""
        key, account_key = one.device.key, one.device.account_key
        wait_ms = stored_wait_ms = None
        if key not in self._undrawn:
            wait_ms = self._sent.wait_ms(key)
            stored_wait_ms = self._stored.wait_ms(account_key)
        if wait_ms:
            sentence = (
                f"This device has sent {self._limits.sends_per_device_per_day} messages today, "
                "which is the most."
            )
            answer(one, Refusal("rate_limited", sentence, retry_after_ms=wait_ms))
        elif stored_wait_ms:
            answer(one, self._full(stored_wait_ms))
        elif wait_ms is None or stored_wait_ms is None:
            self._undrawn.setdefault(key, []).append(one)
            if self._drawing is None:
                self._drawing = asyncio.get_running_loop().create_task(self._draw())
        else:
            self._sent.take(key)
            self._stored.take(account_key)
            lane = self._lane_of(one.request)
            lane.waiting.append(one)
            self._begin(lane)

    def _full(self, wait_ms: int) -> Refusal:
        """Not said as a time to wait for: nobody's message shall wait for weeks."""
        most, days = self._limits.envelopes_per_account, -(-wait_ms // DAY_MS)
        return Refusal(
            "quota_exceeded",
            f"This account has sent {most} messages in {self._limits.retention_days} days, which "
            f"is what the server keeps for it: send again in {days} days, or ask the operator.",
        )

    async def _draw(self) -> None:
        """Fetch the next piece for every device that waits for one, until none does."""
        try:
            while self._undrawn:
                waiting = [one for ones in self._undrawn.values() for one in ones]
                wanted = Counter(one.device.key for one in waiting)
                accounts = Counter(one.device.account_key for one in waiting)
                failure: PlauschError | None = None
                try:
                    await self._sent.draw_missing(wanted)
                    await self._stored.draw_missing(accounts)
                except Exception as error:  # whatever it is, devices get an answer
                    failure = _failure(error)
                for key in wanted:
                    for one in self._undrawn.pop(key):
                        if failure is None:
                            self._admit_or_draw(one)
                        else:
                            answer(one, failure)
        finally:
            self._drawing = None

    # --- in lanes ------------------------------------------------------------------------

    def _lane_of(self, request: f.Append) -> Lane:
        lanes = self._lanes
        return lanes[0 if len(lanes) == 1 else shard_of_conversation(request.conversation)]

    def _begin(self, lane: Lane) -> None:
        if lane.task is None:
            lane.task = asyncio.get_running_loop().create_task(self._empty(lane))

    async def _empty(self, lane: Lane) -> None:
        try:
            while lane.waiting:
                batch, lane.waiting = lane.waiting[:BATCH], lane.waiting[BATCH:]
                quick, slow = self._divide(lane, batch)
                if quick:
                    began_s = time.monotonic()
                    await self._answered(quick, self._write_quick(quick))
                    self._figures.appended_batch(len(quick), time.monotonic() - began_s)
                for public_id in slow:
                    task = asyncio.get_running_loop().create_task(self._judge(lane, public_id))
                    self._judging.add(task)
                    task.add_done_callback(self._judging.discard)
        finally:
            lane.task = None

    def _divide(self, lane: Lane, batch: list[Waiting]) -> tuple[list[Waiting], list[bytes]]:
        """What can be written at once, and the conversations that have something set aside now."""
        quick: list[Waiting] = []
        slow: list[bytes] = []
        for one in batch:
            if not one.is_open:  # refused with its batch after it had been put back
                continue
            public_id = one.request.conversation
            if public_id not in lane.aside:
                if one.request.kind != f.PROPOSAL and self._is_known(one):
                    quick.append(one)
                    continue
                lane.aside[public_id] = []
                slow.append(public_id)
            lane.aside[public_id].append(one)
        return quick, slow

    def _is_known(self, one: Waiting) -> bool:
        """Whether the rosters in memory let it in, or the database has."""
        roster = one.roster or self._rosters.known(one.request.conversation)
        if roster is None or roster.epoch != one.request.epoch:
            return False
        if one.roster is None and one.device.key in roster.members:
            one.found(roster)
        return one.roster is not None

    async def _judge(self, lane: Lane, public_id: bytes) -> None:
        """The first of what is set aside; the others go back into the lane, where they were."""
        waiting = lane.aside[public_id]
        if waiting[0].request.kind == f.PROPOSAL:
            one = waiting.pop(0)
            async with self._proposing.turn(one.device.account_key):
                began_s = time.monotonic()
                await self._answered([one], self._propose(one))
            self._figures.appended_batch(1, time.monotonic() - began_s)
        else:
            first = list(takewhile(lambda one: one.request.kind != f.PROPOSAL, waiting))
            del waiting[: len(first)]
            async with self._looking.turn(first[0].device.account_key):
                await self._answered(first, self._look_again(first))
            waiting[:0] = [one for one in first if one.roster and one.is_open]
        lane.waiting[:0] = lane.aside.pop(public_id)
        self._begin(lane)

    async def _answered(self, batch: Sequence[Waiting], work: Coroutine[None, None, None]) -> None:
        """Do the work for these appends; when it fails, each that has no answer gets one."""
        try:
            await work
        except Exception as error:  # a defect here must not leave devices without an answer
            self._refuse(batch, _failure(error))

    async def _propose(self, one: Waiting) -> None:
        if not self._is_known(one):
            await self._look_again([one])
        if one.roster is None:
            return
        try:
            accepted = await self._proposals.append_proposal(one.device, one.request)
        except Refusal as refusal:
            self._refuse([one], refusal)
        else:
            answer(one, accepted)

    def _refuse(self, batch: Sequence[Waiting], failure: PlauschError) -> None:
        """Answer those that have no answer yet; they have not sent anything."""
        for one in batch:
            if one.is_open:
                self._sent.give_back(one.device.key)
                self._stored.give_back(one.device.account_key)
                answer(one, failure)

    # --- who may ---------------------------------------------------------------------------

    async def _write_quick(self, quick: list[Waiting]) -> None:
        """What is let in, if its outside is what it has to be. Raises StorageUnavailable."""
        parts: dict[int, list[Waiting]] = {}
        is_one = len(self._lanes) == 1
        for one in quick:
            refusal = message_refusal(one.request)
            if refusal is None:
                # Conversations from before 0027 lie on another shard than that of their lane.
                parts.setdefault(0 if is_one else shard_of(one.key[0]), []).append(one)
            else:
                self._refuse([one], refusal)
        for part in parts.values():
            await self._write(part)

    async def _look_again(self, doubtful: list[Waiting]) -> None:
        """Judge by the database: admit, answer a retry, or refuse."""
        rosters = {
            public_id: await self._rosters.load(public_id)
            for public_id in {one.request.conversation for one in doubtful}
        }
        known = []
        for one in doubtful:
            one.found(rosters[one.request.conversation])
            if one.roster is None:
                self._refuse([one], unknown_conversation())
            else:
                known.append(one)

        async def body(
            tx: Transaction,
        ) -> tuple[dict[Key, tuple[int, int]], dict[int, tuple[int, int]]]:
            keys = list({one.key[0] for one in known})
            return (
                await envelope.accepted(tx, [one.key for one in known]),
                await conversation.standings(tx, keys),
            )

        before, standings = await self._database.read(body)
        again = {one: Accepted(*before[one.key]) for one in known if one.key in before}
        for one in known:
            roster = one.roster
            if roster is None or one in again:
                continue
            standing = standings[roster.conversation_key]
            if standing[0] < roster.epoch:  # a Commit that this process has seen is lost there
                self._rosters.forget(roster.conversation)
                self._refuse([one], stale_epoch(*standing))
            elif one.device.key not in roster.members:
                self._refuse([one], unknown_conversation())
            elif roster.epoch != one.request.epoch:
                self._refuse([one], stale_epoch(*standing))
            else:
                continue
            one.found(None)
        await self._answer_again(again)

    # --- writing ---------------------------------------------------------------------------

    async def _write(self, ready: list[Waiting]) -> None:
        """Write what is ready, and answer it. Raises StorageUnavailable."""
        if not ready:
            return
        first: dict[Key, Waiting] = {}
        again: list[Waiting] = []
        for one in ready:
            if first.setdefault(one.key, one) is not one:
                again.append(one)
        await self._write_once(list(first.values()))
        if again:  # the same append twice in one batch: its answer is in the log now, or a refusal
            for one in again:
                one.found(None)
            await self._look_again(again)
            await self._write([one for one in again if one.roster is not None])

    async def _write_once(self, batch: list[Waiting]) -> None:
        newest: dict[int, int] = {}
        for one in batch:
            key, epoch = one.key[0], one.request.epoch
            newest[key] = max(newest.get(key, 0), epoch)
        stale = [one for one in batch if one.request.epoch != newest[one.key[0]]]
        batch = [one for one in batch if one.request.epoch == newest[one.key[0]]]
        while batch:
            try:
                heads, at_ms = await self._append(batch)
                stale += self._settle(batch, heads, at_ms)
                break
            except ConstraintViolated:
                before = len(batch)
                batch = await self._without_retries(batch)
                if len(batch) == before:
                    raise
        if stale:
            await self._look_again(stale)
            # Whatever still fits has seen its epoch come into view just now: it tries again.
            lane = self._lane_of(stale[0].request)
            for one in reversed(stale):
                if one.roster is not None:
                    lane.aside.get(one.request.conversation, lane.waiting).insert(0, one)

    async def _append(self, batch: list[Waiting]) -> tuple[dict[int, int], int]:
        """(new heads by conversation key, accepted_at_ms). Raises ConstraintViolated."""
        wanted = Counter([(one.key[0], one.request.epoch) for one in batch])
        room = [(key, epoch, count) for (key, epoch), count in sorted(wanted.items())]
        at_ms = self.now_ms()

        async def body(tx: Transaction) -> dict[int, int]:
            heads = await conversation.grow(tx, room)
            free = {key: heads[key] - count for key, _, count in room if key in heads}
            rows: list[envelope.NewEnvelope] = []
            for one in batch:
                key, sender, idempotency_id = one.key
                if key in free:
                    free[key] = seq = free[key] + 1
                    r = one.request
                    rows.append(
                        (key, seq, r.epoch, r.kind, at_ms, sender, idempotency_id, r.message)
                    )
            await envelope.add(tx, rows)
            return heads

        # Run again after a lost COMMIT, the unique index recognises what was written.
        return await self._database.transact(body, repeatable=True), at_ms

    async def _without_retries(self, batch: list[Waiting]) -> list[Waiting]:
        """Answer those that were accepted before; the rest."""

        async def body(tx: Transaction) -> dict[Key, tuple[int, int]]:
            return await envelope.accepted(tx, [one.key for one in batch])

        before = await self._database.read(body)
        await self._answer_again(
            {one: Accepted(*before[one.key]) for one in batch if one.key in before}
        )
        return [one for one in batch if one.key not in before]

    async def _answer_again(self, again: dict[Waiting, Accepted]) -> None:
        """The first answers of what is in the log already. The last of each sender is pushed once
        more: when the answer to a COMMIT was lost, nobody knows whether the first push went out.
        Where the epoch has ended since, its Commit has woken everybody."""
        last: dict[tuple[bytes, int], tuple[int, int]] = {}
        quiet: dict[bytes, set[int]] = {}
        for one, accepted in sorted(again.items(), key=lambda item: item[1].seq):
            roster = one.roster
            if roster is not None and roster.epoch == one.request.epoch:
                slot = (roster.conversation, one.device.key)
                last[slot] = (roster.conversation_key, accepted.seq)
                if one.request.quiet:
                    quiet.setdefault(roster.conversation, set()).add(accepted.seq)

        async def body(tx: Transaction) -> dict[bytes, list[f.Envelope]]:
            found: dict[bytes, list[f.Envelope]] = {}
            for (public_id, _), (key, seq) in sorted(last.items(), key=lambda item: item[1]):
                for row in await envelope.read(tx, key, seq, seq):
                    sent = self._franking.envelope(public_id, row)
                    found.setdefault(public_id, []).append(sent)
            return found

        pushed = await self._database.read(body) if last else {}
        for one, accepted in again.items():
            one.found(None)
            answer(one, accepted)
        for public_id, envelopes in pushed.items():
            self._told.appended(public_id, envelopes, quiet.get(public_id, ()))

    def _settle(self, batch: list[Waiting], heads: dict[int, int], at_ms: int) -> list[Waiting]:
        """Everything is on disk: answer, then tell the hub. Those that found another epoch."""
        wanted = Counter([one.key[0] for one in batch])
        free = {key: head - wanted[key] for key, head in heads.items()}
        grown: dict[bytes, list[f.Envelope]] = {}
        quiet: dict[bytes, set[int]] = {}
        stale: list[Waiting] = []
        for one in batch:
            key = one.key[0]
            if key not in free:
                stale.append(one)
                continue
            free[key] = seq = free[key] + 1
            r = one.request
            stored = (seq, r.epoch, r.kind, at_ms, one.device.uri, r.message)
            grown.setdefault(r.conversation, []).append(
                self._franking.envelope(r.conversation, stored)
            )
            if r.quiet:
                quiet.setdefault(r.conversation, set()).add(seq)
            answer(one, Accepted(seq, at_ms))
        for public_id, envelopes in grown.items():
            self._told.appended(public_id, envelopes, quiet.get(public_id, ()))
        return stale


def _failure(error: Exception) -> PlauschError:
    """What devices are told when the database, or this server, has failed."""
    if isinstance(error, StorageUnavailable):
        return Refusal(error.code, str(error), fault=Fault.OPERATOR, retry_after_ms=RETRY_MS)
    log.error("appending failed", exc_info=error)
    return Refusal(
        "internal",
        "The server failed to append: its operator finds the reason in its log.",
        fault=Fault.OPERATOR,
        retry_after_ms=RETRY_MS,
    )

"""From the vault's outbox to the server: in order within a conversation, each exactly once.

A message is encrypted only when it is its turn, in the group's present epoch; ciphertext and the
ratchet behind it are in the vault, in one transaction, before the ciphertext leaves. After a
crash or a lost answer the same bytes go out again with the same idempotency id. When the epoch
has moved on, the same content is encrypted anew: its message id stays, and receivers show it once.
"""

import asyncio

from plausch.base.errors import Fault, LocalError, PlauschError
from plausch.base.ids import ConversationId
from plausch.mls.errors import ProtocolError
from plausch.mls.group import Group
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import (
    ConversationBroken,
    NotParticipant,
    ServerMisbehaved,
    ServerRefused,
    TrustRefused,
    Unreachable,
)
from plausch.sdk.events import StatusChanged
from plausch.sdk.membership import (
    CommitBundle,
    Intent,
    make_plan,
    outdated_leaves,
    untried,
)
from plausch.sdk.message import State
from plausch.sdk.receive import envelope_hash
from plausch.sdk.sync import Sync
from plausch.sdk.transport import jittered_delay_s
from plausch.sdk.vault.outbox import Entry, EntryKind, new_idempotency_id
from plausch.sdk.vault.vault import Write
from plausch.sdk.whole import whole
from plausch.wire import frames as f

STALE_ATTEMPTS = 4
"""Refusals as stale without anything new in the log, after which the log counts as torn."""

COMMIT_ATTEMPTS = 50
"""Commits lost to others in a row, after which an intent is given up for now."""


class Outbox:
    """Pays what this device owes. One worker for each conversation, while there is something."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sync: Sync | None = None
        self._working: set[ConversationId] = set()
        self._again: set[ConversationId] = set()

    def connect(self, sync: Sync) -> None:
        """Told once, at wiring: sending and receiving need each other."""
        self._sync = sync

    @property
    def sync(self) -> Sync:
        """How to catch up."""
        if self._sync is None:
            raise AssertionError("the outbox is wired before it is used")
        return self._sync

    # --- workers -----------------------------------------------------------------------------

    def kick(self, live: Live) -> None:
        """There may be something to send."""
        if live.id in self._working:
            self._again.add(live.id)
            return
        self._working.add(live.id)
        self._core.spawn(self._work(live))

    async def kick_all(self) -> None:
        """There is a connection: everything that waits may go."""
        for conversation in await self._core.outbox.conversations():
            live = self._core.lives.get(conversation)
            if live is not None:
                self.kick(live)

    async def _work(self, live: Live) -> None:
        refusals = 0
        try:
            # First read, then write: somebody may have left while this device was away.
            while self._has_read():
                self._again.discard(live.id)
                entry = await self._core.outbox.first(live.id)
                if entry is None:
                    if live.id not in self._again:
                        return
                    continue
                try:
                    await self._pay(live, entry)
                    refusals = 0
                except ServerRefused as error:
                    if not _passing(error):
                        await self._give_up(live, entry, error)
                        continue
                    wait_s = max(error.retry_after_ms / 1000, jittered_delay_s(refusals))
                    refusals += 1
                    await asyncio.sleep(wait_s)
        except Unreachable:
            return  # goes on with the next connection
        except (TrustRefused, ConversationBroken, ServerMisbehaved, ProtocolError) as error:
            await self._block(live, error)
        finally:
            self._working.discard(live.id)
            if live.id in self._again:  # asked for while this worker was about to end
                self._again.discard(live.id)
                self.kick(live)

    def _has_read(self) -> bool:
        """Whether there is a connection, and everything that had moved before it was read."""
        transport = self._core.transport
        return transport.online and self._core.caught_up_on == transport.generation

    async def _pay(self, live: Live, entry: Entry) -> None:
        if live.kept.state in ("left", "failed"):
            await self._give_up(live, entry, _not_participant())
        elif entry.kind is EntryKind.CREATE:
            await self._create(live, entry)
        elif entry.kind is EntryKind.CHANGE:
            await self._change(live, entry)
        elif entry.kind is EntryKind.LEAVE:
            await self._leave(live, entry)
        else:
            await self._send(live, entry)

    async def _block(self, live: Live, error: PlauschError) -> None:
        """It waits for a decision or another server's behaviour; whoever waits is told why."""
        for entry in await self._core.outbox.of(live.id):
            self._core.disappoint(entry.idempotency_id, error)
        await self._core.report(live.id, None, error)

    @whole
    async def _give_up(self, live: Live, entry: Entry, error: PlauschError) -> None:
        """Refused for good. Without its first Commit a conversation cannot be."""
        core = self._core
        opening = entry.kind is EntryKind.CREATE or (
            entry.kind is EntryKind.CHANGE and Intent.from_bytes(entry.intent).opening
        )
        entries = await core.outbox.of(live.id) if opening else [entry]
        writes: list[Write] = []
        async with core.changing(live):
            now = await core.outbox.get(entry.idempotency_id)  # its Commit was made meanwhile
            if entry.kind is EntryKind.CHANGE and now is not None and now.payload:
                writes += self._without_pending(live, await core.group(live))
            if opening:
                live.kept.state = "failed"
                writes.append(core.conversations.put(live.kept))
            for one in entries:
                writes.append(core.outbox.delete(one.idempotency_id))
                if one.message_id is not None:
                    writes.append(core.messages.fail(one.message_id, str(error)))
            await core.vault.write(writes)
        for one in entries:
            core.disappoint(one.idempotency_id, error)
            if one.message_id is not None:
                core.feed.tell(StatusChanged(live.id, one.message_id, State.FAILED))

    def _without_pending(self, live: Live, group: Group) -> list[Write]:
        if group.pending is None:
            return []
        group.pending.drop()
        return self._core.save_group(live, epoch_moved=True)

    # --- messages ----------------------------------------------------------------------------

    async def _send(self, live: Live, entry: Entry) -> None:
        core = self._core
        progress = _Progress(live)
        current: Entry | None = entry
        while current is not None:
            others = live.others(core.address)
            await core.trust.freshen(others, core.transport.generation)
            core.trust.demand_unchanged(others)
            # Another device of this account may have taken one off the list meanwhile.
            await core.trust.freshen([core.address], core.transport.generation)
            ready = await self._encrypted(live, current)
            if ready is None:
                await self._tidy(live)
                continue
            try:
                answer = await core.transport.ask(
                    lambda request_id, ready=ready: f.Append(  # type: ignore[misc]
                        request_id,
                        live.id,
                        ready.epoch,
                        f.APPLICATION,
                        ready.payload,
                        ready.idempotency_id,
                    ),
                    f.Appended,
                )
            except ServerRefused as error:
                await self._catch_up_after(live, error, progress)
                current = await core.outbox.get(entry.idempotency_id)
                continue
            await self._accepted(live, ready, answer)
            return

    @whole
    async def _encrypted(self, live: Live, entry: Entry) -> Entry | None:
        """The entry with a ciphertext of the present epoch; None: the group has to be tidied."""
        core = self._core
        async with core.changing(live):
            group = await core.group(live)
            if entry.payload and entry.epoch == group.epoch:
                return entry
            if group.must_commit or outdated_leaves(core, group) or untried(core, live, group):
                return None
            ciphertext = group.encrypt(entry.intent, core.mark(group).digest)
            writes = core.save_group(live, epoch_moved=False)
            writes.append(core.outbox.set_payload(entry.idempotency_id, group.epoch, ciphertext))
            if entry.message_id is not None:
                hashed = envelope_hash(ciphertext)
                writes.append(core.messages.travels_as(entry.message_id, hashed))
            await core.vault.write(writes)
            return _with_payload(entry, group.epoch, ciphertext)

    @whole
    async def _accepted(self, live: Live, entry: Entry, answer: f.Appended) -> None:
        """It is on the server's disk: note it, and pass it in the log if it is the next one."""
        core = self._core
        async with core.changing(live):
            writes = [core.outbox.delete(entry.idempotency_id)]
            if entry.message_id is not None:
                at_ms = max(answer.accepted_at_ms, live.kept.ordinal_ms)
                writes.append(core.messages.accepted(entry.message_id, answer.seq, at_ms))
                live.kept.active_at_ms = max(live.kept.active_at_ms, at_ms)
            if live.kept.cursor == answer.seq - 1:
                live.kept.cursor = answer.seq
                live.kept.ordinal_ms = max(live.kept.ordinal_ms, answer.accepted_at_ms)
            if live.kept.state == "broken":
                live.kept.state = "open"  # accepted in this epoch: it was not over after all
            writes.append(core.conversations.put(live.kept))
            await core.vault.write(writes)
        if live.kept.cursor == answer.seq:
            core.transport.tell(f.Acknowledge(live.id, answer.seq))
        core.fulfil(entry.idempotency_id, answer.seq)
        if entry.message_id is not None:
            core.feed.tell(StatusChanged(live.id, entry.message_id, State.SENT))

    # --- changes -----------------------------------------------------------------------------

    async def _create(self, live: Live, entry: Entry) -> None:
        await self._core.transport.ask(
            lambda request_id: f.CreateConversation(request_id, live.id, entry.payload), f.Done
        )
        await self._core.vault.write([self._core.outbox.delete(entry.idempotency_id)])
        self._core.fulfil(entry.idempotency_id, 0)

    async def _tidy(self, live: Live) -> None:
        """Commit what waits before anything is encrypted: not to somebody who is leaving."""
        core = self._core
        owed = [entry for entry in await core.outbox.of(live.id) if _only_tidies(entry)]
        if not owed:
            entry = Entry(
                live.id, EntryKind.CHANGE, None, new_idempotency_id(), Intent().to_bytes()
            )
            await core.vault.write(
                [
                    core.outbox.add(
                        live.id, entry.kind, entry.intent, idempotency_id=entry.idempotency_id
                    )
                ]
            )
            owed = [entry]
        await self._change(live, owed[0])

    async def _change(self, live: Live, entry: Entry) -> None:
        core = self._core
        progress = _Progress(live)
        current: Entry | None = entry
        for _ in range(COMMIT_ATTEMPTS):
            if current is None:
                return  # met in the log
            if not current.payload:
                prepared = await self._prepared(live, current)
                if prepared is None:
                    return
                current = prepared
            try:
                answer = await self._append_commit(live, current)
            except ServerRefused as error:
                await self._catch_up_after(live, error, progress)
            else:
                await self.sync.catch_up(live, answer.seq)
            current = await core.outbox.get(entry.idempotency_id)
        raise ConversationBroken(
            "Others changed this conversation each time before this change came through: it is "
            "tried again later."
        )

    async def _append_commit(self, live: Live, entry: Entry) -> f.Appended:
        bundle = CommitBundle.from_bytes(entry.payload)
        return await self._core.transport.ask(
            lambda request_id: f.AppendCommit(
                request_id,
                live.id,
                entry.epoch,
                bundle.commit,
                entry.idempotency_id,
                bundle.group_info,
                bundle.welcome,
                bundle.welcome_to,
            ),
            f.Appended,
        )

    async def _prepared(self, live: Live, entry: Entry) -> Entry | None:
        """The entry with a Commit, saved before it is sent; None: nothing is left to change."""
        core = self._core
        intent = Intent.from_bytes(entry.intent)
        while True:
            async with core.changing(live):
                group = await core.group(live)
                epoch = group.epoch
            plan = await make_plan(core, live, group, intent)
            async with core.changing(live):
                group = await core.group(live)
                if group.epoch != epoch:
                    continue  # planned for an epoch that is over
                if not (plan.adds or plan.removes or group.must_commit):
                    await self._nothing_left(live, entry)
                    return None
                looked_up = {device.account for device in plan.adds}
                pending = group.commit(
                    core.trust.judge(looked_up | set(live.kept.participants)),
                    core.now_s(),
                    adds=list(plan.adds.values()),
                    removes=plan.removes,
                )
                welcome_to = [device.uri for device in plan.adds]
                bundle = CommitBundle(
                    pending.commit, pending.welcome, welcome_to, pending.group_info
                ).to_bytes()
                writes = core.save_group(live, epoch_moved=True)
                writes.append(core.outbox.set_payload(entry.idempotency_id, epoch, bundle))
                await core.vault.write(writes)
                return _with_payload(entry, epoch, bundle)

    async def _nothing_left(self, live: Live, entry: Entry) -> None:
        core = self._core
        live.kept.set_members(live.kept.members)
        if live.kept.state == "opening":
            live.kept.state = "open"
        await core.vault.write(
            [core.outbox.delete(entry.idempotency_id), core.conversations.put(live.kept)]
        )
        core.fulfil(entry.idempotency_id, live.kept.cursor)

    async def _leave(self, live: Live, entry: Entry) -> None:
        core = self._core
        progress = _Progress(live)
        while live.kept.state != "left":
            async with core.changing(live):
                group = await core.group(live)
                proposal, epoch = entry.payload, entry.epoch
                if not proposal or epoch != group.epoch:
                    proposal, epoch = group.propose_remove(group.own_leaf), group.epoch
                    writes = core.save_group(live, epoch_moved=True)
                    writes.append(core.outbox.set_payload(entry.idempotency_id, epoch, proposal))
                    await core.vault.write(writes)
                    entry = _with_payload(entry, epoch, proposal)
            try:
                answer = await core.transport.ask(
                    lambda request_id, entry=entry: f.Append(  # type: ignore[misc]
                        request_id,
                        live.id,
                        entry.epoch,
                        f.PROPOSAL,
                        entry.payload,
                        entry.idempotency_id,
                    ),
                    f.Appended,
                )
            except ServerRefused as error:
                await self._catch_up_after(live, error, progress)
                continue
            await self._left(live, entry, answer.seq)

    @whole
    async def _left(self, live: Live, entry: Entry, seq: int) -> None:
        """The proposal is in the log: from here on nothing is sent or read."""
        core = self._core
        async with core.changing(live):
            live.kept.state = "left"
            live.group = None
            await core.vault.write(
                [
                    core.outbox.delete(entry.idempotency_id),
                    core.conversations.put(live.kept),
                    core.conversations.forget_group(live.id),
                ]
            )
        core.fulfil(entry.idempotency_id, seq)

    # --- when the log has moved on -----------------------------------------------------------

    async def _catch_up_after(
        self, live: Live, error: ServerRefused, progress: "_Progress"
    ) -> None:
        """Stale: read on, to try again. Raises the refusal if it is another one,
        ConversationBroken when the log holds nothing that explains it."""
        if error.code == "unknown_conversation":
            await self.sync.catch_up(live, live.kept.cursor + 1)  # perhaps we were removed
        if error.code != "stale_epoch":
            raise error
        await self.sync.catch_up(live, max(error.head, live.head))
        if not progress.made() and live.kept.state != "left":
            live.kept.state = "broken"
            await self._core.vault.write([self._core.conversations.put(live.kept)])
            raise ConversationBroken(
                "The server says that this conversation has moved on, but does not deliver the "
                "change: nothing can be sent until it does, or until another participant adds "
                "this device again."
            )


class _Progress:
    """Whether a log has moved since we last looked; patient a few times."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._cursor = live.kept.cursor
        self._left = STALE_ATTEMPTS

    def made(self) -> bool:
        """False when nothing new was seen too often."""
        if self._live.kept.cursor > self._cursor:
            self._cursor, self._left = self._live.kept.cursor, STALE_ATTEMPTS
        else:
            self._left -= 1
        return self._left > 0


def _with_payload(entry: Entry, epoch: int, payload: bytes) -> Entry:
    return Entry(
        entry.conversation,
        entry.kind,
        entry.message_id,
        entry.idempotency_id,
        entry.intent,
        epoch,
        payload,
    )


def _only_tidies(entry: Entry) -> bool:
    """Whether what waits before this entry may be sent in the epoch that it leads to."""
    return entry.kind is EntryKind.CHANGE and entry.intent == Intent().to_bytes()


def _passing(error: ServerRefused) -> bool:
    """Whether the same request may succeed later."""
    return error.fault is Fault.OPERATOR or error.retry_after_ms > 0


def _not_participant() -> LocalError:
    return NotParticipant("This account is no longer in the conversation.")

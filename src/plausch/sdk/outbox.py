"""From the vault's outbox to the server: in order within a conversation, each exactly once.

A message is encrypted only when it is its turn, in the group's present epoch; ciphertext and the
ratchet behind it are in the vault, in one transaction, before the ciphertext leaves. After a
crash or a lost answer the same bytes go out again with the same idempotency id. When the epoch
has moved on, the same content is encrypted anew: its message id stays, and receivers show it once.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial

from plausch.base.errors import PlauschError
from plausch.base.ids import ConversationId, DeviceAddress
from plausch.mls.errors import ProtocolError
from plausch.mls.group import Group
from plausch.sdk.certificates import renewed_identity
from plausch.sdk.core import Core, Live
from plausch.sdk.debts import Progress, intent_of, is_for_good, only_tidies, removal_behind
from plausch.sdk.errors import (
    ChangeForgotten,
    ConversationBroken,
    NotParticipant,
    SdkError,
    ServerMisbehaved,
    ServerRefused,
    TrustRefused,
    Unreachable,
)
from plausch.sdk.events import StatusChanged
from plausch.sdk.franked import authenticated_with
from plausch.sdk.membership import (
    CommitBundle,
    Intent,
    demand_participant,
    make_plan,
    outdated_leaves,
    tried_in_vain,
    untried,
)
from plausch.sdk.message import Kind, State
from plausch.sdk.receive import envelope_hash
from plausch.sdk.sync import Sync
from plausch.sdk.transport import jittered_delay_s
from plausch.sdk.vault.outbox import Entry, EntryKind, new_idempotency_id
from plausch.sdk.vault.vault import Write
from plausch.sdk.whole import whole
from plausch.wire import frames as f

COMMIT_ATTEMPTS = 50
"""Commits lost to others in a row, after which an intent is given up for now."""

LOUD = frozenset({Kind.TEXT, Kind.CARD, Kind.FILE, Kind.OTHER})
"""What somebody wants to be told of, and is woken for."""


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
        try:
            await self._core.patiently(lambda: self._pay_all(live))
        finally:
            self._working.discard(live.id)
            if live.id in self._again:  # asked for while this worker was about to end
                self._again.discard(live.id)
                self.kick(live)

    async def _pay_all(self, live: Live) -> None:
        refusals = 0
        ahead: Entry | None = None
        try:
            # First read, then write: somebody may have left while this device was away.
            while self._has_read():
                self._again.discard(live.id)
                entry = ahead or await self._core.outbox.first(live.id)
                ahead = None
                if entry is None:
                    if live.id not in self._again:
                        return
                    continue
                try:
                    await self._pay(live, entry)
                    refusals = 0
                except (SdkError, ServerRefused, TrustRefused) as error:
                    if is_for_good(entry, error):
                        await self._give_up(live, entry, error)
                        continue
                    if not isinstance(error, ServerRefused):
                        ahead = removal_behind(entry, await self._core.outbox.of(live.id))
                        if ahead is None:
                            raise
                        continue
                    wait_s = max(error.retry_after_ms / 1000, jittered_delay_s(refusals))
                    refusals += 1
                    await asyncio.sleep(wait_s)
        except Unreachable:
            return  # goes on with the next connection
        except (TrustRefused, ConversationBroken, ServerMisbehaved, ProtocolError) as error:
            await self._block(live, error)

    def _has_read(self) -> bool:
        """Whether there is a connection, and everything that had moved before it was read."""
        transport = self._core.transport
        return transport.online and self._core.caught_up_on == transport.generation

    async def _pay(self, live: Live, entry: Entry) -> None:
        if entry.kind is EntryKind.LEAVE and live.kept.state != "failed":
            await self._leave(live, entry)
            return
        demand_participant(live)
        if entry.kind is EntryKind.CREATE:
            await self._create(live, entry)
        elif entry.kind is EntryKind.CHANGE:
            await self._change(live, entry)
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
        opening = entry.kind is EntryKind.CREATE or intent_of(entry).opening
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
        progress = Progress(live)
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
            quiet = await self._is_quiet(ready)
            try:
                answer = await core.transport.ask(
                    lambda request_id, ready=ready, quiet=quiet: f.Append(  # type: ignore[misc]
                        request_id,
                        live.id,
                        ready.epoch,
                        f.APPLICATION,
                        ready.payload,
                        ready.idempotency_id,
                        quiet,
                    ),
                    f.Appended,
                )
            except ServerRefused as error:
                await self._catch_up_after(live, error, progress)
                current = await core.outbox.get(entry.idempotency_id)
                continue
            live.accepted = max(live.accepted, answer.seq)
            await self._accepted(live, ready, answer)
            return

    async def _is_quiet(self, entry: Entry) -> bool:
        """Whether nobody has to be woken: for a report of having read, a reaction, a change."""
        if entry.message_id is None:
            return True
        row = await self._core.messages.get(entry.message_id)
        return row is None or row.kind not in LOUD

    @whole
    async def _encrypted(self, live: Live, entry: Entry) -> Entry | None:
        """The entry with a ciphertext of the present epoch; None: the group has to be tidied."""
        core = self._core
        async with core.changing(live):
            group = await core.group(live)
            if entry.payload and entry.epoch == group.epoch:
                return entry
            untidy = group.must_commit or outdated_leaves(core, live, group)
            if untidy or untried(core, live, group) or renewed_identity(core, group):
                return None
            beside = authenticated_with(core.mark(group), entry.intent)
            ciphertext = group.encrypt(entry.intent, beside)
            writes = core.save_group(live, epoch_moved=False)
            writes.append(core.outbox.set_payload(entry.idempotency_id, group.epoch, ciphertext))
            if entry.message_id is not None:
                hashed = envelope_hash(ciphertext)
                writes.append(core.messages.travels_as(entry.message_id, hashed))
            await core.vault.write(writes)
            return replace(entry, epoch=group.epoch, payload=ciphertext)

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
        owed = [entry for entry in await core.outbox.of(live.id) if only_tidies(entry)]
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
        try:
            await self._change(live, owed[0])
        except ServerRefused as error:
            if not is_for_good(owed[0], error):
                raise
            await self._tidy_without(live, owed[0], error)

    async def _tidy_without(self, live: Live, entry: Entry, error: ServerRefused) -> None:
        """The server refuses to tidy: perhaps not without the devices that were to be added."""
        refused = await self._core.outbox.get(entry.idempotency_id)
        await self._give_up(live, entry, error)
        made = refused is not None and refused.payload
        added = CommitBundle.from_bytes(made).welcome_to if made else []
        if not added:
            raise ConversationBroken(
                f"The server does not take the change that has to come before the next message: "
                f"{error}"
            ) from error
        await self._core.report(live.id, None, error)
        tried_in_vain(self._core, live, {DeviceAddress.parse_uri(uri) for uri in added})

    async def _change(self, live: Live, entry: Entry) -> None:
        core = self._core
        progress = Progress(live)
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
                if not (plan.is_needed or group.must_commit):
                    await self._nothing_left(live, entry)
                    return None
                looked_up = {device.account for device in plan.adds}
                commit = partial(
                    group.commit,
                    now_s=core.now_s(),
                    adds=list(plan.adds.values()),
                    removes=plan.removes,
                    extensions=plan.extensions,
                    identity=plan.identity,
                )
                # What waits may be about somebody else, who has to be looked up.
                pending = await core.judged(commit, looked_up | set(live.kept.participants))
                welcome_to = [device.uri for device in plan.adds]
                bundle = CommitBundle(
                    pending.commit, pending.welcome, welcome_to, pending.group_info
                ).to_bytes()
                writes = core.save_group(live, epoch_moved=True)
                writes.append(core.outbox.set_payload(entry.idempotency_id, epoch, bundle))
                await core.vault.write(writes)
                return replace(entry, epoch=epoch, payload=bundle)

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
        progress = Progress(live)
        while not live.kept.is_over:
            async with core.changing(live):
                group = await core.group(live)
                proposal, epoch = entry.payload, entry.epoch
                if not proposal or epoch != group.epoch:
                    proposal, epoch = group.propose_remove(group.own_leaf), group.epoch
                    writes = core.save_group(live, epoch_moved=True)
                    writes.append(core.outbox.set_payload(entry.idempotency_id, epoch, proposal))
                    await core.vault.write(writes)
                    entry = replace(entry, epoch=epoch, payload=proposal)
            try:
                await self._propose(live, entry)
                break
            except ServerRefused as error:
                if error.code == "unknown_conversation":
                    break  # somebody else has removed this device: there is nothing to leave
                with suppress(NotParticipant):
                    await self._catch_up_after(live, error, progress)
        await self._left(live, entry)

    async def _propose(self, live: Live, entry: Entry) -> None:
        await self._core.transport.ask(
            lambda request_id: f.Append(
                request_id,
                live.id,
                entry.epoch,
                f.PROPOSAL,
                entry.payload,
                entry.idempotency_id,
            ),
            f.Appended,
        )

    @whole
    async def _left(self, live: Live, entry: Entry) -> None:
        """The proposal is in the log, or needless: from here on nothing is sent or read."""
        core = self._core
        async with core.changing(live):
            if live.kept.state != "ended":
                live.kept.state = "left"
            live.group = None
            await core.vault.write(
                [
                    core.outbox.delete(entry.idempotency_id),
                    core.conversations.put(live.kept),
                    core.conversations.forget_group(live.id),
                ]
            )
        core.fulfil(entry.idempotency_id, live.kept.cursor)

    # --- when the log has moved on -----------------------------------------------------------

    async def _catch_up_after(self, live: Live, error: ServerRefused, progress: Progress) -> None:
        """Stale: read on, to try again. Raises the refusal if it is another one, NotParticipant
        when the log says so, ConversationBroken when it holds nothing that explains it."""
        if error.code == "unknown_conversation":
            await self.sync.catch_up(live, live.kept.cursor + 1)  # perhaps we were removed
        elif error.code == "stale_epoch":
            await self.sync.catch_up(live, max(error.head, live.head))
        demand_participant(live)
        if error.code != "stale_epoch":
            raise error
        if not progress.made():
            live.kept.state = "broken"
            await self._core.vault.write([self._core.conversations.put(live.kept)])
            raise _broken(live, error)


def _broken(live: Live, error: ServerRefused) -> ConversationBroken:
    if 0 <= error.epoch < live.kept.epoch:
        return ChangeForgotten(
            "The server has forgotten the last change to this conversation; it was probably "
            "restored from a backup. Nothing can be sent in it until a participant who has not "
            "seen that change adds this device again: begin a new conversation."
        )
    return ConversationBroken(
        "The server says that this conversation has moved on, but does not deliver the change: "
        "nothing can be sent until it does, or until another participant adds this device again."
    )

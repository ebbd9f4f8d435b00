"""Commits and proposals: what changes a group is judged before it enters the log.

What a message says by itself is judged in judging.py, on a thread and on its account's time;
the server's own rules in membership.py: only listed devices of registered accounts, who may add
whom. Everything that belongs to a Commit is written in one transaction; a refused one changes
nothing. What was accepted before is answered again and pushed again: when the answer to a COMMIT
was lost, nobody knows whether the first push went out.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS
from plausch.base.errors import Fault
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.server.allowance import Allowance
from plausch.server.append_checks import IDEMPOTENCY_BYTES
from plausch.server.checks import Checks
from plausch.server.errors import Refusal, stale_epoch, unknown_conversation, unlisted
from plausch.server.judging import (
    Before,
    JudgedProposal,
    judge_commit,
    judge_proposal,
    read_commit,
)
from plausch.server.limits import Limits
from plausch.server.membership import Change, Claims, judge_addition, judge_change
from plausch.server.records import Accepted, DeviceRecord, Roster
from plausch.server.rosters import Rosters, roster_of
from plausch.server.store import (
    conversation,
    cursor,
    device,
    envelope,
    group_info,
    mailbox,
    member,
    proposal,
    stay,
)
from plausch.server.store.allowance import Kind
from plausch.wire import frames as f


class Committed(Protocol):
    """Who is told, after the commit, what came of it."""

    def appended(self, conversation: bytes, envelopes: list[f.Envelope]) -> None:
        """These envelopes are in the log, in this order."""
        ...

    def committed(self, conversation: bytes, envelope: f.Envelope, devices: list[str]) -> None:
        """A Commit is in the log; `devices` are the members before and after it."""
        ...

    def mailbox_moved(self, device: str, item: int) -> None:
        """A Welcome lies in the device's mailbox."""
        ...


@dataclass(frozen=True, slots=True)
class _Written:
    """What a Commit's transaction did."""

    accepted: Accepted
    roster: Roster
    items: dict[str, int]
    """Mailbox items by device URI."""


class Commits:
    """Judges and writes handshake messages."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        rosters: Rosters,
        told: Committed,
    ) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._rosters, self._told = rosters, told
        self._checks = Checks(clock, limits)
        self._count: Allowance[int] = Allowance(
            database, clock, Kind.COMMITS, limits.commits_per_device_per_day or None, DAY_MS
        )
        self._bytes: Allowance[int] = Allowance(
            database,
            clock,
            Kind.COMMIT_BYTES,
            limits.commit_bytes_per_account_per_day or None,
            DAY_MS,
        )

    async def close(self) -> None:
        """Give back what is not used of a day."""
        await self._count.close()
        await self._bytes.close()

    async def append_commit(self, committer: DeviceRecord, request: f.AppendCommit) -> Accepted:
        """Append a Commit with its Welcome and GroupInfo.

        Raises Refusal `too_large`, `bad_message`, `unknown_conversation`, `stale_epoch`,
        `bad_commit`, `not_admin`, `not_allowed`, `too_many_participants`, `rate_limited`,
        `mailbox_full`, `unknown_device`; StorageUnavailable.
        """
        self._check_form(request)
        account_key, limits = committer.account_key, self._limits
        commit = await self._checks.run(account_key, lambda: read_commit(request, limits))
        names = (commit.references, request.welcome_to)
        before = await self._before(committer, request, *names)
        if before.earlier is not None:
            return await self._again(committer, request)
        if before.standing.epoch != request.epoch:
            raise stale_epoch(before.standing.epoch, before.standing.head)
        await self._demand_daily(committer, request)
        now_s, written = self._clock.now_ms() // 1000, None
        try:
            claims = await self._checks.run(
                account_key, lambda: judge_commit(committer, request, commit, before, now_s)
            )
            with suppress(ConstraintViolated):  # the same Commit at the same time: its first answer
                written = await self._write(committer, request, before, claims)
        finally:
            if written is None:  # it does not count
                self._count.give_back(committer.key)
                self._bytes.give_back(account_key, _size(request))
        if written is None:
            return await self._again(committer, request)
        self._tell(committer, request, before, written)
        return written.accepted

    async def append_proposal(self, sender: DeviceRecord, request: f.Append) -> Accepted:
        """Append a proposal, which a later Commit may name.

        Raises Refusal `bad_proposal`, `stale_epoch`, `too_many_proposals`, `not_admin`,
        `not_allowed`, `unknown_device`; StorageUnavailable.
        """
        before = await self._before(sender, request)
        if before.earlier is not None:
            return await self._again(sender, request)
        if before.standing.epoch != request.epoch:
            raise stale_epoch(before.standing.epoch, before.standing.head)
        now_ms = self._clock.now_ms()
        judged = judge_proposal(sender, request, before, now_ms // 1000)
        try:
            seq = await self._write_proposal(sender, request, before, judged, now_ms)
        except ConstraintViolated:
            seq = None
        if seq is None:
            return await self._again(sender, request)
        sent = f.Envelope(seq, request.epoch, f.PROPOSAL, now_ms, sender.uri, request.message, b"")
        self._told.appended(request.conversation, [sent])
        return Accepted(seq, now_ms)

    # --- what is there ---------------------------------------------------------------------

    async def _before(
        self,
        sender: DeviceRecord,
        request: f.Append | f.AppendCommit,
        references: Sequence[bytes] = (),
        welcome_to: Sequence[str] = (),
    ) -> Before:
        """Raises Refusal `unknown_conversation` unless the sender's account takes part."""

        async def body(tx: Transaction) -> Before | None:
            standing = await conversation.find(tx, request.conversation)
            if standing is None:
                return None
            wanted = (standing.key, sender.key, request.idempotency_id)
            earlier = (await envelope.accepted(tx, [wanted])).get(wanted)
            return Before(
                standing,
                tuple(await member.of(tx, standing.key)),
                await group_info.get(tx, standing.key),
                await proposal.named(tx, standing.key, references),
                await device.by_uris(tx, sorted(set(welcome_to))),
                None if earlier is None else Accepted(*earlier),
            )

        before = await self._database.read(body)
        if before is None:
            raise unknown_conversation()
        if before.earlier is None and sender.account_key not in before.accounts:
            raise unknown_conversation()
        return before

    async def _again(self, sender: DeviceRecord, request: f.Append | f.AppendCommit) -> Accepted:
        """The first answer of what is in the log already, pushed once more unless the log has gone
        on to another epoch, whose Commit woke everybody. Raises Refusal `stale_epoch`."""
        before = await self._before(sender, request)
        key, earlier = before.standing.key, before.earlier
        if earlier is None:
            raise stale_epoch(before.standing.epoch, before.standing.head)

        async def body(
            tx: Transaction,
        ) -> tuple[list[f.Envelope], list[str], list[tuple[str, int]]]:
            rows = await envelope.read(tx, key, earlier.seq, earlier.seq)
            readers = await stay.readers(tx, key, earlier.seq)
            items = await mailbox.of_commit(tx, key, earlier.seq)
            return [f.Envelope(*row, b"") for row in rows], readers, items

        led_to = request.epoch + (1 if isinstance(request, f.AppendCommit) else 0)
        if before.standing.epoch == led_to:
            found, readers, items = await self._database.read(body)
            await self._rosters.load(request.conversation)
            for one in found:
                self._told.committed(request.conversation, one, readers)
            for uri, item in items:
                self._told.mailbox_moved(uri, item)
        return earlier

    # --- judging ---------------------------------------------------------------------------

    def _check_form(self, request: f.AppendCommit) -> None:
        size = _size(request)
        if size > self._limits.commit_bundle_bytes:
            raise Refusal(
                "too_large",
                f"A Commit with its Welcome and GroupInfo has {size} bytes; "
                f"{self._limits.commit_bundle_bytes} is the most: add fewer devices at once.",
            )
        if len(request.idempotency_id) != IDEMPOTENCY_BYTES:
            raise Refusal("bad_message", f"An idempotency id has {IDEMPOTENCY_BYTES} bytes.")

    async def _demand_daily(self, committer: DeviceRecord, request: f.AppendCommit) -> None:
        """Take this Commit out of the day's. Raises Refusal `rate_limited`."""
        wait_ms = await self._count.demand(committer.key)
        if not wait_ms:
            try:
                wait_ms = await self._bytes.demand(committer.account_key, _size(request))
            except BaseException:
                self._count.give_back(committer.key)
                raise
            if wait_ms:
                self._count.give_back(committer.key)
        if wait_ms:
            raise Refusal(
                "rate_limited",
                "There were too many or too large Commits of this device or account today.",
                retry_after_ms=wait_ms,
            )

    # --- writing ---------------------------------------------------------------------------

    async def _write(
        self,
        committer: DeviceRecord,
        request: f.AppendCommit,
        before: Before,
        claims: Claims,
    ) -> _Written | None:
        """All or nothing; None in another epoch. Raises Refusal, ConstraintViolated."""
        key, now_ms = before.standing.key, self._clock.now_ms()

        async def body(tx: Transaction) -> _Written | None:
            claimed = {one.device for one in claims.leaves}
            listed = await device.by_uris(tx, sorted({*claimed, committer.uri}))
            if committer.uri not in listed:
                raise unlisted()
            change = judge_change(claims, before.members, listed, committer, self._limits)
            seq = await conversation.advance(tx, key, request.epoch)
            if seq is None:
                return None
            row = (key, seq, request.epoch, f.COMMIT, now_ms, committer.key)
            await envelope.add(tx, [(*row, request.idempotency_id, request.message)])
            await group_info.replace(tx, key, request.group_info)
            await proposal.clear(tx, key)
            await _write_members(tx, key, seq, change)
            items = await self._post(tx, key, seq, now_ms, committer, request.welcome, change)
            roster = roster_of(
                key,
                request.conversation,
                request.epoch + 1,
                before.standing.suite,
                list(change.after),
            )
            uris = {one.device_key: one.uri for one in change.welcomed}
            return _Written(
                Accepted(seq, now_ms), roster, {uris[k]: item for k, item in items.items()}
            )

        return await self._database.transact(body, repeatable=True)

    async def _post(
        self,
        tx: Transaction,
        key: int,
        seq: int,
        now_ms: int,
        committer: DeviceRecord,
        welcome: bytes,
        change: Change,
    ) -> dict[int, int]:
        """Put the Welcome into its mailboxes; the items by device key.

        Raises Refusal `mailbox_full`, `bad_commit`.
        """
        if not change.welcomed:
            return {}
        uris = {one.device_key: one.uri for one in change.welcomed}
        keys = sorted(uris)
        items = await mailbox.add(tx, key, seq, now_ms, committer.key, welcome, keys)
        for one in keys:
            if one not in items:
                raise Refusal("bad_commit", f"{uris[one]} has just been removed from its list.")
        most = self._limits
        for one, (count, size) in (await mailbox.totals(tx, keys)).items():
            if count > most.mailbox_items or size > most.mailbox_bytes:
                raise Refusal(
                    "mailbox_full",
                    f"{uris[one]} has too many Welcomes waiting: it must fetch them first.",
                    fault=Fault.REMOTE,
                )
        return items

    async def _write_proposal(
        self,
        sender: DeviceRecord,
        request: f.Append,
        before: Before,
        judged: JudgedProposal,
        now_ms: int,
    ) -> int | None:
        """Its seq; None in another epoch. Raises Refusal, ConstraintViolated."""
        key, added = before.standing.key, judged.added

        async def body(tx: Transaction) -> int | None:
            if await device.by_uri(tx, sender.uri) is None:
                raise unlisted()
            if added is not None:
                known = await device.by_uri(tx, added.device.uri)
                judge_addition(added, known, before.accounts, sender)
            heads = await conversation.grow(tx, [(key, request.epoch, 1)])
            if key not in heads:
                return None
            row = (key, heads[key], request.epoch, f.PROPOSAL, now_ms, sender.key)
            await envelope.add(tx, [(*row, request.idempotency_id, request.message)])
            await proposal.add(tx, key, heads[key], judged.ref, request.message)
            count, size = await proposal.total(tx, key)
            most = self._limits
            if count > most.proposals_per_epoch or size > most.proposal_bytes_per_epoch:
                raise Refusal(
                    "too_many_proposals",
                    f"This epoch has {count - 1} proposals already: commit them first.",
                )
            return heads[key]

        return await self._database.transact(body, repeatable=True)

    # --- telling ---------------------------------------------------------------------------

    def _tell(
        self, committer: DeviceRecord, request: f.AppendCommit, before: Before, written: _Written
    ) -> None:
        self._rosters.remember(written.roster)
        sent = f.Envelope(
            written.accepted.seq,
            request.epoch,
            f.COMMIT,
            written.accepted.accepted_at_ms,
            committer.uri,
            request.message,
            b"",
        )
        # Who joins reads the Welcome; the Commit itself is for those who were there.
        told = [one.uri for one in before.members]
        self._told.committed(request.conversation, sent, told)
        for uri, item in written.items.items():
            self._told.mailbox_moved(uri, item)


async def _write_members(tx: Transaction, key: int, seq: int, change: Change) -> None:
    """Bring members, stays and cursors to where the Commit at `seq` leads."""
    gone = [one.device_key for one in change.gone]
    come = [one.device_key for one in change.come]
    await member.remove(tx, key, [*gone, *(one.device_key for one in change.moved)])
    await member.add(tx, key, [*change.come, *change.moved])
    await stay.end(tx, key, gone, seq)
    await cursor.end(tx, key, gone, seq)
    await stay.begin(tx, key, come, seq + 1)
    await cursor.begin(tx, key, come, seq)


def _size(request: f.AppendCommit) -> int:
    return len(request.message) + len(request.group_info) + len(request.welcome)

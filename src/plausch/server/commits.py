"""Commits and proposals: what changes a group is judged before it enters the log.

An invalid Commit would desynchronise everybody (RFC 9750 section 5.2), so the server checks all
that it can see (mls.handshake), and its own rules: only listed devices of registered accounts,
who may add whom, Welcomes for exactly the added devices. Everything that belongs to a Commit is
written in one transaction; a refused one changes nothing.
"""

from dataclasses import dataclass
from typing import Protocol

from plausch.base.clock import Clock
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.mls.errors import ProtocolError
from plausch.mls.framing import SenderType
from plausch.mls.group_info import parse_group_info
from plausch.mls.handshake import (
    check_next_group_info,
    check_proposal,
    effect,
    expected_members,
    parse_commit,
    parse_proposal,
    verify_commit,
)
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands, check_signature
from plausch.mls.proposal import Update
from plausch.mls.suite import suite as suite_of
from plausch.server.errors import Refusal, stale_epoch, unknown_conversation
from plausch.server.leaves import LeafJudge
from plausch.server.limits import Limits
from plausch.server.membership import Change, Claims, judge_change
from plausch.server.records import Accepted, DeviceRecord, Member, Roster
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
from plausch.wire import frames as f

IDEMPOTENCY_BYTES = 16


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
class _Before:
    """A conversation as a Commit finds it."""

    standing: conversation.Standing
    members: tuple[Member, ...]
    group_info: bytes
    proposals: tuple[bytes, ...]
    earlier: Accepted | None
    """The answer, when this is a retry."""

    @property
    def keys_by_leaf(self) -> dict[int, bytes]:
        return {one.leaf_index: one.signature_key for one in self.members}

    def leaf_of(self, device_key: int) -> int:
        """The device's leaf, -1 when it is no member."""
        return next((m.leaf_index for m in self.members if m.device_key == device_key), -1)


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

    async def append_commit(self, committer: DeviceRecord, request: f.AppendCommit) -> Accepted:
        """Append a Commit with its Welcome and GroupInfo.

        Raises Refusal `too_large`, `bad_message`, `unknown_conversation`, `stale_epoch`,
        `bad_commit`, `not_allowed`, `too_many_participants`; StorageUnavailable.
        """
        self._check_form(request)
        before = await self._before(request.conversation, committer, request.idempotency_id)
        if before.earlier is not None:
            return before.earlier
        if before.standing.epoch != request.epoch:
            raise stale_epoch(before.standing.epoch, before.standing.head)
        claims = self._judge(committer, request, before)
        try:
            written = await self._write(committer, request, before, claims)
        except ConstraintViolated:  # the same Commit at the same time: its first answer
            written = None
        if written is None:
            again = await self._before(request.conversation, committer, request.idempotency_id)
            if again.earlier is not None:
                return again.earlier
            raise stale_epoch(again.standing.epoch, again.standing.head)
        self._tell(committer, request, before, written)
        return written.accepted

    async def append_proposal(self, sender: DeviceRecord, request: f.Append) -> Accepted:
        """Append a proposal, which a later Commit may name.

        Raises Refusal `bad_proposal`, `stale_epoch`, `too_many_proposals`; StorageUnavailable.
        """
        before = await self._before(request.conversation, sender, request.idempotency_id)
        if before.earlier is not None:
            return before.earlier
        if before.standing.epoch != request.epoch:
            raise stale_epoch(before.standing.epoch, before.standing.head)
        if len(before.proposals) >= self._limits.proposals_per_epoch:
            raise Refusal(
                "too_many_proposals",
                f"This epoch has {len(before.proposals)} proposals already: commit them first.",
            )
        self._judge_proposal(sender, request, before)
        key, now_ms = before.standing.key, self._clock.now_ms()

        async def body(tx: Transaction) -> int | None:
            heads = await conversation.grow(tx, [(key, request.epoch, 1)])
            if key not in heads:
                return None
            row = (key, heads[key], request.epoch, f.PROPOSAL, now_ms, sender.key)
            await envelope.add(tx, [(*row, request.idempotency_id, request.message)])
            await proposal.add(tx, key, heads[key], request.message)
            return heads[key]

        try:
            seq = await self._database.transact(body, repeatable=True)
        except ConstraintViolated:
            seq = None
        if seq is None:
            again = await self._before(request.conversation, sender, request.idempotency_id)
            if again.earlier is not None:
                return again.earlier
            raise stale_epoch(again.standing.epoch, again.standing.head)
        sent = f.Envelope(seq, request.epoch, f.PROPOSAL, now_ms, sender.uri, request.message)
        self._told.appended(request.conversation, [sent])
        return Accepted(seq, now_ms)

    # --- what is there ---------------------------------------------------------------------

    async def _before(
        self, public_id: bytes, sender: DeviceRecord, idempotency_id: bytes
    ) -> _Before:
        """Raises Refusal `unknown_conversation` unless the sender's account takes part."""

        async def body(tx: Transaction) -> _Before | None:
            standing = await conversation.find(tx, public_id)
            if standing is None:
                return None
            wanted = (standing.key, sender.key, idempotency_id)
            earlier = (await envelope.accepted(tx, [wanted])).get(wanted)
            return _Before(
                standing,
                tuple(await member.of(tx, standing.key)),
                await group_info.get(tx, standing.key),
                tuple(await proposal.of(tx, standing.key)),
                None if earlier is None else Accepted(*earlier),
            )

        before = await self._database.read(body)
        if before is None:
            raise unknown_conversation()
        takes_part = any(m.account_key == sender.account_key for m in before.members)
        if before.earlier is None and not takes_part:
            raise unknown_conversation()
        return before

    # --- judging ---------------------------------------------------------------------------

    def _check_form(self, request: f.AppendCommit) -> None:
        size = len(request.message) + len(request.group_info) + len(request.welcome)
        if size > self._limits.commit_bundle_bytes:
            raise Refusal(
                "too_large",
                f"A Commit with its Welcome and GroupInfo has {size} bytes; "
                f"{self._limits.commit_bundle_bytes} is the most: add fewer devices at once.",
            )
        if len(request.idempotency_id) != IDEMPOTENCY_BYTES:
            raise Refusal("bad_message", f"An idempotency id has {IDEMPOTENCY_BYTES} bytes.")

    def _judge(self, committer: DeviceRecord, request: f.AppendCommit, before: _Before) -> Claims:
        """All that can be said without the database. Raises Refusal `bad_commit`."""
        now_s = self._clock.now_ms() // 1000
        try:
            commit = parse_commit(request.message)
            current = parse_group_info(before.group_info)
            context = current.group_context
            own_leaf = before.leaf_of(committer.key)
            if not commit.is_external and commit.sender.index != own_leaf:
                raise Refusal("bad_commit", "The Commit is not by the device that appends it.")
            verify_commit(commit, context, committer.signature_key)
            stored = [parse_proposal(raw) for raw in before.proposals]
            by_reference = {one.reference(context.cipher_suite): one.listed for one in stored}
            result = effect(commit, by_reference)
            if commit.is_external and any(leaf != own_leaf for leaf in result.removed):
                raise Refusal("bad_commit", "A device that joins may remove only its own old leaf.")
            crypto = suite_of(context.cipher_suite)
            demands = GroupDemands.of_context(crypto, context.extensions)
            for package in result.added:
                package.validate(crypto, LeafJudge(now_s), now_s, demands)
            expected = expected_members(before.keys_by_leaf, commit, result)
            check_next_group_info(request.group_info, current, commit, expected)
            return Claims.of(expected, commit.is_external, request.welcome_to, now_s)
        except ProtocolError as error:
            raise Refusal("bad_commit", f"The Commit cannot be accepted: {error}") from error

    def _judge_proposal(self, sender: DeviceRecord, request: f.Append, before: _Before) -> None:
        """Raises Refusal `bad_proposal`."""
        try:
            seen = parse_proposal(request.message)
            own_leaf = before.leaf_of(sender.key)
            if seen.sender.type != SenderType.MEMBER or seen.sender.index != own_leaf:
                raise Refusal("bad_proposal", "The proposal is not by the device that appends it.")
            current = parse_group_info(before.group_info)
            check_proposal(seen, current.group_context, sender.signature_key)
            if isinstance(seen.proposal, Update):
                binding = LeafBinding(request.conversation, own_leaf)
                crypto = suite_of(current.group_context.cipher_suite)
                check_signature(seen.proposal.leaf_node, crypto, binding)
        except ProtocolError as error:
            raise Refusal("bad_proposal", f"The proposal cannot be accepted: {error}") from error

    # --- writing ---------------------------------------------------------------------------

    async def _write(
        self,
        committer: DeviceRecord,
        request: f.AppendCommit,
        before: _Before,
        claims: Claims,
    ) -> _Written | None:
        """All or nothing; None in another epoch. Raises Refusal, ConstraintViolated."""
        key, now_ms = before.standing.key, self._clock.now_ms()

        async def body(tx: Transaction) -> _Written | None:
            listed = await device.by_uris(tx, sorted({one.device for one in claims.leaves}))
            change = judge_change(claims, before.members, listed, committer, self._limits)
            seq = await conversation.advance(tx, key, request.epoch)
            if seq is None:
                return None
            row = (key, seq, request.epoch, f.COMMIT, now_ms, committer.key)
            await envelope.add(tx, [(*row, request.idempotency_id, request.message)])
            await group_info.replace(tx, key, request.group_info)
            await proposal.clear(tx, key)
            await _write_members(tx, key, seq, change)
            items: dict[int, int] = {}
            if change.welcomed:
                keys = sorted(one.device_key for one in change.welcomed)
                items = await mailbox.add(
                    tx, key, seq, now_ms, committer.key, request.welcome, keys
                )
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

    def _tell(
        self, committer: DeviceRecord, request: f.AppendCommit, before: _Before, written: _Written
    ) -> None:
        self._rosters.remember(written.roster)
        sent = f.Envelope(
            written.accepted.seq,
            request.epoch,
            f.COMMIT,
            written.accepted.accepted_at_ms,
            committer.uri,
            request.message,
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

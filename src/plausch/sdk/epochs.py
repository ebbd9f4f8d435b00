"""Commits: taking those of others, recognising our own, and tidying what a Commit should fix.

A Commit of ours is not accepted when the server answers, but when it is met in the log, at its
place. So it does not matter whether the answer arrived, and a Commit of somebody else that was
first simply wins: ours is dropped, and its intent tried again.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection
from typing import Literal

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, NameRefused, parse_name
from plausch.mls.credential import CredentialRefused
from plausch.mls.group import Group
from plausch.mls.process import AllowExternal, ExternalJoin
from plausch.mls.proposal import Remove
from plausch.mls.staged import StagedCommit, StagedProposal
from plausch.mls.validation import ListedProposal
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import ServerRefused, TrustRefused, Unreachable
from plausch.sdk.events import AdminsChanged, ConversationLeft, ParticipantsChanged
from plausch.sdk.membership import (
    CommitBundle,
    Intent,
    leavers,
    members_of,
    missing_devices,
    outdated_leaves,
    remembered_leavers,
)
from plausch.sdk.receive import Outcome
from plausch.sdk.roles import admins_in, demand_allowed
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.wire.frames import Envelope

TURN_S = 2.0
"""How long a member waits for each one before it to commit what waits, and jitter on top."""

LONGEST_TURN_S = 30.0


class Epochs:
    """The epochs of all conversations. `kick` starts the outbox of a conversation."""

    def __init__(self, core: Core, kick: Callable[[Live], None]) -> None:
        self._core = core
        self._kick = kick
        self._tidying: set[bytes] = set()

    # --- met in the log ----------------------------------------------------------------------

    async def own_commit_came_back(
        self, live: Live, group: Group, envelope: Envelope, outcome: Outcome
    ) -> bool:
        """Whether this envelope is our pending Commit; then its epoch begins here."""
        pending = group.pending
        if pending is None or pending.commit != envelope.message:
            return False
        before = set(live.kept.participants) - set(live.kept.invited)
        live.leaving |= leavers(self._core, group)
        pending.accept()
        outcome.epoch_moved = True
        for entry in await self._core.outbox.of(live.id):
            if entry.kind is EntryKind.CHANGE and entry.payload:
                bundle = CommitBundle.from_bytes(entry.payload)
                if bundle.commit == envelope.message:
                    outcome.writes.append(self._core.outbox.delete(entry.idempotency_id))
                    outcome.paid.append((entry.idempotency_id, envelope.seq))
        self._moved(live, group, before, self._core.address, outcome)
        return True

    async def take_commit(
        self, live: Live, group: Group, staged: StagedCommit, outcome: Outcome
    ) -> None:
        """A verified Commit of another member. Raises RemoteError when policy forbids it."""
        core = self._core
        before = set(live.kept.participants)
        by = core.trust.device(staged.sender.credential).account
        for old, new in staged.updated:
            if core.trust.device(old.credential) != core.trust.device(new.credential):
                raise RemoteError(
                    f"{core.trust.device(old.credential)} tried to become another device; refused.",
                    code="device_replaced",
                )
        await demand_allowed(core, group, by, staged.proposals)
        admins_in(staged.extensions)  # they can be read
        removed_here = staged.is_self_removed
        live.leaving |= leavers(core, group)
        staged.accept()
        outcome.epoch_moved = True
        await self._drop_own(live, outcome)
        if removed_here:
            self._out(live, "left", by, outcome)
            return
        self._moved(live, group, before, by, outcome)

    async def take_proposal(self, group: Group, staged: StagedProposal) -> None:
        """A proposal of another member, which this device may have to commit. Raises RemoteError
        when it is not theirs to make.

        MLS lets a device outside ask to be added: whoever commits what waits would let in a
        stranger, without anybody's wish.
        """
        if staged.member is None:
            raise RemoteError(
                "Somebody who is not in a conversation proposed to change it; ignored. Whoever is "
                "in it adds them, or nobody.",
                code="asked_from_outside",
            )
        by = self._core.trust.device(staged.member.credential).account
        await demand_allowed(
            self._core, group, by, [ListedProposal(staged.proposal, staged.sender)]
        )

    def allow_external(self, live: Live) -> AllowExternal:
        """Who may come in by an external commit: another device of a participant, no stranger."""

        def allow(joining: ExternalJoin) -> None:
            device = self._core.trust.device(joining.newcomer.credential)
            replaced = joining.replaces
            if device.account not in live.kept.participants:
                raise CredentialRefused(
                    f"{device} tried to enter a conversation that {device.account} is not in; "
                    "refused."
                )
            if replaced is not None and self._core.trust.device(replaced.credential) != device:
                raise CredentialRefused(
                    f"{device} tried to take the place of another device; refused."
                )

        return allow

    async def _drop_own(self, live: Live, outcome: Outcome) -> None:
        """Another Commit won: what ours should have changed is tried again from its intent."""
        for entry in await self._core.outbox.of(live.id):
            if entry.kind is EntryKind.CHANGE and entry.payload:
                outcome.writes.append(self._core.outbox.set_payload(entry.idempotency_id, -1, b""))

    def _moved(
        self,
        live: Live,
        group: Group,
        before: set[AccountAddress],
        by: AccountAddress,
        outcome: Outcome,
    ) -> None:
        if group.has_ended:
            self._out(live, "ended", by, outcome)
            return
        live.kept.set_members(tuple(sorted(members_of(self._core, group))))
        # Who wants to go is not held by a Commit that was made before it was said.
        live.leaving &= set(live.kept.members) - {self._core.device}
        live.kept.state = "open"
        live.kept.epoch = group.epoch
        named = set(live.kept.admins or ())
        live.kept.admins = admins_in(group.extensions)
        after = set(live.kept.participants)
        if before != after:
            joined, left = tuple(sorted(after - before)), tuple(sorted(before - after))
            outcome.events.append(ParticipantsChanged(live.id, joined, left, by))
        made = after.intersection(live.kept.admins or ()) - named
        dismissed = (named & after).difference(live.kept.admins or ())
        if made or dismissed:
            told = AdminsChanged(live.id, tuple(sorted(made)), tuple(sorted(dismissed)), by)
            outcome.events.append(told)

    def _out(
        self, live: Live, state: Literal["left", "ended"], by: AccountAddress, outcome: Outcome
    ) -> None:
        """This device was removed, or a ReInit has ended the group (RFC 9420, 11.2): its keys go,
        its history stays."""
        live.kept.state = state
        live.group = None
        outcome.epoch_moved = False
        outcome.writes.append(self._core.conversations.forget_group(live.id))
        outcome.events.append(ConversationLeft(live.id, by))

    # --- looking after what waits ------------------------------------------------------------

    def look_after(self, live: Live, *, moved: bool) -> None:
        """Proposals of others wait for a Commit: make one when it is this member's turn.

        `moved`: there is a new epoch, in which something that was stuck may go out.
        """
        if moved:
            self._kick(live)
        group = live.group
        if group is None or not self._is_untidy(live, group) or live.id in self._tidying:
            return
        self._tidying.add(live.id)
        if self._core.device in leavers(self._core, group):
            self._core.spawn(self._leave_as_well(live))
        else:
            self._core.spawn(self._tidy_in_turn(live, self._turn_s(group)))

    def _is_untidy(self, live: Live, group: Group) -> bool:
        """Whether a Commit has to be made before anything is said."""
        return group.must_commit or bool(remembered_leavers(self._core, live))

    async def _leave_as_well(self, live: Live) -> None:
        """Another device of this account has left: this one does not stay behind."""
        try:
            await self._owe(live, EntryKind.LEAVE, b"")
        finally:
            self._tidying.discard(live.id)

    def _turn_s(self, group: Group, outdated: Collection[int] = ()) -> float:
        """The lowest leaf goes first and at once; the others wait, so that one Commit is made."""
        proposed = (listed.proposal for listed in group.proposals.values())
        going = {proposal.removed for proposal in proposed if isinstance(proposal, Remove)}
        going.update(outdated)
        members = members_of(self._core, group)
        going.update(members[device] for device in leavers(self._core, group))
        staying = sorted(
            member.leaf_index for member in group.members() if member.leaf_index not in going
        )
        turn = staying.index(group.own_leaf) if group.own_leaf in staying else len(staying)
        if turn == 0:
            return 0.0
        jitter = secrets.SystemRandom().uniform(0.0, TURN_S)
        return min(LONGEST_TURN_S, turn * TURN_S + jitter)

    async def _tidy_in_turn(self, live: Live, delay_s: float) -> None:
        try:
            await asyncio.sleep(delay_s)
            group = live.group
            if group is not None and self._is_untidy(live, group) and live.kept.state == "open":
                await self._owe(live, EntryKind.CHANGE, Intent().to_bytes())
        finally:
            self._tidying.discard(live.id)

    async def _owe(self, live: Live, kind: EntryKind, intent: bytes) -> None:
        """Owe it, unless there is one of its kind."""
        entries = await self._core.outbox.of(live.id)
        if not any(entry.kind is kind for entry in entries):
            owed = self._core.outbox.add(live.id, kind, intent, idempotency_id=new_idempotency_id())
            await self._core.vault.write([owed])
        self._kick(live)

    async def device_list_moved(self, name: str) -> None:
        """An account has a new device list: bring its conversations in line with it."""
        core = self._core
        try:
            address = AccountAddress(parse_name(name), core.address.domain)
            await core.trust.refresh(address)
        except NameRefused:
            return
        except Unreachable:
            return  # looked up again before the next message is sent
        except (ServerRefused, TrustRefused) as error:
            await core.report(None, None, error)
            return
        for live in list(core.lives.values()):
            if address in live.kept.participants and live.kept.state == "open":
                # A new device is told of once more when it can be added.
                live.tried = {one for one in live.tried if one[0].account != address}
                core.spawn(self._follow_list(live, address))

    async def _follow_list(self, live: Live, address: AccountAddress) -> None:
        async with self._core.changing(live):
            group = await self._core.group(live)
            missing = missing_devices(self._core, group, {address})
            try:
                outdated = outdated_leaves(self._core, live, group)
            except TrustRefused as error:
                await self._core.report(live.id, None, error)
                return
            delay_s = self._turn_s(group, outdated)  # nobody waits for a device that is gone
        if missing or outdated:
            await asyncio.sleep(delay_s)
            async with self._core.changing(live):
                group = await self._core.group(live)
                still = missing & missing_devices(self._core, group, {address})
                still_outdated = outdated_leaves(self._core, live, group)
            if still or still_outdated:
                await self._owe(live, EntryKind.CHANGE, Intent().to_bytes())

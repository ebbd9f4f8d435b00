"""A member's view of a group: the only public holder of group secrets.

Everything received is first staged and changes nothing; `accept()` makes it so. Everything that
uses up a key (`encrypt`, accepting a message) changes the state in memory at once: the caller
saves before anything leaves the device.
"""

import secrets as randomness
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from plausch.mls.commit import (
    CommitPlan,
    Identity,
    MadeCommit,
    make_commit,
    parse_key_packages,
)
from plausch.mls.credential import Credential, CredentialJudge
from plausch.mls.epoch import Change, Circumstances, Member, NextEpoch, begin_epoch
from plausch.mls.errors import GroupUsageError
from plausch.mls.extension import Extensions
from plausch.mls.external import ExternalPlan, make_external_commit
from plausch.mls.framing import (
    AuthenticatedContent,
    WireFormat,
)
from plausch.mls.group_context import GROUP_ID_LIMIT, GroupContext
from plausch.mls.join import join_by_welcome
from plausch.mls.joiner import CLOCK_SLACK_S, KeyPackageBundle, own_capabilities
from plausch.mls.key_package import KeyPackage
from plausch.mls.key_schedule import EpochSecrets, first_epoch_keys
from plausch.mls.leaf_node import Capabilities, LeafContent, Lifetime
from plausch.mls.leaf_validation import MAX_LIFETIME_S, GroupDemands, check_capabilities
from plausch.mls.past import PAST_EPOCHS_KEPT, PastEpoch
from plausch.mls.process import AllowExternal, Pending, members_touched
from plausch.mls.proposal import (
    ReInit,
)
from plausch.mls.protection import protect_public
from plausch.mls.psk import NO_PSKS, KnownPsks
from plausch.mls.psk_id import PreSharedKeyId, ResumptionUsage
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.receive import Receiver
from plausch.mls.saved import (
    GroupState,
    PendingState,
    SavedGroup,
    decode,
    encode_epoch_state,
    encode_ratchet_state,
)
from plausch.mls.secret_tree import SecretTree
from plausch.mls.sending import GroupSender
from plausch.mls.staged import StagedCommit, StagedMessage, StagedProposal
from plausch.mls.suite import suite
from plausch.mls.tree_kem import TreePrivate

__all__ = [
    "Group",
    "KeyPackageBundle",
    "PendingCommit",
    "PendingExternalJoin",
    "StagedJoin",
    "external_join",
    "join",
]

CREATOR_LIFETIME_S = 90 * 86_400
"""Lifetime in the leaf of a group's creator, until its first commit replaces the leaf."""


class Group(GroupSender):
    """One device's membership in one MLS group."""

    @classmethod
    def create(
        cls,
        suite_id: int,
        group_id: bytes,
        credential: Credential,
        signer_private: bytes,
        judge: CredentialJudge,
        *,
        now_s: int,
        extensions: Extensions = (),
        capabilities: Capabilities | None = None,
    ) -> Self:
        """A new group with this device alone in it, at epoch 0 (RFC 9420 section 11).

        Raises UnsupportedSuite, KeyRefused, CredentialRefused, ValidationError.
        """
        if not 1 <= len(group_id) <= GROUP_ID_LIMIT:
            raise GroupUsageError(f"A group id has 1 to {GROUP_ID_LIMIT} bytes.")
        crypto = suite(suite_id)
        encryption_private, encryption_key = crypto.kem_generate()
        leaf = LeafContent(
            encryption_key,
            crypto.signature_public_of(signer_private),
            credential,
            capabilities or own_capabilities(credential),
            lifetime=Lifetime(max(0, now_s - CLOCK_SLACK_S), now_s + CREATOR_LIFETIME_S),
        ).sign(crypto, signer_private)
        judge(credential, leaf.signature_key, "member")
        check_capabilities(leaf, GroupDemands.of_context(crypto, extensions))
        tree = RatchetTree.of_one(crypto, leaf)
        context = GroupContext(suite_id, group_id, 0, tree.tree_hash(), b"", extensions)
        keys = first_epoch_keys(crypto, randomness.token_bytes(crypto.hash_length))
        private = TreePrivate.of_leaf(0, encryption_private)
        return cls.begin(
            begin_epoch(crypto, context, tree, private, signer_private, keys, Change(0))
        )

    @classmethod
    def begin(cls, first: NextEpoch) -> Self:
        """A group at the first epoch this device knows."""
        state = GroupState(first.epoch, first.messages)
        state.resumption[first.epoch.number] = first.epoch.secrets.resumption
        return cls(state)

    # -- committing

    def commit(
        self,
        judge: CredentialJudge,
        now_s: int,
        *,
        adds: Sequence[bytes | KeyPackage] = (),
        removes: Sequence[int] = (),
        extensions: Extensions | None = None,
        inject: Sequence[PreSharedKeyId] = (),
        psks: KnownPsks = NO_PSKS,
        reinit: ReInit | None = None,
        by_reference: bool = True,
        force_path: bool = True,
        identity: Identity | None = None,
        authenticated: bytes = b"",
        private: bool = False,
        tree_in_welcome: bool = True,
        max_lifetime_s: int | None = MAX_LIFETIME_S,
    ) -> "PendingCommit":
        """A Commit of the given changes, and with `by_reference` of all proposals that wait.

        `adds` are key packages as MLSMessages; `inject` names pre-shared keys that `psks` holds;
        `identity` replaces this device's signature key and credential; `private` encrypts the
        Commit. Nothing changes until the result is accepted; it is part of what `save` saves.
        Raises ValidationError, CredentialRefused, CodecError, GroupUsageError.
        """
        self._require_open()
        if self._state.pending is not None:
            raise GroupUsageError("A commit is pending already: accept or drop it first.")
        plan = CommitPlan(
            parse_key_packages(adds),
            tuple(removes),
            extensions,
            tuple(inject),
            reinit,
            by_reference,
            force_path,
            identity,
            authenticated,
            WireFormat.PRIVATE_MESSAGE if private else WireFormat.PUBLIC_MESSAGE,
            tree_in_welcome,
        )
        around = Circumstances(judge, now_s, psks, max_lifetime_s)
        made = make_commit(self._state.epoch, self._pending_for(psks), around, plan)
        self._state.pending = PendingState(
            self._protect(made.message), made.welcome, made.group_info, made.following
        )
        self._epoch_state = None
        return PendingCommit(self, self._state.pending)

    @property
    def pending(self) -> "PendingCommit | None":
        """The Commit that waits for the delivery service's answer, also after `load`."""
        return None if self._state.pending is None else PendingCommit(self, self._state.pending)

    def external_psk(self, psk_id: bytes) -> PreSharedKeyId:
        """A fresh use of an external pre-shared key, for `inject` or `propose_psk`."""
        return PreSharedKeyId.external(psk_id, self._nonce())

    def resumption_psk(
        self, epoch: int, usage: ResumptionUsage = ResumptionUsage.APPLICATION
    ) -> PreSharedKeyId:
        """A fresh use of the resumption secret of one of this group's epochs."""
        return PreSharedKeyId.resumption(usage, self.group_id, epoch, self._nonce())

    def _nonce(self) -> bytes:
        return randomness.token_bytes(self._state.epoch.suite.hash_length)

    def _pending_for(self, psks: KnownPsks) -> Pending:
        known = psks.with_resumption(self.resumption_secrets())
        return Pending(self.proposals, self._state.own_updates, known)

    # -- receiving

    def process(
        self,
        raw: bytes,
        judge: CredentialJudge,
        now_s: int,
        *,
        psks: KnownPsks = NO_PSKS,
        allow_external: AllowExternal | None = None,
        max_lifetime_s: int | None = MAX_LIFETIME_S,
    ) -> StagedMessage | StagedProposal | StagedCommit:
        """Check a PublicMessage or PrivateMessage; nothing changes until it is accepted.

        External commits are refused unless `allow_external` lets them pass. While an own Commit
        is pending, another member's can still be accepted; it drops the pending one.
        Raises ProtocolError: CodecError, ValidationError, CredentialRefused, DecryptionFailed;
        GroupUsageError when this device is no member any more.
        """
        self._require_active()
        around = Circumstances(judge, now_s, psks, max_lifetime_s)
        receiver = Receiver(self._state, self._pending_for(psks), around, allow_external)
        return receiver.stage(raw, self)

    def keep_proposal(self, message: AuthenticatedContent, reference: bytes) -> None:
        """Called by an accepted StagedProposal."""
        self._state.proposals[reference] = message
        self._epoch_state = None

    def move_to(self, following: NextEpoch) -> None:
        """Called by an accepted Commit: retire this epoch, forget what it needed."""
        state = self._state
        before = members_touched(state.epoch.tree, following.change)
        for item in state.past:
            item.remember(before)
        retired = PastEpoch.of(state.epoch, state.messages)
        retired.remember(before)
        resumption = {**state.resumption}
        resumption[following.epoch.number] = following.epoch.secrets.resumption
        for number in sorted(resumption)[: -(PAST_EPOCHS_KEPT + 1)]:
            del resumption[number]
        self._state = GroupState(
            following.epoch,
            following.messages,
            past=[retired, *state.past][:PAST_EPOCHS_KEPT],
            resumption=resumption,
        )
        self._epoch_state = None

    def leave(self) -> None:
        """Called when an accepted Commit removes this device: delete every secret."""
        epoch = self._state.epoch
        gone = replace(
            epoch,
            private=TreePrivate(epoch.own_leaf, {}),
            signer_private=b"",
            secrets=EpochSecrets(*[b""] * 8),
        )
        empty = SecretTree(epoch.suite, epoch.tree.leaf_count, {}, {})
        self._state = GroupState(gone, empty, active=False)
        self._epoch_state = None

    def drop_pending(self) -> None:
        """Forget the pending Commit: the delivery service refused it."""
        self._state.pending = None
        self._epoch_state = None

    # -- saving

    def save(self) -> SavedGroup:
        """The whole group as two byte strings; write both in one transaction.

        After `encrypt` and after accepting a message only `ratchet_state` has changed, and it
        must be on disk before the ciphertext leaves or the plaintext is shown.
        """
        if self._epoch_state is None:
            self._epoch_state = encode_epoch_state(self._state)
        return SavedGroup(self._epoch_state, encode_ratchet_state(self._state))

    @classmethod
    def load(cls, epoch_state: bytes, ratchet_state: bytes) -> Self:
        """The group that `save` saved. Raises SavedStateRefused, UnsupportedSuite."""
        return cls(decode(SavedGroup(epoch_state, ratchet_state)))


@dataclass(frozen=True, slots=True)
class PendingCommit:
    """A Commit of ours: send it, then accept or drop it as the delivery service answers.

    Only after its acceptance may `welcome` be delivered, or newcomers would join an epoch that
    does not exist.
    """

    _group: Group = field(repr=False)
    _state: PendingState = field(repr=False)

    @property
    def commit(self) -> bytes:
        """The encoded MLSMessage for the group."""
        return self._state.commit

    @property
    def welcome(self) -> bytes:
        """The encoded Welcome for all that are added; empty when nobody is."""
        return self._state.welcome

    @property
    def group_info(self) -> bytes:
        """The encoded GroupInfo of the next epoch, with its ratchet tree."""
        return self._state.group_info

    @property
    def epoch(self) -> int:
        """The epoch that accepting leads to."""
        return self._state.following.epoch.number

    @property
    def added(self) -> tuple[Member, ...]:
        """The members this Commit adds."""
        following = self._state.following
        return tuple([following.epoch.member(place) for place in following.change.added])

    @property
    def removed(self) -> tuple[Member, ...]:
        """The members this Commit removes, as they were."""
        return self._state.following.change.removed

    def accept(self) -> None:
        """The delivery service has accepted it: the group moves to the next epoch.

        Raises GroupUsageError when another Commit was accepted instead.
        """
        if self._group.state.pending is not self._state:
            raise GroupUsageError("This commit is not pending any more.")
        self._group.move_to(self._state.following)

    def drop(self) -> None:
        """The delivery service has refused it: forget it. Does nothing when it is gone."""
        if self._group.state.pending is self._state:
            self._group.drop_pending()


@dataclass(frozen=True, slots=True)
class StagedJoin:
    """A valid Welcome: who is in the group, before this device takes part."""

    context: GroupContext
    members: tuple[Member, ...]
    sender: Member
    """Who signed the GroupInfo of the Welcome."""
    own_leaf: int
    _first: NextEpoch = field(repr=False)

    @property
    def group_id(self) -> bytes:
        """The group's id. The caller refuses one it is in already."""
        return self.context.group_id

    def accept(self) -> Group:
        """Become a member. Then delete the key package's bundle unless it is a last resort."""
        return Group.begin(self._first)


def join(
    welcome_raw: bytes,
    bundle: KeyPackageBundle,
    judge: CredentialJudge,
    now_s: int,
    *,
    ratchet_tree: bytes | None = None,
    psks: KnownPsks = NO_PSKS,
) -> StagedJoin:
    """Check a Welcome that names the key package of `bundle`.

    `ratchet_tree` is needed when the Welcome is without it.
    Raises ProtocolError: CodecError, ValidationError, CredentialRefused, DecryptionFailed,
    UnsupportedSuite.
    """
    first = join_by_welcome(welcome_raw, bundle, Circumstances(judge, now_s, psks), ratchet_tree)
    epoch = first.epoch
    return StagedJoin(
        epoch.context,
        tuple(epoch.members()),
        epoch.member(first.change.committer),
        epoch.own_leaf,
        first,
    )


@dataclass(frozen=True, slots=True)
class PendingExternalJoin:
    """An external commit of ours. Save `accept()`'s group before sending, delete it if refused."""

    commit: bytes
    group_info: bytes
    """The encoded GroupInfo of the epoch that the commit leads to."""
    removed: tuple[Member, ...]
    """The old leaf of this device, when it was given as `resync_leaf`."""
    members: tuple[Member, ...]
    """The members of the group, this device included."""
    _first: NextEpoch = field(repr=False)

    def accept(self) -> Group:
        """The delivery service has accepted it: this device is a member."""
        return Group.begin(self._first)


def external_join(
    group_info_raw: bytes,
    credential: Credential,
    signer_private: bytes,
    judge: CredentialJudge,
    now_s: int,
    *,
    resync_leaf: int | None = None,
    ratchet_tree: bytes | None = None,
    inject: Sequence[PreSharedKeyId] = (),
    psks: KnownPsks = NO_PSKS,
    capabilities: Capabilities | None = None,
) -> PendingExternalJoin:
    """Join the group of a GroupInfo without being added, or with `resync_leaf` in place of
    this device's own old leaf. The members' policy decides whether they let it pass.

    Raises ProtocolError: CodecError, ValidationError, CredentialRefused, UnsupportedSuite.
    """
    identity = Identity(signer_private, credential)
    plan = ExternalPlan(identity, resync_leaf, tuple(inject), capabilities)
    made: MadeCommit = make_external_commit(
        group_info_raw, plan, Circumstances(judge, now_s, psks), ratchet_tree
    )
    epoch = made.following.epoch
    message = protect_public(epoch.suite, b"", made.message, b"").to_message()
    return PendingExternalJoin(
        message,
        made.group_info,
        made.following.change.removed,
        tuple(epoch.members()),
        made.following,
    )

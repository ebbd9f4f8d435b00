"""One epoch as a member holds it, and the step to the next (RFC 9420 sections 8, 12.4).

An `Epoch` is never changed, only replaced: a staged commit is a second epoch beside the first,
and dropping it is forgetting it.
"""

import hmac
from dataclasses import dataclass, field

from plausch.mls.codec import opaque
from plausch.mls.credential import Credential, CredentialJudge
from plausch.mls.errors import ValidationError, require
from plausch.mls.extension import EXTERNAL_PUB, RATCHET_TREE, Extension
from plausch.mls.group_context import GroupContext
from plausch.mls.group_info import GroupInfo
from plausch.mls.key_schedule import EpochKeys, EpochSecrets
from plausch.mls.leaf_node import LeafNode
from plausch.mls.leaf_validation import MAX_LIFETIME_S
from plausch.mls.psk import NO_PSKS, KnownPsks
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.secret_tree import SecretTree
from plausch.mls.suite import Suite
from plausch.mls.transcript import interim_transcript_hash
from plausch.mls.tree_kem import TreePrivate


@dataclass(frozen=True, slots=True)
class Member:
    """A member: its leaf index, who it says it is, its signature key."""

    leaf_index: int
    credential: Credential
    signature_key: bytes

    @classmethod
    def of(cls, leaf_index: int, leaf: LeafNode) -> "Member":
        """The member with this leaf."""
        return cls(leaf_index, leaf.credential, leaf.signature_key)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What only the caller knows when a message is judged: who may be whom, the time, the PSKs.

    `max_lifetime_s` None accepts key packages of any lifetime.
    """

    judge: CredentialJudge
    now_s: int
    psks: KnownPsks = NO_PSKS
    max_lifetime_s: int | None = MAX_LIFETIME_S


@dataclass(frozen=True, slots=True)
class Epoch:
    """All that lasts for one epoch; the message keys, which do not, are in a SecretTree."""

    suite: Suite
    context: GroupContext
    tree: RatchetTree
    private: TreePrivate = field(repr=False)
    signer_private: bytes = field(repr=False)
    secrets: EpochSecrets = field(repr=False)
    interim_transcript_hash: bytes
    confirmation_tag: bytes
    ended: bool = False
    """A ReInit was committed: nothing more may be sent (RFC 9420 section 11.2)."""

    @property
    def own_leaf(self) -> int:
        """This member's leaf index."""
        return self.private.leaf_index

    @property
    def number(self) -> int:
        """The epoch."""
        return self.context.epoch

    def leaf(self, leaf_index: int) -> LeafNode:
        """The leaf of a member. Raises ValidationError `sender-leaf` when it is blank."""
        leaf = self.tree.leaf(leaf_index)
        if leaf is None:
            raise ValidationError(
                "sender-leaf", f"Leaf {leaf_index} is blank in epoch {self.number}."
            )
        return leaf

    def member(self, leaf_index: int) -> Member:
        """The member at a leaf. Raises ValidationError `sender-leaf` when it is blank."""
        return Member.of(leaf_index, self.leaf(leaf_index))

    def members(self) -> list[Member]:
        """All members, from the left."""
        return [Member.of(leaf_index, leaf) for leaf_index, leaf in self.tree.leaves()]

    def group_info(self, with_tree: bool, with_external_pub: bool) -> GroupInfo:
        """This epoch's GroupInfo, signed by this member (RFC 9420 section 12.4.3)."""
        extensions = []
        if with_tree:
            extensions.append(Extension(RATCHET_TREE, self.tree.to_bytes()))
        if with_external_pub:
            _, public = self.suite.kem_derive_key_pair(self.secrets.external)
            extensions.append(Extension(EXTERNAL_PUB, opaque(public)))
        unsigned = GroupInfo(self.context, tuple(extensions), self.confirmation_tag, self.own_leaf)
        return unsigned.signed(self.suite, self.signer_private)


@dataclass(frozen=True, slots=True)
class Change:
    """What a Commit did to the members."""

    committer: int
    """Leaf index, in the new tree, of who committed."""
    added: tuple[int, ...] = ()
    """Leaf indices in the new tree; a joiner by external commit included."""
    removed: tuple[Member, ...] = ()
    """Members that are gone, as they were."""
    updated: tuple[Member, ...] = ()
    """Members whose leaf was replaced, as they were; the committer too when there was a path."""


@dataclass(frozen=True, slots=True)
class NextEpoch:
    """The epoch a Commit leads to, with its message keys."""

    epoch: Epoch
    messages: SecretTree = field(repr=False)
    change: Change


def begin_epoch(
    suite: Suite,
    context: GroupContext,
    tree: RatchetTree,
    private: TreePrivate,
    signer_private: bytes,
    keys: EpochKeys,
    change: Change,
    ended: bool = False,
) -> NextEpoch:
    """The epoch that these keys open, with the confirmation tag that it must have."""
    tag = suite.mac(keys.secrets.confirmation_key, context.confirmed_transcript_hash)
    interim = interim_transcript_hash(suite, context.confirmed_transcript_hash, tag)
    epoch = Epoch(suite, context, tree, private, signer_private, keys.secrets, interim, tag, ended)
    return NextEpoch(epoch, SecretTree.begin(suite, tree.leaf_count, keys.encryption), change)


def check_confirmation_tag(epoch: Epoch, tag: bytes) -> None:
    """Everybody derived the same epoch. Raises ValidationError `confirmation-tag`."""
    require(
        hmac.compare_digest(epoch.confirmation_tag, tag),
        "confirmation-tag",
        "The confirmation tag is wrong: the sender is in another epoch than this device.",
    )

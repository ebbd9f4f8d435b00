"""Saving and loading a group: two parts, because one of them changes with every message.

Format (spec/mls.md): version, kind, body, SHA-256 of all before it. The digest finds damage,
not forgery: whoever can write here holds the secrets anyway; the vault encrypts and seals them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from plausch.mls.codec import MAX_VARINT, Reader, opaque, optional, u8, u16, u32, u32_vector, vector
from plausch.mls.credential import Credential
from plausch.mls.epoch import Change, Epoch, Member, NextEpoch
from plausch.mls.errors import ProtocolError, SavedStateRefused, UnsupportedSuite
from plausch.mls.framing import AuthenticatedContent
from plausch.mls.group_context import GroupContext
from plausch.mls.key_schedule import EpochSecrets
from plausch.mls.past import PastEpoch
from plausch.mls.process import OwnUpdate
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.secret_tree import SecretTree
from plausch.mls.suite import Suite, suite
from plausch.mls.tree_kem import TreePrivate

VERSION = 1
EPOCH_STATE = 1
RATCHET_STATE = 2
PART_LIMIT = MAX_VARINT
"""Bytes of one saved field: whatever could be written can be read again. What a group may grow to
is decided where it grows (`tree-limit`, `proposals-limit`), not here, where it would be lost."""

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class SavedGroup:
    """A group as bytes; both parts are secret, and belong into one transaction.

    `epoch_state` changes with the epoch, proposals and the pending commit; `ratchet_state` is
    small and changes with every message sent or accepted.
    """

    epoch_state: bytes = field(repr=False)
    ratchet_state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class PendingState:
    """A Commit of ours that the delivery service has not accepted yet."""

    commit: bytes
    welcome: bytes
    group_info: bytes
    following: NextEpoch


@dataclass(slots=True, repr=False)
class GroupState:
    """Everything a group consists of."""

    epoch: Epoch
    messages: SecretTree
    active: bool = True
    past: list[PastEpoch] = field(default_factory=list)
    """The newest first."""
    proposals: dict[bytes, AuthenticatedContent] = field(default_factory=dict)
    own_updates: dict[bytes, OwnUpdate] = field(default_factory=dict)
    resumption: dict[int, bytes] = field(default_factory=dict)
    """Resumption secrets of the retained epochs, by epoch."""
    pending: PendingState | None = None


def encode_epoch_state(state: GroupState) -> bytes:
    """The part that changes with the epoch."""
    past = [
        opaque(item.context.encoded) + vector(_replaced(item.replaced.items()))
        for item in state.past
    ]
    proposals = [opaque(item.to_bytes()) for item in state.proposals.values()]
    updates = [
        opaque(public) + opaque(own.encryption_private) + opaque(own.signer_private)
        for public, own in state.own_updates.items()
    ]
    resumption = [epoch.to_bytes(8, "big") + opaque(key) for epoch, key in state.resumption.items()]
    body = (
        u8(state.active)
        + _epoch_bytes(state.epoch)
        + vector(past)
        + vector(proposals)
        + vector(updates)
        + vector(resumption)
        + optional(None if state.pending is None else _pending_bytes(state.pending))
    )
    return _seal(EPOCH_STATE, body)


def encode_ratchet_state(state: GroupState) -> bytes:
    """The part that changes with every message."""
    past = [opaque(item.sender_data) + item.messages.to_bytes() for item in state.past]
    body = opaque(state.epoch.confirmation_tag) + state.messages.to_bytes() + vector(past)
    return _seal(RATCHET_STATE, body)


def decode(saved: SavedGroup) -> GroupState:
    """Raises SavedStateRefused; UnsupportedSuite when this program does not have the group's."""
    try:
        return _decode(saved)
    except UnsupportedSuite:
        raise
    except (ProtocolError, ValueError) as error:
        raise SavedStateRefused(
            f"The saved state of a group is damaged: {error}; restore it from a backup or rejoin."
        ) from error


def _decode(saved: SavedGroup) -> GroupState:
    reader = _unseal(EPOCH_STATE, saved.epoch_state)
    active = bool(reader.u8())
    epoch = _read_epoch(reader)
    crypto = epoch.suite
    past_public = reader.vector(_read_past, PART_LIMIT)
    proposals = reader.vector(
        lambda inner: AuthenticatedContent.from_bytes(inner.opaque(PART_LIMIT)), PART_LIMIT
    )
    updates = reader.vector(
        lambda inner: (inner.opaque(), OwnUpdate(inner.opaque(), inner.opaque()))
    )
    resumption = reader.vector(lambda inner: (inner.u64(), inner.opaque()))
    pending = reader.optional(lambda inner: _read_pending(inner, crypto))
    reader.finish()
    ratchets = _unseal(RATCHET_STATE, saved.ratchet_state)
    if ratchets.opaque() != epoch.confirmation_tag:
        raise SavedStateRefused(
            "The two parts of a saved group are of different epochs; save both in one transaction."
        )
    messages = SecretTree.read(ratchets, crypto)
    past_keys = ratchets.vector(
        lambda inner: (inner.opaque(), SecretTree.read(inner, crypto)), PART_LIMIT
    )
    ratchets.finish()
    past = []
    for (context, replaced), (sender_data, keys) in zip(past_public, past_keys, strict=True):
        keys.retire()
        past.append(PastEpoch(context, sender_data, keys, replaced))
    return GroupState(
        epoch,
        messages,
        active,
        past,
        {item.reference(crypto): item for item in proposals},
        dict(updates),
        dict(resumption),
        pending,
    )


def _seal(kind: int, body: bytes) -> bytes:
    raw = u16(VERSION) + u8(kind) + body
    return raw + hashlib.sha256(raw).digest()


def _unseal(kind: int, raw: bytes) -> Reader:
    body, digest = raw[:-_DIGEST_BYTES], raw[-_DIGEST_BYTES:]
    reader = Reader(body, MAX_VARINT)
    version = reader.u16()
    if version != VERSION:
        raise SavedStateRefused(
            f"The saved state of a group has version {version}; this program reads {VERSION}."
        )
    if hashlib.sha256(body).digest() != digest:
        raise SavedStateRefused("The saved state of a group is damaged: its digest is wrong.")
    if reader.u8() != kind:
        raise SavedStateRefused("The two parts of a saved group were given in the wrong order.")
    return reader


def _epoch_bytes(epoch: Epoch) -> bytes:
    keys = [u32(node) + opaque(key) for node, key in sorted(epoch.private.keys.items())]
    return (
        opaque(epoch.context.encoded)
        + opaque(epoch.tree.to_bytes())
        + u32(epoch.own_leaf)
        + vector(keys)
        + opaque(epoch.signer_private)
        + epoch.secrets.to_bytes()
        + opaque(epoch.interim_transcript_hash)
        + opaque(epoch.confirmation_tag)
        + u8(epoch.ended)
    )


def _read_epoch(reader: Reader) -> Epoch:
    context = GroupContext.from_bytes(reader.opaque(PART_LIMIT))
    crypto = suite(context.cipher_suite)
    tree = RatchetTree.from_bytes(crypto, reader.opaque(PART_LIMIT))
    own_leaf = reader.u32()
    keys = dict(reader.vector(lambda inner: (inner.u32(), inner.opaque())))
    return Epoch(
        crypto,
        context,
        tree,
        TreePrivate(own_leaf, keys),
        reader.opaque(),
        EpochSecrets.read(reader),
        reader.opaque(),
        reader.opaque(),
        bool(reader.u8()),
    )


def _member_bytes(member: Member) -> bytes:
    return u32(member.leaf_index) + member.credential.to_bytes() + opaque(member.signature_key)


def _read_member(reader: Reader) -> Member:
    return Member(reader.u32(), Credential.read(reader), reader.opaque())


def _replaced(items: Iterable[tuple[int, Member | None]]) -> list[bytes]:
    return [
        u32(leaf_index) + optional(None if member is None else _member_bytes(member))
        for leaf_index, member in items
    ]


def _read_past(reader: Reader) -> tuple[GroupContext, dict[int, Member | None]]:
    context = GroupContext.from_bytes(reader.opaque(PART_LIMIT))
    replaced = reader.vector(lambda inner: (inner.u32(), inner.optional(_read_member)), PART_LIMIT)
    return context, dict(replaced)


def _pending_bytes(pending: PendingState) -> bytes:
    following, change = pending.following, pending.following.change
    return (
        opaque(pending.commit)
        + opaque(pending.welcome)
        + opaque(pending.group_info)
        + _epoch_bytes(following.epoch)
        + following.messages.to_bytes()
        + u32(change.committer)
        + u32_vector(change.added)
        + vector([_member_bytes(member) for member in change.removed])
        + vector([_member_bytes(member) for member in change.updated])
    )


def _read_pending(reader: Reader, crypto: Suite) -> PendingState:
    commit, welcome, group_info = [reader.opaque(PART_LIMIT) for _ in range(3)]
    epoch = _read_epoch(reader)
    messages = SecretTree.read(reader, crypto)
    change = Change(
        reader.u32(),
        reader.u32_vector(PART_LIMIT),
        tuple(reader.vector(_read_member, PART_LIMIT)),
        tuple(reader.vector(_read_member, PART_LIMIT)),
    )
    return PendingState(commit, welcome, group_info, NextEpoch(epoch, messages, change))

"""The secret tree: message keys of every sender in one epoch (RFC 9420 section 9).

Deletion is what gives forward secrecy, so the rules stand here in full:

* A node's secret is deleted when its children's are derived; a leaf's when its two ratchets begin.
* A ratchet moves past a key by deleting the secret the key came from. For generations that were
  passed over only (key, nonce) is kept, never a ratchet secret: whoever steals the state later
  can open the passed-over messages and nothing that was already read.
* Nothing changes until a message has opened: `peek` computes, `consume` deletes. Junk that fails
  authentication costs no key.

The limits are explained in spec/mls.md.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple, Self

from plausch.mls.codec import MAX_VARINT, Reader, opaque, u8, u32, vector
from plausch.mls.errors import CodecError, ValidationError
from plausch.mls.suite import Suite

FORWARD_LIMIT = 1_000
"""Generations that one message may lie ahead of the newest seen from its sender."""

KEPT_LIMIT = 512
"""Passed-over keys kept for each sender and ratchet; the oldest go first."""

LAST_GENERATION = (1 << 32) - 1


class RatchetKind(IntEnum):
    """Each sender has one ratchet for handshake and one for application messages."""

    HANDSHAKE = 0
    APPLICATION = 1


_LABEL = {RatchetKind.HANDSHAKE: "handshake", RatchetKind.APPLICATION: "application"}


class MessageKey(NamedTuple):
    """An AEAD key and nonce, for one message only."""

    key: bytes
    nonce: bytes


@dataclass(frozen=True, repr=False)
class Ratchet:
    """One sender's chain: the next generation, its secret, and keys passed over before it.

    Never changed, only replaced, so that its saved form is made once: a save follows every
    message, and most senders have said nothing since the last.
    """

    generation: int
    secret: bytes
    kept: dict[int, MessageKey] = field(default_factory=dict)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """From saved bytes. Raises CodecError."""
        generation, secret = reader.u32(), reader.opaque(64)
        kept = reader.vector(
            lambda inner: (inner.u32(), MessageKey(inner.opaque(64), inner.opaque(64)))
        )
        return cls(generation, secret, dict(kept))

    @cached_property
    def encoded(self) -> bytes:
        """For saving."""
        kept = [
            u32(generation) + opaque(key) + opaque(nonce)
            for generation, (key, nonce) in self.kept.items()
        ]
        return u32(self.generation) + opaque(self.secret) + vector(kept)


class Opening(NamedTuple):
    """A key looked up for one received message, and the ratchet as it is once it was used."""

    leaf_index: int
    kind: RatchetKind
    generation: int
    key: MessageKey
    before: Ratchet | None
    after: Ratchet


def _message_key(suite: Suite, secret: bytes, generation: int) -> MessageKey:
    derive = suite.derive_tree_secret
    return MessageKey(
        derive(secret, "key", generation, suite.key_length),
        derive(secret, "nonce", generation, suite.nonce_length),
    )


def _next_secret(suite: Suite, secret: bytes, generation: int) -> bytes:
    return suite.derive_tree_secret(secret, "secret", generation, suite.hash_length)


def _advance(suite: Suite, ratchet: Ratchet, generation: int) -> tuple[MessageKey, Ratchet]:
    """The key of `generation` and the ratchet after it. Raises ValidationError."""
    if generation < ratchet.generation:
        kept = dict(ratchet.kept)
        key = kept.pop(generation, None)
        if key is None:
            raise ValidationError(
                "generation-unused",
                f"Message key {generation} of this sender was already used or has been deleted.",
            )
        return key, Ratchet(ratchet.generation, ratchet.secret, kept)
    ahead = generation - ratchet.generation
    if ahead > FORWARD_LIMIT or generation >= LAST_GENERATION:
        raise ValidationError(
            "generation-window",
            f"A message lies {ahead} generations ahead; at most {FORWARD_LIMIT} are followed.",
        )
    secret, kept = ratchet.secret, ratchet.kept
    if ahead:
        kept = dict(kept)
        for passed in range(ratchet.generation, generation):
            if passed >= generation - KEPT_LIMIT:
                kept[passed] = _message_key(suite, secret, passed)
            secret = _next_secret(suite, secret, passed)
        for oldest in list(kept)[: max(0, len(kept) - KEPT_LIMIT)]:
            del kept[oldest]
    key = _message_key(suite, secret, generation)
    return key, Ratchet(generation + 1, _next_secret(suite, secret, generation), kept)


class SecretTree:
    """All message keys of one epoch, derived when first needed and deleted when used."""

    __slots__ = ("_encoded", "_kinds", "_leaf_count", "_nodes", "_ratchets", "_suite")

    def __init__(
        self,
        suite: Suite,
        leaf_count: int,
        nodes: dict[int, bytes],
        ratchets: dict[tuple[int, RatchetKind], Ratchet],
    ) -> None:
        self._suite = suite
        self._leaf_count = leaf_count
        self._nodes = nodes
        self._ratchets = ratchets
        self._kinds: tuple[RatchetKind, ...] = tuple(RatchetKind)
        self._encoded = b""

    @classmethod
    def begin(cls, suite: Suite, leaf_count: int, encryption_secret: bytes) -> Self:
        """A fresh tree over `leaf_count` leaves (a power of two)."""
        return cls(suite, leaf_count, {leaf_count - 1: encryption_secret}, {})

    @classmethod
    def read(cls, reader: Reader, suite: Suite) -> Self:
        """From saved bytes. Raises CodecError."""
        leaf_count = reader.u32()
        if leaf_count < 1 or leaf_count & (leaf_count - 1):
            raise CodecError(f"A secret tree has {leaf_count} leaves, not a power of two.")
        nodes = reader.vector(lambda inner: (inner.u32(), inner.opaque(64)))
        ratchets = reader.vector(
            lambda inner: ((inner.u32(), _read_kind(inner)), Ratchet.read(inner)), MAX_VARINT
        )
        return cls(suite, leaf_count, dict(nodes), dict(ratchets))

    def to_bytes(self) -> bytes:
        """For saving; equal states have equal bytes."""
        if self._encoded:
            return self._encoded
        nodes = [u32(node) + opaque(secret) for node, secret in sorted(self._nodes.items())]
        ratchets = [
            u32(leaf) + u8(kind) + ratchet.encoded
            for (leaf, kind), ratchet in sorted(self._ratchets.items(), key=lambda item: item[0])
        ]
        self._encoded = u32(self._leaf_count) + vector(nodes) + vector(ratchets)
        return self._encoded

    def retire(self) -> None:
        """The epoch is over: forget the handshake ratchets, only late messages still count."""
        self._kinds = (RatchetKind.APPLICATION,)
        self._encoded = b""
        for where in [item for item in self._ratchets if item[1] == RatchetKind.HANDSHAKE]:
            del self._ratchets[where]

    def next_key(self, leaf_index: int, kind: RatchetKind) -> tuple[int, MessageKey]:
        """The next generation to send with and its key; the ratchet has moved on already.

        Raises ValidationError `generation-window` at the end of the generations.
        """
        if (leaf_index, kind) not in self._ratchets:
            self._unfold(leaf_index)
        ratchet = self._ratchets[leaf_index, kind]
        key, after = _advance(self._suite, ratchet, ratchet.generation)
        self._ratchets[leaf_index, kind] = after
        self._encoded = b""
        return ratchet.generation, key

    def peek(self, leaf_index: int, kind: RatchetKind, generation: int) -> Opening:
        """The key of a received message; nothing is changed.

        Raises ValidationError `generation-unused`, `generation-window`, `sender-leaf`.
        """
        before = self._ratchets.get((leaf_index, kind))
        ratchet = before
        if ratchet is None:
            secret, _ = self._leaf_secret(leaf_index)
            ratchet = self._first_ratchet(secret, kind)
        key, after = _advance(self._suite, ratchet, generation)
        return Opening(leaf_index, kind, generation, key, before, after)

    def consume(self, opening: Opening) -> None:
        """Delete the key of a message that has opened, and what it was derived from.

        Raises ValidationError `generation-unused` when it was consumed in the meantime.
        """
        where = (opening.leaf_index, opening.kind)
        self._encoded = b""
        if opening.before is None and where not in self._ratchets:
            self._unfold(opening.leaf_index)
            self._ratchets[where] = opening.after
            return
        current = self._ratchets[where]
        if current is opening.before:
            self._ratchets[where] = opening.after
        else:
            _, self._ratchets[where] = _advance(self._suite, current, opening.generation)

    def _first_ratchet(self, leaf_secret: bytes, kind: RatchetKind) -> Ratchet:
        length = self._suite.hash_length
        return Ratchet(0, self._suite.expand_with_label(leaf_secret, _LABEL[kind], b"", length))

    def _leaf_secret(self, leaf_index: int) -> tuple[bytes, dict[int, bytes | None]]:
        """The secret of a leaf, and the changes to `_nodes` that deriving it means."""
        if not 0 <= leaf_index < self._leaf_count:
            raise ValidationError(
                "sender-leaf", f"Leaf {leaf_index} does not exist in this epoch's tree."
            )
        target = 2 * leaf_index
        node, width = self._leaf_count - 1, self._leaf_count // 2
        changes: dict[int, bytes | None] = {}
        secret = self._nodes.get(node)
        while node != target:
            changes[node] = None
            left, right = node - width, node + width
            chosen, other = (left, right) if target < node else (right, left)
            if secret is not None:
                side, opposite = (b"left", b"right") if target < node else (b"right", b"left")
                changes[other] = self._child(secret, opposite)
                secret = self._child(secret, side)
            else:
                secret = self._nodes.get(chosen)
            node, width = chosen, width // 2
        if secret is None:
            raise ValidationError(
                "generation-unused", f"The keys of leaf {leaf_index} have been deleted."
            )
        changes[target] = None
        return secret, changes

    def _child(self, secret: bytes, side: bytes) -> bytes:
        return self._suite.expand_with_label(secret, "tree", side, self._suite.hash_length)

    def _unfold(self, leaf_index: int) -> None:
        """Begin both ratchets of a leaf and delete every secret above them."""
        secret, changes = self._leaf_secret(leaf_index)
        self._encoded = b""
        for node, value in changes.items():
            if value is None:
                self._nodes.pop(node, None)
            else:
                self._nodes[node] = value
        for kind in self._kinds:
            self._ratchets[leaf_index, kind] = self._first_ratchet(secret, kind)


def _read_kind(reader: Reader) -> RatchetKind:
    kind = reader.u8()
    if kind > RatchetKind.APPLICATION:
        raise CodecError(f"Ratchet kind {kind} does not exist.")
    return RatchetKind(kind)

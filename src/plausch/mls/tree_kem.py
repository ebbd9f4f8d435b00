"""TreeKEM: how a commit gives its sender's path new keys (RFC 9420 sections 7.4 to 7.6).

Creating: `new_path` changes a copy of the tree; the caller computes the provisional
GroupContext from it; `NewPath.encrypt` makes the UpdatePath. Processing: `update_path.apply_path`
changes a copy of the tree; then `TreePrivate.open_path` finds the commit secret.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

from plausch.mls import tree_math
from plausch.mls.errors import DecryptionFailed, GroupUsageError, require
from plausch.mls.leaf_node import LeafBinding, LeafContent, LeafNode
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite
from plausch.mls.update_path import (
    HpkeCiphertext,
    UpdatePath,
    UpdatePathNode,
    check_ciphertexts,
    recipients,
)

_LABEL = "UpdatePathNode"


def _next_secret(suite: Suite, path_secret: bytes) -> bytes:
    return suite.derive_secret(path_secret, "path")


def _node_key_pair(suite: Suite, path_secret: bytes) -> tuple[bytes, bytes]:
    return suite.kem_derive_key_pair(suite.derive_secret(path_secret, "node"))


@dataclass(frozen=True, slots=True)
class TreePrivate:
    """The private keys one member knows: its leaf's, and those of nodes above it.

    Immutable; each epoch has its own. Drop it to forget the keys.
    """

    leaf_index: int
    keys: dict[int, bytes]
    """Private key by node index."""

    @classmethod
    def of_leaf(cls, leaf_index: int, private: bytes) -> Self:
        """A member who knows only its leaf's key."""
        return cls(leaf_index, {2 * leaf_index: private})

    def with_leaf_key(self, private: bytes) -> "TreePrivate":
        """After an own Update is committed: the path is blank, only the new leaf key counts."""
        return TreePrivate.of_leaf(self.leaf_index, private)

    def pruned(self, tree: RatchetTree) -> "TreePrivate":
        """Without keys of nodes that are blank in `tree` by now."""
        own = 2 * self.leaf_index
        path = {own, *self.path_in(tree)}
        return replace(self, keys={node: key for node, key in self.keys.items() if node in path})

    def path_in(self, tree: RatchetTree) -> list[int]:
        """The nodes of this member's direct path that are not blank, from the bottom."""
        return [
            node for node in tree.direct_path(self.leaf_index) if tree.parent_node(node) is not None
        ]

    def is_complete(self, tree: RatchetTree) -> bool:
        """Whether it has the key of every node above its leaf at which it is not unmerged."""
        return all(
            index in self.keys or self.leaf_index in node.unmerged_leaves
            for index in tree.direct_path(self.leaf_index)
            if (node := tree.parent_node(index)) is not None
        )

    def with_path_secret(
        self, tree: RatchetTree, sender_leaf: int, path_secret: bytes
    ) -> "TreePrivate":
        """With the keys that follow from a Welcome's path secret (RFC 9420 section 12.4.3.1).

        Raises ValidationError `path-public-key` when they are not the tree's.
        """
        keys, _ = _climb(tree, self.leaf_index, sender_leaf, path_secret)
        return replace(self, keys={**self.keys, **keys})

    def open_path(
        self,
        tree: RatchetTree,
        sender_leaf: int,
        path: UpdatePath,
        context: bytes,
        newcomers: Collection[int] = (),
    ) -> "tuple[TreePrivate, bytes]":
        """The keys of the next epoch and the commit secret, from another member's path.

        `tree` has the path applied, `context` is the provisional GroupContext, `newcomers` are
        the leaves this commit adds. Raises DecryptionFailed or ValidationError.
        """
        check_ciphertexts(tree, sender_leaf, path, newcomers)
        own = 2 * self.leaf_index
        for (_, beside), step in zip(
            tree.filtered_direct_path(sender_leaf), path.nodes, strict=True
        ):
            if not tree_math.is_under(own, beside):
                continue
            places = recipients(tree, beside, newcomers)
            for place, sealed in zip(places, step.encrypted_path_secret, strict=True):
                private = self.keys.get(place)
                if private is not None:
                    secret = tree.suite.decrypt_with_label(
                        private, _LABEL, context, sealed.kem_output, sealed.ciphertext
                    )
                    keys, commit_secret = _climb(tree, self.leaf_index, sender_leaf, secret)
                    kept = self.pruned(tree).keys
                    return replace(self, keys={**kept, **keys}), commit_secret
        raise DecryptionFailed(
            f"The path of member {sender_leaf} holds nothing that leaf {self.leaf_index} can open."
        )


def _climb(
    tree: RatchetTree, own_leaf: int, sender_leaf: int, path_secret: bytes
) -> tuple[dict[int, bytes], bytes]:
    """From the path secret of the lowest node that two members share, up to the root: the private
    keys, and the commit secret. Each must fit the tree's public key (`path-public-key`)."""
    suite = tree.suite
    meeting = tree_math.common_ancestor(2 * own_leaf, 2 * sender_leaf)
    top = tree_math.level(meeting)
    keys: dict[int, bytes] = {}
    for index in tree.direct_path(own_leaf):
        node = tree.parent_node(index)
        if tree_math.level(index) < top or node is None:
            continue
        private, public = _node_key_pair(suite, path_secret)
        require(
            public == node.encryption_key,
            "path-public-key",
            f"The path secret does not give the public key of node {index}: the sender lied.",
        )
        keys[index] = private
        path_secret = _next_secret(suite, path_secret)
    return keys, path_secret


@dataclass(frozen=True, slots=True)
class NewPath:
    """A path this member has made: secrets until it is encrypted, and its own new keys."""

    leaf_index: int
    leaf_node: LeafNode
    path: tuple[tuple[int, int], ...]
    """The filtered direct path: pairs of node and copath child."""
    secrets: tuple[bytes, ...]
    """The path secret of each of these nodes."""
    public_keys: tuple[bytes, ...]
    private: TreePrivate
    commit_secret: bytes

    def encrypt(
        self, tree: RatchetTree, context: bytes, newcomers: Collection[int] = ()
    ) -> UpdatePath:
        """The UpdatePath for everybody but `newcomers`; `context` is the provisional one.

        Raises KeyRefused when a member's key is unusable.
        """
        suite = tree.suite
        nodes = []
        for (_, beside), secret, public in zip(
            self.path, self.secrets, self.public_keys, strict=True
        ):
            sealed = []
            for place in recipients(tree, beside, newcomers):
                recipient = tree.present(place)
                sealed.append(
                    HpkeCiphertext(
                        *suite.encrypt_with_label(recipient.encryption_key, _LABEL, context, secret)
                    )
                )
            nodes.append(UpdatePathNode(public, tuple(sealed)))
        return UpdatePath(self.leaf_node, tuple(nodes))

    def secret_for(self, leaf_index: int) -> bytes:
        """The path secret that a newcomer's Welcome carries: that of the lowest shared node."""
        meeting = tree_math.common_ancestor(2 * self.leaf_index, 2 * leaf_index)
        for (node, _), secret in zip(self.path, self.secrets, strict=True):
            if node == meeting:
                return secret
        raise GroupUsageError(f"Leaf {leaf_index} shares no node with this path.")


def new_path(
    tree: RatchetTree,
    leaf_index: int,
    leaf: LeafContent,
    signer_private: bytes,
    group_id: bytes,
) -> NewPath:
    """Fresh keys along a member's path, put into a copy of the tree (RFC 9420 section 7.5).

    `leaf` says who the member is (`LeafNode.content()` of the old leaf, or changed); its
    encryption key, lifetime and parent hash are replaced. `tree` is changed.
    Raises KeyRefused for a bad signer's key.
    """
    suite = tree.suite
    leaf_private, leaf_public = suite.kem_generate()
    filtered = tree.filtered_direct_path(leaf_index)
    secret = os.urandom(suite.hash_length)
    keys = {2 * leaf_index: leaf_private}
    secrets, public_keys = [], []
    for node, _ in filtered:
        private, public = _node_key_pair(suite, secret)
        keys[node] = private
        secrets.append(secret)
        public_keys.append(public)
        secret = _next_secret(suite, secret)
    parent_hash = tree.put_path(leaf_index, public_keys)
    signed = replace(leaf, encryption_key=leaf_public, lifetime=None, parent_hash=parent_hash).sign(
        suite, signer_private, LeafBinding(group_id, leaf_index)
    )
    tree.put_leaf(leaf_index, signed)
    return NewPath(
        leaf_index,
        signed,
        tuple(filtered),
        tuple(secrets),
        tuple(public_keys),
        TreePrivate(leaf_index, keys),
        secret,
    )

"""RFC 9420's official vectors: add, update and remove applied to a ratchet tree."""

import json
from pathlib import Path

import pytest

from plausch.mls.codec import Reader
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import LeafNode
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite


def apply(tree: RatchetTree, proposal: bytes, sender: int) -> None:
    reader = Reader(proposal)
    kind = reader.u16()
    if kind == 1:
        tree.add_leaf(KeyPackage.read(reader).leaf_node)
    elif kind == 2:
        tree.update_leaf(sender, LeafNode.read(reader))
    elif kind == 3:
        tree.remove_leaf(reader.u32())
    else:
        pytest.fail(f"unexpected proposal type {kind}")
    reader.finish()


def test_tree_after_a_proposal(vectors: Path) -> None:
    cases = json.loads((vectors / "mls" / "tree-operations.json").read_text())
    assert len(cases) == 5
    for case in cases:
        crypto = suite(case["cipher_suite"])
        before = RatchetTree.from_bytes(crypto, bytes.fromhex(case["tree_before"]))
        assert before.tree_hash().hex() == case["tree_hash_before"]
        after = before.copy()
        apply(after, bytes.fromhex(case["proposal"]), case["proposal_sender"])
        assert after.to_bytes().hex() == case["tree_after"]
        assert after.tree_hash().hex() == case["tree_hash_after"]
        assert before.to_bytes().hex() == case["tree_before"]
        assert before.tree_hash().hex() == case["tree_hash_before"]

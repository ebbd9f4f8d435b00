"""RFC 9420's official vectors: tree hashes, resolutions, parent hashes and leaf signatures."""

import json
from pathlib import Path
from typing import Any

import pytest

from plausch.mls.credential import Credential, Role
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite
from plausch.mls.tree_validation import validate_tree


def anybody(credential: Credential, signature_key: bytes, role: Role) -> None:
    assert role == "member"


@pytest.fixture(params=(1, 2, 3))
def cases(request: pytest.FixtureRequest, vectors: Path) -> list[dict[str, Any]]:
    every = json.loads((vectors / "mls" / "tree-validation.json").read_text())
    chosen = [case for case in every if case["cipher_suite"] == request.param]
    assert len(chosen) == 14
    return chosen


def tree_of(case: dict[str, Any]) -> RatchetTree:
    return RatchetTree.from_bytes(suite(case["cipher_suite"]), bytes.fromhex(case["tree"]))


def test_hashes_and_resolutions(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        tree = tree_of(case)
        assert tree.node_count == len(case["tree_hashes"])
        for index, (digest, resolution) in enumerate(
            zip(case["tree_hashes"], case["resolutions"], strict=True)
        ):
            assert tree.tree_hash(index).hex() == digest
            assert tree.resolution(index) == resolution


def test_trees_are_valid(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        tree = tree_of(case)
        group_id = bytes.fromhex(case["group_id"])
        demands = GroupDemands(tree.suite)
        validate_tree(
            tree, demands, group_id, bytes.fromhex(case["tree_hashes"][tree.root]), anybody
        )


def test_leaf_signatures(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        tree = tree_of(case)
        for leaf_index, leaf in tree.leaves():
            leaf.verify_signature(
                tree.suite, LeafBinding(bytes.fromhex(case["group_id"]), leaf_index)
            )


def test_encoding_is_kept(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        assert tree_of(case).to_bytes().hex() == case["tree"]

"""RFC 9420's official vectors: array-based trees."""

import json
from pathlib import Path

from plausch.mls import tree_math


def test_relations_of_every_node(vectors: Path) -> None:
    cases = json.loads((vectors / "mls" / "tree-math.json").read_text())
    assert len(cases) == 10
    for case in cases:
        leaves = case["n_leaves"]
        root = tree_math.root(leaves)
        assert tree_math.node_count(leaves) == case["n_nodes"]
        assert root == case["root"]
        for node in range(case["n_nodes"]):
            parent = None if node == root else tree_math.parent(node)
            sibling = None if node == root else tree_math.sibling(node)
            left = None if tree_math.is_leaf(node) else tree_math.left(node)
            right = None if tree_math.is_leaf(node) else tree_math.right(node)
            assert (left, right, parent, sibling) == (
                case["left"][node],
                case["right"][node],
                case["parent"][node],
                case["sibling"][node],
            )

"""The ratchet tree as RFC 9420 defines it, slowly and without an array: the measure for the
fast one. Nothing here shares code with `ratchet_tree` but the nodes themselves."""

from dataclasses import dataclass

from plausch.mls.codec import opaque, u32
from plausch.mls.leaf_node import LeafNode
from plausch.mls.ratchet_tree import ParentNode, RatchetTree
from plausch.mls.suite import Suite


@dataclass
class Leaf:
    """A place for a member."""

    leaf_index: int
    node: LeafNode | None


@dataclass
class Branch:
    """A parent, blank or not, and what is below it."""

    node_index: int
    node: ParentNode | None
    left: "Subtree"
    right: "Subtree"


Subtree = Leaf | Branch


def grown(tree: RatchetTree) -> Subtree:
    """The same tree as nested objects."""

    def build(first: int, count: int) -> Subtree:
        if count == 1:
            return Leaf(first, tree.leaf(first))
        half = count // 2
        index = 2 * first + count - 1
        node = tree.node(index)
        assert node is None or isinstance(node, ParentNode)
        return Branch(index, node, build(first, half), build(first + half, half))

    return build(0, tree.leaf_count)


def node_index(subtree: Subtree) -> int:
    return 2 * subtree.leaf_index if isinstance(subtree, Leaf) else subtree.node_index


def every(subtree: Subtree) -> list[Subtree]:
    """The subtree and all within it."""
    if isinstance(subtree, Leaf):
        return [subtree]
    return [*every(subtree.left), subtree, *every(subtree.right)]


def members(subtree: Subtree) -> list[int]:
    """Leaf indices of the members below."""
    return [
        part.leaf_index
        for part in every(subtree)
        if isinstance(part, Leaf) and part.node is not None
    ]


def resolution(subtree: Subtree) -> list[int]:
    """Section 4.1.1, sentence by sentence."""
    if subtree.node is not None:
        unmerged = subtree.node.unmerged_leaves if isinstance(subtree.node, ParentNode) else ()
        return [node_index(subtree)] + [2 * leaf_index for leaf_index in unmerged]
    if isinstance(subtree, Leaf):
        return []
    return resolution(subtree.left) + resolution(subtree.right)


def tree_hash(suite: Suite, subtree: Subtree) -> bytes:
    """Section 7.8."""
    encoded = b"\0" if subtree.node is None else b"\1" + subtree.node.to_bytes()
    if isinstance(subtree, Leaf):
        return suite.hash(b"\1" + u32(subtree.leaf_index) + encoded)
    return suite.hash(
        b"\2"
        + encoded
        + opaque(tree_hash(suite, subtree.left))
        + opaque(tree_hash(suite, subtree.right))
    )


def without(subtree: Subtree, gone: set[int]) -> Subtree:
    """The subtree before some members joined (section 7.9: the original sibling)."""
    if isinstance(subtree, Leaf):
        return Leaf(subtree.leaf_index, None if subtree.leaf_index in gone else subtree.node)
    node = subtree.node
    if node is not None:
        node = node.with_unmerged([leaf for leaf in node.unmerged_leaves if leaf not in gone])
    return Branch(
        subtree.node_index, node, without(subtree.left, gone), without(subtree.right, gone)
    )


def parent_hash(suite: Suite, node: ParentNode, beside: Subtree) -> bytes:
    """Section 7.9."""
    sibling = tree_hash(suite, without(beside, set(node.unmerged_leaves)))
    return suite.hash(opaque(node.encryption_key) + opaque(node.parent_hash) + opaque(sibling))


def is_parent_hash_valid(suite: Suite, branch: Branch) -> bool:
    """Section 7.9.2: some node below was set together with this one."""
    assert branch.node is not None
    parts = {node_index(part): part for part in every(branch)}
    for child, beside in ((branch.left, branch.right), (branch.right, branch.left)):
        expected = parent_hash(suite, branch.node, beside)
        reached = resolution(child)
        within = {2 * leaf for leaf in branch.node.unmerged_leaves} & {
            node_index(part) for part in every(child)
        }
        for place in reached:
            below = parts[place].node
            assert below is not None
            if below.parent_hash == expected and set(reached) - {place} == within:
                return True
    return False

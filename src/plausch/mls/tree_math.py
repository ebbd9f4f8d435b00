"""Indices in a complete binary tree kept in an array (RFC 9420 section 4.1, appendix C).

Leaf `i` is node `2 * i`; a parent at level `k` lies between its subtrees. A tree always has a
power of two leaves, so `leaf_count` below is one of 1, 2, 4, 8, ...
"""


def node_count(leaf_count: int) -> int:
    """Nodes of a tree with `leaf_count` leaves."""
    return 2 * leaf_count - 1


def padded_leaf_count(leaf_count: int) -> int:
    """The smallest power of two that is not below `leaf_count` (at least 1)."""
    return 1 << max(leaf_count - 1, 0).bit_length()


def level(node: int) -> int:
    """Height above the leaves: the number of trailing one bits."""
    return (~node & (node + 1)).bit_length() - 1


def is_leaf(node: int) -> bool:
    """Whether a node index is a leaf's."""
    return node & 1 == 0


def root(leaf_count: int) -> int:
    """The root's node index."""
    return leaf_count - 1


def left(node: int) -> int:
    """The left child of a parent node."""
    return node ^ (1 << (level(node) - 1))


def right(node: int) -> int:
    """The right child of a parent node."""
    return node ^ (3 << (level(node) - 1))


def parent(node: int) -> int:
    """The parent of a node; meaningless for the root."""
    height = level(node)
    return (node | (1 << height)) & ~(1 << (height + 1))


def sibling(node: int) -> int:
    """The other child of a node's parent; meaningless for the root."""
    return node ^ (2 << level(node))


def direct_path(node: int, leaf_count: int) -> list[int]:
    """The ancestors of a node from its parent to the root; empty for the root."""
    top = root(leaf_count)
    path = []
    while node != top:
        node = parent(node)
        path.append(node)
    return path


def copath(node: int, leaf_count: int) -> list[int]:
    """The siblings of a node and of each of its ancestors below the root, bottom up."""
    top = root(leaf_count)
    path = []
    while node != top:
        path.append(sibling(node))
        node = parent(node)
    return path


def span(node: int) -> tuple[int, int]:
    """The first and last node index of the subtree under `node`; both are leaves."""
    reach = (1 << level(node)) - 1
    return node - reach, node + reach


def is_under(node: int, ancestor: int) -> bool:
    """Whether `node` lies in the subtree of `ancestor`, itself included."""
    first, last = span(ancestor)
    return first <= node <= last


def common_ancestor(one: int, other: int) -> int:
    """The lowest node whose subtree holds both."""
    while not is_under(other, one):
        one = parent(one)
    return one

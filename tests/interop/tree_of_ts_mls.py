"""Where ts-mls 1.6.4 and RFC 9420 part ways about ratchet trees; the scenes steer around it."""

from collections.abc import Collection

from plausch.mls import tree_math
from plausch.mls.ratchet_tree import RatchetTree


def refuses_tree(tree: RatchetTree) -> bool:
    """Whether ts-mls refuses to join this valid tree.

    For a leaf that is unmerged at some node, RFC 9420 section 7.9.2 demands that it is unmerged at
    the nodes between the two as well. ts-mls demands that every node above the leaf, also those
    above the node in question, has exactly the same list ("non-blank intermediate node must list
    leaf node"). So it refuses each tree in which, for instance, the root was set after a leaf
    joined and a node below it was not.
    """
    listed = {index: node.unmerged_leaves for index, node in tree.parents()}
    return any(
        above != entries
        for entries in listed.values()
        for leaf in entries
        for index, above in listed.items()
        if tree_math.is_under(2 * leaf, index)
    )


def misderives_commit_secret(leaves: Collection[int]) -> bool:
    """Whether ts-mls derives another commit secret than RFC 9420 in a tree of these members.

    The commit secret follows the last node of the *filtered* direct path (section 7.4). When the
    tree's left half is blank, that path ends below the root, and ts-mls goes one step further.
    """
    if not leaves:
        return False
    half = tree_math.padded_leaf_count(max(leaves) + 1) // 2
    return half > 0 and min(leaves) >= half

"""Is this ratchet tree one that honest members could have made? (RFC 9420 sections 7.9.2,
12.4.3.1). Asked once, on joining; afterwards each change is checked by itself.

Checks: `tree-hash`, `tree-parent-hash`, `tree-unmerged-leaves`, `tree-unique-keys`,
`tree-parent-key`, and those of `leaf_validation` for every leaf.
"""

from plausch.mls import tree_math
from plausch.mls.credential import CredentialJudge
from plausch.mls.errors import KeyRefused, ValidationError, require
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands, check_among_members, validate_leaf
from plausch.mls.ratchet_tree import ParentNode, RatchetTree


def validate_tree(
    tree: RatchetTree,
    demands: GroupDemands,
    group_id: bytes,
    expected_tree_hash: bytes,
    judge: CredentialJudge,
) -> None:
    """All checks of a tree that one joins. Raises ValidationError or CredentialRefused.

    Lifetimes are not looked at: a member's key package may well have expired since it joined
    (RFC 9420 section 7.3 makes that check optional here); the judge sees the certificates' times.
    """
    check_structure(tree, expected_tree_hash)
    for leaf_index, leaf in tree.leaves():
        validate_leaf(
            leaf,
            demands,
            judge,
            source=None,
            binding=LeafBinding(group_id, leaf_index),
            role="member",
        )
    check_among_members(leaf for _, leaf in tree.leaves())


def check_structure(tree: RatchetTree, expected_tree_hash: bytes) -> None:
    """Everything about a tree but its leaves' content. Raises ValidationError."""
    require(
        tree.tree_hash() == expected_tree_hash,
        "tree-hash",
        "The ratchet tree is not the one that the group's context names.",
    )
    check_unmerged_leaves(tree)
    check_unique_keys(tree)
    check_parent_keys(tree)
    check_parent_hashes(tree)


def check_unmerged_leaves(tree: RatchetTree) -> None:
    """`tree-unmerged-leaves`: each entry is a member below the node, and unmerged at every node
    between them.

    It is enough to look at the first node below that is not blank: that one answers for the rest.
    """
    listed = {index: frozenset(node.unmerged_leaves) for index, node in tree.parents()}
    for index, entries in listed.items():
        for leaf_index in entries:
            place = 2 * leaf_index
            require(
                tree_math.is_under(place, index) and tree.leaf(leaf_index) is not None,
                "tree-unmerged-leaves",
                f"Node {index} lists leaf {leaf_index} as unmerged, but no member is there.",
            )
            below = index
            while below != place:
                below = tree_math.left(below) if place < below else tree_math.right(below)
                if below in listed:
                    require(
                        leaf_index in listed[below],
                        "tree-unmerged-leaves",
                        f"Leaf {leaf_index} is unmerged at node {index}, but not at {below}.",
                    )
                    break


def check_unique_keys(tree: RatchetTree) -> None:
    """`tree-unique-keys`: no parent's key stands at another node; `check_among_members` says the
    same of two leaves. Asked after every Commit, too: one that breaks it would let nobody join.
    """
    seen = {leaf.encryption_key for _, leaf in tree.leaves()}
    for index, node in tree.parents():
        require(
            node.encryption_key not in seen,
            "tree-unique-keys",
            f"The encryption key of node {index} stands at another node, too.",
        )
        seen.add(node.encryption_key)


def check_parent_keys(tree: RatchetTree) -> None:
    """`tree-parent-key`: something can be encrypted to every parent."""
    for index, node in tree.parents():
        try:
            tree.suite.kem_check_public(node.encryption_key)
        except KeyRefused as error:
            raise ValidationError(
                "tree-parent-key", f"The encryption key of node {index} is unusable: {error}"
            ) from error


def check_parent_hashes(tree: RatchetTree) -> None:
    """`tree-parent-hash`: each parent was set by a commit from below it (section 7.9.2)."""
    for index, node in tree.parents():
        left, right = tree_math.left(index), tree_math.right(index)
        require(
            _set_from(tree, node, left, right) or _set_from(tree, node, right, left),
            "tree-parent-hash",
            f"Node {index} is not bound to any node below it: no commit can have made it.",
        )


def _set_from(tree: RatchetTree, node: ParentNode, child: int, beside: int) -> bool:
    """Whether a node in the resolution of `child` carries the parent hash of `node`, and the
    rest of that resolution joined later: exactly the unmerged leaves on this side."""
    first, last = tree_math.span(child)
    unmerged = {2 * leaf for leaf in node.unmerged_leaves if first <= 2 * leaf <= last}
    resolution = tree.resolution(child)
    candidates = [place for place in resolution if place not in unmerged]
    if len(candidates) != 1 or len(resolution) != len(unmerged) + 1:
        return False
    below = tree.present(candidates[0])
    return bool(below.parent_hash) and below.parent_hash == tree.parent_hash(node, beside)

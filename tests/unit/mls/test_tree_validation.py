"""Trees one may join, and one lie for each check."""

import pytest

from plausch.mls.credential import Credential, Role
from plausch.mls.errors import CredentialRefused, ValidationError
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import Node, ParentNode, RatchetTree
from plausch.mls.suite import suite
from plausch.mls.tree_validation import (
    check_parent_hashes,
    check_parent_keys,
    check_structure,
    check_unique_keys,
    check_unmerged_leaves,
    validate_tree,
)
from unit.mls.tree_players import (
    ALL_SUITES,
    CRYPTO,
    GROUP_ID,
    Circle,
    Device,
    able,
    anybody,
    circle,
)


def verdict(tree: RatchetTree) -> str:
    """The check that fails, or nothing."""
    try:
        validate_tree(tree, GroupDemands(tree.suite), GROUP_ID, tree.tree_hash(), anybody)
    except ValidationError as error:
        assert str(error).endswith(".")
        return error.check
    return ""


def with_node(tree: RatchetTree, index: int, node: Node | None) -> RatchetTree:
    """The tree with one node exchanged behind its back."""
    nodes = [tree.node(place) for place in range(tree.node_count)]
    nodes[index] = node
    return RatchetTree(tree.suite, nodes)


def parent_at(tree: RatchetTree, index: int) -> ParentNode:
    node = tree.parent_node(index)
    assert node is not None
    return node


def eventful() -> Circle:
    """Seven members after removes, adds and commits: blanks and unmerged leaves."""
    group = circle(8)
    group.tree.remove_leaf(5)
    group.tree.remove_leaf(3)
    group.commit(0)
    group.commit(6)
    group.add(b"new at 3")
    return group


@pytest.mark.parametrize("number", ALL_SUITES)
def test_honest_trees_pass(number: int) -> None:
    for size in (1, 2, 3, 7):
        assert verdict(circle(size, suite(number)).tree) == ""
        assert verdict(circle(size, suite(number), commits=False).tree) == ""


def test_an_eventful_tree_passes() -> None:
    group = eventful()
    assert parent_at(group.tree, 7).unmerged_leaves == (3,)
    assert verdict(group.tree) == ""
    group.add(b"new at 5")
    assert parent_at(group.tree, 7).unmerged_leaves == (3, 5)
    assert verdict(group.tree) == ""
    group.commit(3)
    assert verdict(group.tree) == ""


def test_tree_hash() -> None:
    tree = circle(4).tree
    for expected in (b"", bytes(32), circle(4).tree.tree_hash()):
        with pytest.raises(ValidationError) as caught:
            check_structure(tree, expected)
        assert caught.value.check == "tree-hash"


def test_tree_parent_hash_after_a_swapped_key() -> None:
    group = eventful()
    top = parent_at(group.tree, 7)
    forged = ParentNode.build(CRYPTO.kem_generate()[1], top.parent_hash, top.unmerged_leaves)
    assert verdict(with_node(group.tree, 7, forged)) == "tree-parent-hash"


def test_tree_parent_hash_after_an_invented_parent() -> None:
    tree = circle(4, commits=False).tree
    invented = ParentNode.build(CRYPTO.kem_generate()[1], b"")
    for index in (1, 3):
        assert verdict(with_node(tree, index, invented)) == "tree-parent-hash"


def test_tree_parent_hash_after_a_changed_sibling() -> None:
    """A node beside the last committer's path is exchanged for a key of the attacker's."""
    group = circle(8)
    group.commit(0)
    forged = ParentNode.build(CRYPTO.kem_generate()[1], parent_at(group.tree, 11).parent_hash)
    assert verdict(with_node(group.tree, 11, forged)) == "tree-parent-hash"


def test_tree_parent_hash_when_a_newcomer_is_hidden() -> None:
    """Leaving a member out of unmerged_leaves would make others encrypt past it."""
    group = eventful()
    top = parent_at(group.tree, 7)
    assert verdict(with_node(group.tree, 7, top.with_unmerged(()))) == "tree-parent-hash"


def test_tree_unmerged_leaves() -> None:
    group = eventful()
    top = parent_at(group.tree, 7)
    for entry in (5, 8, 4000):
        lying = with_node(group.tree, 7, top.with_unmerged((3, entry)))
        assert verdict(lying) == "tree-unmerged-leaves"
    outside = parent_at(group.tree, 13).with_unmerged((3,))
    assert verdict(with_node(group.tree, 13, outside)) == "tree-unmerged-leaves"


def test_unmerged_above_but_merged_below() -> None:
    group = circle(4)
    lying = with_node(group.tree, 3, parent_at(group.tree, 3).with_unmerged((0,)))
    with pytest.raises(ValidationError) as caught:
        check_unmerged_leaves(lying)
    assert caught.value.check == "tree-unmerged-leaves"


def test_a_merged_member_declared_unmerged() -> None:
    group = circle(4)
    lying = with_node(group.tree, 3, parent_at(group.tree, 3).with_unmerged((2,)))
    assert verdict(lying) in ("tree-unmerged-leaves", "tree-parent-hash")


@pytest.mark.parametrize("source", [0, 1, 11])
def test_tree_unique_keys(source: int) -> None:
    tree = circle(8).tree
    node = tree.node(source)
    assert node is not None
    copied = ParentNode.build(node.encryption_key, parent_at(tree, 7).parent_hash)
    with pytest.raises(ValidationError) as caught:
        check_unique_keys(with_node(tree, 7, copied))
    assert caught.value.check == "tree-unique-keys"


@pytest.mark.parametrize("key", [b"", bytes(32), b"k" * 31])
def test_tree_parent_key(key: bytes) -> None:
    tree = circle(4).tree
    with pytest.raises(ValidationError) as caught:
        check_parent_keys(with_node(tree, 3, ParentNode.build(key, b"")))
    assert caught.value.check == "tree-parent-key"


def test_a_parent_over_nobody() -> None:
    group = circle(8)
    for leaf_index in (2, 3):
        group.tree.remove_leaf(leaf_index)
    invented = ParentNode.build(CRYPTO.kem_generate()[1], b"")
    with pytest.raises(ValidationError) as caught:
        check_parent_hashes(with_node(group.tree, 5, invented))
    assert caught.value.check == "tree-parent-hash"


def test_leaves_are_checked_one_by_one() -> None:
    group = circle(4)
    unable = Device.make(b"eve")
    group.tree.update_leaf(2, unable.leaf(capabilities=able(CRYPTO, versions=())))
    assert verdict(group.tree) == "leaf-capabilities-version"
    moved = unable.content(lifetime=None).sign(CRYPTO, unable.signer, LeafBinding(GROUP_ID, 1))
    group.tree.update_leaf(2, moved)
    assert verdict(group.tree) == "leaf-signature"


def test_leaves_are_checked_together() -> None:
    group = circle(4)
    twin = group.devices[1]
    group.tree.update_leaf(2, twin.leaf(encryption_key=CRYPTO.kem_generate()[1]))
    assert verdict(group.tree) == "leaf-unique-signature-key"


def test_each_member_is_judged() -> None:
    group = circle(3)
    seen: list[bytes] = []

    def judge(credential: Credential, signature_key: bytes, role: Role) -> None:
        assert role == "member"
        seen.append(credential.body)
        if credential.body == b"member 2":
            raise CredentialRefused("Member 2 is not known here.")

    with pytest.raises(CredentialRefused):
        validate_tree(group.tree, GroupDemands(CRYPTO), GROUP_ID, group.tree.tree_hash(), judge)
    assert seen == [b"member 0", b"member 1", b"member 2"]

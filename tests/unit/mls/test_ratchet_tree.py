"""The ratchet tree: shapes, copies, hashes, and hostile encodings."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls import ratchet_tree, tree_math
from plausch.mls.codec import CodecError, opaque, vector
from plausch.mls.errors import GroupUsageError
from plausch.mls.ratchet_tree import ParentNode, RatchetTree
from plausch.mls.suite import suite
from unit.mls.tree_players import ALL_SUITES, CRYPTO, Circle, Device, circle


def fresh_hash(tree: RatchetTree) -> bytes:
    """The tree hash without anything remembered."""
    return RatchetTree(
        tree.suite, [tree.node(place) for place in range(tree.node_count)]
    ).tree_hash()


def parent(key: bytes = b"key", unmerged: tuple[int, ...] = ()) -> ParentNode:
    return ParentNode.build(key, b"", unmerged)


@given(st.binary(max_size=40), st.binary(max_size=64), st.sets(st.integers(0, 2**32 - 1)))
def test_parent_node_round_trip(key: bytes, parent_hash: bytes, unmerged: set[int]) -> None:
    node = ParentNode.build(key, parent_hash, tuple(sorted(unmerged)))
    again = ParentNode.from_bytes(node.to_bytes())
    assert again == node
    assert hash(again) == hash(node)
    assert again != node.with_unmerged((*node.unmerged_leaves, 2**32 - 1, 2**32 - 1))
    assert node != "a node"


@pytest.mark.parametrize("unmerged", [(1, 1), (2, 1)])
def test_unmerged_leaves_increase(unmerged: tuple[int, ...]) -> None:
    with pytest.raises(CodecError, match="increasing"):
        ParentNode.from_bytes(parent(unmerged=unmerged).to_bytes())


@pytest.mark.parametrize("number", ALL_SUITES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_round_trip(number: int, size: int) -> None:
    tree = circle(size, suite(number)).tree
    again = RatchetTree.from_bytes(tree.suite, tree.to_bytes())
    assert again.to_bytes() == tree.to_bytes()
    assert again.tree_hash() == tree.tree_hash() == fresh_hash(tree)
    assert again.leaf_count == tree_math.padded_leaf_count(size)


def test_members_fill_the_leftmost_place() -> None:
    group = circle(5)
    for leaf_index in (3, 1):
        group.tree.remove_leaf(leaf_index)
    assert [index for index, _ in group.tree.leaves()] == [0, 2, 4]
    assert [group.add(b"new"), group.add(b"new"), group.add(b"new")] == [1, 3, 5]
    assert group.tree.leaf_count == 8


def test_the_tree_doubles_and_shrinks() -> None:
    group = circle(4)
    assert group.tree.node_count == 7
    group.add(b"fifth")
    assert group.tree.node_count == 15
    group.tree.remove_leaf(4)
    assert group.tree.node_count == 7
    for leaf_index in (3, 2, 1):
        group.tree.remove_leaf(leaf_index)
    assert group.tree.node_count == 1
    assert group.tree.to_bytes() == circle_of(group).to_bytes()


def circle_of(group: Circle) -> RatchetTree:
    leaf = group.tree.leaf(0)
    assert leaf is not None
    return RatchetTree.of_one(group.tree.suite, leaf)


def test_a_newcomer_is_unmerged_above() -> None:
    group = circle(4)
    group.tree.remove_leaf(1)
    group.commit(0)
    assert group.add(b"new") == 1
    assert group.tree.parent_node(1) is None
    top = group.tree.parent_node(3)
    assert top is not None
    assert top.unmerged_leaves == (1,)
    assert group.tree.resolution(3) == [3, 2]
    group.commit(2)
    top = group.tree.parent_node(3)
    assert top is not None
    assert top.unmerged_leaves == ()


def test_update_and_remove_blank_the_path() -> None:
    group = circle(8)
    assert len(list(group.tree.parents())) == 7
    group.tree.update_leaf(2, Device.make(b"ann").leaf())
    assert [index for index, _ in group.tree.parents()] == [1, 9, 11, 13]
    group.tree.remove_leaf(7)
    assert [index for index, _ in group.tree.parents()] == [1, 9]


@pytest.mark.parametrize("leaf_index", [-1, 1, 4, 99])
def test_only_members_leave_or_update(leaf_index: int) -> None:
    group = circle(4)
    group.tree.remove_leaf(1)
    before = group.tree.to_bytes()
    with pytest.raises(GroupUsageError, match="blank"):
        group.tree.remove_leaf(leaf_index)
    with pytest.raises(GroupUsageError, match="blank"):
        group.tree.update_leaf(leaf_index, Device.make(b"ann").leaf())
    assert group.tree.leaf(leaf_index) is None
    assert group.tree.to_bytes() == before


def test_a_node_that_must_be_there() -> None:
    tree = circle(3, commits=False).tree
    assert tree.present(4) is tree.node(4)
    for blank in (1, 6, 7, -1):
        with pytest.raises(GroupUsageError, match="blank"):
            tree.present(blank)


def test_a_copy_is_another_tree() -> None:
    group = circle(6)
    raw, digest = group.tree.to_bytes(), group.tree.tree_hash()
    twin = group.tree.copy()
    twin.remove_leaf(5)
    twin.remove_leaf(0)
    twin.add_leaf(Device.make(b"ann").leaf())
    assert twin.tree_hash() == fresh_hash(twin) != digest
    assert group.tree.to_bytes() == raw
    assert group.tree.tree_hash() == digest == fresh_hash(group.tree)


def test_resolution_and_filtered_path_in_a_sparse_tree() -> None:
    tree = circle(8, commits=False).tree
    for leaf_index in (2, 3, 5):
        tree.remove_leaf(leaf_index)
    assert tree.resolution(7) == [0, 2, 8, 12, 14]
    assert tree.resolution(5) == []
    assert tree.filtered_direct_path(0) == [(1, 2), (7, 11)]
    assert tree.filtered_direct_path(4) == [(11, 13), (7, 3)]
    assert tree.direct_path(4) == [9, 11, 7]


def test_a_tree_of_one_has_no_path() -> None:
    tree = circle(1).tree
    assert tree.direct_path(0) == []
    assert tree.filtered_direct_path(0) == []
    assert tree.put_path(0, []) == b""


def test_original_sibling_hash_forgets_newcomers() -> None:
    group = circle(4)
    group.tree.remove_leaf(3)
    group.commit(0)
    root = group.tree.parent_node(3)
    assert root is not None
    before = group.tree.parent_hash(root, 5)
    group.add(b"new")
    joined = group.tree.parent_node(3)
    assert joined is not None
    assert joined.unmerged_leaves == (3,)
    assert group.tree.parent_hash(joined, 5) == before
    assert group.tree.parent_hash(joined.with_unmerged(()), 5) != before


@given(st.randoms(use_true_random=False))
def test_remembered_hashes_are_right_after_any_history(chance: random.Random) -> None:
    group = circle(chance.randint(1, 5), commits=False)
    for step in range(12):
        members = [index for index, _ in group.tree.leaves()]
        chosen = chance.choice(members)
        match chance.choice(("add", "remove", "update", "commit", "copy")):
            case "add":
                group.add(b"step %d" % step)
            case "remove" if len(members) > 1:
                group.tree.remove_leaf(chosen)
            case "update":
                group.tree.update_leaf(chosen, Device.make(b"new").leaf())
            case "commit":
                device = group.devices[chosen]
                leaf = group.tree.leaf(chosen)
                assert leaf is not None
                if leaf.signature_key == device.signature_key:
                    group.commit(chosen)
            case _:
                group.tree = group.tree.copy()
        assert group.tree.tree_hash() == fresh_hash(group.tree)
        again = RatchetTree.from_bytes(CRYPTO, group.tree.to_bytes())
        assert again.tree_hash() == group.tree.tree_hash()


def leaf_bytes() -> bytes:
    return b"\1\1" + Device.make(b"ann").leaf().to_bytes()


def test_hostile_shapes() -> None:
    leaf, node = leaf_bytes(), b"\1\2" + parent().to_bytes()
    for nodes, text in (
        ([], "not blank"),
        ([leaf, b"\0"], "not blank"),
        ([b"\0"], "not blank"),
        ([node], "wrong type"),
        ([leaf, leaf], "wrong type"),
        ([leaf, node, node], "wrong type"),
        ([b"\2" + leaf[1:]], "presence"),
        ([b"\1\3" + leaf[2:]], "leaf \\(1\\)"),
        ([b"\1\0"], "leaf \\(1\\)"),
        ([leaf[:-1]], "left"),
    ):
        with pytest.raises(CodecError, match=text):
            RatchetTree.from_bytes(CRYPTO, vector(nodes))


def test_an_even_number_of_nodes_may_be_a_parent_at_the_end() -> None:
    tree = RatchetTree.from_bytes(CRYPTO, vector([leaf_bytes(), b"\1\2" + parent().to_bytes()]))
    assert tree.node_count == 3
    assert tree.leaf(1) is None


def test_trailing_bytes() -> None:
    with pytest.raises(CodecError, match="follow"):
        RatchetTree.from_bytes(CRYPTO, vector([leaf_bytes()]) + b"\0")


def test_giant_trees_are_refused() -> None:
    with pytest.raises(CodecError, match="leaves"):
        RatchetTree.from_bytes(CRYPTO, opaque(bytes(2 * ratchet_tree.MAX_LEAVES)))
    with pytest.raises(CodecError, match="at most"):
        RatchetTree.from_bytes(CRYPTO, opaque(bytes(ratchet_tree.TREE_LIMIT + 1)))


@given(st.binary(max_size=400))
def test_random_bytes(raw: bytes) -> None:
    for hostile in (raw, opaque(raw)):
        with pytest.raises(CodecError):
            RatchetTree.from_bytes(CRYPTO, hostile)
    try:
        assert ParentNode.from_bytes(raw).to_bytes() == raw
    except CodecError:
        return

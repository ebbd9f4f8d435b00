"""The fast tree against the definitions of RFC 9420, after random histories."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plausch.mls import tree_math
from plausch.mls.errors import ValidationError
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import ParentNode, RatchetTree
from plausch.mls.tree_validation import check_parent_hashes, validate_tree
from unit.mls import tree_reference as reference
from unit.mls.tree_players import CRYPTO, GROUP_ID, Circle, Device, anybody, circle


def lived(chance: random.Random, steps: int) -> Circle:
    """A group after some adds, removes, updates and commits."""
    group = circle(chance.randint(1, 9), commits=chance.random() < 0.5)
    for step in range(steps):
        chosen = chance.choice(list(group.devices))
        action = chance.choice(("add", "add", "remove", "update", "commit", "commit"))
        if action == "add":
            group.add(b"step %d" % step)
        elif action == "remove" and len(group.devices) > 1:
            del group.devices[chosen]
            group.tree.remove_leaf(chosen)
        elif action == "update":
            device = Device.make(b"new %d" % step)
            content = device.content(lifetime=None)
            group.tree.update_leaf(
                chosen, content.sign(CRYPTO, device.signer, LeafBinding(GROUP_ID, chosen))
            )
            group.devices[chosen] = device
        else:
            group.commit(chosen)
    return group


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_hashes_resolutions_and_paths(chance: random.Random) -> None:
    group = lived(chance, 10)
    tree = group.tree
    whole = reference.grown(tree)
    parts = {reference.node_index(part): part for part in reference.every(whole)}
    assert sorted(parts) == list(range(tree.node_count))
    for index, part in parts.items():
        assert tree.resolution(index) == reference.resolution(part)
        assert tree.tree_hash(index) == reference.tree_hash(CRYPTO, part)
        assert tree_math.span(index) == (
            reference.node_index(reference.every(part)[0]),
            reference.node_index(reference.every(part)[-1]),
        )
    assert reference.members(whole) == [index for index, _ in tree.leaves()]
    assert sorted(reference.members(whole)) == sorted(group.devices)
    for leaf_index in group.devices:
        expected = []
        below = 2 * leaf_index
        for above in tree_math.direct_path(below, tree.leaf_count):
            branch = parts[above]
            assert isinstance(branch, reference.Branch)
            beside = branch.left if below > above else branch.right
            if reference.resolution(beside):
                expected.append((above, reference.node_index(beside)))
            below = above
        assert tree.filtered_direct_path(leaf_index) == expected


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_parent_hashes(chance: random.Random) -> None:
    tree = lived(chance, 12).tree
    for part in reference.every(reference.grown(tree)):
        if isinstance(part, reference.Branch) and part.node is not None:
            for beside in (part.left, part.right):
                assert tree.parent_hash(
                    part.node, reference.node_index(beside)
                ) == reference.parent_hash(CRYPTO, part.node, beside)
            assert reference.is_parent_hash_valid(CRYPTO, part)
    validate_tree(tree, GroupDemands(CRYPTO), GROUP_ID, tree.tree_hash(), anybody)


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_both_refuse_the_same_trees(chance: random.Random) -> None:
    """One parent is changed at random; the fast check and the definition agree on the verdict."""
    tree = lived(chance, 12).tree
    parents = list(tree.parents())
    if not parents:
        return
    index, node = chance.choice(parents)
    first, last = tree_math.span(index)
    inside = [leaf for leaf, _ in tree.leaves() if first <= 2 * leaf <= last]
    changed = chance.choice(
        (
            ParentNode.build(CRYPTO.kem_generate()[1], node.parent_hash, node.unmerged_leaves),
            ParentNode.build(node.encryption_key, b"another", node.unmerged_leaves),
            node.with_unmerged(sorted(chance.sample(inside, chance.randint(0, len(inside))))),
            node,
        )
    )
    nodes = [tree.node(place) for place in range(tree.node_count)]
    nodes[index] = changed
    lying = RatchetTree(CRYPTO, nodes)
    valid = all(
        reference.is_parent_hash_valid(CRYPTO, part)
        for part in reference.every(reference.grown(lying))
        if isinstance(part, reference.Branch) and part.node is not None
    )
    if valid:
        check_parent_hashes(lying)
        assert changed == node
    else:
        with pytest.raises(ValidationError) as caught:
            check_parent_hashes(lying)
        assert caught.value.check == "tree-parent-hash"


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_a_tree_travels_unharmed(chance: random.Random) -> None:
    tree = lived(chance, 8).tree
    again = RatchetTree.from_bytes(CRYPTO, tree.to_bytes())
    assert [again.node(place) for place in range(again.node_count)] == [
        tree.node(place) for place in range(tree.node_count)
    ]
    assert again.tree_hash() == tree.tree_hash()


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_old_tree_stays_as_it_was(chance: random.Random) -> None:
    group = lived(chance, 6)
    old, raw, digest = group.tree, group.tree.to_bytes(), group.tree.tree_hash()
    group.tree = old.copy()
    group.add(b"new")
    group.commit(chance.choice(list(group.devices)))
    if len(group.devices) > 2:
        group.tree.remove_leaf(chance.choice(list(group.devices)))
    assert old.to_bytes() == raw
    assert old.tree_hash() == digest
    assert reference.tree_hash(CRYPTO, reference.grown(old)) == digest

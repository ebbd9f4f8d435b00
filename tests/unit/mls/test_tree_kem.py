"""TreeKEM: everybody reaches the same secret, strangers and lies do not."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import DecryptionFailed, GroupUsageError, KeyRefused, ValidationError
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite
from plausch.mls.tree_kem import NewPath, TreePrivate, new_path
from plausch.mls.tree_validation import validate_tree
from plausch.mls.update_path import UpdatePath, apply_path
from unit.mls.tree_players import ALL_SUITES, CRYPTO, GROUP_ID, Circle, Device, anybody, circle

CONTEXT = b"the provisional group context"


def made_by(group: Circle, tree: RatchetTree, sender: int) -> NewPath:
    leaf = tree.leaf(sender)
    assert leaf is not None
    return new_path(tree, sender, leaf.content(), group.devices[sender].signer, GROUP_ID)


def exchange(group: Circle, sender: int, newcomers: tuple[int, ...] = ()) -> bytes:
    """One commit with a path, processed by every member; returns the commit secret."""
    mine = group.tree.copy()
    made = made_by(group, mine, sender)
    path = UpdatePath.from_bytes(made.encrypt(mine, CONTEXT, newcomers).to_bytes())
    theirs = group.tree.copy()
    apply_path(theirs, sender, path)
    assert theirs.tree_hash() == mine.tree_hash()
    for leaf_index, device in group.devices.items():
        if leaf_index == sender:
            device.private = made.private
        elif leaf_index in newcomers:
            joined = TreePrivate.of_leaf(leaf_index, device.encryption_private)
            device.private = joined.with_path_secret(theirs, sender, made.secret_for(leaf_index))
        else:
            device.private, secret = device.private.open_path(
                theirs, sender, path, CONTEXT, newcomers
            )
            assert secret == made.commit_secret
        assert_keys_fit(theirs, device.private)
    group.tree = theirs
    return made.commit_secret


def assert_keys_fit(tree: RatchetTree, private: TreePrivate) -> None:
    """Each key is the private half of the tree's, and none is missing that must be known."""
    for index, key in private.keys.items():
        node = tree.node(index)
        assert node is not None
        assert tree.suite.kem.public_of(key) == node.encryption_key
    for index in private.path_in(tree):
        node = tree.parent_node(index)
        assert node is not None
        assert (index in private.keys) != (private.leaf_index in node.unmerged_leaves)


def check(group: Circle) -> None:
    tree = group.tree
    validate_tree(tree, GroupDemands(tree.suite), GROUP_ID, tree.tree_hash(), anybody)


@pytest.mark.parametrize("number", ALL_SUITES)
@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_everybody_commits_once(number: int, size: int) -> None:
    group = circle(size, suite(number), commits=False)
    secrets = {exchange(group, sender) for sender in range(size)}
    assert len(secrets) == size
    check(group)


def test_alone() -> None:
    group = circle(1, commits=False)
    secret = exchange(group, 0)
    assert len(secret) == CRYPTO.hash_length
    assert group.devices[0].private.keys.keys() == {0}
    check(group)


def test_a_warm_path_has_one_ciphertext_for_each_level() -> None:
    group = circle(8, commits=False)
    cold = made_by(group, tree := group.tree.copy(), 0).encrypt(tree, CONTEXT)
    assert [len(node.encrypted_path_secret) for node in cold.nodes] == [1, 2, 4]
    for sender in range(8):
        exchange(group, sender)
    warm = made_by(group, tree := group.tree.copy(), 0).encrypt(tree, CONTEXT)
    assert [len(node.encrypted_path_secret) for node in warm.nodes] == [1, 1, 1]


def test_newcomers_join_by_their_path_secret() -> None:
    group = circle(3)
    for sender in (0, 1, 2):
        group.devices[sender].private = TreePrivate.of_leaf(
            sender, group.devices[sender].encryption_private
        )
    group = circle(3, commits=False)
    exchange(group, 1)
    added = (group.add(b"new"), group.add(b"newer"))
    exchange(group, 0, added)
    check(group)
    exchange(group, added[1])
    check(group)


def test_newcomers_get_no_ciphertext() -> None:
    group = circle(2, commits=False)
    added = (group.add(b"new"), group.add(b"newer"))
    path = made_by(group, tree := group.tree.copy(), 0).encrypt(tree, CONTEXT, added)
    assert [len(node.encrypted_path_secret) for node in path.nodes] == [1, 0]


def test_an_own_update_forgets_the_path() -> None:
    group = circle(4, commits=False)
    exchange(group, 2)
    device = group.devices[2]
    private, public = CRYPTO.kem_generate()
    content = device.content(encryption_key=public, lifetime=None)
    group.tree.update_leaf(2, content.sign(CRYPTO, device.signer, LeafBinding(GROUP_ID, 2)))
    device.private = device.private.with_leaf_key(private)
    assert device.private.keys == {4: private}
    for other in group.devices.values():
        other.private = other.private.pruned(group.tree)
    exchange(group, 0)
    check(group)


def test_a_removed_member_learns_nothing() -> None:
    group = circle(4, commits=False)
    for sender in range(4):
        exchange(group, sender)
    gone = group.devices.pop(3)
    group.tree.remove_leaf(3)
    mine = group.tree.copy()
    made = made_by(group, mine, 0)
    path = made.encrypt(mine, CONTEXT)
    with pytest.raises(DecryptionFailed, match="nothing"):
        gone.private.open_path(mine, 0, path, CONTEXT)
    exchange(group, 1)
    check(group)


@given(st.randoms(use_true_random=False))
def test_any_history_keeps_everybody_together(chance: random.Random) -> None:
    group = circle(chance.randint(1, 6), commits=False)
    for step in range(6):
        sender = chance.choice(list(group.devices))
        if len(group.devices) > 2 and chance.random() < 0.4:
            gone = chance.choice([leaf for leaf in group.devices if leaf != sender])
            del group.devices[gone]
            group.tree.remove_leaf(gone)
            for device in group.devices.values():
                device.private = device.private.pruned(group.tree)
        added = tuple(group.add(b"step %d" % step) for _ in range(chance.randint(0, 2)))
        exchange(group, sender, added)
        check(group)


def ready() -> tuple[Circle, RatchetTree, UpdatePath]:
    """Five members, and a path of member 0 made on a copy of the tree."""
    group = circle(5, commits=False)
    for sender in range(5):
        exchange(group, sender)
    mine = group.tree.copy()
    return group, mine, made_by(group, mine, 0).encrypt(mine, CONTEXT)


def test_a_path_is_bound_to_its_context() -> None:
    group, mine, path = ready()
    with pytest.raises(DecryptionFailed):
        group.devices[1].private.open_path(mine, 0, path, b"another context")


def test_path_ciphertexts() -> None:
    group, mine, path = ready()
    for count in (0, 2):
        node = path.nodes[0]
        sealed = (node.encrypted_path_secret * 2)[:count]
        lying = replace(path, nodes=(replace(node, encrypted_path_secret=sealed), *path.nodes[1:]))
        for reader in (1, 2, 3, 4):
            with pytest.raises(ValidationError) as caught:
                group.devices[reader].private.open_path(mine, 0, lying, CONTEXT)
            assert caught.value.check == "path-ciphertexts"


def test_path_public_key() -> None:
    """The sender encrypts a secret that does not belong to the keys it shows."""
    group = circle(4, commits=False)
    mine = group.tree.copy()
    made = made_by(group, mine, 0)
    lying = replace(made, secrets=(bytes(32), *made.secrets[1:])).encrypt(mine, CONTEXT)
    with pytest.raises(ValidationError) as caught:
        group.devices[1].private.open_path(mine, 0, lying, CONTEXT)
    assert caught.value.check == "path-public-key"
    group.devices[2].private.open_path(mine, 0, lying, CONTEXT)


def test_a_wrong_welcome_secret() -> None:
    group = circle(3)
    added = group.add(b"new")
    device = group.devices[added]
    mine = group.tree.copy()
    made = made_by(group, mine, 0)
    with pytest.raises(ValidationError) as caught:
        device.private.with_path_secret(mine, 0, bytes(32))
    assert caught.value.check == "path-public-key"
    device.private.with_path_secret(mine, 0, made.secret_for(added))


def test_no_secret_for_oneself() -> None:
    group = circle(2)
    made = made_by(group, group.tree, 0)
    with pytest.raises(GroupUsageError):
        made.secret_for(0)


def test_an_unusable_recipient_key() -> None:
    group = circle(2, commits=False)
    group.tree.update_leaf(1, Device.make(b"eve").leaf(encryption_key=bytes(32)))
    mine = group.tree.copy()
    with pytest.raises(KeyRefused):
        made_by(group, mine, 0).encrypt(mine, CONTEXT)


def test_ciphertexts_cannot_be_exchanged() -> None:
    group, mine, path = ready()
    first, second = path.nodes[:2]
    swapped = replace(
        path,
        nodes=(
            replace(first, encrypted_path_secret=second.encrypted_path_secret),
            replace(second, encrypted_path_secret=first.encrypted_path_secret),
            *path.nodes[2:],
        ),
    )
    for reader in (1, 2):
        with pytest.raises(DecryptionFailed):
            group.devices[reader].private.open_path(mine, 0, swapped, CONTEXT)


def test_keys_of_blank_nodes_are_dropped() -> None:
    group = circle(4, commits=False)
    exchange(group, 0)
    private = group.devices[0].private
    assert private.keys.keys() == {0, 1, 3}
    group.tree.remove_leaf(1)
    assert private.pruned(group.tree).keys.keys() == {0}
    assert private.keys.keys() == {0, 1, 3}

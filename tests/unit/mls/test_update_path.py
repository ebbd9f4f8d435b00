"""UpdatePath as bytes, and what everybody checks of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import CodecError, ProtocolError, ValidationError
from plausch.mls.framing import parse_public_message
from plausch.mls.proposal import Commit
from plausch.mls.tree_kem import new_path
from plausch.mls.update_path import (
    HpkeCiphertext,
    UpdatePath,
    UpdatePathNode,
    apply_path,
    check_ciphertexts,
)
from unit.mls.group_players import ALL_SUITES, Scene
from unit.mls.tree_players import CRYPTO, GROUP_ID, Circle, Device, circle


def path_of(suite_id: int) -> UpdatePath:
    """A real path, with several recipients at one node."""
    scene = Scene.of("anna", "bela", "cora", "dora", suite_id=suite_id)
    body = parse_public_message(scene["anna"].commit().commit).authenticated.content.body
    assert isinstance(body, Commit)
    assert body.path is not None
    return body.path


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_it_comes_back(suite_id: int) -> None:
    path = path_of(suite_id)
    raw = path.to_bytes()
    assert UpdatePath.from_bytes(raw) == path
    assert UpdatePath.from_bytes(raw).to_bytes() == raw
    assert [len(node.encrypted_path_secret) for node in path.nodes] == [1, 2]
    with pytest.raises(CodecError):
        UpdatePath.from_bytes(raw + b"\0")
    for end in range(0, len(raw), 11):
        with pytest.raises(ProtocolError):
            UpdatePath.from_bytes(raw[:end])


def test_ciphertexts_come_back() -> None:
    sealed = HpkeCiphertext(b"kem", b"ciphertext")
    assert sealed.to_bytes() == b"\3kem\x0aciphertext"
    assert HpkeCiphertext.from_bytes(sealed.to_bytes()) == sealed
    node = UpdatePathNode(b"key", (sealed, sealed))
    assert node.to_bytes() == b"\3key\x1e" + 2 * sealed.to_bytes()


@given(st.binary(max_size=200))
def test_random_bytes(raw: bytes) -> None:
    for parse in (UpdatePath.from_bytes, HpkeCiphertext.from_bytes):
        try:
            parse(raw)
        except ProtocolError:
            continue


def ready() -> tuple[Circle, UpdatePath]:
    """Five members, and a path of member 0 that is not applied yet."""
    group = circle(5)
    mine = group.tree.copy()
    leaf = mine.leaf(0)
    assert leaf is not None
    made = new_path(mine, 0, leaf.content(), group.devices[0].signer, GROUP_ID)
    return group, made.encrypt(mine, b"context")


def refused(group: Circle, path: UpdatePath, sender: int = 0) -> str:
    with pytest.raises(ValidationError) as caught:
        apply_path(group.tree.copy(), sender, path)
    assert str(caught.value).endswith(".")
    return caught.value.check


def test_path_length() -> None:
    group, path = ready()
    assert refused(group, replace(path, nodes=path.nodes[:-1])) == "path-length"
    assert refused(group, replace(path, nodes=(*path.nodes, path.nodes[0]))) == "path-length"
    assert refused(group, path, sender=4) == "path-length"


def test_leaf_source() -> None:
    group, path = ready()
    assert refused(group, replace(path, leaf_node=Device.make(b"eve").leaf())) == "leaf-source"


def test_path_fresh_leaf_key() -> None:
    group, path = ready()
    old = group.tree.leaf(0)
    assert old is not None
    for leaf in (old, group.tree.leaf(3)):
        assert leaf is not None
        assert refused(group, replace(path, leaf_node=leaf)) == "path-fresh-leaf-key"


def test_path_unique_keys() -> None:
    group, path = ready()
    old = group.tree.leaf(3)
    parent = group.tree.parent_node(5)
    assert old is not None
    assert parent is not None
    for key in (old.encryption_key, parent.encryption_key, path.nodes[1].encryption_key):
        nodes = (replace(path.nodes[0], encryption_key=key), *path.nodes[1:])
        assert refused(group, replace(path, nodes=nodes)) == "path-unique-keys"


def test_path_parent_hash() -> None:
    group, path = ready()
    key = CRYPTO.kem_generate()[1]
    nodes = (replace(path.nodes[0], encryption_key=key), *path.nodes[1:])
    assert refused(group, replace(path, nodes=nodes)) == "path-parent-hash"
    other = circle(5, commits=True)
    assert refused(other, path) == "path-parent-hash"


def test_path_usable_keys() -> None:
    group, path = ready()
    for key in (b"", bytes(31), bytes(32), b"\1" + bytes(31)):
        nodes = (replace(path.nodes[0], encryption_key=key), *path.nodes[1:])
        assert refused(group, replace(path, nodes=nodes)) == "path-usable-keys"


def test_ciphertexts_are_counted_without_a_secret() -> None:
    group, path = ready()
    tree = group.tree.copy()
    apply_path(tree, 0, path)
    check_ciphertexts(tree, 0, path)
    last = path.nodes[-1]
    twice = replace(last, encrypted_path_secret=last.encrypted_path_secret * 2)
    with pytest.raises(ValidationError) as caught:
        check_ciphertexts(tree, 0, replace(path, nodes=(*path.nodes[:-1], twice)))
    assert caught.value.check == "path-ciphertexts"

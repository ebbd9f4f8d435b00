"""What a hostile member, inviter or server may try with a ratchet tree, end to end: bytes in,
and never a tree out. The attacker recomputes the tree hash, so nothing hides behind it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plausch.mls import codec, ratchet_tree
from plausch.mls.codec import CodecError
from plausch.mls.errors import ProtocolError, ValidationError
from plausch.mls.leaf_node import LeafNode
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import Node, ParentNode, RatchetTree
from plausch.mls.tree_validation import validate_tree
from unit.mls.tree_players import CRYPTO, GROUP_ID, Circle, Device, anybody, circle


def eventful() -> Circle:
    """Blank leaves, blank parents, unmerged leaves, leaves of all three sources."""
    group = circle(8)
    for leaf_index in (5, 3):
        group.tree.remove_leaf(leaf_index)
    group.commit(0)
    group.commit(6)
    group.add(b"new at 3")
    return group


GROUP = eventful()
RAW = GROUP.tree.to_bytes()
NODES = [GROUP.tree.node(place) for place in range(GROUP.tree.node_count)]


def join(raw: bytes, tree_hash: bytes | None = None) -> RatchetTree:
    """What a joiner does with a tree; by default the attacker's GroupInfo names its hash."""
    tree = RatchetTree.from_bytes(CRYPTO, raw)
    expected = tree.tree_hash() if tree_hash is None else tree_hash
    validate_tree(tree, GroupDemands(CRYPTO), GROUP_ID, expected, anybody)
    return tree


def refused(change: Callable[[list[Node | None]], None]) -> str:
    """The check that refuses the tree after a change of its nodes."""
    nodes = NODES.copy()
    change(nodes)
    with pytest.raises(ValidationError) as caught:
        join(RatchetTree(CRYPTO, nodes).to_bytes())
    return caught.value.check


def parent(index: int) -> ParentNode:
    node = GROUP.tree.parent_node(index)
    assert node is not None
    return node


def test_the_honest_tree_is_joined() -> None:
    assert join(RAW).to_bytes() == RAW
    assert join(RAW, GROUP.tree.tree_hash()).to_bytes() == RAW


@settings(max_examples=300)
@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, mask: int) -> None:
    raw = bytearray(RAW)
    raw[position] ^= mask
    with pytest.raises(ProtocolError):
        join(bytes(raw))


@settings(max_examples=200)
@given(st.integers(0, len(RAW)), st.integers(0, 40), st.binary(max_size=40))
def test_any_splice_is_noticed(position: int, cut: int, insert: bytes) -> None:
    raw = RAW[:position] + insert + RAW[position + cut :]
    if raw == RAW:
        return
    with pytest.raises(ProtocolError):
        join(raw)


def test_another_tree_than_the_context_names() -> None:
    with pytest.raises(ValidationError) as caught:
        join(RAW, circle(3).tree.tree_hash())
    assert caught.value.check == "tree-hash"


def test_a_ghost_in_a_blank_place() -> None:
    def put_ghost(nodes: list[Node | None]) -> None:
        nodes[10] = Device.make(b"ghost").leaf()

    assert refused(put_ghost) == "tree-parent-hash"


def test_a_ghost_at_the_end() -> None:
    nodes = [*NODES, *[None] * (len(NODES) + 1)]
    nodes[16] = Device.make(b"ghost").leaf()
    nodes[15] = ParentNode.build(CRYPTO.kem_generate()[1], b"", (8,))
    with pytest.raises(ValidationError) as caught:
        join(RatchetTree(CRYPTO, nodes).to_bytes())
    assert caught.value.check == "tree-parent-hash"


def test_a_member_made_to_vanish() -> None:
    for place in (0, 2, 12, 14):

        def vanish(nodes: list[Node | None], place: int = place) -> None:
            nodes[place] = None

        assert refused(vanish) == "tree-parent-hash"


def test_an_older_leaf_of_a_member() -> None:
    old_leaf = GROUP.devices[0].leaf()
    assert refused(lambda nodes: nodes.__setitem__(0, old_leaf)) == "tree-parent-hash"


def test_leaves_that_change_places() -> None:
    def swap(nodes: list[Node | None]) -> None:
        nodes[0], nodes[12] = nodes[12], nodes[0]

    assert refused(swap) in ("tree-parent-hash", "leaf-signature")


def test_a_parent_key_of_the_attackers() -> None:
    for index, node in GROUP.tree.parents():
        forged = ParentNode.build(CRYPTO.kem_generate()[1], node.parent_hash, node.unmerged_leaves)

        def put(nodes: list[Node | None], index: int = index, node: Node = forged) -> None:
            nodes[index] = node

        assert refused(put) == "tree-parent-hash"


def test_a_blanked_parent_cannot_hide_its_unmerged_leaf() -> None:
    """Whoever is unmerged at the root stays listed there, whatever lies between."""
    top = parent(7)
    assert top.unmerged_leaves == (3,)
    lying = top.with_unmerged(())
    assert refused(lambda nodes: nodes.__setitem__(7, lying)) == "tree-parent-hash"


def test_unmerged_leaves_that_are_nobody() -> None:
    for entries in ((3, 5), (3, 7), (3, 100), (3, 2**32 - 1)):
        lying = parent(7).with_unmerged(entries)
        assert refused(lambda nodes, node=lying: nodes.__setitem__(7, node)) in (
            "tree-unmerged-leaves",
            "tree-parent-hash",
        )


def test_a_key_that_stands_twice() -> None:
    leaf = GROUP.tree.leaf(6)
    assert leaf is not None
    copied = ParentNode.build(leaf.encryption_key, parent(7).parent_hash, (3,))
    assert refused(lambda nodes: nodes.__setitem__(7, copied)) == "tree-unique-keys"


def test_one_device_twice() -> None:
    group = circle(3, commits=False)
    device = group.devices[1]
    group.tree.update_leaf(2, device.leaf(encryption_key=CRYPTO.kem_generate()[1]))
    with pytest.raises(ValidationError) as caught:
        join(group.tree.to_bytes())
    assert caught.value.check == "leaf-unique-signature-key"
    group.tree.update_leaf(2, Device.make(b"eve").leaf(encryption_key=device.encryption_key))
    with pytest.raises(ValidationError) as caught:
        join(group.tree.to_bytes())
    assert caught.value.check == "leaf-unique-encryption-key"


def test_lengths_that_are_not_shortest() -> None:
    leaf = GROUP.tree.leaf(0)
    assert leaf is not None
    longer = b"\x40" + leaf.encoded
    with pytest.raises(CodecError, match="shortest"):
        RatchetTree.from_bytes(CRYPTO, codec.vector([b"\1\1" + longer]))
    with pytest.raises(CodecError, match="shortest"):
        LeafNode.from_bytes(longer)


def test_vectors_that_claim_more_than_there_is() -> None:
    for raw in (b"\xbf\xff\xff\xff", b"\xbf\xff\xff\xff" + RAW, b"\x7f\xff" + bytes(100)):
        with pytest.raises(CodecError):
            RatchetTree.from_bytes(CRYPTO, raw)


def test_a_million_blank_nodes() -> None:
    leaf = GROUP.tree.leaf(0)
    assert leaf is not None
    raw = codec.vector([bytes(1_000_000), b"\1\1", leaf.encoded])
    with pytest.raises(CodecError, match=str(ratchet_tree.MAX_LEAVES)):
        RatchetTree.from_bytes(CRYPTO, raw)


def test_unmerged_leaves_without_end() -> None:
    many = tuple(range(ratchet_tree.MAX_LEAVES + 1))
    with pytest.raises(CodecError, match="at most"):
        ParentNode.from_bytes(ParentNode.build(b"k", b"", many).to_bytes())
    few = tuple(range(2000))
    lying = parent(7).with_unmerged(few)
    assert refused(lambda nodes: nodes.__setitem__(7, lying)) == "tree-unmerged-leaves"


def test_a_tall_sparse_tree_is_refused() -> None:
    """One leaf far to the right, one parent at the top: 65,536 places, two nodes."""
    nodes: list[Node | None] = [None] * (2 * ratchet_tree.MAX_LEAVES - 1)
    nodes[-1] = Device.make(b"far").leaf()
    nodes[ratchet_tree.MAX_LEAVES - 1] = ParentNode.build(CRYPTO.kem_generate()[1], b"")
    with pytest.raises(ValidationError) as caught:
        join(RatchetTree(CRYPTO, nodes).to_bytes())
    assert caught.value.check == "tree-parent-hash"

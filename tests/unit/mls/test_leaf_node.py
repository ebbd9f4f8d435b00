"""LeafNode: its bytes are kept, its signature binds it to its place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import CodecError, Reader, opaque
from plausch.mls.credential import Credential
from plausch.mls.errors import SignatureRefused
from plausch.mls.extension import APPLICATION_ID, Extension
from plausch.mls.leaf_node import (
    SOURCE_COMMIT,
    SOURCE_KEY_PACKAGE,
    SOURCE_UPDATE,
    Capabilities,
    LeafBinding,
    LeafNode,
    Lifetime,
)
from plausch.mls.suite import suite
from unit.mls.tree_players import ALL_SUITES, CRYPTO, GROUP_ID, NOW_S, Device, able

HERE = LeafBinding(GROUP_ID, 3)
ANN = Device.make(b"ann")
numbers = st.lists(st.integers(0, 65535), max_size=10).map(tuple)


@given(st.lists(numbers, min_size=5, max_size=5))
def test_capabilities_round_trip(lists: list[tuple[int, ...]]) -> None:
    able_to = Capabilities(*lists)
    assert Capabilities.from_bytes(able_to.to_bytes()) == able_to


def test_defaults_need_no_listing() -> None:
    nothing = Capabilities((1,), (1,))
    assert nothing.supports_extension(APPLICATION_ID)
    assert nothing.supports_proposal(7)
    assert not nothing.supports_extension(0xF001)
    assert not nothing.supports_proposal(8)
    listed = replace(nothing, extensions=(0xF001,), proposals=(8,))
    assert listed.supports_extension(0xF001)
    assert listed.supports_proposal(8)


def test_lifetime_round_trip() -> None:
    lifetime = Lifetime(0, 2**64 - 1)
    assert Lifetime.from_bytes(lifetime.to_bytes()) == lifetime


@pytest.mark.parametrize("number", ALL_SUITES)
def test_a_key_package_leaf_is_valid_anywhere(number: int) -> None:
    crypto = suite(number)
    leaf = Device.make(b"ann", crypto).leaf()
    assert leaf.source == SOURCE_KEY_PACKAGE
    leaf.verify_signature(crypto, None)
    leaf.verify_signature(crypto, HERE)


@pytest.mark.parametrize(
    ("parent_hash", "source"), [(None, SOURCE_UPDATE), (b"", SOURCE_COMMIT), (b"h", SOURCE_COMMIT)]
)
def test_other_leaves_are_bound_to_their_place(parent_hash: bytes | None, source: int) -> None:
    leaf = ANN.content(lifetime=None, parent_hash=parent_hash).sign(CRYPTO, ANN.signer, HERE)
    assert (leaf.source, leaf.parent_hash) == (source, parent_hash or b"")
    leaf.verify_signature(CRYPTO, HERE)
    for elsewhere in (LeafBinding(GROUP_ID, 4), LeafBinding(b"other", 3), None):
        with pytest.raises(SignatureRefused):
            leaf.verify_signature(CRYPTO, elsewhere)


def test_content_gives_back_what_was_chosen() -> None:
    chosen = ANN.content(extensions=(Extension(APPLICATION_ID, b"app"),))
    assert chosen.sign(CRYPTO, ANN.signer).content() == chosen
    bound = replace(chosen, lifetime=None, parent_hash=b"hash")
    assert bound.sign(CRYPTO, ANN.signer, HERE).content() == bound


def test_the_encoding_is_kept() -> None:
    leaf = ANN.leaf(extensions=(Extension(APPLICATION_ID, b"app"),))
    again = LeafNode.from_bytes(leaf.to_bytes())
    assert again == leaf
    assert hash(again) == hash(leaf)
    assert again.to_bytes() == leaf.to_bytes()
    assert leaf.encoded == leaf.unsigned + opaque(leaf.signature)
    assert leaf != Device.make(b"ann").leaf()
    assert leaf != "a leaf"
    assert again.lifetime == Lifetime(NOW_S - 3600, NOW_S + 86_400)


def test_reading_stops_behind_the_leaf() -> None:
    reader = Reader(ANN.leaf().to_bytes() + b"next")
    assert LeafNode.read(reader).credential == Credential.basic(b"ann")
    assert reader.remaining == 4


def test_unknown_numbers_pass_through() -> None:
    greasy = able(CRYPTO, versions=(1, 0x0A0A), extensions=(0x1A1A,), credentials=(1, 0x2A2A))
    leaf = ANN.leaf(capabilities=greasy)
    assert LeafNode.from_bytes(leaf.to_bytes()).capabilities == greasy


@pytest.mark.parametrize("source", [0, 4, 255])
def test_unknown_sources(source: int) -> None:
    leaf = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, HERE)
    at = len(leaf.unsigned) - 2
    raw = leaf.encoded[:at] + bytes((source,)) + leaf.encoded[at + 1 :]
    with pytest.raises(CodecError, match="source"):
        LeafNode.from_bytes(raw)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_is_noticed(position: int, mask: int) -> None:
    raw = bytearray(ANN.leaf().to_bytes())
    raw[position % len(raw)] ^= mask or 1
    try:
        leaf = LeafNode.from_bytes(bytes(raw))
    except CodecError:
        return
    with pytest.raises(SignatureRefused):
        leaf.verify_signature(CRYPTO, None)


@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    for kind in (LeafNode, Capabilities, Lifetime):
        try:
            assert kind.from_bytes(raw).to_bytes() == raw
        except CodecError:
            continue


def test_every_truncation_is_a_codec_error() -> None:
    raw = ANN.leaf().to_bytes()
    for end in range(len(raw)):
        with pytest.raises(CodecError):
            LeafNode.from_bytes(raw[:end])


def test_giant_keys_are_refused() -> None:
    with pytest.raises(CodecError, match="at most"):
        LeafNode.from_bytes(opaque(bytes(5000)) + bytes(1000))

"""The secret tree: derivation on demand, deletion at once, windows, saving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import Reader
from plausch.mls.errors import CodecError, ValidationError
from plausch.mls.secret_tree import (
    FORWARD_LIMIT,
    KEPT_LIMIT,
    LAST_GENERATION,
    MessageKey,
    Ratchet,
    RatchetKind,
    SecretTree,
)
from plausch.mls.suite import suite
from unit.mls.group_players import ALL_SUITES, refused

CRYPTO = suite(1)
APPLICATION, HANDSHAKE = RatchetKind.APPLICATION, RatchetKind.HANDSHAKE
SECRET = b"e" * 32


def tree(leaves: int = 8, suite_id: int = 1) -> SecretTree:
    crypto = suite(suite_id)
    return SecretTree.begin(crypto, leaves, b"e" * crypto.hash_length)


def again(one: SecretTree, suite_id: int = 1) -> SecretTree:
    reader = Reader(one.to_bytes())
    two = SecretTree.read(reader, suite(suite_id))
    reader.finish()
    return two


@pytest.mark.parametrize("suite_id", ALL_SUITES)
@pytest.mark.parametrize("leaves", [1, 2, 8, 64])
def test_sender_and_receiver_have_the_same_keys(suite_id: int, leaves: int) -> None:
    sender, receiver = tree(leaves, suite_id), tree(leaves, suite_id)
    keys = set()
    for leaf in {0, leaves // 2, leaves - 1}:
        for kind in RatchetKind:
            for expected in range(3):
                generation, key = sender.next_key(leaf, kind)
                assert generation == expected
                opening = receiver.peek(leaf, kind, generation)
                assert opening.key == key
                receiver.consume(opening)
                keys.add(key)
    assert len(keys) == 6 * len({0, leaves // 2, leaves - 1})


def test_keys_do_not_depend_on_the_order_of_derivation() -> None:
    places = list(range(8))
    keys = []
    for order in (places, places[::-1], [3, 7, 0, 5, 1, 6, 2, 4]):
        one = tree()
        found = {leaf: one.next_key(leaf, APPLICATION)[1] for leaf in order}
        keys.append([found[leaf] for leaf in places])
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys[0])) == 8


def test_looking_changes_nothing() -> None:
    one = tree()
    before = one.to_bytes()
    for _ in range(2):
        one.peek(5, APPLICATION, 3)
        one.peek(2, HANDSHAKE, 0)
    assert one.to_bytes() == before
    one.consume(one.peek(5, APPLICATION, 0))
    before = one.to_bytes()
    one.peek(5, APPLICATION, 9)
    assert one.to_bytes() == before


def test_secrets_above_a_used_leaf_are_deleted() -> None:
    one = tree(4)
    assert SECRET in one.to_bytes()
    one.next_key(0, APPLICATION)
    raw = one.to_bytes()
    assert SECRET not in raw
    left = CRYPTO.expand_with_label(SECRET, "tree", b"left", 32)
    right = CRYPTO.expand_with_label(SECRET, "tree", b"right", 32)
    assert left not in raw
    assert right in raw
    leaf = CRYPTO.expand_with_label(left, "tree", b"left", 32)
    assert leaf not in raw
    first = CRYPTO.expand_with_label(leaf, "application", b"", 32)
    assert first not in raw
    assert CRYPTO.derive_tree_secret(first, "secret", 0, 32) in raw


def test_passed_over_generations_keep_keys_but_no_secret() -> None:
    one, probe = tree(), tree()
    secrets = []
    for generation in range(4):
        probe.next_key(1, APPLICATION)
        secrets.append(probe._ratchets[1, APPLICATION].secret)
        del generation
    one.consume(one.peek(1, APPLICATION, 3))
    raw = one.to_bytes()
    assert secrets[3] in raw
    assert not any(secret in raw for secret in secrets[:3])
    for generation in (0, 1, 2):
        key = one.peek(1, APPLICATION, generation).key
        assert key.key in raw
        one.consume(one.peek(1, APPLICATION, generation))
        assert key.key not in one.to_bytes()


def test_a_key_is_used_once() -> None:
    one = tree()
    opening = one.peek(0, APPLICATION, 2)
    twin = one.peek(0, APPLICATION, 2)
    one.consume(opening)
    refused("generation-unused", lambda: one.consume(twin))
    refused("generation-unused", lambda: one.peek(0, APPLICATION, 2))
    late = one.peek(0, APPLICATION, 1)
    other = one.peek(0, APPLICATION, 0)
    one.consume(late)
    one.consume(other)
    refused("generation-unused", lambda: one.consume(late))


def test_openings_of_several_leaves_before_any_is_consumed() -> None:
    one = tree()
    openings = [one.peek(leaf, APPLICATION, 0) for leaf in range(8)]
    for opening in openings:
        one.consume(opening)
    expected = tree()
    for leaf in range(8):
        expected.next_key(leaf, APPLICATION)
    assert one.to_bytes() == expected.to_bytes()


def test_the_window_forward() -> None:
    one = tree()
    one.peek(0, APPLICATION, FORWARD_LIMIT)
    refused("generation-window", lambda: one.peek(0, APPLICATION, FORWARD_LIMIT + 1))
    refused("generation-window", lambda: one.peek(0, APPLICATION, LAST_GENERATION))


def test_the_window_of_kept_keys() -> None:
    one = tree()
    one.consume(one.peek(0, APPLICATION, FORWARD_LIMIT))
    oldest = FORWARD_LIMIT - KEPT_LIMIT
    one.peek(0, APPLICATION, oldest)
    refused("generation-unused", lambda: one.peek(0, APPLICATION, oldest - 1))
    one.consume(one.peek(0, APPLICATION, FORWARD_LIMIT + 11))
    assert len(one._ratchets[0, APPLICATION].kept) == KEPT_LIMIT
    one.peek(0, APPLICATION, oldest + 10)
    refused("generation-unused", lambda: one.peek(0, APPLICATION, oldest + 9))


def test_the_last_generation_is_never_reached() -> None:
    one = tree()
    one._ratchets[0, APPLICATION] = Ratchet(LAST_GENERATION, b"s" * 32)
    refused("generation-window", lambda: one.next_key(0, APPLICATION))


@pytest.mark.parametrize("leaf", [-1, 8, 1 << 31])
def test_leaves_that_do_not_exist(leaf: int) -> None:
    refused("sender-leaf", lambda: tree().peek(leaf, APPLICATION, 0))


def test_a_retired_tree_has_no_handshake_keys() -> None:
    one = tree()
    one.next_key(0, HANDSHAKE)
    one.next_key(0, APPLICATION)
    one.retire()
    refused("generation-unused", lambda: one.peek(0, HANDSHAKE, 1))
    one.consume(one.peek(0, APPLICATION, 1))
    one.consume(one.peek(3, APPLICATION, 0))
    assert {kind for _, kind in one._ratchets} == {APPLICATION}
    refused("generation-unused", lambda: one.peek(3, HANDSHAKE, 0))


def test_an_empty_tree_has_no_keys() -> None:
    refused("generation-unused", lambda: SecretTree(CRYPTO, 4, {}, {}).peek(0, APPLICATION, 0))


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(list(RatchetKind))), max_size=30))
def test_saving_changes_nothing(steps: list[tuple[int, RatchetKind]]) -> None:
    one, two = tree(), tree()
    for leaf, kind in steps:
        assert one.next_key(leaf, kind) == two.next_key(leaf, kind)
        two = again(two)
    assert one.to_bytes() == two.to_bytes()


@given(st.permutations(range(12)), st.data())
def test_any_order_of_arrival(order: list[int], draw: st.DataObject) -> None:
    sender, receiver = tree(), tree()
    keys = [sender.next_key(3, APPLICATION)[1] for _ in order]
    for generation in order:
        if draw.draw(st.booleans()):
            receiver = again(receiver)
        opening = receiver.peek(3, APPLICATION, generation)
        assert opening.key == keys[generation]
        receiver.consume(opening)
    assert receiver.to_bytes() == again(sender).to_bytes()


def test_damaged_bytes() -> None:
    raw = tree(4).to_bytes()
    for broken in (b"\0\0\0\3" + raw[4:], b"\0\0\0\0" + raw[4:], raw[:-1]):
        with pytest.raises(CodecError):
            SecretTree.read(Reader(broken), CRYPTO)
    used = tree(4)
    used.next_key(0, APPLICATION)
    kind = used.to_bytes().index(b"\0\0\0\0\1")
    raw = used.to_bytes()
    with pytest.raises(CodecError):
        SecretTree.read(Reader(raw[: kind + 4] + b"\7" + raw[kind + 5 :]), CRYPTO)


@given(st.binary(max_size=100))
def test_random_bytes(raw: bytes) -> None:
    try:
        SecretTree.read(Reader(raw), CRYPTO)
    except (CodecError, ValidationError):
        return


def test_a_message_key_is_a_pair() -> None:
    key = tree().next_key(0, APPLICATION)[1]
    assert isinstance(key, MessageKey)
    assert (len(key.key), len(key.nonce)) == (16, 12)

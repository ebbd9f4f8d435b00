"""Cipher suites: what is sealed opens, and nothing else does."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import DecryptionFailed, KeyRefused, SignatureRefused, UnsupportedSuite
from plausch.mls.suite import MLS_256_XWING, Suite, suite
from unit.mls.tree_players import ALL_SUITES


@pytest.fixture(params=ALL_SUITES, ids=hex)
def crypto(request: pytest.FixtureRequest) -> Suite:
    return suite(request.param)


def library_hash(crypto: Suite) -> hashes.HashAlgorithm:
    return hashes.SHA512() if crypto.hash_length == 64 else hashes.SHA256()


@pytest.mark.parametrize("number", [0, 4, 83, 0x0A0A, 0xFFFF])
def test_unknown_suites(number: int) -> None:
    with pytest.raises(UnsupportedSuite, match="0xf00d"):
        suite(number)


def test_there_is_one_instance_each(crypto: Suite) -> None:
    assert suite(crypto.id) is crypto
    assert crypto.name in repr(crypto)


def test_the_post_quantum_suite() -> None:
    crypto = suite(MLS_256_XWING)
    assert (crypto.hash_length, crypto.key_length, crypto.nonce_length) == (64, 32, 12)
    assert crypto.hash(b"x") == hashlib.sha512(b"x").digest()


@given(length=st.integers(1, 300), secret=st.binary(min_size=1, max_size=64))
@pytest.mark.parametrize("number", ALL_SUITES)
def test_expand_is_hkdf(number: int, length: int, secret: bytes) -> None:
    crypto = suite(number)
    theirs = HKDFExpand(library_hash(crypto), length, b"info").derive(secret)
    assert crypto.expand(secret, b"info", length) == theirs


def test_mac_and_extract(crypto: Suite) -> None:
    name = library_hash(crypto).name
    assert crypto.mac(b"key", b"content") == hmac.digest(b"key", b"content", name)
    assert crypto.extract(b"salt", b"ikm") == hmac.digest(b"salt", b"ikm", name)
    assert crypto.check_mac(b"key", b"content", crypto.mac(b"key", b"content"))
    assert not crypto.check_mac(b"key", b"content", crypto.mac(b"key", b"other"))
    assert not crypto.check_mac(b"key", b"content", b"")


def test_labels_separate(crypto: Suite) -> None:
    secret = bytes(crypto.hash_length)
    derived = {crypto.derive_secret(secret, label) for label in ("path", "node", "init")}
    assert len(derived) == 3
    assert crypto.expand_with_label(secret, "path", b"", crypto.hash_length) in derived
    assert crypto.derive_tree_secret(secret, "key", 1, 16) != crypto.derive_tree_secret(
        secret, "key", 2, 16
    )
    assert crypto.ref_hash("one", b"x") != crypto.ref_hash("two", b"x")


def test_signatures(crypto: Suite) -> None:
    private, public = crypto.signature_generate()
    assert crypto.signature_public_of(private) == public
    signature = crypto.sign_with_label(private, "LeafNodeTBS", b"content")
    crypto.verify_with_label(public, "LeafNodeTBS", b"content", signature)
    for key, label, content, signed in (
        (public, "KeyPackageTBS", b"content", signature),
        (public, "LeafNodeTBS", b"c0ntent", signature),
        (public, "LeafNodeTBS", b"content", signature[:-1] + bytes((signature[-1] ^ 1,))),
        (public, "LeafNodeTBS", b"content", b""),
        (crypto.signature_generate()[1], "LeafNodeTBS", b"content", signature),
    ):
        with pytest.raises(SignatureRefused):
            crypto.verify_with_label(key, label, content, signed)


@pytest.mark.parametrize("bad", [b"", b"\x01" * 31, b"\x02" * 66])
def test_malformed_signature_keys(crypto: Suite, bad: bytes) -> None:
    with pytest.raises(KeyRefused):
        crypto.verify_with_label(bad, "x", b"", bytes(64))
    with pytest.raises(KeyRefused):
        crypto.sign_with_label(bytes(40), "x", b"")
    with pytest.raises(KeyRefused):
        crypto.signature_public_of(bytes(40))


@given(plaintext=st.binary(max_size=200), context=st.binary(max_size=100))
@pytest.mark.parametrize("number", ALL_SUITES)
def test_hpke_round_trip(number: int, plaintext: bytes, context: bytes) -> None:
    crypto = suite(number)
    private, public = crypto.kem_derive_key_pair(b"one recipient")
    sealed = crypto.encrypt_with_label(public, "Welcome", context, plaintext)
    assert crypto.decrypt_with_label(private, "Welcome", context, *sealed) == plaintext
    assert len(sealed[1]) == len(plaintext) + 16


def test_hpke_refuses_what_was_not_meant(crypto: Suite) -> None:
    private, public = crypto.kem_generate()
    kem_output, ciphertext = crypto.encrypt_with_label(public, "Welcome", b"context", b"secret")
    flipped = ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,))
    for key, label, context, output, text in (
        (crypto.kem_generate()[0], "Welcome", b"context", kem_output, ciphertext),
        (private, "UpdatePathNode", b"context", kem_output, ciphertext),
        (private, "Welcome", b"another", kem_output, ciphertext),
        (private, "Welcome", b"context", kem_output, flipped),
        (private, "Welcome", b"context", kem_output, b""),
        (private, "Welcome", b"context", kem_output[:-1], ciphertext),
        (private, "Welcome", b"context", bytes(len(kem_output)), ciphertext),
    ):
        with pytest.raises(DecryptionFailed):
            crypto.decrypt_with_label(key, label, context, output, text)


def test_aead(crypto: Suite) -> None:
    key, nonce = bytes(crypto.key_length), bytes(crypto.nonce_length)
    sealed = crypto.aead_seal(key, nonce, b"aad", b"text")
    assert crypto.aead_open(key, nonce, b"aad", sealed) == b"text"
    for aad, ciphertext in ((b"other", sealed), (b"aad", sealed[:-1]), (b"aad", b"")):
        with pytest.raises(DecryptionFailed):
            crypto.aead_open(key, nonce, aad, ciphertext)


def test_external_init_agrees(crypto: Suite) -> None:
    private, public = crypto.kem_generate()
    kem_output, secret = crypto.export_send(public)
    assert len(secret) == crypto.hash_length
    assert crypto.export_receive(private, kem_output) == secret
    assert crypto.export_receive(crypto.kem_generate()[0], kem_output) != secret
    with pytest.raises(DecryptionFailed):
        crypto.export_receive(private, kem_output + b"\0")
    with pytest.raises(KeyRefused):
        crypto.export_send(public[:-1])


def test_public_keys_are_checked(crypto: Suite) -> None:
    crypto.kem_check_public(crypto.kem_generate()[1])
    for bad in (b"", bytes(32), bytes(65), bytes(1216), crypto.kem_generate()[1] + b"\0"):
        with pytest.raises(KeyRefused):
            crypto.kem_check_public(bad)


@pytest.mark.parametrize("number", [one for one in ALL_SUITES if one != 2])
def test_a_signature_key_that_binds_nobody_is_refused(number: int) -> None:
    """Whoever had such a leaf could sign for everybody, and browsers would not follow."""
    neutral = bytes([1]) + bytes(31)
    with pytest.raises(KeyRefused, match="low order"):
        suite(number).verify_with_label(neutral, "FramedContentTBS", b"any", neutral + bytes(32))

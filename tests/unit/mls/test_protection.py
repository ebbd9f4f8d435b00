"""Signatures, tags, encryption, padding."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plausch.mls.errors import DecryptionFailed, ProtocolError
from plausch.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    Sender,
    SenderType,
    WireFormat,
    member,
    parse_private_message,
)
from plausch.mls.proposal import Commit, Remove
from plausch.mls.protection import (
    bucket_bytes,
    check_membership_tag,
    open_private,
    protect_private,
    protect_public,
    ratchet_kind,
    sign_content,
    verify_content,
)
from plausch.mls.secret_tree import RatchetKind, SecretTree
from plausch.mls.suite import Suite, suite
from unit.mls.group_players import ALL_SUITES, refused

CONTEXT = b"context"


class Sealer:
    """A sender and what its receivers know."""

    def __init__(self, suite_id: int = 1) -> None:
        self.suite: Suite = suite(suite_id)
        self.private, self.public = self.suite.signature_generate()
        self.secret = b"s" * self.suite.hash_length
        self.ours, self.theirs = self.tree(), self.tree()

    def tree(self) -> SecretTree:
        return SecretTree.begin(self.suite, 4, b"e" * self.suite.hash_length)

    def message(
        self, body: bytes | Remove | Commit, wire: WireFormat, authenticated: bytes = b""
    ) -> AuthenticatedContent:
        content = FramedContent.of(b"group", 3, member(1), authenticated, body)
        signature = sign_content(self.suite, self.private, wire, content, CONTEXT)
        tag = b"c" * 32 if isinstance(body, Commit) else b""
        return AuthenticatedContent(wire, content, signature, tag)

    def seal(self, body: bytes | Remove | Commit, authenticated: bytes = b"") -> bytes:
        message = self.message(body, WireFormat.PRIVATE_MESSAGE, authenticated)
        return protect_private(self.suite, self.secret, self.ours, message).to_message()

    def open(self, raw: bytes) -> AuthenticatedContent:
        private = parse_private_message(raw)
        message, opening = open_private(self.suite, self.secret, self.theirs, private)
        self.theirs.consume(opening)
        return message


@pytest.mark.parametrize("suite_id", ALL_SUITES)
@pytest.mark.parametrize("body", [b"", b"hello", Remove(3), Commit((Remove(1),), None)])
def test_private_messages_open(suite_id: int, body: bytes | Remove | Commit) -> None:
    sealer = Sealer(suite_id)
    message = sealer.open(sealer.seal(body, b"clear"))
    assert message.content.body == body
    assert message.content.sender == member(1)
    assert message.content.authenticated == b"clear"
    verify_content(sealer.suite, sealer.public, message, CONTEXT)
    refused(
        "message-signature", lambda: verify_content(sealer.suite, sealer.public, message, b"other")
    )


def test_the_header_is_bound_to_the_message() -> None:
    sealer = Sealer()
    private = parse_private_message(sealer.seal(b"hello", b"clear"))
    for changed in (
        replace(private, group_id=b"other"),
        replace(private, epoch=4),
        replace(private, authenticated=b"CLEAR"),
        replace(private, content_type=ContentType.COMMIT),
        replace(private, encrypted_sender=private.encrypted_sender[:-1]),
        replace(private, ciphertext=private.ciphertext[:-1]),
        replace(private, ciphertext=b""),
    ):
        with pytest.raises(DecryptionFailed):
            open_private(sealer.suite, sealer.secret, sealer.theirs, changed)


def test_padding_that_is_not_zero_is_refused() -> None:
    sealer = Sealer()
    key = sealer.tree().peek(1, RatchetKind.APPLICATION, 0).key
    honest = parse_private_message(sealer.seal(b"hello"))
    from plausch.mls.protection import _guarded, _sender_key

    sender_key, nonce = _sender_key(sealer.suite, sealer.secret, honest.ciphertext)
    plain_sender = sealer.suite.aead_open(
        sender_key, nonce, honest.sender_aad(), honest.encrypted_sender
    )
    guard = plain_sender[8:]
    nonce = _guarded(key.nonce, guard)
    plain = sealer.suite.aead_open(key.key, nonce, honest.content_aad(), honest.ciphertext)
    assert plain.endswith(bytes(20))
    forged = sealer.suite.aead_seal(key.key, nonce, honest.content_aad(), plain[:-1] + b"\1")
    sender_key, nonce = _sender_key(sealer.suite, sealer.secret, forged)
    sealed_sender = sealer.suite.aead_seal(sender_key, nonce, honest.sender_aad(), plain_sender)
    message = replace(honest, ciphertext=forged, encrypted_sender=sealed_sender)
    refused(
        "padding-zero",
        lambda: open_private(sealer.suite, sealer.secret, sealer.theirs, message),
    )


def test_no_two_messages_use_one_nonce() -> None:
    """The reuse guard is random, so even a repeated generation gives another ciphertext."""
    one, two = Sealer(), Sealer()
    two.private, two.public = one.private, one.public
    assert one.seal(b"hello") != two.seal(b"hello")


def test_proposals_and_commits_have_a_ratchet_of_their_own() -> None:
    assert ratchet_kind(ContentType.APPLICATION) == RatchetKind.APPLICATION
    assert ratchet_kind(ContentType.PROPOSAL) == RatchetKind.HANDSHAKE
    assert ratchet_kind(ContentType.COMMIT) == RatchetKind.HANDSHAKE


def test_membership_tags() -> None:
    sealer = Sealer()
    message = sealer.message(Remove(1), WireFormat.PUBLIC_MESSAGE)
    public = protect_public(sealer.suite, b"key", message, CONTEXT)
    check_membership_tag(sealer.suite, b"key", public, CONTEXT)
    for key, context, changed in (
        (b"other", CONTEXT, public),
        (b"key", b"other", public),
        (b"key", CONTEXT, replace(public, membership_tag=b"")),
        (b"key", CONTEXT, replace(public, authenticated=replace(message, signature=b"x"))),
    ):
        refused(
            "membership-tag",
            lambda key=key, context=context, changed=changed: check_membership_tag(
                sealer.suite, key, changed, context
            ),
        )


def test_outsiders_have_no_membership_tag() -> None:
    sealer = Sealer()
    content = FramedContent.of(b"g", 3, Sender(SenderType.EXTERNAL, 0), b"", Remove(1))
    message = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, b"sig")
    public = protect_public(sealer.suite, b"key", message, CONTEXT)
    assert public.membership_tag == b""
    check_membership_tag(sealer.suite, b"whatever", public, CONTEXT)


def test_the_sizes_are_few() -> None:
    sizes = {bucket_bytes(length) for length in range(1, 65_537)}
    assert sorted(sizes) == [256, 512, 1024, 2048, 4096, *range(8192, 65_537, 8192)]
    assert all(bucket_bytes(size) == size for size in sizes)


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_a_whole_message_fills_its_bucket(suite_id: int) -> None:
    sealer = Sealer(suite_id)
    for length in (0, 1, 60, 63, 64, 100, 200, 500, 4_000, 16_000, 16_300, 16_400, 30_000, 60_000):
        for authenticated in (b"", b"clear text"):
            raw = sealer.seal(b"x" * length, authenticated)
            assert len(raw) == bucket_bytes(len(raw))


@settings(max_examples=60)
@given(st.integers(0, 40_000), st.integers(0, 3_000))
def test_padding_never_spoils_a_message(length: int, authenticated: int) -> None:
    sealer = Sealer()
    raw = sealer.seal(b"x" * length, b"y" * authenticated)
    assert abs(len(raw) - bucket_bytes(len(raw))) <= 2
    assert sealer.open(raw).content.body == b"x" * length


@given(st.binary(max_size=300))
def test_random_ciphertexts(raw: bytes) -> None:
    sealer = Sealer()
    private = replace(parse_private_message(sealer.seal(b"hello")), ciphertext=raw)
    with pytest.raises(ProtocolError):
        open_private(sealer.suite, sealer.secret, sealer.theirs, private)

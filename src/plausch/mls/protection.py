"""Message protection: signatures, membership tags, encryption (RFC 9420 sections 6.1 to 6.3)."""

import secrets as randomness

from plausch.mls.codec import Reader, opaque, u32
from plausch.mls.errors import SignatureRefused, ValidationError, require
from plausch.mls.framing import (
    AuthenticatedContent,
    Body,
    ContentType,
    FramedContent,
    PrivateMessage,
    PublicMessage,
    SenderType,
    WireFormat,
    body_bytes,
    member,
    read_auth,
    read_body,
    to_be_signed,
)
from plausch.mls.secret_tree import Opening, RatchetKind, SecretTree
from plausch.mls.suite import Suite

REUSE_GUARD_BYTES = 4
SMALLEST_BYTES = 256
DOUBLING_UP_TO_BYTES = 8192
"""Sizes of a whole PrivateMessage: 256 doubling up to 8 KiB, then multiples of 8 KiB."""


def bucket_bytes(length: int) -> int:
    """The padded size of a message that would have `length` bytes without padding."""
    if length > DOUBLING_UP_TO_BYTES:
        return -(-length // DOUBLING_UP_TO_BYTES) * DOUBLING_UP_TO_BYTES
    bucket = SMALLEST_BYTES
    while bucket < length:
        bucket *= 2
    return bucket


def sign_content(
    suite: Suite, private: bytes, wire_format: WireFormat, content: FramedContent, context: bytes
) -> bytes:
    """The signature over FramedContentTBS; `context` is the encoded GroupContext."""
    return suite.sign_with_label(
        private, "FramedContentTBS", to_be_signed(wire_format, content, context)
    )


def verify_content(
    suite: Suite, public: bytes, message: AuthenticatedContent, context: bytes
) -> None:
    """Raises ValidationError `message-signature`; `context` as in `sign_content`."""
    try:
        suite.verify_with_label(
            public, "FramedContentTBS", message.to_be_signed(context), message.signature
        )
    except SignatureRefused as error:
        raise ValidationError(
            "message-signature", "The signature of a message is not its sender's."
        ) from error


def protect_public(
    suite: Suite, membership_key: bytes, message: AuthenticatedContent, context: bytes
) -> PublicMessage:
    """A PublicMessage, with its membership tag when a member sends it."""
    if message.content.sender.type != SenderType.MEMBER:
        return PublicMessage(message)
    return PublicMessage(message, suite.mac(membership_key, _tagged(message, context)))


def check_membership_tag(
    suite: Suite, membership_key: bytes, message: PublicMessage, context: bytes
) -> None:
    """Raises ValidationError `membership-tag` for a member's message without a right tag."""
    if message.authenticated.content.sender.type == SenderType.MEMBER:
        tagged = _tagged(message.authenticated, context)
        require(
            suite.check_mac(membership_key, tagged, message.membership_tag),
            "membership-tag",
            "A public message does not prove that a member of this epoch sent it.",
        )


def _tagged(message: AuthenticatedContent, context: bytes) -> bytes:
    return message.to_be_signed(context) + message.auth_bytes()


def ratchet_kind(kind: ContentType) -> RatchetKind:
    """Application messages have a ratchet of their own."""
    return RatchetKind.APPLICATION if kind == ContentType.APPLICATION else RatchetKind.HANDSHAKE


def protect_private(
    suite: Suite, sender_data: bytes, tree: SecretTree, message: AuthenticatedContent
) -> PrivateMessage:
    """Encrypt a member's message and move its ratchet on; the whole is padded to a bucket.

    The caller saves the ratchet before the result leaves the device: two messages under one
    generation would give both plaintexts away.
    """
    content = message.content
    leaf_index, kind = content.sender.index, content.content_type
    generation, key = tree.next_key(leaf_index, ratchet_kind(kind))
    guard = randomness.token_bytes(REUSE_GUARD_BYTES)
    plain = body_bytes(content.body) + message.auth_bytes()
    shell = PrivateMessage(content.group_id, content.epoch, kind, content.authenticated, b"", b"")
    plain += bytes(_padding_bytes(suite, shell, len(plain)))
    ciphertext = suite.aead_seal(key.key, _guarded(key.nonce, guard), shell.content_aad(), plain)
    sender = u32(leaf_index) + u32(generation) + guard
    sender_key, sender_nonce = _sender_key(suite, sender_data, ciphertext)
    return PrivateMessage(
        content.group_id,
        content.epoch,
        kind,
        content.authenticated,
        suite.aead_seal(sender_key, sender_nonce, shell.sender_aad(), sender),
        ciphertext,
    )


TAG_BYTES = 16
"""Length of the authentication tag of every supported AEAD."""

_OUTSIDE_BYTES = 4 + 1 + 12 + TAG_BYTES
"""Version and wire format, and the encrypted sender data with its length."""


def _padding_bytes(suite: Suite, shell: PrivateMessage, length: int) -> int:
    """Zeros after `length` bytes of content so that the whole MLSMessage fills its bucket."""
    outside = _OUTSIDE_BYTES + len(shell.content_aad())
    sealed = length + TAG_BYTES
    total = outside + len(opaque(bytes(sealed)))
    room = bucket_bytes(total) - outside
    for header_bytes in (1, 2, 4):
        fitting = room - header_bytes
        if len(opaque(bytes(fitting))) == room:
            return fitting - sealed
    return bucket_bytes(total) - total


def open_private(
    suite: Suite, sender_data: bytes, tree: SecretTree, message: PrivateMessage
) -> tuple[AuthenticatedContent, Opening]:
    """Decrypt; the key is only looked up, the caller consumes the Opening after its checks.

    Raises DecryptionFailed, CodecError, ValidationError.
    """
    sender_key, sender_nonce = _sender_key(suite, sender_data, message.ciphertext)
    sender = Reader(
        suite.aead_open(sender_key, sender_nonce, message.sender_aad(), message.encrypted_sender)
    )
    leaf_index, generation, guard = sender.u32(), sender.u32(), sender.fixed(REUSE_GUARD_BYTES)
    sender.finish()
    opening = tree.peek(leaf_index, ratchet_kind(message.content_type), generation)
    nonce = _guarded(opening.key.nonce, guard)
    plain = suite.aead_open(opening.key.key, nonce, message.content_aad(), message.ciphertext)
    reader = Reader(plain)
    body: Body = read_body(reader, message.content_type)
    signature, confirmation_tag = read_auth(reader, message.content_type)
    require(
        not any(reader.fixed(reader.remaining)),
        "padding-zero",
        "The padding of an encrypted message is not zero.",
    )
    content = FramedContent.of(
        message.group_id, message.epoch, member(leaf_index), message.authenticated, body
    )
    return (
        AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, content, signature, confirmation_tag),
        opening,
    )


def _sender_key(suite: Suite, sender_data: bytes, ciphertext: bytes) -> tuple[bytes, bytes]:
    sample = ciphertext[: suite.hash_length]
    expand = suite.expand_with_label
    return (
        expand(sender_data, "key", sample, suite.key_length),
        expand(sender_data, "nonce", sample, suite.nonce_length),
    )


def _guarded(nonce: bytes, guard: bytes) -> bytes:
    """The nonce with its first four bytes hidden, in case a generation is ever used twice."""
    head = int.from_bytes(nonce[:REUSE_GUARD_BYTES], "big") ^ int.from_bytes(guard, "big")
    return head.to_bytes(REUSE_GUARD_BYTES, "big") + nonce[REUSE_GUARD_BYTES:]

"""The transcript hashes: one running digest over all Commits (RFC 9420 section 8.2)."""

from plausch.mls.codec import opaque, u16
from plausch.mls.suite import Suite


def confirmed_transcript_hash(
    suite: Suite, interim: bytes, wire_format: int, content: bytes, signature: bytes
) -> bytes:
    """Hash of everything up to and including this Commit, without its confirmation tag.

    `interim` is the interim transcript hash of the epoch in which the Commit was sent,
    `content` the encoded FramedContent.
    """
    return suite.hash(interim + u16(wire_format) + content + opaque(signature))


def interim_transcript_hash(suite: Suite, confirmed: bytes, confirmation_tag: bytes) -> bytes:
    """The confirmed transcript hash with the confirmation tag that proves it."""
    return suite.hash(confirmed + opaque(confirmation_tag))

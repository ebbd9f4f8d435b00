"""A mark of the MLS epoch inside messages: a fork made by a server is noticed.

A server could show different Commits to different members. Each branch then has its own epoch
secrets; members of both see the same epoch number with different epoch authenticators (RFC 9420
section 8.7). The mark is a hash of it, so that it may also travel where others see it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from plausch.content.cbor import expect, expect_array
from plausch.content.errors import ContentError
from plausch.content.mimi import MimiContent

EPOCH_MARK = -0xF0A1
"""Extension key of our own; negative integers are for private use (section 8.2.1)."""

DIGEST_BYTES = 16
_CONTEXT = b"Plausch 1.0 epoch mark\0"
_MAX_EPOCH = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class EpochMark:
    """The epoch in which a message was written, and 16 bytes that name its branch."""

    epoch: int
    digest: bytes

    @classmethod
    def of(cls, epoch: int, authenticator: bytes) -> "EpochMark":
        """From the group's epoch and its epoch authenticator."""
        return cls(epoch, hashlib.sha256(_CONTEXT + authenticator).digest()[:DIGEST_BYTES])


def with_mark(content: MimiContent, mark: EpochMark) -> MimiContent:
    """The same message, marked."""
    extensions = {**content.extensions, EPOCH_MARK: (mark.epoch, mark.digest)}
    return replace(content, extensions=extensions)


def mark_of(content: MimiContent) -> EpochMark | None:
    """The mark, None when there is none. Raises ContentError when it is malformed."""
    if EPOCH_MARK not in content.extensions:
        return None
    fields = expect_array(content.extensions[EPOCH_MARK], "An epoch mark")
    if len(fields) != 2:
        raise ContentError("An epoch mark is [epoch, digest].")
    epoch = expect(fields[0], int, "The epoch of a mark")
    digest = expect(fields[1], bytes, "The digest of a mark")
    if not 0 <= epoch <= _MAX_EPOCH or len(digest) != DIGEST_BYTES:
        raise ContentError("An epoch mark is [epoch, digest of 16 bytes].")
    return EpochMark(epoch, digest)


def is_fork(mark: EpochMark, known: Mapping[int, bytes]) -> bool:
    """Whether the mark names another branch than this device's.

    `known` are the epoch authenticators that this device still has, by epoch; of an epoch that
    is not among them nothing can be said.
    """
    authenticator = known.get(mark.epoch)
    return authenticator is not None and EpochMark.of(mark.epoch, authenticator) != mark

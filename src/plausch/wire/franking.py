"""Franking: how a message can be reported so that the server knows that it is genuine.

The sender commits to the content, and the server, which cannot read it, stamps the commitment with
what it knows itself: who handed it in, where and when. A receiver keeps both. Who reports a message
shows its content; the server finds out by itself whether it is what that device sent
(draft-ietf-mimi-protocol, "Franking"; Grubbs, Lu, Ristenpart, CRYPTO 2017). spec/franking.md has
what differs from the draft.
"""

import hashlib
import hmac

from plausch.base.errors import LocalError

MARK_BYTES = 16
"""What stands before the frank in a message's authenticated data (content.fork.EpochMark)."""

FRANK_BYTES = 32
STAMP_BYTES = 32
FRANKING_KEY_BYTES = 16
"""The salt of the MIMI content, which is new for every message."""

AUTHENTICATED_BYTES = MARK_BYTES + FRANK_BYTES

_HASH = "sha256"
_BLOCK_BYTES = 64
_OUTSIDE = 4 + 1 + 16 + 8 + 1
"""Version and wire format, the group's id with its length, epoch, content type (RFC 9420,
section 6.3.1): here begins the authenticated data of a conversation's PrivateMessage."""

_BEGIN = _OUTSIDE + 1 + MARK_BYTES
_END = _BEGIN + FRANK_BYTES


def frank(key: bytes, content: bytes) -> bytes:
    """The sender's commitment to exactly this content. It hides the content from whoever has not
    the key, and fits no second pair of a key of this length and content."""
    return hmac.digest(key, content, _HASH)


def frank_of(message: bytes) -> bytes:
    """The frank in the authenticated data of a conversation's PrivateMessage; b"" if none is there.

    The members' keys protect it: who exchanges it makes the message unreadable.
    """
    if len(message) < _END or message[_OUTSIDE] != AUTHENTICATED_BYTES:
        return b""
    return message[_BEGIN:_END]


class Stamper:
    """Makes stamps: HMAC-SHA-256 under one key, of which the part that does not change is done
    once, because a server stamps every message that it delivers (RFC 2104, section 4)."""

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            raise LocalError(f"A key for stamps has at most {_BLOCK_BYTES} bytes.")
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def stamp(self, franked: bytes, conversation: bytes, sender: str, accepted_at_ms: int) -> bytes:
        """The server's word that this device handed in this frank, there and then; only who has
        the key can make or check it."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(stamped(franked, conversation, sender, accepted_at_ms))
        outer.update(inner.digest())
        return outer.digest()


def stamped(franked: bytes, conversation: bytes, sender: str, accepted_at_ms: int) -> bytes:
    """What a stamp covers: every part has a fixed length, or its length before it."""
    named = sender.encode()
    return b"".join(
        (
            franked,
            len(named).to_bytes(2, "big"),
            named,
            conversation,
            accepted_at_ms.to_bytes(8, "big"),
        )
    )

"""Message ids (draft-ietf-mimi-content-08 section 3.3)."""

import hashlib

from plausch.base.ids import MESSAGE_ID_BYTES, MessageId
from plausch.content.errors import ContentError
from plausch.content.mimi import SALT_BYTES

SHA_256 = 1
"""IANA Named Information hash algorithm, the id's first byte."""

_ARRAY_OF_7_AND_SALT = b"\x87\x50"


def message_id(content: bytes, sender_uri: str, room_uri: str) -> MessageId:
    """The id of encoded content that an account sent to a conversation.

    0x01 and the first 31 bytes of SHA-256 over length and bytes of the sender's account URI,
    length and bytes of the conversation's URI, the content, and its salt once more.
    Raises ContentError when the bytes do not begin as encoded content does.
    """
    if not content.startswith(_ARRAY_OF_7_AND_SALT):
        raise ContentError("A message begins with its salt of 16 bytes.")
    start = len(_ARRAY_OF_7_AND_SALT)
    salt = content[start : start + SALT_BYTES]
    preimage = b"".join((_prefixed(sender_uri), _prefixed(room_uri), content, salt))
    digest = hashlib.sha256(preimage).digest()
    return MessageId(bytes((SHA_256,)) + digest[: MESSAGE_ID_BYTES - 1])


def _prefixed(uri: str) -> bytes:
    raw = uri.encode()
    if len(raw) >= 1 << 16:
        raise ContentError(f"A URI has fewer than 65536 bytes, not {len(raw)}.")
    return len(raw).to_bytes(2, "big") + raw

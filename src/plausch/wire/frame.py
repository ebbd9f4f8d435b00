"""What all frames are made of: their base, and the types of their fields (spec/wire.md)."""

from typing import Annotated

import msgspec

MAX_INTEGER = 2**53 - 1
"""Largest integer on the wire: what every language, JavaScript included, holds exactly."""

RequestId = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
"""A position, an epoch, a time in milliseconds, or a number of things."""

Known = Annotated[int, msgspec.Meta(ge=-1, le=MAX_INTEGER)]
"""A `Count`, or -1 for "not said"."""

SuiteId = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
ConversationBytes = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
BlobBytes = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
DigestBytes = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
NonceBytes = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
IdempotencyBytes = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
SignatureBytes = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
StampBytes = Annotated[bytes, msgspec.Meta(max_length=32)]
Word = Annotated[str, msgspec.Meta(max_length=64)]
Token = Annotated[str, msgspec.Meta(max_length=256)]
Uri = Annotated[str, msgspec.Meta(max_length=512)]
Sentence = Annotated[str, msgspec.Meta(max_length=2048)]


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all frames."""

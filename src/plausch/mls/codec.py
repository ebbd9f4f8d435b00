"""The TLS presentation language as MLS uses it (RFC 9420 section 2.1, RFC 8446 section 3).

Reading: a `Reader` walks over one immutable buffer; every failure is a `CodecError`.
Writing: functions from a value to bytes, which are joined: in CPython that is faster than a
writer object. A struct has `read(reader)`, `from_bytes(raw)` and `to_bytes()`.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from plausch.mls.errors import CodecError

__all__ = [
    "ITEMS_LIMIT",
    "MAX_VARINT",
    "CodecError",
    "Reader",
    "encode_varint",
    "opaque",
    "optional",
    "parse_whole",
    "u8",
    "u16",
    "u16_vector",
    "u32",
    "u32_vector",
    "u64",
    "vector",
]

T = TypeVar("T")

MAX_VARINT = (1 << 30) - 1
"""The longest vector the variable-length header can announce, in bytes."""

OPAQUE_LIMIT = 1 << 20
"""Bytes of one opaque field unless its reader says otherwise: 1 MiB, above any key or message."""

VECTOR_LIMIT = 1 << 24
"""Bytes of one vector: 16 MiB; the ratchet tree of 1,000 members in X-Wing has about 3 MiB."""

ITEMS_LIMIT = 1 << 17
"""Items of all the lists that one reader meets: twice the leaves of the largest tree, so that a
Commit of the largest group fits. An item of two bytes becomes objects of a hundred times its size;
without a limit, one message of 16 MiB would fill the memory before anybody knows who sent it."""

_U8 = tuple(bytes((number,)) for number in range(256))


class Reader:
    """A cursor over bytes. Nothing is copied but the fields that are asked for."""

    __slots__ = ("_at", "_end", "_items_left", "_raw")

    def __init__(self, raw: bytes | memoryview, items_limit: int = ITEMS_LIMIT) -> None:
        """`items_limit`: more than `ITEMS_LIMIT` is for what this device has written itself."""
        self._raw = raw if type(raw) is bytes else bytes(raw)
        self._at = 0
        self._end = len(self._raw)
        self._items_left = items_limit

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return self._end - self._at

    @property
    def position(self) -> int:
        """Bytes already read; give it to `since` later."""
        return self._at

    def since(self, position: int) -> bytes:
        """The exact bytes read since `position`: a struct's encoding without re-encoding it."""
        return self._raw[position : self._at]

    def finish(self) -> None:
        """Raises CodecError when bytes are left over."""
        if self._at != self._end:
            raise CodecError(
                f"{self._end - self._at} bytes follow the end of the structure; "
                "the sender must send it alone."
            )

    def fixed(self, length: int) -> bytes:
        """Exactly `length` bytes. Raises CodecError."""
        at = self._at
        end = at + length
        if end > self._end:
            raise self._truncated(length)
        self._at = end
        return self._raw[at:end]

    def u8(self) -> int:
        """One byte. Raises CodecError."""
        at = self._at
        if at >= self._end:
            raise self._truncated(1)
        self._at = at + 1
        return self._raw[at]

    def u16(self) -> int:
        """Two bytes, big-endian. Raises CodecError."""
        at = self._at
        if at + 2 > self._end:
            raise self._truncated(2)
        self._at = at + 2
        return self._raw[at] << 8 | self._raw[at + 1]

    def u32(self) -> int:
        """Four bytes, big-endian. Raises CodecError."""
        return int.from_bytes(self.fixed(4), "big")

    def u64(self) -> int:
        """Eight bytes, big-endian. Raises CodecError."""
        return int.from_bytes(self.fixed(8), "big")

    def varint(self) -> int:
        """A vector's length header: 1, 2 or 4 bytes, the shortest that fits. Raises CodecError."""
        first = self.u8()
        if first < 0x40:
            return first
        if first < 0x80:
            length = (first & 0x3F) << 8 | self.u8()
            shortest = 0x40
        elif first < 0xC0:
            length = (first & 0x3F) << 24 | int.from_bytes(self.fixed(3), "big")
            shortest = 0x4000
        else:
            raise CodecError(
                f"Byte {self._at - 1}: a length header begins with 0b11, "
                "which RFC 9420 section 2.1.2 forbids."
            )
        if length < shortest:
            raise CodecError(
                f"Before byte {self._at}: the length {length} is not in its shortest form."
            )
        return length

    def opaque(self, limit: int = OPAQUE_LIMIT) -> bytes:
        """`opaque<V>` of at most `limit` bytes. Raises CodecError."""
        at = self._at
        if at < self._end and self._raw[at] < 0x40:
            length = self._raw[at]
            at += 1
        else:
            length = self.varint()
            at = self._at
        end = at + length
        if length > limit or end > self._end:
            raise self._too_long(length, limit, at)
        self._at = end
        return self._raw[at:end]

    def vector(self, parse: "Callable[[Reader], T]", limit: int = VECTOR_LIMIT) -> list[T]:
        """`T items<V>` of at most `limit` bytes, each item read by `parse`. Raises CodecError."""
        length = self.varint()
        end = self._at + length
        outer = self._end
        if length > limit or end > outer:
            raise self._too_long(length, limit, self._at)
        self._end = end
        items: list[T] = []
        while self._at < end:
            before = self._at
            items.append(parse(self))
            if self._at == before:
                raise CodecError(f"Byte {before}: a vector holds items of zero length.")
            self._items_left -= 1
            if self._items_left < 0:
                raise CodecError(
                    f"Byte {before}: the lists of the structure have more items than anybody "
                    "needs; the sender must send less at once."
                )
        self._end = outer
        return items

    def u16_vector(self, limit: int = 1 << 12) -> tuple[int, ...]:
        """`uint16 items<V>` of at most `limit` bytes, in one step. Raises CodecError."""
        return self._numbers("H", 2, limit)

    def u32_vector(self, limit: int) -> tuple[int, ...]:
        """`uint32 items<V>` of at most `limit` bytes, in one step. Raises CodecError."""
        return self._numbers("I", 4, limit)

    def optional(self, parse: "Callable[[Reader], T]") -> T | None:
        """`optional<T>`: a presence byte 0 or 1, then the item. Raises CodecError."""
        present = self.u8()
        if present == 0:
            return None
        if present == 1:
            return parse(self)
        raise CodecError(
            f"Byte {self._at - 1}: the presence of an optional field is 0 or 1, not {present}."
        )

    def _numbers(self, code: str, width: int, limit: int) -> tuple[int, ...]:
        """A list of numbers of `width` bytes; `code` is what `struct` calls them."""
        raw = self.opaque(limit)
        if len(raw) % width:
            raise CodecError(
                f"Before byte {self._at}: a list of {8 * width}-bit numbers has {len(raw)} "
                f"bytes, no multiple of {width}."
            )
        return struct.unpack(f">{len(raw) // width}{code}", raw)

    def _truncated(self, length: int) -> CodecError:
        return CodecError(
            f"Byte {self._at}: {length} more bytes are needed, {self._end - self._at} are left."
        )

    def _too_long(self, length: int, limit: int, at: int) -> CodecError:
        if length > limit:
            return CodecError(f"Byte {at}: a field of {length} bytes; at most {limit} are allowed.")
        return CodecError(
            f"Byte {at}: a field of {length} bytes is announced, {self._end - at} are left."
        )


def parse_whole(read: Callable[[Reader], T], raw: bytes | memoryview) -> T:
    """Read one struct that must fill `raw` exactly. Raises CodecError."""
    reader = Reader(raw)
    item = read(reader)
    reader.finish()
    return item


def u8(number: int) -> bytes:
    """One byte."""
    return _U8[number]


def u16(number: int) -> bytes:
    """Two bytes, big-endian."""
    return number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    """Four bytes, big-endian."""
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    """Eight bytes, big-endian."""
    return number.to_bytes(8, "big")


def encode_varint(length: int) -> bytes:
    """A length header in its shortest form. Raises CodecError above `MAX_VARINT`."""
    if length < 0x40:
        return _U8[length]
    if length < 0x4000:
        return (length | 0x4000).to_bytes(2, "big")
    if length <= MAX_VARINT:
        return (length | 0x80000000).to_bytes(4, "big")
    raise CodecError(f"A field of {length} bytes is longer than MLS can carry ({MAX_VARINT}).")


def opaque(raw: bytes) -> bytes:
    """`opaque<V>`: the length header, then the bytes."""
    length = len(raw)
    if length < 0x40:
        return _U8[length] + raw
    return encode_varint(length) + raw


def vector(items: Iterable[bytes]) -> bytes:
    """`T items<V>` from the items' encodings."""
    return opaque(b"".join(items))


def u16_vector(numbers: Iterable[int]) -> bytes:
    """`uint16 items<V>`."""
    return opaque(b"".join([number.to_bytes(2, "big") for number in numbers]))


def u32_vector(numbers: Sequence[int]) -> bytes:
    """`uint32 items<V>`."""
    return opaque(struct.pack(f">{len(numbers)}I", *numbers))


def optional(encoded: bytes | None) -> bytes:
    """`optional<T>` from the item's encoding, or None when it is absent."""
    return b"\0" if encoded is None else b"\1" + encoded

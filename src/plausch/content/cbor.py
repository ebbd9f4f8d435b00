"""Deterministic CBOR (RFC 8949 section 4.2.1), strictly: one value, one encoding.

The decoder accepts exactly what the encoder writes: shortest lengths, no indefinite lengths, map
keys in bytewise order and never twice. (cbor2's "canonical" order is that of RFC 7049, which
draft-ietf-mimi-content section 6.1 forbids.) Section 6.2 of that draft limits map keys to
integers within 2^53, texts and byte strings, and NaN to the half-width quiet one.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from plausch.content.errors import ContentError


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value (RFC 8949 section 3.4)."""

    number: int
    value: "Value"


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple value other than false, true and null (RFC 8949 section 3.3); 23 is undefined."""

    number: int


Key: TypeAlias = int | str | bytes
Value: TypeAlias = (
    bool
    | int
    | float
    | str
    | bytes
    | Tag
    | Simple
    | Sequence["Value"]
    | Mapping[Key, "Value"]
    | None
)

MAX_DEPTH = 16
"""Containers and tags inside each other, unless a caller asks for less or more."""

_MAX_SAFE_INTEGER = 2**53 - 1
_ADDITIONAL_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}
_SMALLEST_FOR = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
_FLOAT_FORMATS = ((25, ">e"), (26, ">f"), (27, ">d"))
_SIMPLE_VALUES: dict[int, bool | None] = {20: False, 21: True, 22: None}
_BIGNUM_TAGS = (2, 3)


def encode(value: Value) -> bytes:
    """The one encoding of the value. Raises ContentError on what CBOR or section 6.2 cannot say."""
    out = bytearray()
    _write(out, value, MAX_DEPTH)
    return bytes(out)


def decode(raw: bytes, *, max_depth: int = MAX_DEPTH) -> Value:
    """The value of exactly these bytes; arrays become tuples.

    `max_depth` counts arrays, maps and tags inside each other. Raises ContentError.
    """
    decoder = _Decoder(raw)
    value = decoder.value(max_depth)
    if decoder.position != len(raw):
        raise _refused(f"{len(raw) - decoder.position} bytes follow its end")
    return value


_T = TypeVar("_T", int, str, bytes)


def expect(value: Value, kind: type[_T], name: str) -> _T:
    """The value if it is of exactly this type (a bool is no int), else ContentError."""
    if type(value) is not kind:
        raise ContentError(f"{name} must be {_NAMES[kind]}.")
    return value


def expect_array(value: Value, name: str) -> tuple[Value, ...]:
    """The decoded value if it is an array, else ContentError."""
    if not isinstance(value, tuple):
        raise ContentError(f"{name} must be an array.")
    return value


def expect_map(value: Value, name: str) -> Mapping[Key, Value]:
    """The decoded value if it is a map, else ContentError."""
    if not isinstance(value, Mapping):
        raise ContentError(f"{name} must be a map.")
    return value


_NAMES: dict[type, str] = {int: "an integer", str: "a text", bytes: "a byte string"}


def _refused(why: str) -> ContentError:
    return ContentError(f"Not deterministic CBOR: {why}.", code="bad_cbor")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes((major << 5 | argument,))
    for additional, size in _ADDITIONAL_BYTES.items():
        if argument < 1 << (8 * size):
            return bytes((major << 5 | additional,)) + argument.to_bytes(size, "big")
    raise _refused(f"the number {argument} needs more than 64 bits")


def _write(out: bytearray, value: Value, depth: int) -> None:
    if value is None or isinstance(value, bool):
        out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif isinstance(value, int):
        out += _head(0, value) if value >= 0 else _head(1, -1 - value)
    elif isinstance(value, bytes):
        out += _head(2, len(value)) + value
    elif isinstance(value, str):
        out += _text(value)
    elif isinstance(value, float):
        out += _float_bytes(value)
    elif isinstance(value, Simple):
        out += _simple_bytes(value.number)
    else:
        _write_container(out, value, depth)


def _write_container(
    out: bytearray, value: Tag | Sequence[Value] | Mapping[Key, Value], depth: int
) -> None:
    if depth == 0:
        raise _refused("too many containers inside each other")
    if isinstance(value, Tag):
        if value.number in _BIGNUM_TAGS:
            raise _refused("integers of more than 64 bits are not supported")
        out += _head(6, value.number)
        _write(out, value.value, depth - 1)
    elif isinstance(value, Mapping):
        out += _head(5, len(value))
        for encoded_key, key in sorted((_key_bytes(key), key) for key in value):
            out += encoded_key
            _write(out, value[key], depth - 1)
    elif isinstance(value, tuple | list):
        out += _head(4, len(value))
        for item in value:
            _write(out, item, depth - 1)
    else:
        raise _refused(f"{type(value).__name__} has no encoding")


def _key_bytes(key: Key) -> bytes:
    if type(key) not in (int, str, bytes):  # also no bool or float, which Python holds equal
        raise _refused("a map key is neither integer nor text nor byte string")
    if isinstance(key, int):
        if abs(key) > _MAX_SAFE_INTEGER:
            raise _refused("an integer map key is beyond 2^53")
        return _head(0, key) if key >= 0 else _head(1, -1 - key)
    return _text(key) if isinstance(key, str) else _head(2, len(key)) + key


def _text(text: str) -> bytes:
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise _refused("a text is not valid Unicode") from error
    return _head(3, len(raw)) + raw


def _simple_bytes(number: int) -> bytes:
    if number in _SIMPLE_VALUES or not (0 <= number < 24 or 32 <= number < 256):
        raise _refused(f"simple value {number} does not exist")
    return bytes((0xE0 | number,)) if number < 24 else bytes((0xF8, number))


def _float_bytes(value: float) -> bytes:
    """The shortest of the three widths that keeps the value (RFC 8949 section 4.2.1)."""
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for additional, layout in _FLOAT_FORMATS:
        try:
            raw = struct.pack(layout, value)
        except OverflowError:
            continue
        if struct.unpack(layout, raw)[0] == value:
            return bytes((0xE0 | additional,)) + raw
    raise AssertionError("the widest format holds every float")


class _Decoder:
    """A cursor over bytes of which nothing is believed."""

    __slots__ = ("position", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.position = 0

    def value(self, depth: int) -> Value:
        initial = self.take(1)[0]
        major, additional = initial >> 5, initial & 31
        if major == 7:
            return self.simple_or_float(additional)
        argument = self.argument(additional)
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self.take(argument)
        if major == 3:
            return self.text(argument)
        if depth == 0:
            raise _refused("too many containers inside each other")
        if major == 4:
            self.check_count(argument)
            return tuple([self.value(depth - 1) for _ in range(argument)])
        if major == 5:
            self.check_count(2 * argument)
            return self.map(argument, depth - 1)
        if argument in _BIGNUM_TAGS:
            raise _refused("integers of more than 64 bits are not supported")
        return Tag(argument, self.value(depth - 1))

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.raw):
            raise _refused("it ends too early")
        taken = self.raw[self.position : end]
        self.position = end
        return taken

    def argument(self, additional: int) -> int:
        if additional < 24:
            return additional
        size = _ADDITIONAL_BYTES.get(additional)
        if size is None:
            raise _refused("an indefinite or reserved length")
        argument = int.from_bytes(self.take(size), "big")
        if argument < _SMALLEST_FOR[additional]:
            raise _refused("a number is not in its shortest form")
        return argument

    def check_count(self, least_bytes: int) -> None:
        """A container cannot have more items than bytes are left."""
        if least_bytes > len(self.raw) - self.position:
            raise _refused("it ends too early")

    def text(self, count: int) -> str:
        try:
            return self.take(count).decode()
        except UnicodeDecodeError as error:
            raise _refused("a text is not valid UTF-8") from error

    def map(self, count: int, depth: int) -> dict[Key, Value]:
        members: dict[Key, Value] = {}
        before = b""
        for _ in range(count):
            start = self.position
            key = self.value(0)
            if isinstance(key, bool) or not isinstance(key, int | str | bytes):
                raise _refused("a map key is neither integer nor text nor byte string")
            if isinstance(key, int) and abs(key) > _MAX_SAFE_INTEGER:
                raise _refused("an integer map key is beyond 2^53")
            encoded = self.raw[start : self.position]
            if encoded <= before:
                raise _refused("map keys are out of order or twice")
            before = encoded
            members[key] = self.value(depth)
        return members

    def simple_or_float(self, additional: int) -> Value:
        if additional in _SIMPLE_VALUES:
            return _SIMPLE_VALUES[additional]
        if additional < 24:
            return Simple(additional)
        if additional == 24:
            number = self.take(1)[0]
            if number < 32:
                raise _refused("a simple value is not in its shortest form")
            return Simple(number)
        for width, layout in _FLOAT_FORMATS:
            if additional == width:
                raw = self.take(struct.calcsize(layout))
                value: float = struct.unpack(layout, raw)[0]
                if _float_bytes(value) != bytes((0xE0 | additional,)) + raw:
                    raise _refused("a floating-point number is not in its shortest form")
                return value
        raise _refused("an indefinite or reserved length")

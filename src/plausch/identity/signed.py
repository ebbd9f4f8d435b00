"""A signed object on the wire: msgpack array [payload bytes, signature], payload msgpack too.

The payload travels as the exact bytes that were signed. Of the many ways msgpack has to write
a value only the shortest is accepted, so that an object has one encoding and one hash.
"""

from typing import TypeVar

import msgspec

from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SIGNATURE_BYTES, SigningKey

VERSION = 1
MAX_SIGNED_BYTES = 16 * 1024
"""A device list with 50 devices and the longest names has under 4 KiB."""

MAX_SECONDS = 2**53 - 1
"""The largest time: the integers that JavaScript holds exactly."""


class _Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    payload: bytes
    signature: bytes


class Payload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all payloads; the first field is `version`."""

    version: int


_P = TypeVar("_P", bound=Payload)


def pack(key: SigningKey, label: str, payload: Payload) -> bytes:
    """The signed object's bytes."""
    raw = msgspec.msgpack.encode(payload)
    return msgspec.msgpack.encode(_Signed(raw, key.sign(label, raw)))


def unpack(raw: bytes, label: str, *payload_types: type[_P]) -> tuple[_P, bytes, bytes]:
    """Parse strictly: (payload, its signed bytes, signature, which is not verified yet).

    `payload_types` are those of version 1, 2 and so on.

    Raises IdentityRefused (`malformed`, `unknown_version`).
    """
    if len(raw) > MAX_SIGNED_BYTES:
        raise IdentityRefused(
            f"A {label} has at most {MAX_SIGNED_BYTES} bytes, not {len(raw)}.", code="malformed"
        )
    signed = decode_exactly(raw, label, _Signed)
    if len(signed.signature) != SIGNATURE_BYTES:
        raise IdentityRefused(
            f"The signature of a {label} has {SIGNATURE_BYTES} bytes, not {len(signed.signature)}.",
            code="malformed",
        )
    version = _known_version(signed.payload, label, len(payload_types))
    payload = decode_exactly(signed.payload, label, payload_types[version - 1])
    return payload, signed.payload, signed.signature


_S = TypeVar("_S", bound=msgspec.Struct)


def decode_exactly(raw: bytes, label: str, struct_type: type[_S]) -> _S:
    """Decode msgpack that is exactly the encoding of what it says.

    Raises IdentityRefused (`malformed`).
    """
    try:
        decoded = msgspec.msgpack.decode(raw, type=struct_type)
        same = msgspec.msgpack.encode(decoded) == raw
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise IdentityRefused(f"A {label} is malformed: {error}.", code="malformed") from error
    if not same:
        raise IdentityRefused(f"A {label} is not in its shortest encoding.", code="malformed")
    return decoded


def _known_version(raw: bytes, label: str, newest: int) -> int:
    """Say that a version is unknown before saying that its fields are."""
    try:
        fields = msgspec.msgpack.decode(raw, type=list[msgspec.Raw])
        version = msgspec.msgpack.decode(fields[0] if fields else b"", type=int)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise IdentityRefused(f"A {label} is malformed: {error}.", code="malformed") from error
    if not VERSION <= version <= newest:
        raise IdentityRefused(
            f"A {label} has version {version}; this program knows version {newest}.",
            code="unknown_version",
        )
    return version

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.identity import signed
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey

KEY = SigningKey.from_bytes(bytes(range(32)))


class Note(signed.Payload, frozen=True):
    text: str
    number: int


def refused_code(raw: bytes) -> str:
    with pytest.raises(IdentityRefused) as caught:
        signed.unpack(raw, "note", Note)
    return caught.value.code


def enveloped(payload: object, signature: object = bytes(64)) -> bytes:
    return msgspec.msgpack.encode((payload, signature))


def payload_of(*fields: object) -> bytes:
    return msgspec.msgpack.encode(fields)


def test_what_was_packed_comes_back_with_the_signed_bytes() -> None:
    note = Note(signed.VERSION, "guten Tag", 7)
    unpacked, payload, signature = signed.unpack(signed.pack(KEY, "note", note), "note", Note)
    assert unpacked == note
    assert payload == payload_of(1, "guten Tag", 7)
    assert signature == KEY.sign("note", payload)


def test_unknown_versions_are_named_as_such_whatever_their_fields() -> None:
    assert refused_code(enveloped(payload_of(2, "a", 7))) == "unknown_version"
    assert refused_code(enveloped(payload_of(2, {"other": []}))) == "unknown_version"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        enveloped(payload_of()),
        enveloped(payload_of("1", "a", 7)),
        enveloped(payload_of(1)),
        enveloped(payload_of(1, "a")),
        enveloped(payload_of(1, "a", 7, 8)),
        enveloped(payload_of(1, b"a", 7)),
        enveloped(payload_of(1, "a", "7")),
        enveloped(payload_of(1, "a", 7.0)),
        enveloped(b""),
        enveloped(b"\x93\x01\xa1\xff\x07"),
        enveloped("text"),
        enveloped(payload_of(1, "a", 7), bytes(63)),
        enveloped(payload_of(1, "a", 7), bytes(65)),
        enveloped(payload_of(1, "a", 7), "s" * 64),
        msgspec.msgpack.encode((payload_of(1, "a", 7),)),
        msgspec.msgpack.encode((payload_of(1, "a", 7), bytes(64), b"more")),
        msgspec.msgpack.encode({"payload": b"", "signature": bytes(64)}),
        enveloped(payload_of(1, "a", 7)) + b"\x00",
        enveloped(payload_of(1, "a", 7) + b"\x00"),
    ],
)
def test_wrong_shapes_types_sizes_and_trailing_bytes_are_malformed(raw: bytes) -> None:
    assert refused_code(raw) == "malformed"


def test_a_longer_encoding_of_the_same_value_is_malformed() -> None:
    one_as_uint8 = b"\x93\xcc\x01\xa1a\x07"
    assert msgspec.msgpack.decode(one_as_uint8) == [1, "a", 7]
    assert refused_code(enveloped(one_as_uint8)) == "malformed"
    array16 = b"\xdc\x00\x02" + enveloped(payload_of(1, "a", 7))[1:]
    assert msgspec.msgpack.decode(array16) == [payload_of(1, "a", 7), bytes(64)]
    assert refused_code(array16) == "malformed"


def test_too_large_an_object_is_not_even_decoded() -> None:
    raw = enveloped(payload_of(1, "a" * signed.MAX_SIGNED_BYTES, 7))
    assert refused_code(raw) == "malformed"


def test_deep_nesting_is_malformed_not_a_crash() -> None:
    assert refused_code(b"\x91" * 16_000) == "malformed"
    assert refused_code(enveloped(b"\x91" * 15_000)) == "malformed"


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_the_rooms_error(raw: bytes) -> None:
    with pytest.raises(IdentityRefused):
        signed.unpack(raw, "note", Note)


@given(st.binary(max_size=100))
def test_random_payloads_raise_nothing_but_the_rooms_error(payload: bytes) -> None:
    with pytest.raises(IdentityRefused):
        signed.unpack(enveloped(payload), "note", Note)

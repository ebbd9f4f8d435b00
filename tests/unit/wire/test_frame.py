"""What all frames are made of: values, arrays, exact lengths."""

from typing import get_args

import msgspec
import pytest

from plausch.wire import frame as module
from plausch.wire.frame import (
    MAX_INTEGER,
    BlobBytes,
    ConversationBytes,
    Count,
    DigestBytes,
    Frame,
    IdempotencyBytes,
    Known,
    NonceBytes,
    RequestId,
    Sentence,
    SignatureBytes,
    SuiteId,
    Token,
    Uri,
    Word,
)


class Sample(Frame, frozen=True, tag=1):
    """A frame of two fields."""

    id: RequestId
    name: Word


def test_the_largest_integer_is_the_largest_that_javascript_holds_exactly() -> None:
    assert MAX_INTEGER == 2**53 - 1


def test_a_frame_is_an_array_that_begins_with_its_tag() -> None:
    raw = msgspec.msgpack.encode(Sample(5, "x"))
    assert msgspec.msgpack.decode(raw) == [1, 5, "x"]
    assert msgspec.msgpack.decode(raw, type=Sample) == Sample(5, "x")


@pytest.mark.parametrize("fields", [[1, 5], [1, 5, "x", 0], [2, 5, "x"], [1, 0, "x"], {"id": 5}])
def test_anything_else_is_no_frame(fields: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Sample)


def test_a_frame_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Sample(5, "x").name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        (BlobBytes, 32),
        (DigestBytes, 32),
        (ConversationBytes, 16),
        (NonceBytes, 32),
        (IdempotencyBytes, 16),
        (SignatureBytes, 64),
    ],
)
def test_bytes_of_a_fixed_length_have_that_length(kind: type, length: int) -> None:
    assert msgspec.convert(bytes(length), kind) == bytes(length)
    for wrong in (0, length - 1, length + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bytes(wrong), kind)


@pytest.mark.parametrize(("kind", "most"), [(Word, 64), (Token, 256), (Uri, 512), (Sentence, 2048)])
def test_a_text_has_a_longest_length_in_characters(kind: type, most: int) -> None:
    assert msgspec.convert("ü" * most, kind) == "ü" * most
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("x" * (most + 1), kind)


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        (RequestId, 1, MAX_INTEGER),
        (Count, 0, MAX_INTEGER),
        (Known, -1, MAX_INTEGER),
        (SuiteId, 0, 0xFFFF),
    ],
)
def test_a_number_has_a_range(kind: type, least: int, most: int) -> None:
    for value in (least, most):
        assert msgspec.convert(value, kind) == value
    for value in (least - 1, most + 1):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)


def test_every_type_of_a_field_is_bounded() -> None:
    for name, kind in vars(module).items():
        if hasattr(kind, "__metadata__"):
            assert get_args(kind)[1:], name

"""Extensions: order and bytes are kept, no type twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls import extension
from plausch.mls.codec import CodecError, Reader, parse_whole, vector
from plausch.mls.credential import Credential
from plausch.mls.extension import (
    Extension,
    ExternalSender,
    RequiredCapabilities,
    encode_extensions,
    external_senders,
    find_extension,
    is_grease,
    read_extensions,
    required_capabilities,
)

numbers = st.integers(0, 65535)
lists = st.lists(numbers, max_size=20).map(tuple)


@given(st.dictionaries(numbers, st.binary(max_size=50), max_size=8))
def test_list_round_trip(content: dict[int, bytes]) -> None:
    items = tuple(Extension(type, body) for type, body in content.items())
    raw = encode_extensions(items)
    assert parse_whole(read_extensions, raw) == items
    assert raw == vector([item.to_bytes() for item in items])
    for item in items:
        assert find_extension(items, item.type) == item.body
        assert Extension.from_bytes(item.to_bytes()) == item


def test_absent_extension() -> None:
    assert find_extension((Extension(9, b"x"),), 8) is None


def test_a_type_may_stand_once() -> None:
    raw = encode_extensions((Extension(9, b"x"), Extension(9, b"y")))
    with pytest.raises(CodecError, match="twice"):
        parse_whole(read_extensions, raw)


@given(lists, lists, lists)
def test_required_capabilities(
    one: tuple[int, ...], two: tuple[int, ...], three: tuple[int, ...]
) -> None:
    needed = RequiredCapabilities(one, two, three)
    assert RequiredCapabilities.from_bytes(needed.to_bytes()) == needed
    assert required_capabilities((needed.to_extension(),)) == needed


def test_nothing_is_required_without_the_extension() -> None:
    assert required_capabilities(()) == RequiredCapabilities()


def test_external_senders() -> None:
    senders = (
        ExternalSender(b"k" * 32, Credential.basic(b"server")),
        ExternalSender(b"l" * 32, Credential.basic(b"other")),
    )
    body = vector([sender.to_bytes() for sender in senders])
    assert external_senders((Extension(extension.EXTERNAL_SENDERS, body),)) == senders
    assert external_senders(()) == ()
    assert ExternalSender.from_bytes(senders[0].to_bytes()) == senders[0]


def test_grease_is_the_list_of_the_rfc() -> None:
    listed = {0x0A0A + step * 0x1010 for step in range(15)}
    assert {number for number in range(65536) if is_grease(number)} == listed


@given(st.binary(max_size=100))
def test_random_bytes(raw: bytes) -> None:
    for parse in (
        read_extensions,
        RequiredCapabilities.read,
        ExternalSender.read,
        Extension.read,
    ):
        reader = Reader(raw)
        try:
            parse(reader)
        except CodecError:
            continue

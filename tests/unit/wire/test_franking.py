"""Franks and stamps: what they cover, and where a frank stands in a message."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import LocalError
from plausch.wire.franking import (
    AUTHENTICATED_BYTES,
    FRANK_BYTES,
    MARK_BYTES,
    STAMP_BYTES,
    Stamper,
    frank,
    frank_of,
    stamped,
)

CONVERSATION = bytes(range(16))
DEVICE = "mimi://localhost/d/anna/0123456789abcdef"
OUTSIDE = b"\x00\x01\x00\x02\x10" + CONVERSATION + bytes(7) + b"\x09\x01"
FRANK = bytes(range(100, 132))
AT_MS = 1_800_000_000_000


def test_a_frank_is_an_hmac_under_the_messages_own_salt() -> None:
    key, content = bytes(range(16)), b"content"
    assert frank(key, content) == hmac.new(key, content, hashlib.sha256).digest()
    assert len(frank(key, content)) == FRANK_BYTES


@given(st.binary(min_size=16, max_size=16), st.binary(), st.binary(min_size=16, max_size=16))
def test_another_key_or_content_has_another_frank(key: bytes, content: bytes, other: bytes) -> None:
    assert frank(key, content) != frank(key, content + b"x")
    if other != key:
        assert frank(key, content) != frank(other, content)


def test_the_frank_stands_behind_the_mark() -> None:
    message = OUTSIDE + b"\x30" + bytes(MARK_BYTES) + FRANK + b"encrypted"
    assert AUTHENTICATED_BYTES == 0x30
    assert frank_of(message) == FRANK
    assert frank_of(message[: len(OUTSIDE) + 1 + AUTHENTICATED_BYTES]) == FRANK


def test_what_has_another_length_is_no_frank() -> None:
    for beside in (b"\x00", b"\x10" + bytes(16), b"\x2f" + bytes(47), b"\x31" + bytes(49)):
        assert frank_of(OUTSIDE + beside + bytes(100)) == b""
    whole = OUTSIDE + b"\x30" + bytes(48)
    for length in range(len(whole)):
        assert frank_of(whole[:length]) == b""


def test_a_stamp_covers_each_part_by_itself() -> None:
    parts = (FRANK, CONVERSATION, DEVICE, AT_MS)
    stamper = Stamper(bytes(32))
    made = stamper.stamp(*parts)
    assert made == hmac.new(bytes(32), stamped(*parts), hashlib.sha256).digest()
    assert stamper.stamp(*parts) == made, "also a second time"
    assert len(made) == STAMP_BYTES
    others = (
        (FRANK[::-1], CONVERSATION, DEVICE, AT_MS),
        (FRANK, CONVERSATION[::-1], DEVICE, AT_MS),
        (FRANK, CONVERSATION, DEVICE + "0", AT_MS),
        (FRANK, CONVERSATION, DEVICE, AT_MS + 1),
    )
    assert len({made, *(stamper.stamp(*one) for one in others)}) == 5
    assert Stamper(bytes(31) + b"\x01").stamp(*parts) != made


def test_a_key_longer_than_a_block_is_none() -> None:
    with pytest.raises(LocalError, match="at most 64 bytes"):
        Stamper(bytes(65))


@given(
    st.text(max_size=64), st.text(max_size=64), st.binary(min_size=16, max_size=16), st.integers(0)
)
def test_no_two_contexts_are_written_alike(
    one: str, other: str, conversation: bytes, shift: int
) -> None:
    """The length before the name: none of it can pass as a part of what follows."""
    at_ms = shift % (1 << 53)
    first = stamped(FRANK, conversation, one, at_ms)
    assert first[:32] == FRANK
    assert int.from_bytes(first[32:34], "big") == len(one.encode())
    assert first.endswith(conversation + at_ms.to_bytes(8, "big"))
    if one != other:
        assert stamped(FRANK, conversation, other, at_ms) != first

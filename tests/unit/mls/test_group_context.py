"""GroupContext as bytes, and its successor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import CodecError, ProtocolError, ValidationError
from plausch.mls.extension import Extension
from plausch.mls.group_context import GroupContext

CONTEXT = GroupContext(1, b"group", 3, b"t" * 32, b"c" * 32, (Extension(0x0A0A, b"grease"),))


def test_it_comes_back() -> None:
    raw = CONTEXT.to_bytes()
    assert GroupContext.from_bytes(raw) == CONTEXT
    assert GroupContext.from_bytes(raw).encoded == raw
    for end in range(len(raw)):
        with pytest.raises(ProtocolError):
            GroupContext.from_bytes(raw[:end])


def test_the_next_one() -> None:
    after = CONTEXT.next(b"u" * 32, b"d" * 32, ())
    assert (after.epoch, after.tree_hash, after.confirmed_transcript_hash, after.extensions) == (
        4,
        b"u" * 32,
        b"d" * 32,
        (),
    )
    assert (after.group_id, after.cipher_suite) == (CONTEXT.group_id, CONTEXT.cipher_suite)
    assert CONTEXT.epoch == 3
    assert after.encoded != CONTEXT.encoded


def test_other_versions_are_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        GroupContext.from_bytes(b"\0\2" + CONTEXT.to_bytes()[2:])
    assert caught.value.check == "version"


def test_an_extension_may_stand_there_once() -> None:
    twice = GroupContext(1, b"g", 0, b"", b"", (Extension(7, b""), Extension(7, b"")))
    with pytest.raises(CodecError):
        GroupContext.from_bytes(twice.to_bytes())


@given(st.binary(max_size=120))
def test_random_bytes(raw: bytes) -> None:
    try:
        context = GroupContext.from_bytes(b"\0\1" + raw)
    except ProtocolError:
        return
    assert context.to_bytes() == b"\0\1" + raw

"""Names of pre-shared keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import CodecError, ValidationError
from plausch.mls.psk_id import (
    PreSharedKeyId,
    PskType,
    ResumptionUsage,
    check_psk_proposals,
)
from plausch.mls.suite import suite

NONCE = b"n" * 32
EXTERNAL = PreSharedKeyId.external(b"id", NONCE)
RESUMPTION = PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, b"group", 5, NONCE)


@pytest.mark.parametrize("psk", [EXTERNAL, RESUMPTION])
def test_they_come_back(psk: PreSharedKeyId) -> None:
    assert PreSharedKeyId.from_bytes(psk.to_bytes()) == psk


def test_their_encoding() -> None:
    assert EXTERNAL.to_bytes() == b"\1\2id\x20" + NONCE
    assert RESUMPTION.to_bytes() == b"\2\1\5group" + (5).to_bytes(8, "big") + b"\x20" + NONCE
    assert (EXTERNAL.type, RESUMPTION.type) == (PskType.EXTERNAL, PskType.RESUMPTION)


@pytest.mark.parametrize("raw", [b"\0", b"\3\2id\0", b"\2\0\5group" + bytes(9), b"\2\4\0"])
def test_unknown_types_and_usages(raw: bytes) -> None:
    with pytest.raises(CodecError):
        PreSharedKeyId.from_bytes(raw)


@given(st.binary(max_size=100))
def test_random_bytes(raw: bytes) -> None:
    try:
        psk = PreSharedKeyId.from_bytes(raw)
    except CodecError:
        return
    assert psk.to_bytes() == raw


@pytest.mark.parametrize(
    ("check", "psks"),
    [
        ("psk-nonce", [PreSharedKeyId.external(b"id", b"short")]),
        ("psk-usage", [PreSharedKeyId.resumption(ResumptionUsage.BRANCH, b"g", 1, NONCE)]),
        ("psk-usage", [PreSharedKeyId.resumption(ResumptionUsage.REINIT, b"g", 1, NONCE)]),
        ("psk-unique", [EXTERNAL, RESUMPTION, EXTERNAL]),
    ],
)
def test_lists_that_are_refused(check: str, psks: list[PreSharedKeyId]) -> None:
    with pytest.raises(ValidationError) as caught:
        check_psk_proposals(suite(1), psks, is_first=False)
    assert caught.value.check == check


def test_a_key_may_be_used_twice_with_different_nonces() -> None:
    check_psk_proposals(
        suite(1), [EXTERNAL, PreSharedKeyId.external(b"id", b"m" * 32)], is_first=False
    )


def test_a_first_commit_continues_one_group_at_most() -> None:
    branch = PreSharedKeyId.resumption(ResumptionUsage.BRANCH, b"g", 1, NONCE)
    reinit = PreSharedKeyId.resumption(ResumptionUsage.REINIT, b"g", 1, NONCE)
    assert branch.continues_group and reinit.continues_group
    assert not (EXTERNAL.continues_group or RESUMPTION.continues_group)
    check_psk_proposals(suite(1), [EXTERNAL, branch], is_first=True)
    with pytest.raises(ValidationError) as caught:
        check_psk_proposals(suite(1), [branch, reinit], is_first=True)
    assert caught.value.check == "psk-usage"

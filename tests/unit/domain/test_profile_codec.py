import contextlib
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.domain.profile import Wording
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import MAX_BODY_BYTES, encode_profile, parse_body
from unit.domain.profiles import BARE, LINDE

WHOLE = encode_profile(LINDE)
FIELDS: list[Any] = msgspec.msgpack.decode(WHOLE)


def changed(place: tuple[int, ...], value: object) -> bytes:
    """The whole profile with one value exchanged, however deep it stands."""
    fields = msgspec.msgpack.decode(WHOLE)
    inner = fields
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value
    return msgspec.msgpack.encode(fields)


def refused_field(raw: bytes) -> str:
    with pytest.raises(ProfileRefused) as caught:
        parse_body(raw)
    return caught.value.field


def test_what_went_in_comes_out() -> None:
    assert parse_body(WHOLE) == LINDE
    assert parse_body(encode_profile(BARE)) == BARE


def test_a_profile_has_one_encoding() -> None:
    assert encode_profile(parse_body(WHOLE)) == WHOLE
    assert refused_field(b"\xdc\x00" + bytes([len(FIELDS)]) + WHOLE[1:]) == "encoding"
    assert refused_field(WHOLE + b"\0") == "encoding"


def test_what_may_not_stand_in_a_profile_is_not_encoded() -> None:
    with pytest.raises(ProfileRefused):
        encode_profile(replace(LINDE, name="\0"))


def test_a_profile_that_is_too_long_as_a_whole_says_what_to_do() -> None:
    long = Wording("ü" * 3_000, "€" * 3_000)
    with pytest.raises(ProfileRefused, match="privacy_url"):
        encode_profile(replace(LINDE, privacy=long))
    assert refused_field(b"\0" * (MAX_BODY_BYTES + 1)) == "length"


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        ((0,), 2, "version"),
        ((0,), "1", "encoding"),
        ((1,), b"Linde", "encoding"),
        ((1,), "", "name"),
        ((6, 1, 0), [7, 0, 1], "encoding"),
        ((6, 1, 0), [6, 0, 1], "hours"),
        ((6, 1, 0, 1), -1, "encoding"),
        ((6, 2, 0, 0), "2026-02-30", "encoding"),
        ((6, 2, 0, 0), "20261224", "special_days"),
        ((6, 3, 1), 2, "encoding"),
        ((6, 3, 0), "", "holidays.state"),
        ((7,), ["de"], "encoding"),
        ((14,), True, "encoding"),
        ((14,), 2, "encoding"),
        ((13, 0, 2), 2**33, "encoding"),
    ],
)
def test_hostile_bodies(place: tuple[int, ...], value: object, field: str) -> None:
    assert refused_field(changed(place, value)) == field


def test_missing_and_further_fields_are_refused() -> None:
    assert refused_field(msgspec.msgpack.encode(FIELDS[:-1])) == "encoding"
    assert refused_field(msgspec.msgpack.encode([*FIELDS, 0])) == "encoding"
    assert refused_field(b"") == "encoding"


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_nothing_else_happens(raw: bytes) -> None:
    with pytest.raises(ProfileRefused):
        parse_body(raw)


@given(st.data())
def test_every_byte_counts_or_is_refused(chance: st.DataObject) -> None:
    place = chance.draw(st.integers(0, len(WHOLE) - 1))
    raw = bytearray(WHOLE)
    raw[place] ^= chance.draw(st.integers(1, 255))
    with contextlib.suppress(ProfileRefused):
        assert parse_body(bytes(raw)) != LINDE

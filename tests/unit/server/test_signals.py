"""What gateways say survives the way, and what is no signal says nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.server.signals import (
    Beat,
    Doubtful,
    Ended,
    Entered,
    Here,
    HereAt,
    PairingHas,
    PairingOver,
    PairingPart,
    Replaced,
    Signal,
    Sought,
    Spread,
    Told,
    bits_of,
    decode,
    encode,
    places_of,
)

ALL: list[Signal] = [
    Told(["mimi://localhost/d/anna/01"], b"\x82\x01x"),
    Sought("g1", ["mimi://localhost/d/anna/01"]),
    Here([]),
    Entered("g1", "mimi://localhost/d/anna/01", 5),
    Ended("mimi://localhost/d/anna/01", "device_removed", "It was removed."),
    Beat("g1"),
    Beat("g1", leaves=True),
    Doubtful("g1"),
    PairingHas(b"p", (0, 3)),
    PairingPart(b"p", 1, b"t", 1, [b"m"]),
    PairingOver(b"p"),
    Replaced("mimi://localhost/d/anna/01"),
    Spread("g1", b"c", 4, 9, "mimi://localhost/d/anna/01", b"\x82\x01x", True, "mimi://a/"),
    HereAt(b"c", 4, 10, b"\x81\x02"),
]


def test_all_of_them_come_as_they_went_in_order() -> None:
    assert list(decode(encode(ALL))) == ALL


@pytest.mark.parametrize(
    "unknown", [[99, "later"], [1, "no list", b""], [1, []], {}, "x", None, [4, "g", "d", "t"]]
)
def test_what_this_version_cannot_read_is_passed_over(unknown: object) -> None:
    payload = msgspec.msgpack.encode([unknown, msgspec.Raw(msgspec.msgpack.encode(Beat("g1")))])
    assert list(decode(payload)) == [Beat("g1")]


@given(st.binary(max_size=64))
def test_noise_says_nothing_and_breaks_nothing(noise: bytes) -> None:
    for signal in decode(noise):
        assert isinstance(signal, Signal)


@given(st.sets(st.integers(0, 99)))
def test_places_are_bits(places: set[int]) -> None:
    bits = bits_of(places, 100)
    assert len(bits) == 13
    assert list(places_of(bits)) == sorted(places)

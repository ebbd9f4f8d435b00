"""What gateways say survives the way, and what is no signal says nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.server.signals import (
    NEWEST,
    Beat,
    Doubtful,
    Ended,
    Entered,
    Handed,
    Here,
    HereAt,
    Minded,
    Missing,
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
    Here(["mimi://localhost/d/anna/01"], "g2"),
    Entered("g1", "mimi://localhost/d/anna/01", 5),
    Ended("mimi://localhost/d/anna/01", "device_removed", "It was removed."),
    Beat("g1"),
    Beat("g1", leaves=True, newest=13),
    Doubtful("g1"),
    PairingHas(b"p", (0, 3)),
    PairingPart(b"p", 1, b"t", 1, [b"m"]),
    PairingOver(b"p"),
    Replaced("mimi://localhost/d/anna/01"),
    Spread("g1", b"c", 4, 9, "mimi://localhost/d/anna/01", b"\x82\x01x", True, "mimi://a/"),
    HereAt(b"c", 4, 10, b"\x81\x02"),
    Handed("g1", ["mimi://localhost/d/anna/01"], b"\x82\x01x"),
    Minded("g1", ["mimi://localhost/d/anna/01"]),
    Missing("g2", ["mimi://localhost/d/anna/01"]),
]


class OldBeat(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """As gateways had it that did not say what they understand."""

    gateway: str
    leaves: bool = False


class OldHere(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """As gateways answered that did not say which one they are."""

    devices: list[str]


def test_old_and_new_gateways_read_each_others_answers() -> None:
    new = msgspec.msgpack.decode(encode([Here(["a"], "g1")]), type=list[OldHere])
    assert new == [OldHere(["a"])]
    assert list(decode(msgspec.msgpack.encode([OldHere(["a"])]))) == [Here(["a"], "")]


def test_old_and_new_gateways_read_each_others_beats() -> None:
    new = msgspec.msgpack.decode(encode([Beat("g1", newest=NEWEST)]), type=list[OldBeat])
    assert new == [OldBeat("g1")]
    assert list(decode(msgspec.msgpack.encode([OldBeat("g2")]))) == [Beat("g2", newest=0)]


def test_the_newest_signal_is_the_one_with_the_highest_tag() -> None:
    tags = [msgspec.msgpack.decode(encode([one]))[0][0] for one in ALL]
    assert max(tags) == NEWEST


def test_all_of_them_come_as_they_went_in_order() -> None:
    assert list(decode(encode(ALL))) == ALL


@pytest.mark.parametrize(
    "unknown", [[99, "later"], [1, "no list", b""], [1, []], {}, "x", None, [4, "g", "d", "t"]]
)
def test_what_this_version_cannot_read_is_passed_over(unknown: object) -> None:
    payload = msgspec.msgpack.encode([unknown, msgspec.Raw(msgspec.msgpack.encode(Beat("g1")))])
    assert list(decode(payload)) == [Beat("g1")]


@pytest.mark.parametrize(
    "broken",
    [
        b"\x92\x06\xa2g\x80",  # a text that is no UTF-8
        b"\x92\x06" + b"\x91" * 100_000 + b"\xc0",  # nested without end
    ],
)
def test_what_breaks_the_reader_is_passed_over(broken: bytes) -> None:
    beat = msgspec.msgpack.encode(Beat("g1"))
    assert list(decode(b"\x92" + broken + beat)) in ([Beat("g1")], [])
    assert list(decode(broken)) == []


@given(st.binary(max_size=64))
def test_noise_says_nothing_and_breaks_nothing(noise: bytes) -> None:
    for signal in decode(noise):
        assert isinstance(signal, Signal)


@given(st.sets(st.integers(0, 99)))
def test_places_are_bits(places: set[int]) -> None:
    bits = bits_of(places, 100)
    assert len(bits) == 13
    assert list(places_of(bits)) == sorted(places)

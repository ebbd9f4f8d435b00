import math

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.content import cbor
from plausch.content.cbor import Simple, Tag
from plausch.content.errors import ContentError

# RFC 8949 appendix A, as far as the encodings are deterministic and without bignums.
EXAMPLES = [
    (0, "00"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (0.0, "f90000"),
    (-0.0, "f98000"),
    (1.0, "f93c00"),
    (1.1, "fb3ff199999999999a"),
    (1.5, "f93e00"),
    (65504.0, "f97bff"),
    (100000.0, "fa47c35000"),
    (3.4028234663852886e38, "fa7f7fffff"),
    (1.0e300, "fb7e37e43c8800759c"),
    (5.960464477539063e-08, "f90001"),
    (-4.1, "fbc010666666666666"),
    (math.inf, "f97c00"),
    (-math.inf, "f9fc00"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (Simple(23), "f7"),
    (Simple(16), "f0"),
    (Simple(255), "f8ff"),
    (Tag(1, 1363896240), "c11a514b67b0"),
    (Tag(32, "http://www.example.com"), "d82076687474703a2f2f7777772e6578616d706c652e636f6d"),
    (b"", "40"),
    (bytes.fromhex("01020304"), "4401020304"),
    ("", "60"),
    ("IETF", "6449455446"),
    ("ü", "62c3bc"),
    ("𐅑", "64f0908591"),
    ((), "80"),
    ((1, 2, 3), "83010203"),
    ((1, (2, 3), (4, 5)), "8301820203820405"),
    ({}, "a0"),
    ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": (2, 3)}, "a26161016162820203"),
]


@pytest.mark.parametrize(("value", "raw"), EXAMPLES, ids=[raw for _, raw in EXAMPLES])
def test_examples_of_rfc_8949(value: cbor.Value, raw: str) -> None:
    assert cbor.encode(value).hex() == raw
    decoded = cbor.decode(bytes.fromhex(raw))
    assert decoded == value
    assert type(decoded) is type(value)


def test_nan_is_the_half_width_quiet_one() -> None:
    assert cbor.encode(math.nan) == b"\xf9\x7e\x00"
    decoded = cbor.decode(b"\xf9\x7e\x00")
    assert isinstance(decoded, float)
    assert math.isnan(decoded)


def test_map_keys_are_in_bytewise_order_not_shortest_first() -> None:
    raw = cbor.encode({-1: 1, 100: 2, "z": 3, 10: 4, "aa": 5, b"": 6})
    assert raw.hex() == "a6" + "0a04" + "186402" + "2001" + "4006" + "617a03" + "62616105"
    assert cbor.decode(raw) == {10: 4, 100: 2, -1: 1, b"": 6, "z": 3, "aa": 5}


REFUSED = {
    "nothing": "",
    "trailing bytes": "0000",
    "integer of 1 byte too long": "1817",
    "integer of 2 bytes too long": "1900ff",
    "integer of 4 bytes too long": "1a0000ffff",
    "integer of 8 bytes too long": "1b00000000ffffffff",
    "length too long": "580161",
    "indefinite bytes": "5f4101ff",
    "indefinite text": "7f6161ff",
    "indefinite array": "9f01ff",
    "indefinite map": "bf0102ff",
    "break": "ff",
    "reserved 28": "1c",
    "reserved float 28": "fc",
    "truncated head": "19",
    "truncated bytes": "4201",
    "truncated array": "8201",
    "truncated map": "a101",
    "huge array": "9bffffffffffffffff",
    "huge map": "bb7fffffffffffffff00",
    "huge bytes": "5bffffffffffffffff",
    "invalid UTF-8": "61ff",
    "surrogate in UTF-8": "63eda080",
    "keys out of order": "a202010100",
    "key twice": "a201010101",
    "shorter key first": "a2" + "2001" + "186402",
    "array as key": "a18001",
    "map as key": "a1a001",
    "bool as key": "a1f401",
    "null as key": "a1f601",
    "float as key": "a1f93c0001",
    "key beyond 2^53": "a11b002000000000000001",
    "negative key beyond 2^53": "a13b001fffffffffffff01",
    "float that fits 2 bytes": "fa3f800000",
    "float that fits 4 bytes": "fb3ff0000000000000",
    "signalling NaN": "f97e01",
    "wide NaN": "fa7fc00000",
    "simple too long": "f817",
    "bignum": "c249010000000000000000",
    "negative bignum": "c349010000000000000000",
    "nested too deep": "81" * 17 + "00",
    "tagged too deep": "c1" * 17 + "00",
    "nested absurdly deep": "81" * 50_000,
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_refused(raw: str) -> None:
    with pytest.raises(ContentError) as caught:
        cbor.decode(bytes.fromhex(raw))
    assert caught.value.code == "bad_cbor"


def test_the_depth_is_counted_exactly() -> None:
    assert cbor.decode(bytes.fromhex("818100"), max_depth=2) == ((0,),)
    for deeper in ("81818100", "8181a0", "8181c100"):
        with pytest.raises(ContentError):
            cbor.decode(bytes.fromhex(deeper), max_depth=2)


@pytest.mark.parametrize(
    "value",
    [
        1 << 64,
        -(1 << 64) - 1,
        {True: 1},
        {1.0: 1},
        {None: 1},
        {1 << 53: 1},
        "\ud800",
        {"\ud800": 1},
        Simple(20),
        Simple(24),
        Simple(256),
        Tag(2, b"\x01"),
        Tag(-1, 0),
        {1, 2},
        bytearray(b"x"),
    ],
)
def test_what_cbor_cannot_say_is_not_written(value: cbor.Value) -> None:
    with pytest.raises((ContentError, ValueError)):
        cbor.encode(value)


def test_too_deep_a_value_is_not_written() -> None:
    value: cbor.Value = ()
    for _ in range(cbor.MAX_DEPTH):
        value = (value,)
    with pytest.raises(ContentError):
        cbor.encode(value)


def test_expectations_name_what_is_wrong() -> None:
    assert cbor.expect(1, int, "x") == 1
    for value, kind in ((True, int), (1, str), ("1", bytes), (None, int)):
        with pytest.raises(ContentError, match="seats must be"):
            cbor.expect(value, kind, "seats")  # type: ignore[type-var]
    with pytest.raises(ContentError, match="parts must be an array"):
        cbor.expect_array({}, "parts")
    with pytest.raises(ContentError, match="card must be a map"):
        cbor.expect_map((), "card")


keys = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), st.text(max_size=20), st.binary(max_size=20))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=300),
    st.binary(max_size=300),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(keys, inner, max_size=5),
    ),
    max_leaves=20,
)


def plain(value: object) -> object:
    """cbor2 gives lists where this codec gives tuples."""
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return value


@given(values)
def test_round_trip_and_agreement_with_an_independent_decoder(value: cbor.Value) -> None:
    raw = cbor.encode(value)
    assert cbor.decode(raw) == value
    assert plain(cbor2.loads(raw)) == value


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_the_rooms_error(raw: bytes) -> None:
    try:
        value = cbor.decode(raw)
    except ContentError:
        return
    assert cbor.encode(value) == raw


@given(values, st.binary(min_size=1, max_size=4), st.integers(0, 400))
def test_damaged_encodings_decode_only_if_they_are_deterministic(
    value: cbor.Value, damage: bytes, position: int
) -> None:
    raw = cbor.encode(value)
    place = position % (len(raw) + 1)
    changed = raw[:place] + damage + raw[place + 1 :]
    try:
        decoded = cbor.decode(changed)
    except ContentError:
        return
    assert cbor.encode(decoded) == changed

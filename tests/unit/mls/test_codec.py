"""The TLS presentation language: round trips, limits, hostile bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls import codec
from plausch.mls.codec import ITEMS_LIMIT, CodecError, Reader


@given(st.integers(0, codec.MAX_VARINT))
def test_varint_round_trip(length: int) -> None:
    raw = codec.encode_varint(length)
    reader = Reader(raw)
    assert reader.varint() == length
    reader.finish()
    assert len(raw) == (1 if length < 64 else 2 if length < 16384 else 4)


@pytest.mark.parametrize("raw", ["4000", "403f", "80000000", "80003fff", "8000003f"])
def test_lengths_must_be_shortest(raw: str) -> None:
    with pytest.raises(CodecError, match="shortest"):
        Reader(bytes.fromhex(raw)).varint()


@pytest.mark.parametrize("first", [0xC0, 0xFF])
def test_eight_byte_lengths_are_refused(first: int) -> None:
    with pytest.raises(CodecError, match="0b11"):
        Reader(bytes((first,)) + bytes(7)).varint()


def test_a_longer_length_than_mls_carries_is_not_written() -> None:
    with pytest.raises(CodecError, match="longer than MLS"):
        codec.encode_varint(codec.MAX_VARINT + 1)


@given(
    st.integers(0, 2**8 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
)
def test_numbers_round_trip(one: int, two: int, four: int, eight: int) -> None:
    raw = codec.u8(one) + codec.u16(two) + codec.u32(four) + codec.u64(eight)
    reader = Reader(memoryview(raw))
    assert (reader.u8(), reader.u16(), reader.u32(), reader.u64()) == (one, two, four, eight)
    assert reader.remaining == 0


@given(st.binary(max_size=20_000))
def test_opaque_round_trip(content: bytes) -> None:
    reader = Reader(codec.opaque(content))
    assert reader.opaque() == content
    reader.finish()


@given(st.lists(st.binary(max_size=100), max_size=300))
def test_vector_round_trip(items: list[bytes]) -> None:
    reader = Reader(codec.vector(map(codec.opaque, items)))
    assert reader.vector(Reader.opaque) == items
    reader.finish()


@given(st.lists(st.integers(0, 65535), max_size=300))
def test_u16_vector_round_trip(numbers: list[int]) -> None:
    raw = codec.u16_vector(numbers)
    assert raw == codec.vector(map(codec.u16, numbers))
    assert Reader(raw).u16_vector() == tuple(numbers)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=300))
def test_u32_vector_round_trip(numbers: list[int]) -> None:
    raw = codec.u32_vector(numbers)
    assert raw == codec.vector(map(codec.u32, numbers))
    assert Reader(raw).u32_vector(len(raw)) == tuple(numbers)


@given(st.none() | st.binary(max_size=70))
def test_optional_round_trip(content: bytes | None) -> None:
    raw = codec.optional(None if content is None else codec.opaque(content))
    assert codec.parse_whole(lambda reader: reader.optional(Reader.opaque), raw) == content


def test_presence_is_zero_or_one() -> None:
    with pytest.raises(CodecError, match="presence"):
        Reader(b"\x02\x00").optional(Reader.u8)


def test_an_item_may_not_leave_its_vector() -> None:
    raw = b"\x02" + b"\x05" + b"abcdef"
    with pytest.raises(CodecError):
        Reader(raw).vector(Reader.opaque)


def test_reading_goes_on_behind_a_vector() -> None:
    reader = Reader(b"\x02\x00\x01\x00\x02")
    assert reader.vector(Reader.u16) == [1]
    assert reader.u16() == 2


def test_items_without_bytes_cannot_loop_for_ever() -> None:
    with pytest.raises(CodecError, match="zero length"):
        Reader(b"\x01\x00").vector(lambda reader: None)


def test_limits_are_kept_before_anything_is_copied() -> None:
    assert Reader(codec.opaque(bytes(8))).opaque(8) == bytes(8)
    with pytest.raises(CodecError, match="at most 7"):
        Reader(codec.opaque(bytes(8))).opaque(7)
    with pytest.raises(CodecError, match="at most 7"):
        Reader(codec.opaque(bytes(8))).vector(Reader.u8, 7)


@pytest.mark.parametrize("raw", ["bfffffff", "3f", "7fff", "01"])
def test_announced_but_absent_bytes(raw: str) -> None:
    for read in (Reader.opaque, lambda reader: reader.vector(Reader.u8)):
        with pytest.raises(CodecError):
            read(Reader(bytes.fromhex(raw)))


@pytest.mark.parametrize(
    "read",
    [
        Reader.u8,
        Reader.u16,
        Reader.u32,
        Reader.u64,
        Reader.varint,
        Reader.opaque,
        Reader.u16_vector,
        lambda reader: reader.u32_vector(1_000),
    ],
)
def test_nothing_is_left(read: object) -> None:
    with pytest.raises(CodecError, match=r"needed|left"):
        read(Reader(b""))  # type: ignore[operator]


def test_lists_of_numbers_hold_whole_numbers() -> None:
    with pytest.raises(CodecError, match=r"16-bit .* no multiple of 2"):
        Reader(b"\x03\x00\x01\x00").u16_vector()
    with pytest.raises(CodecError, match=r"32-bit .* no multiple of 4"):
        Reader(b"\x02\x00\x01").u32_vector(8)


def test_one_reader_meets_so_many_items_and_no_more_however_they_are_nested() -> None:
    def flat(count: int) -> bytes:
        return codec.opaque(bytes(count))

    def inner(reader: Reader) -> list[int]:
        return reader.vector(Reader.u8)

    assert len(inner(Reader(flat(ITEMS_LIMIT)))) == ITEMS_LIMIT
    with pytest.raises(CodecError, match="more items than anybody"):
        inner(Reader(flat(ITEMS_LIMIT + 1)))
    half = flat(ITEMS_LIMIT // 2)
    assert len(Reader(codec.vector([half, flat(0)])).vector(inner)) == 2
    with pytest.raises(CodecError):
        Reader(codec.vector([half, half])).vector(inner)
    reader = Reader(half + half + flat(1))
    assert len(inner(reader)) == len(inner(reader)) == ITEMS_LIMIT // 2
    with pytest.raises(CodecError):
        inner(reader)


def test_what_this_device_has_written_itself_may_have_more_items() -> None:
    raw = codec.opaque(bytes(ITEMS_LIMIT + 1))
    assert len(Reader(raw, codec.MAX_VARINT).vector(Reader.u8)) == ITEMS_LIMIT + 1


def test_trailing_bytes() -> None:
    with pytest.raises(CodecError, match="1 bytes follow"):
        codec.parse_whole(Reader.u8, b"\x00\x00")


def test_since_gives_the_exact_bytes() -> None:
    reader = Reader(b"\x00\x01\x02\x03")
    reader.u8()
    start = reader.position
    reader.u16()
    assert reader.since(start) == b"\x01\x02"
    assert reader.remaining == 1


@given(st.binary(max_size=200), st.data())
def test_random_bytes_raise_nothing_but_codec_errors(raw: bytes, chance: st.DataObject) -> None:
    reads = [
        Reader.u8,
        Reader.u64,
        Reader.varint,
        Reader.opaque,
        Reader.u16_vector,
        lambda reader: reader.u32_vector(1_000),
        lambda reader: reader.vector(Reader.opaque),
        lambda reader: reader.optional(Reader.u32),
    ]
    reader = Reader(raw)
    while reader.remaining:
        before = reader.position
        try:
            chance.draw(st.sampled_from(reads))(reader)
        except CodecError as error:
            assert str(error).endswith(".")
            return
        assert reader.position > before

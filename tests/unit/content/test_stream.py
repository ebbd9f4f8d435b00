"""STREAM and padding: every byte in its place, and nothing else opens."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from plausch.content.errors import ContentError
from plausch.content.stream import (
    CHUNK_BYTES,
    KEY_BYTES,
    MAX_CONTENT_BYTES,
    PADDED_AT_LEAST_BYTES,
    PREFIX_BYTES,
    TAG_BYTES,
    Layout,
    StreamKey,
    altered,
    open_chunk,
    padded,
    seal_chunk,
)

SECRET = StreamKey(bytes(range(KEY_BYTES)), bytes(range(PREFIX_BYTES)))
CHUNK = 1024


def sealed(content: bytes, layout: Layout, secret: StreamKey = SECRET) -> list[bytes]:
    pieces = [content[at : at + layout.chunk_bytes] for at in range(0, len(content), CHUNK)]
    pieces += [b""] * (layout.chunks - len(pieces))
    return [seal_chunk(secret, layout, number, piece) for number, piece in enumerate(pieces)]


def opened(chunks: list[bytes], layout: Layout, secret: StreamKey = SECRET) -> bytes:
    assert len(chunks) == layout.chunks
    return b"".join(open_chunk(secret, layout, at, chunk) for at, chunk in enumerate(chunks))


@given(st.binary(max_size=5 * CHUNK))
def test_what_was_sealed_opens(content: bytes) -> None:
    layout = Layout(len(content), CHUNK)
    chunks = sealed(content, layout)
    assert opened(chunks, layout) == content
    assert sum(map(len, chunks)) == layout.sealed_bytes


@given(st.integers(0, 10**9), st.sampled_from([512, 1024, CHUNK_BYTES]))
def test_a_layout_adds_up(content_bytes: int, chunk_bytes: int) -> None:
    layout = Layout(content_bytes, chunk_bytes)
    numbers = sorted({0, 1, layout.chunks // 2, layout.chunks - 1} & set(range(layout.chunks)))
    for number in numbers:
        assert 0 <= layout.content_in(number) <= layout.sealed_in(number) - TAG_BYTES <= chunk_bytes
        after = layout.sealed_before(number) + layout.sealed_in(number)
        end = (
            layout.sealed_bytes if number == layout.chunks - 1 else layout.sealed_before(number + 1)
        )
        assert after == end
    assert layout.sealed_in(layout.chunks - 1) > TAG_BYTES


@given(st.integers(0, 10**5))
def test_all_content_is_in_a_chunk(content_bytes: int) -> None:
    layout = Layout(content_bytes, CHUNK)
    assert sum(layout.content_in(number) for number in range(layout.chunks)) == content_bytes


def test_a_nonce_is_the_prefix_the_number_and_whether_it_is_the_last() -> None:
    layout = Layout(3 * CHUNK, CHUNK)
    chunks = sealed(bytes(3 * CHUNK), layout)
    aead = AESGCM(SECRET.key)
    assert aead.decrypt(SECRET.prefix + b"\0\0\0\0\0", chunks[0], None) == bytes(CHUNK)
    assert aead.decrypt(SECRET.prefix + b"\0\0\0\1\0", chunks[1], None) == bytes(CHUNK)
    assert aead.decrypt(SECRET.prefix + b"\0\0\0\2\1", chunks[2], None) == bytes(CHUNK)


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("place", [0, 500, -1])
def test_a_flipped_bit_does_not_open(number: int, place: int) -> None:
    layout = Layout(2500, CHUNK)
    chunk = bytearray(sealed(bytes(2500), layout)[number])
    chunk[place] ^= 0x80
    with pytest.raises(ContentError, match="not the one that was sent"):
        open_chunk(SECRET, layout, number, bytes(chunk))


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 1, 0), (0, 0, 2), (1, 2, 2)])
def test_chunks_in_another_order_do_not_open(order: tuple[int, ...]) -> None:
    layout = Layout(3 * CHUNK, CHUNK)
    chunks = sealed(bytes(3 * CHUNK), layout)
    with pytest.raises(ContentError):
        opened([chunks[at] for at in order], layout)


@pytest.mark.parametrize("kept", [1, 2])
def test_a_file_that_was_cut_does_not_open_as_a_shorter_one(kept: int) -> None:
    chunks = sealed(bytes(3 * CHUNK), Layout(3 * CHUNK, CHUNK))
    with pytest.raises(ContentError):
        opened(chunks[:kept], Layout(kept * CHUNK, CHUNK))


def test_a_file_that_was_prolonged_does_not_open() -> None:
    short = sealed(bytes(CHUNK), Layout(CHUNK, CHUNK))
    long = sealed(bytes(2 * CHUNK), Layout(2 * CHUNK, CHUNK))
    with pytest.raises(ContentError):
        opened([*short, long[1]], Layout(2 * CHUNK, CHUNK))


def test_another_key_or_prefix_does_not_open() -> None:
    layout = Layout(10, CHUNK)
    (chunk,) = sealed(bytes(10), layout)
    for secret in (StreamKey(bytes(KEY_BYTES), SECRET.prefix), StreamKey(SECRET.key, bytes(7))):
        with pytest.raises(ContentError):
            open_chunk(secret, layout, 0, chunk)


@pytest.mark.parametrize("chunk", [b"", b"x" * 15, bytes(16), bytes(17)])
def test_what_is_no_chunk_does_not_open(chunk: bytes) -> None:
    with pytest.raises(ContentError) as caught:
        open_chunk(SECRET, Layout(10), 0, chunk)
    assert caught.value.code == "bad_attachment"


def test_padding_that_is_not_zeros_does_not_open() -> None:
    layout = Layout(10, CHUNK)
    nonce = SECRET.prefix + b"\0\0\0\0\1"
    secret_channel = bytes(10) + b"told" + bytes(PADDED_AT_LEAST_BYTES - 14)
    with pytest.raises(ContentError):
        open_chunk(SECRET, layout, 0, AESGCM(SECRET.key).encrypt(nonce, secret_channel, None))


def test_a_chunk_of_another_length_than_the_layouts_does_not_open() -> None:
    nonce = SECRET.prefix + b"\0\0\0\0\1"
    for length in (0, 10, 1023, 1025):
        with pytest.raises(ContentError):
            chunk = AESGCM(SECRET.key).encrypt(nonce, bytes(length), None)
            open_chunk(SECRET, Layout(10, CHUNK), 0, chunk)


@pytest.mark.parametrize("content", [b"", b"123456789", b"12345678901"])
def test_a_file_that_changed_while_it_was_read_is_not_sealed(content: bytes) -> None:
    with pytest.raises(ContentError) as caught:
        seal_chunk(SECRET, Layout(10), 0, content)
    assert caught.value.code == "file_changed"


# --- keys ------------------------------------------------------------------------------------


def test_every_file_has_a_key_of_its_own() -> None:
    keys = {StreamKey.new() for _ in range(20)}
    assert len({one.key for one in keys}) == len({one.prefix for one in keys}) == 20


def test_a_key_is_not_shown() -> None:
    assert "\\x01\\x02" not in repr(StreamKey(bytes(range(KEY_BYTES)), bytes(PREFIX_BYTES)))


@pytest.mark.parametrize(("key", "prefix"), [(31, 7), (33, 7), (0, 7), (32, 6), (32, 12)])
def test_a_key_of_another_length_is_refused(key: int, prefix: int) -> None:
    with pytest.raises(ContentError):
        StreamKey(bytes(key), bytes(prefix))


# --- padding ---------------------------------------------------------------------------------


@given(st.integers(0, MAX_CONTENT_BYTES))
def test_padding_costs_at_most_an_eighth_above_the_least(length: int) -> None:
    assert length <= padded(length) <= max(PADDED_AT_LEAST_BYTES, length * 1.12)
    assert padded(padded(length)) == padded(length)


@given(st.integers(0, MAX_CONTENT_BYTES - 1))
def test_a_longer_file_is_not_padded_to_less(length: int) -> None:
    assert padded(length) <= padded(length + 1)


def test_few_lengths_remain() -> None:
    """Of the first million lengths: PADMÉ leaves about 2 log2 of them for each doubling."""
    assert len({padded(length) for length in range(0, 1_000_000, 7)}) < 300


def test_neighbours_have_one_length_most_often() -> None:
    lengths = [padded(length) for length in range(1_000_000, 1_100_000, 100)]
    steps = sum(one != other for one, other in pairwise(lengths))
    assert steps < 10


@pytest.mark.parametrize("length", [-1, MAX_CONTENT_BYTES + 1])
def test_a_length_out_of_range_is_refused(length: int) -> None:
    with pytest.raises(ContentError) as caught:
        Layout(length)
    assert caught.value.code == "too_large"


def test_the_largest_file_has_a_layout() -> None:
    layout = Layout(MAX_CONTENT_BYTES)
    assert layout.chunks < 1 << 32
    assert layout.sealed_bytes < 1 << 40


def test_the_overhead_of_a_hundred_mebibytes_is_what_the_server_allows_for() -> None:
    assert Layout(100 * 1024 * 1024).sealed_bytes - 100 * 1024 * 1024 < 64 * 1024


def test_an_altered_file_is_the_others_fault_and_says_what_to_do() -> None:
    error = altered()
    assert error.fault == "remote"
    assert "sent again" in str(error)

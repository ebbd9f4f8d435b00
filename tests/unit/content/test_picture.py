"""What a conversation's picture claims of itself, before anybody decodes it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.content.errors import ContentError
from plausch.content.picture import MAX_PICTURE_BYTES, MAX_SIDE_PIXELS, check_picture
from unit.content.pictures import PNG, jpeg, png, webp_extended, webp_lossless, webp_lossy

MAKERS = [png, jpeg, webp_lossy, webp_lossless, webp_extended]


@pytest.mark.parametrize("make", MAKERS)
def test_each_kind_says_its_size(make: Callable[[int, int], bytes]) -> None:
    assert check_picture(make(96, 96)) == (96, 96)
    assert check_picture(make(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS)) == (512, 512)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("size", [(96, 95), (513, 513), (16_000, 16_000)])
def test_no_bomb_and_no_other_shape(
    make: Callable[[int, int], bytes], size: tuple[int, int]
) -> None:
    with pytest.raises(ContentError, match="square"):
        check_picture(make(*size))


def test_a_picture_without_pixels() -> None:
    with pytest.raises(ContentError, match="square"):
        check_picture(png(0, 0))
    with pytest.raises(ContentError, match="square"):
        check_picture(png(50_000, 50_000))


def test_a_jpeg_keeps_its_size_behind_other_segments() -> None:
    assert check_picture(jpeg(64, 64, b"\xff\xe1\x00\x10" + bytes(14))) == (64, 64)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"GIF89a" + bytes(60),
        b"\x00\x00\x00\x1cftypavif" + bytes(60),
        PNG[:20],
        b"\xff\xd8\xff\xe1\x00\x00" + bytes(60),
        b"\xff\xd8" + b"\xff\xe1\xff\xff" + bytes(20),
        b"RIFF" + bytes(4) + b"WEBPALPH" + bytes(40),
        b"RIFF" + bytes(4) + b"WAVE" + bytes(60),
    ],
)
def test_what_is_none_of_the_three_is_refused(raw: bytes) -> None:
    with pytest.raises(ContentError, match="this is none"):
        check_picture(raw)


def test_a_large_one_is_refused_whatever_it_is() -> None:
    assert check_picture(PNG + bytes(MAX_PICTURE_BYTES - len(PNG)))
    with pytest.raises(ContentError, match="12288 bytes at most"):
        check_picture(PNG + bytes(MAX_PICTURE_BYTES - len(PNG) + 1))


@given(st.binary(max_size=80), st.sampled_from([png, jpeg, webp_lossy]))
def test_random_bytes_raise_nothing_but_the_rooms_error(
    raw: bytes, make: Callable[[int, int], bytes]
) -> None:
    for picture in (raw, make(5, 5)[: len(raw)] + raw):
        try:
            width, height = check_picture(picture)
        except ContentError:
            continue
        assert 1 <= width == height <= MAX_SIDE_PIXELS

"""A conversation's picture: small, square, and known to be one before anybody decodes it.

What a picture claims about itself is read from its first bytes: WebP, JPEG or PNG, nothing else.
"""

from plausch.content.errors import ContentError

MAX_PICTURE_BYTES = 12_288
MAX_SIDE_PIXELS = 512

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers after which a JPEG says its size (SOF0 to SOF15, without DHT, JPG and DAC)."""


def check_picture(raw: bytes) -> tuple[int, int]:
    """Width and height in pixels of a picture that may be shown. Raises ContentError."""
    if len(raw) > MAX_PICTURE_BYTES:
        raise ContentError(
            f"A conversation's picture has {MAX_PICTURE_BYTES} bytes at most, not {len(raw)}."
        )
    size = _png_size(raw) or _webp_size(raw) or _jpeg_size(raw)
    if size is None:
        raise ContentError("A conversation's picture is a WebP, a JPEG or a PNG; this is none.")
    width, height = size
    if not 1 <= width == height <= MAX_SIDE_PIXELS:
        raise ContentError(
            f"A conversation's picture is a square of 1 to {MAX_SIDE_PIXELS} pixels, not "
            f"{width} x {height}."
        )
    return size


def _big(raw: bytes, at: int, count: int) -> int:
    return int.from_bytes(raw[at : at + count], "big")


def _little(raw: bytes, at: int, count: int) -> int:
    return int.from_bytes(raw[at : at + count], "little")


def _png_size(raw: bytes) -> tuple[int, int] | None:
    if len(raw) < 24 or not raw.startswith(_PNG) or raw[12:16] != b"IHDR":
        return None
    return _big(raw, 16, 4), _big(raw, 20, 4)


def _webp_size(raw: bytes) -> tuple[int, int] | None:
    if len(raw) < 30 or raw[:4] != b"RIFF" or raw[8:12] != b"WEBP":
        return None
    kind = raw[12:16]
    if kind == b"VP8 ":
        return _little(raw, 26, 2) & 0x3FFF, _little(raw, 28, 2) & 0x3FFF
    if kind == b"VP8L":
        bits = _little(raw, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return _little(raw, 24, 3) + 1, _little(raw, 27, 3) + 1
    return None


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    if raw[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker in _JPEG_FRAMES:
            return _big(raw, at + 7, 2), _big(raw, at + 5, 2)
        at += 2 + max(2, _big(raw, at + 2, 2))
    return None

"""Pictures for everybody: what a file is and how large, and that it tells nothing besides.

Photographs say in their metadata where and when they were taken, and by which camera. A picture of
a profile is public as it is, so that one with metadata is refused rather than changed.
"""

from dataclasses import dataclass
from pathlib import Path

from plausch.domain.profile import PICTURE_BYTES
from plausch.sdk.errors import FileRefused

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of frames (ITU-T T.81, table B.1), which hold height and width."""

_TELLING = (b"Exif\x00", b"eXIf", b"EXIF", b"http://ns.adobe.com/xap", b"XMP ", b"iTXt", b"tEXt")


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """A picture's bytes and what they are."""

    content: bytes
    media_type: str
    width: int
    height: int


def read_picture(path: Path) -> ReadPicture:
    """A picture's file. Raises FileRefused."""
    try:
        with path.open("rb") as file:
            content = file.read(PICTURE_BYTES + 1)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > PICTURE_BYTES:
        raise FileRefused(
            f"{path} is larger than {PICTURE_BYTES // 1024} KiB: make the picture smaller."
        )
    found = picture_in(content)
    if found is None:
        raise FileRefused(f"{path} is no JPEG, PNG or WebP picture: export it as one of these.")
    if any(mark in content for mark in _TELLING):
        raise FileRefused(
            f"{path} has metadata, which can tell where and when it was taken: export the picture "
            "without metadata."
        )
    return found


def picture_in(content: bytes) -> ReadPicture | None:
    """What picture these bytes are; None when they are none that profiles may have."""
    for media_type, size_of in (
        ("image/png", _png_size),
        ("image/jpeg", _jpeg_size),
        ("image/webp", _webp_size),
    ):
        size = size_of(content)
        if size is not None and min(size) > 0:
            return ReadPicture(content, media_type, *size)
    return None


def _png_size(raw: bytes) -> tuple[int, int] | None:
    if not raw.startswith(_PNG) or raw[12:16] != b"IHDR" or len(raw) < 24:
        return None
    return int.from_bytes(raw[16:20]), int.from_bytes(raw[20:24])


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    if not raw.startswith(b"\xff\xd8"):
        return None
    place = 2
    while place + 9 <= len(raw) and raw[place] == 0xFF:
        marker, length = raw[place + 1], int.from_bytes(raw[place + 2 : place + 4])
        if marker in _JPEG_SIZES:
            height, width = raw[place + 5 : place + 7], raw[place + 7 : place + 9]
            return int.from_bytes(width), int.from_bytes(height)
        place += 2 + max(length, 2)
    return None


def _webp_size(raw: bytes) -> tuple[int, int] | None:
    if raw[:4] != b"RIFF" or raw[8:12] != b"WEBP" or len(raw) < 30:
        return None
    kind, body = raw[12:16], raw[20:]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        sizes = int.from_bytes(body[6:10], "little")
        return sizes & 0x3FFF, sizes >> 16 & 0x3FFF
    return None

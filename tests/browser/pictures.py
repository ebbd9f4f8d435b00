"""Picture files as cameras and attackers make them."""

import base64
import struct
import zlib

from playwright.sync_api import Page

PLACE = b"GPSMARK48.1374N11.5755E"
"""Where a photograph was taken, as its metadata says in clear text."""


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    line = b"\0" + bytes(colour) * width
    return _png(width, height, zlib.compress(line * height))


def pixel_bomb(width: int, height: int) -> bytes:
    """A small file that says it is a huge picture."""
    return _png(width, height, zlib.compress(b"\0" * 1000))


def _png(width: int, height: int, compressed: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", b"Comment\0" + PLACE),
        (b"IDAT", compressed),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def photograph(page: Page, *, metadata_bytes: int = 0) -> bytes:
    """A JPEG by the browser, with Exif in which its place stands; `metadata_bytes`: padding."""
    encoded = page.evaluate(
        """() => {
            const canvas = document.createElement('canvas');
            canvas.width = 320; canvas.height = 200;
            const context = canvas.getContext('2d');
            context.fillStyle = 'rgb(10, 120, 200)';
            context.fillRect(0, 0, 320, 200);
            return canvas.toDataURL('image/jpeg').split(',')[1];
        }"""
    )
    plain = base64.b64decode(encoded)
    assert plain.startswith(b"\xff\xd8")
    segments = [_exif()]
    while metadata_bytes > 0:
        size = min(metadata_bytes, 60_000)
        segments.append(_segment(0xE2, b"padding\0" + b"x" * size))
        metadata_bytes -= size
    return plain[:2] + b"".join(segments) + plain[2:]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _exif() -> bytes:
    """One directory with one entry, ImageDescription, that holds the place (TIFF 6.0)."""
    text = PLACE + b"\0"
    entry = struct.pack("<HHII", 0x010E, 2, len(text), 26)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
    return _segment(0xE1, b"Exif\0\0" + tiff + text)

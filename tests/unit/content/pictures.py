"""First bytes of pictures, with the sizes that they claim."""

import struct


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(40)


def jpeg(width: int, height: int, before: bytes = b"") -> bytes:
    frame = struct.pack(">2sHBHHB", b"\xff\xc0", 11, 8, height, width, 1)
    return b"\xff\xd8" + before + frame + bytes(20)


def webp_lossy(width: int, height: int) -> bytes:
    body = b"VP8 " + bytes(10) + struct.pack("<HH", width, height) + bytes(20)
    return b"RIFF" + bytes(4) + b"WEBP" + body


def webp_lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return b"RIFF" + bytes(4) + b"WEBP" + b"VP8L" + bytes(5) + struct.pack("<I", bits) + bytes(20)


def webp_extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + bytes(4) + b"WEBP" + b"VP8X" + bytes(8) + sides + bytes(20)


PNG = png(96, 96)

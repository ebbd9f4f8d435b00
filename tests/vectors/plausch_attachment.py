"""The cases of spec/vectors/attachment.json: sealed files, padded lengths, file names, messages.

Run this file to write them anew after a change of the format; a test compares them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from plausch.content.attachment import (
    Attachment,
    Facts,
    Preview,
    attachment_message,
    attachments_of,
)
from plausch.content.file_name import safe_name
from plausch.content.mimi import MimiContent
from plausch.content.stream import Layout, StreamKey, padded, seal_chunk
from plausch.content.text import readable_text

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "attachment.json"

SECRET = StreamKey(bytes(range(32)), bytes(range(0xA0, 0xA7)))
OTHER_PREFIX = StreamKey(bytes(range(32)), bytes(7))
SMALL_CHUNK_BYTES = 1024

LENGTHS = {
    "empty": 0,
    "one byte": 1,
    "exactly one chunk": 1024,
    "one byte more than a chunk": 1025,
    "three chunks, the last one short": 2500,
    "exactly three chunks": 3072,
}

NAMES = (
    *(
        "Speisekarte.pdf",
        "Grüße aus Wien.jpg",
        "写真.png",
        "file",
        "a.tar.gz",
        "R\u00e9sume\u0301.txt",
    ),
    *("", " ", "...", "/", "../../etc/passwd", "..\\..\\boot.ini", "C:\\x.txt", "/dev/null"),
    *(".bashrc", "-rf", "a\x00b.txt", "a\nb.txt", "tab\there.txt", "\x1b[2Jx.txt", "\x7fdel"),
    *("fdp.\u202egpj.exe", "\u2066x\u2069.pdf", "zero\u200bwidth.txt", "\ufeffbom.txt", "\ue000"),
    *("invoice.pdf          .exe", "x\u00a0\u2003y.txt", "line\u2028sep.txt", "end. . .", " x "),
    *("con", "CON.txt", "Aux .log", "com1", "LPT9.x", "com\u00b9.txt", "nul.tar.gz", "CONIN$"),
    *("console.txt", "com10.txt", 'what?*<>|":.txt', "~", "a" * 200, "b" * 200 + ".jpeg"),
    *(
        "ä" * 100 + ".png",
        "\U0001f642" * 50,
        "c." + "d" * 200,
        "e" * 103 + " . " + "f" * 20 + ".pdf",
    ),
)


def content_of(length: int) -> bytes:
    """Byte n is n mod 251."""
    return bytes(range(251)) * (length // 251) + bytes(range(length % 251))


def sealed(content: bytes, layout: Layout, secret: StreamKey = SECRET) -> list[bytes]:
    """The chunks as they travel."""
    return [
        seal_chunk(secret, layout, number, content[number * layout.chunk_bytes :][:end])
        for number in range(layout.chunks)
        for end in (layout.content_in(number),)
    ]


def files() -> list[dict[str, Any]]:
    """Files of every sort of length in small chunks, and one in chunks of the true length."""
    found = []
    for name, length in LENGTHS.items():
        layout = Layout(length, SMALL_CHUNK_BYTES)
        raw = b"".join(sealed(content_of(length), layout))
        found.append(_file(name, layout, raw) | {"sealed": raw.hex()})
    large = Layout(1024 * 1024 + 1)
    raw = b"".join(sealed(content_of(large.content_bytes), large))
    return [*found, _file("one byte more than a true chunk", large, raw)]


def _file(name: str, layout: Layout, raw: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "chunk_bytes": layout.chunk_bytes,
        "content_bytes": layout.content_bytes,
        "padded_bytes": layout.padded_bytes,
        "chunks": layout.chunks,
        "sealed_bytes": layout.sealed_bytes,
        "digest": hashlib.sha256(raw).hexdigest(),
    }


def refused() -> list[dict[str, Any]]:
    """Three chunks that are not the file that was sealed: at least one of them does not open."""
    layout = Layout(LENGTHS["three chunks, the last one short"], SMALL_CHUNK_BYTES)
    content = content_of(layout.content_bytes)
    first, second, third = sealed(content, layout)
    shorter = sealed(content[:2048], Layout(2048, SMALL_CHUNK_BYTES))
    foreign = sealed(content, layout, OTHER_PREFIX)
    cases = {
        "a bit is flipped": [first, second[:100] + bytes((second[100] ^ 1,)) + second[101:], third],
        "the last byte is missing": [first, second, third[:-1]],
        "the last chunk is missing": [first, second, b""],
        "a chunk is missing": [first, third, b""],
        "chunks are swapped": [second, first, third],
        "a chunk comes twice": [first, first, third],
        "the last chunk of a shorter file": [first, shorter[1], third],
        "a chunk that was the last one goes on": [*shorter, third],
        "a chunk of another file": [first, foreign[1], third],
        "the tag is cut off": [first, second, third[:-16]],
    }
    return [
        {
            "name": name,
            "chunk_bytes": layout.chunk_bytes,
            "content_bytes": layout.content_bytes,
            "chunks": [chunk.hex() for chunk in chunks],
        }
        for name, chunks in cases.items()
    ]


def lengths() -> list[list[int]]:
    """[length, padded length]."""
    given = [0, 1, 1023, 1024, 1025, 1088, 1089, 4096, 4097, 10_000, 65_535, 65_536, 65_537]
    given += [1_000_000, 1_048_577, 10_000_001, 104_857_600, 1 << 32, (1 << 39) - 1, 1 << 39]
    return [[length, padded(length)] for length in given]


# --- messages --------------------------------------------------------------------------------


def document() -> Attachment:
    """Nothing but what has to be said."""
    return Attachment(
        domain="example.org",
        blob=bytes(range(0x20, 0x40)),
        secret=SECRET,
        digest=hashlib.sha256(b"document").digest(),
        size_bytes=708_234,
        content_type="application/pdf",
        name="Speisekarte.pdf",
    )


def picture() -> Attachment:
    """With a preview and its size."""
    return Attachment(
        domain="localhost:7480",
        blob=bytes(range(0x40, 0x60)),
        secret=SECRET,
        digest=hashlib.sha256(b"picture").digest(),
        size_bytes=0,
        content_type="image/jpeg",
        name="Grüße.jpg",
        description="Ein Tisch am Fenster",
        preview=Preview("image/webp", b"RIFF, a very small picture"),
        facts=Facts(width=4032, height=3024),
    )


def voice_note() -> Attachment:
    """With its length and what it looks like."""
    return Attachment(
        domain="example.org",
        blob=bytes(range(0x60, 0x80)),
        secret=SECRET,
        digest=hashlib.sha256(b"voice").digest(),
        size_bytes=45_000,
        content_type="audio/webm",
        name="voice.webm",
        facts=Facts(duration_ms=12_300, waveform=bytes(range(0, 240, 4)), voice=True),
    )


def messages() -> dict[str, MimiContent]:
    """One message of each kind."""
    return {
        "document": attachment_message(document(), salt=bytes([1]) * 16),
        "picture with a caption": attachment_message(
            picture(), salt=bytes([2]) * 16, caption="Hier sitzen wir"
        ),
        "voice note": attachment_message(voice_note(), salt=bytes([3]) * 16),
    }


def as_json(attachment: Attachment) -> dict[str, Any]:
    """An attachment, bytes in hex; what is not said is left out."""
    preview, facts = attachment.preview, attachment.facts
    said: dict[str, Any] = {
        "domain": attachment.domain,
        "blob": attachment.blob.hex(),
        "key": attachment.secret.key.hex(),
        "prefix": attachment.secret.prefix.hex(),
        "digest": attachment.digest.hex(),
        "size_bytes": attachment.size_bytes,
        "content_type": attachment.content_type,
        "name": attachment.name,
        "description": attachment.description,
        "width": facts.width,
        "height": facts.height,
        "duration_ms": facts.duration_ms,
        "waveform": facts.waveform.hex(),
        "voice": facts.voice,
    }
    if preview is not None:
        said["preview"] = {"content_type": preview.content_type, "content": preview.content.hex()}
    return said


def cases() -> dict[str, Any]:
    """All cases."""
    return {
        "key": SECRET.key.hex(),
        "prefix": SECRET.prefix.hex(),
        "content": "byte n of a file is n mod 251",
        "files": files(),
        "refused": refused(),
        "padded": lengths(),
        "names": [[name, safe_name(name)] for name in NAMES],
        "messages": [
            {
                "name": name,
                "content": content.encode().hex(),
                "text": readable_text(content),
                "attachments": [as_json(one) for one in attachments_of(content)],
            }
            for name, content in messages().items()
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=2) + "\n", encoding="utf-8")

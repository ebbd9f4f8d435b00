"""The cases of spec/vectors/content.json: messages as this project writes them.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from pathlib import Path

from plausch.base.ids import AccountAddress, MessageId
from plausch.content.conversation import title_message
from plausch.content.fork import EpochMark, with_mark
from plausch.content.message_id import message_id
from plausch.content.mimi import Expiration, MimiContent, MultiPart, Semantics, SinglePart
from plausch.content.purpose import purpose_of
from plausch.content.status import Status, status_message
from plausch.content.text import (
    Mention,
    delete,
    edit,
    markdown_part,
    mention_message,
    reaction,
    readable_text,
    reply,
    text_message,
    text_part,
    unlike,
)

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "content.json"

ANNA = AccountAddress("anna", "example.org")
ROOM_URI = "mimi://example.org/r/000102030405060708090a0b0c0d0e0f"
FIRST = MessageId(bytes([1]) * 32)
SECOND = MessageId(bytes([1]) + bytes([2]) * 31)


def salt(number: int) -> bytes:
    """Not random: the cases are the same at every run."""
    return bytes([number]) * 16


def messages() -> dict[str, MimiContent]:
    """One message of each kind."""
    unknown = SinglePart(content_type="application/vnd.example+cbor", content=b"\xa0")
    alternatives = MultiPart(
        semantics=Semantics.CHOOSE_ONE,
        parts=(
            unknown,
            text_part("Guten Tag", language="de"),
            markdown_part("Good *day*", language="en"),
        ),
    )
    expires = Expiration(relative=True, time_s=3600)
    return {
        "text": text_message("Guten Tag, schöne Grüße 🙂", salt=salt(1), language="de"),
        "reply": reply("gern", FIRST, salt=salt(2)),
        "reaction": reaction("❤", FIRST, salt=salt(3)),
        "unlike": unlike(SECOND, FIRST, salt=salt(4)),
        "edit": edit("besser", FIRST, salt=salt(5), in_reply_to=SECOND),
        "delete": delete(FIRST, salt=salt(6)),
        "mention": mention_message(["Danke ", Mention(ANNA, "Anna"), "! *"], salt=salt(7)),
        "expiring": text_message("gleich weg", salt=salt(8), expires=expires),
        "alternatives": MimiContent(salt=salt(9), part=alternatives),
        "status": status_message([(FIRST, Status.READ), (SECOND, 77)], salt=salt(10)),
        "title": title_message("Kegelclub", salt=salt(11)),
        "marked": with_mark(
            text_message("x", salt=salt(12)), EpochMark.of(2**40, bytes(range(32)))
        ),
    }


def refused() -> dict[str, str]:
    """Bytes that every reader must refuse, as hex."""
    good = text_message("x", salt=salt(1)).encode()
    return {
        "trailing byte": (good + b"\0").hex(),
        "truncated": good[:-1].hex(),
        "array of indefinite length": (b"\x9f" + good[1:] + b"\xff").hex(),
        "number not in shortest form": good.replace(b"\x85\x01", b"\x85\x18\x01").hex(),
        "six fields": (b"\x86" + good[1:]).hex(),
        "short salt": good.replace(b"\x50" + salt(1), b"\x4f" + salt(1)[1:]).hex(),
        "extension keys out of order": good.replace(b"\xa0", b"\xa2\x20\xf6\x18\x64\xf6").hex(),
        "extension key twice": good.replace(b"\xa0", b"\xa2\x20\xf6\x20\xf6").hex(),
        "unknown cardinality": good.replace(b"\x85\x01\x60\x01", b"\x85\x01\x60\x05").hex(),
    }


def cases() -> dict[str, object]:
    """All cases."""
    return {
        "sender": ANNA.uri,
        "room": ROOM_URI,
        "messages": [
            {
                "name": name,
                "purpose": str(purpose_of(content)),
                "text": readable_text(content),
                "text_in_english": readable_text(content, ("en",)),
                "content": content.encode().hex(),
                "message_id": message_id(content.encode(), ANNA.uri, ROOM_URI).hex(),
            }
            for name, content in messages().items()
        ],
        "refused": [{"name": name, "content": raw} for name, raw in refused().items()],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""The cases of spec/vectors/content.json: messages as this project writes them.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from pathlib import Path

from plausch.base.ids import AccountAddress, MessageId
from plausch.content.cards import card_message, decode_card
from plausch.content.cbor import Simple, Tag
from plausch.content.conversation import title_message
from plausch.content.fork import EpochMark, with_mark
from plausch.content.message_id import message_id
from plausch.content.mimi import (
    Disposition,
    Expiration,
    ExternalPart,
    MimiContent,
    MultiPart,
    NullPart,
    Semantics,
    SinglePart,
)
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
CARDS = FILE.with_name("cards.json")

ANNA = AccountAddress("anna", "example.org")
ROOM_URI = "mimi://example.org/r/000102030405060708090a0b0c0d0e0f"
FIRST = MessageId(bytes([1]) * 32)
SECOND = MessageId(bytes([1]) + bytes([2]) * 31)


def salt(number: int) -> bytes:
    """Not random: the cases are the same at every run."""
    return bytes([number]) * 16


def messages() -> dict[str, MimiContent]:
    """One message of each kind."""
    return {**words(), **structures(), **cards()}


def words() -> dict[str, MimiContent]:
    """What people write, and what devices say beside it."""
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
        "last epoch": with_mark(
            text_message("", salt=salt(13)), EpochMark.of(2**64 - 1, bytes(range(32)))
        ),
        "topic": text_message(
            "x",
            salt=salt(14),
            topic_id=b"topic",
            expires=Expiration(relative=False, time_s=2**32 - 1),
        ),
        "deleted answer": delete(FIRST, salt=salt(15), in_reply_to=SECOND),
        "nothing": MimiContent(salt=salt(16), part=NullPart()),
        "markup that is none": mention_message(
            [" - a\n\t+ b\n1. c\n# d > *e* [f](https://g) \\ <h> ", Mention(ANNA, "A]b")],
            salt=salt(17),
            in_reply_to=FIRST,
        ),
    }


def structures() -> dict[str, MimiContent]:
    """What the container can hold, to its limits."""
    picture = ExternalPart(
        content_type="image/png",
        url="https://example.org/x",
        expires_s=2**32 - 1,
        size_bytes=2**64 - 1,
        encryption=2,
        key=bytes(32),
        nonce=bytes(12),
        authenticated=b"a",
        hash_algorithm=1,
        content_hash=bytes(range(32)),
        description="ein Bild",
        filename="x.png",
        language="de",
    )
    preview = SinglePart(
        content_type="image/webp", content=b"RIFF", disposition=Disposition.PREVIEW
    )
    hearts = MultiPart(
        semantics=Semantics.PROCESS_ALL,
        parts=tuple(text_part(sign, disposition=Disposition.REACTION) for sign in "❤🥳"),
        disposition=Disposition.REACTION,
    )
    unit = MultiPart(semantics=Semantics.SINGLE_UNIT, parts=(text_part("halb"), picture))
    nested = MultiPart(
        semantics=Semantics.PROCESS_ALL,
        parts=(
            preview,
            MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(unit, text_part("ganz"))),
            NullPart(disposition=200, language="x"),
            picture,
        ),
    )
    return {
        "external": MimiContent(salt=salt(18), part=picture),
        "several reactions": MimiContent(salt=salt(19), part=hearts, in_reply_to=FIRST),
        "nested": MimiContent(salt=salt(20), part=nested),
        "origin": MimiContent(
            salt=salt(21), part=text_part("x"), extensions={1: ANNA.uri, 2: ROOM_URI}
        ),
        "extensions": MimiContent(
            salt=salt(22),
            part=text_part("x"),
            extensions={
                -1: None,
                2**53 - 1: (True, False, Simple(23), Simple(255)),
                -(2**53) + 1: (0, 23, 24, -24, -25, 2**53 - 1, 2**53, 2**64 - 1, -(2**64)),
                "floats": (0.0, -0.0, 1.0, 1.5, 5.960464477539063e-08, 1e5, 1.1, -1e300),
                "ends": (float("inf"), float("-inf"), 65504.0, 65505.0, 6e-08),
                "ü": {b"\x01": b"", "": "", -1: {}, 10: Tag(32, "x"), "aa": Tag(2**63, (()))},
            },
        ),
    }


def cards() -> dict[str, MimiContent]:
    """A message with each card of the examples."""
    examples = json.loads(CARDS.read_text(encoding="utf-8"))["cards"]
    return {
        f"card: {case['name']}": card_message(
            decode_card(bytes.fromhex(case["hex"])),
            f"*{case['name']}*",
            language="en",
            salt=salt(100 + number),
            in_reply_to=FIRST if number % 2 else None,
        )
        for number, case in enumerate(examples)
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
        "depth bomb": (b"\x81" * 2_000).hex(),
        "giant array": (b"\x9b" + b"\xff" * 8).hex(),
        "giant salt": (b"\x87\x5b" + b"\xff" * 8).hex(),
        "giant text": good.replace(b"\x41x", b"\x5b\x7f" + b"\xff" * 7).hex(),
        "language not in UTF-8": good.replace(b"\x85\x01\x60", b"\x85\x01\x61\xff").hex(),
        "language with half a surrogate pair": good.replace(
            b"\x85\x01\x60", b"\x85\x01\x63\xed\xa0\x80"
        ).hex(),
        "extension key beyond 2^53": good.replace(b"\xa0", b"\xa1\x1b\x00\x20" + bytes(7)).hex(),
        "float in a wider form": good.replace(b"\xa0", b"\xa1\x20\xfa\x3f\x80\x00\x00").hex(),
        "another NaN": good.replace(b"\xa0", b"\xa1\x20\xf9\x7e\x01").hex(),
        "bignum": good.replace(b"\xa0", b"\xa1\x20\xc2\x41\x01").hex(),
        "deep extension": good.replace(b"\xa0", b"\xa1\x20\x81\x81\x81\x80").hex(),
        "sender that is no text": good.replace(b"\xa0", b"\xa1\x01\x41x").hex(),
        "disposition of two bytes": good.replace(b"\x85\x01\x60", b"\x85\x19\x01\x00\x60").hex(),
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

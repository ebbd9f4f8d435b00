"""The cases of spec/vectors/franking.json, from fixed keys.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from pathlib import Path

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.content.fork import EpochMark
from plausch.content.mimi import salt_of
from plausch.content.text import text_message
from plausch.sdk.franked import authenticated_with
from plausch.wire.franking import Stamper, frank, stamped

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "franking.json"

REPORTING_KEY = bytes(range(32))
CONVERSATION = bytes(range(64, 80))
MARK = EpochMark(7, bytes(range(32, 48)))
ANNA = DeviceAddress(AccountAddress("anna", "example.org"), "0123456789abcdef")
BEN = DeviceAddress(AccountAddress("ben", "example.org"), "00000000000000ff")
AT_MS = 1_800_000_000_123


def case(text: str, salt: bytes, device: DeviceAddress, at_ms: int) -> dict[str, object]:
    """A message from its content to its stamp."""
    content = text_message(text, salt=salt).encode()
    franked = frank(salt_of(content), content)
    return {
        "content": content.hex(),
        "key": salt_of(content).hex(),
        "frank": franked.hex(),
        "mark": MARK.digest.hex(),
        "authenticated": authenticated_with(MARK, content).hex(),
        "sender": device.uri,
        "accepted_at_ms": at_ms,
        "stamped": stamped(franked, CONVERSATION, device.uri, at_ms).hex(),
        "stamp": Stamper(REPORTING_KEY).stamp(franked, CONVERSATION, device.uri, at_ms).hex(),
    }


def cases() -> dict[str, object]:
    """All cases; bytes as hex."""
    content = text_message("Hello!", salt=bytes(16)).encode()
    authenticated = authenticated_with(MARK, content)
    another = text_message("Hello?", salt=bytes(16)).encode()
    return {
        "reporting_key": REPORTING_KEY.hex(),
        "conversation": CONVERSATION.hex(),
        "messages": [
            case("Hello!", bytes(16), ANNA, AT_MS),
            case("Hello!", bytes(range(16)), ANNA, AT_MS),
            case("Grüße \U0001f44b", b"\xff" * 16, BEN, 0),
            case("x" * 5_000, bytes(range(16)), BEN, 2**53 - 1),
        ],
        "refused": [
            {"why": why, "content": content.hex(), "authenticated": beside.hex()}
            for why, beside in {
                "nothing beside it": b"",
                "the mark alone": MARK.digest,
                "of another content": authenticated_with(MARK, another),
                "of another key": MARK.digest + frank(bytes(15) + b"\x01", content),
                "a byte less": authenticated[:-1],
                "a byte more": authenticated + b"\x00",
                "a bit changed": authenticated[:-1] + bytes([authenticated[-1] ^ 1]),
                "frank before mark": authenticated[16:] + MARK.digest,
            }.items()
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

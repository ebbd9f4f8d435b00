"""The cases of spec/vectors/team.json: facts of a team, what holds after them, and calls.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from msgspec import Raw

from plausch.base.ids import ConversationId
from plausch.content import cbor
from plausch.content.mimi import SinglePart
from plausch.content.rpc import Answer, Call, Fault, Notice, Rpc, rpc_message
from plausch.content.team import (
    Answering,
    Assignment,
    Fact,
    Label,
    Note,
    QuickReply,
    StaffName,
    fold,
    team_message,
)

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "team.json"
SALT = bytes(16)
TALK = ConversationId(bytes(range(16)))
OTHER = ConversationId(bytes([7]) * 16)
KIM = "mimi://example.org/d/linde/0123456789abcdef"
LEE = "mimi://example.org/d/linde/fedcba9876543210"
ID = "0123456789abcdef"

FACTS: tuple[Fact, ...] = (
    StaffName(KIM, "Kim", "owner"),
    StaffName(LEE, "Lee", "staff"),
    Assignment(TALK, KIM),
    Assignment(OTHER, LEE),
    Label(TALK, "Stammgäste", True),
    Label(TALK, "VIP", True),
    Label(OTHER, "VIP", True),
    Note(TALK, bytes(16), "Nüsse!\nSitzt gern am Fenster. 🙂", KIM, 1_800_000_000),
    Note(TALK, bytes([1]) * 16, "Hund", LEE, 1_800_000_001),
    QuickReply(bytes([2]) * 16, "Parken", "Hinter dem Haus."),
    Answering(TALK, KIM, 1_800_000_000),
    Assignment(TALK, LEE),
    Assignment(OTHER, ""),
    Label(OTHER, "VIP", False),
    Note(TALK, bytes([1]) * 16, "", LEE, 1_800_000_002),
    QuickReply(bytes([2]) * 16, "Parken", "Im Hof."),
    Answering(TALK, KIM, 0),
    StaffName(LEE, "", "staff"),
)

CALLS: tuple[Rpc, ...] = (
    Call("2.0", ID, "bookings.plan", Raw(b'{"from":"2026-12-24","days":1}')),
    Answer("2.0", ID, result=Raw(b'{"slots":[]}')),
    Answer("2.0", ID, error=Fault(-32000, "No table is free then.", {"code": "full"})),
    Notice("2.0", "changed", Raw(b'{"what":"bookings","dates":["2026-12-24"]}')),
    Notice("2.0", "piece", Raw(b'{"id":"0123456789abcdef","number":0,"of":2,"text":"{"}')),
)


def refused() -> dict[str, bytes]:
    """Parts that are no fact."""
    label: dict[cbor.Key, cbor.Value] = {
        "v": 1,
        "fact": "label",
        "conversation": bytes(TALK),
        "label": "VIP",
        "is_on": True,
    }
    return {
        "empty": b"",
        "no_map": cbor.encode([1]),
        "version": cbor.encode({**label, "v": 2}),
        "unknown_fact": cbor.encode({**label, "fact": "rumour"}),
        "more_fields": cbor.encode({**label, "more": 1}),
        "short_id": cbor.encode({**label, "conversation": bytes(15)}),
        "empty_label": cbor.encode({**label, "label": ""}),
        "long_label": cbor.encode({**label, "label": "x" * 41}),
        "two_lines": cbor.encode({**label, "label": "a\nb"}),
        "no_flag": cbor.encode({**label, "is_on": 1}),
        "no_device": cbor.encode(
            {"v": 1, "fact": "assignment", "conversation": bytes(TALK), "device": "kim"}
        ),
        "no_role": cbor.encode(
            {"v": 1, "fact": "staff_name", "device": KIM, "name": "Kim", "role": "boss"}
        ),
    }


def shown(fact: Fact) -> dict[str, Any]:
    """A fact with bytes as hex."""
    shown: dict[str, Any] = {"fact": fact.fact}
    for field in fields(fact):
        value = getattr(fact, field.name)
        shown[field.name] = value.hex() if isinstance(value, bytes) else value
    return shown


def content_of(message: Any) -> str:
    """The content of the message's only part, as hex."""
    assert isinstance(message.part, SinglePart)
    return message.part.content.hex()


def cases() -> dict[str, Any]:
    """Everything that is published."""
    return {
        "facts": [
            {**shown(fact), "content": content_of(team_message(fact, salt=SALT))} for fact in FACTS
        ],
        "held": [shown(fact) for fact in fold(FACTS).values()],
        "refused": [{"name": name, "content": raw.hex()} for name, raw in refused().items()],
        "calls": [content_of(rpc_message(rpc, salt=SALT)) for rpc in CALLS],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

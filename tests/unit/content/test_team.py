"""Facts of a team: they come back, the last one holds, and hostile ones are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import ConversationId
from plausch.content import cbor
from plausch.content.mimi import decode
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.team import (
    MAX_TEAM_BYTES,
    Answering,
    Assignment,
    Fact,
    Label,
    Note,
    QuickReply,
    StaffName,
    TeamRefused,
    decode_fact,
    fact_of,
    fold,
    is_empty,
    key_of,
    team_message,
)
from plausch.content.text import text_message

SALT = bytes(range(16))
TALK = ConversationId(bytes(range(16)))
OTHER = ConversationId(bytes(16))
DEVICE = "mimi://example.org/d/linde/0123456789abcdef"
FACTS: list[Fact] = [
    Assignment(TALK, DEVICE),
    Label(TALK, "Stammgast", True),
    Note(TALK, bytes(16), "Nuts!\nSits at the window.", DEVICE, 1_800_000_000),
    QuickReply(bytes(16), "Parking", "Behind the house."),
    Answering(TALK, DEVICE, 1_800_000_000),
    StaffName(DEVICE, "Kim", "staff"),
]
EMPTY: list[Fact] = [
    Assignment(TALK, ""),
    Label(TALK, "Stammgast", False),
    Note(TALK, bytes(16), "", DEVICE, 1_800_000_001),
    QuickReply(bytes(16), "Parking", ""),
    Answering(TALK, DEVICE, 0),
    StaffName(DEVICE, "", "staff"),
]


@pytest.mark.parametrize("fact", FACTS + EMPTY)
def test_a_fact_comes_back(fact: Fact) -> None:
    message = decode(team_message(fact, salt=SALT).encode())
    assert fact_of(message) == fact
    assert purpose_of(message) is Purpose.TEAM


def test_other_messages_are_none() -> None:
    assert fact_of(text_message("hello", salt=SALT)) is None


@pytest.mark.parametrize(("fact", "empty"), list(zip(FACTS, EMPTY, strict=True)))
def test_the_last_fact_of_a_key_holds_and_an_empty_one_takes_it_back(
    fact: Fact, empty: Fact
) -> None:
    assert key_of(fact) == key_of(empty)
    assert (is_empty(fact), is_empty(empty)) == (False, True)
    assert fold([fact]) == {key_of(fact): fact}
    assert fold([fact, empty]) == {}
    assert fold([empty, fact]) == {key_of(fact): fact}


def test_facts_of_different_keys_stand_beside_each_other() -> None:
    kim = StaffName(DEVICE, "Kim", "staff")
    owner = replace(kim, name="Kim L.", role="owner")
    labels = [Label(TALK, "A", True), Label(TALK, "B", True), Label(OTHER, "A", True)]
    assert list(fold([kim, *labels, owner]).values()) == [*labels, owner]


def written(**changed: cbor.Value) -> bytes:
    fields: dict[cbor.Key, cbor.Value] = {
        "v": 1,
        "fact": "label",
        "conversation": bytes(16),
        "label": "VIP",
        "is_on": True,
    }
    return cbor.encode({**fields, **changed})


def test_a_fact_as_it_is_written_is_read() -> None:
    assert decode_fact(written()) == Label(OTHER, "VIP", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        cbor.encode([1]),
        cbor.encode({}),
        written(v=2),
        written(fact="unknown"),
        written(fact=7),
        written(more=1),
        written(conversation=bytes(15)),
        written(conversation="x"),
        written(label=""),
        written(label=" "),
        written(label="x" * 41),
        written(label="a\nb"),
        written(label="a\u202eb"),
        written(is_on=1),
        cbor.encode({"v": 1, "fact": "assignment", "conversation": bytes(16), "device": "x"}),
        cbor.encode({"v": 1, "fact": "assignment", "conversation": bytes(16)}),
        cbor.encode({"v": 1, "fact": "staff_name", "device": "", "name": "K", "role": "staff"}),
        cbor.encode({"v": 1, "fact": "staff_name", "device": DEVICE, "name": "K", "role": "boss"}),
        cbor.encode(
            {
                "v": 1,
                "fact": "answering",
                "conversation": bytes(16),
                "device": DEVICE,
                "until_s": -1,
            }
        ),
        cbor.encode(
            {
                "v": 1,
                "fact": "note",
                "conversation": bytes(16),
                "note_id": bytes(16),
                "text": "x" * 4_001,
                "device": DEVICE,
                "at_s": 0,
            }
        ),
        bytes(MAX_TEAM_BYTES + 1),
    ],
)
def test_what_is_no_fact_is_refused(raw: bytes) -> None:
    with pytest.raises(TeamRefused):
        decode_fact(raw)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(raw: bytes) -> None:
    with pytest.raises(TeamRefused):
        decode_fact(raw)


def test_what_is_beyond_the_limits_is_not_said() -> None:
    with pytest.raises(TeamRefused):
        team_message(Label(TALK, "x" * 41, True), salt=SALT)

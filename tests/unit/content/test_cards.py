"""Cards: round trips, strict reading, fallback text, the example cases of spec/vectors."""

import json
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import Fault
from plausch.content import cbor, mimi
from plausch.content.cards import (
    CARD_TYPE,
    MAX_CARD_BYTES,
    MAX_OPTIONS,
    MAX_SLOTS,
    Action,
    BookingCard,
    BookingRequest,
    CancelRequest,
    Card,
    CardError,
    Choices,
    Choose,
    OfferedSlot,
    Option,
    SlotOffer,
    card_message,
    card_of,
    decode_card,
    encode_card,
)
from plausch.content.errors import ContentError
from plausch.domain.booking import BookingState

SALT = bytes(range(16))
SPEC = Path(__file__).resolve().parents[3] / "spec" / "vectors" / "cards.json"

BOOKING = BookingCard(
    uid="b-1f2e3d4c",
    sequence=2,
    state=BookingState.CONFIRMED,
    party=4,
    start_s=1_798_135_200,
    duration_s=7200,
    zone="Europe/Berlin",
    under_name="Anna Käfer",
    business="Zur Linde",
    actions=(Action.CANCEL,),
)
EXAMPLES: dict[str, Card] = {
    "choices": Choices("Was darf es sein?", (Option("book", "Tisch reservieren"),)),
    "slot offer": SlotOffer(
        "r1",
        4,
        "Europe/Berlin",
        (
            OfferedSlot("20261224T180000Z", 1_798_135_200, 7200),
            OfferedSlot("20261224T183000Z", 1_798_137_000, 7200),
        ),
    ),
    "booking": BOOKING,
    "choose": Choose("20261224T180000Z", "r1"),
    "choose without an offer": Choose("book"),
    "booking request": BookingRequest(4, date(2026, 12, 24), time(19, 0), "Anna"),
    "booking request, party only": BookingRequest(party=2),
    "cancel": CancelRequest("b-1f2e3d4c"),
}

identifiers = st.from_regex(r"[A-Za-z0-9:._+-]{1,64}", fullmatch=True)
labels = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=80)
parties = st.integers(1, 1000)
cards = st.one_of(
    st.builds(
        Choices,
        labels,
        st.lists(st.builds(Option, identifiers, labels), min_size=1, max_size=20).map(tuple),
    ),
    st.builds(
        SlotOffer,
        identifiers,
        parties,
        st.just("Europe/Berlin"),
        st.lists(
            st.builds(OfferedSlot, identifiers, st.integers(0, 2**36), st.integers(1, 86_400)),
            min_size=1,
            max_size=48,
        ).map(tuple),
    ),
    st.builds(
        BookingCard,
        identifiers,
        st.integers(0, 2**31),
        st.sampled_from(BookingState),
        parties,
        st.integers(0, 2**36),
        st.integers(1, 86_400),
        st.just("UTC"),
        labels,
        labels,
        st.lists(st.sampled_from(Action), max_size=len(Action)).map(tuple),
    ),
    st.builds(Choose, identifiers, st.just("") | identifiers),
    st.builds(
        BookingRequest,
        st.none() | parties,
        st.none() | st.dates(),
        st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        labels,
    ),
    st.builds(CancelRequest, identifiers),
)


@pytest.mark.parametrize("card", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_survive(card: Card) -> None:
    assert decode_card(encode_card(card)) == card


@given(cards)
def test_every_card_survives_or_is_too_large(card: Card) -> None:
    try:
        raw = encode_card(card)
    except CardError as error:
        assert "bytes" in str(error)
    else:
        assert decode_card(raw) == card


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_content_errors(raw: bytes) -> None:
    with pytest.raises(ContentError):
        decode_card(raw)


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20)
    | st.binary(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from(list(EXAMPLES.values())), st.data())
def test_no_field_accepts_just_anything(card: Card, chance: st.DataObject) -> None:
    fields = dict(cbor.expect_map(cbor.decode(encode_card(card)), "card"))
    fields[chance.draw(st.sampled_from(sorted(fields, key=str)))] = chance.draw(values)
    try:
        raw = cbor.encode(fields)
        read = decode_card(raw)
    except ContentError:
        return
    assert encode_card(read) == raw


@given(st.sampled_from(list(EXAMPLES.values())), st.integers(0, 400), st.integers(0, 255))
def test_a_flipped_byte_is_refused_or_another_valid_card(card: Card, at: int, value: int) -> None:
    raw = bytearray(encode_card(card))
    raw[at % len(raw)] = value
    try:
        read = decode_card(bytes(raw))
    except ContentError:
        return
    assert encode_card(read) == bytes(raw)


@pytest.mark.parametrize("card", EXAMPLES.values(), ids=EXAMPLES)
def test_a_missing_or_unknown_field_is_refused(card: Card) -> None:
    optional = (
        {"partySize", "startDate", "startTime"} if isinstance(card, BookingRequest) else set()
    )
    fields = dict(cbor.expect_map(cbor.decode(encode_card(card)), "card"))
    for key in fields.keys() - optional:
        without = {name: value for name, value in fields.items() if name != key}
        with pytest.raises(CardError):
            decode_card(cbor.encode(without))
    with pytest.raises(CardError, match="unknown fields"):
        decode_card(cbor.encode({**fields, "extra": 1}))
    with pytest.raises(CardError, match="unknown fields"):
        decode_card(cbor.encode({**fields, 7: 1}))


@pytest.mark.parametrize("change", [{"v": 2}, {"@type": "Teleport"}])
def test_what_a_later_version_sends_is_named_unknown(change: dict[str, Any]) -> None:
    fields = dict(cbor.expect_map(cbor.decode(encode_card(BOOKING)), "card"))
    with pytest.raises(CardError) as refused:
        decode_card(cbor.encode({**fields, **change}))
    assert refused.value.code == "unknown_card"
    assert refused.value.fault is Fault.REMOTE


SLOT = OfferedSlot("a", 0, 60)


@pytest.mark.parametrize(
    "card",
    [
        Choices("x", ()),
        Choices("x", (Option("a", "b"),) * (MAX_OPTIONS + 1)),
        Choices("x" * 121, (Option("a", "b"),)),
        Choices("two\nlines", (Option("a", "b"),)),
        Choices("x", (Option("with space", "b"),)),
        Choices("x", (Option("", "b"),)),
        SlotOffer("r", 0, "UTC", (SLOT,)),
        SlotOffer("r", 1001, "UTC", (SLOT,)),
        SlotOffer("r", 2, "UTC; DROP", (SLOT,)),
        SlotOffer("r", 2, "UTC", ()),
        SlotOffer("r", 2, "UTC", (SLOT,) * (MAX_SLOTS + 1)),
        SlotOffer("r", 2, "UTC", (replace(SLOT, start_s=-1),)),
        SlotOffer("r", 2, "UTC", (replace(SLOT, duration_s=0),)),
        SlotOffer("r", 2, "UTC", (replace(SLOT, duration_s=86_401),)),
        replace(BOOKING, under_name="x" * 81),
        replace(BOOKING, under_name="a\u202eb"),
        replace(BOOKING, sequence=-1),
        replace(BOOKING, actions=(Action.CANCEL,) * (len(Action) + 1)),
        Choose("a" * 65),
        Choose("a", "b c"),
        BookingRequest(party=0),
        BookingRequest(at=time(19, 0, 30)),
        CancelRequest("x" * 65),
    ],
)
def test_beyond_the_limits(card: Card) -> None:
    with pytest.raises(ContentError):
        encode_card(card)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("startDate", "2026-02-30"),
        ("startDate", "24.12.2026"),
        ("startDate", "0000-01-01"),
        ("startTime", "24:00"),
        ("startTime", "7pm"),
        ("partySize", -1),
        ("partySize", 0),
        ("partySize", 1_001),
        ("partySize", True),
        ("partySize", 2.0),
    ],
)
def test_dates_and_numbers_that_do_not_exist(field: str, value: Any) -> None:
    fields = dict(cbor.expect_map(cbor.decode(encode_card(BookingRequest(2))), "card"))
    with pytest.raises(CardError):
        decode_card(cbor.encode({**fields, field: value}))


def test_too_many_bytes() -> None:
    with pytest.raises(CardError, match="at most"):
        decode_card(bytes(MAX_CARD_BYTES + 1))


def test_a_message_carries_the_sentence_first_and_the_card_second() -> None:
    content = card_message(BOOKING, "Ihr Tisch ist bestätigt.", language="de", salt=SALT)
    again = mimi.decode(content.encode())
    assert again == content
    sentence, card = mimi.leaves(again.part)
    assert isinstance(sentence, mimi.SinglePart)
    assert isinstance(card, mimi.SinglePart)
    assert (sentence.content_type, sentence.language) == (mimi.TEXT_MARKDOWN, "de")
    assert sentence.content.decode() == "Ihr Tisch ist bestätigt."
    assert card.content_type == CARD_TYPE
    assert isinstance(again.part, mimi.MultiPart)
    assert again.part.semantics is mimi.Semantics.CHOOSE_ONE
    assert card_of(again) == BOOKING


def test_a_message_without_a_card_has_none() -> None:
    plain = mimi.SinglePart(content_type=mimi.TEXT_MARKDOWN, content=b"Hallo")
    assert card_of(mimi.MimiContent(salt=SALT, part=plain)) is None


@given(st.binary(max_size=60))
def test_a_hostile_card_part_counts_as_none(raw: bytes) -> None:
    part = mimi.SinglePart(content_type=CARD_TYPE, content=raw)
    assert card_of(mimi.MimiContent(salt=SALT, part=part)) is None


def test_the_vectors_hold_every_example() -> None:
    cases = json.loads(SPEC.read_text(encoding="utf-8"))["cards"]
    assert {case["name"] for case in cases} == set(EXAMPLES)
    for case in cases:
        raw = bytes.fromhex(case["hex"])
        assert decode_card(raw) == EXAMPLES[case["name"]]
        assert encode_card(EXAMPLES[case["name"]]) == raw
        assert cbor.encode(case["json"]) == raw


def test_the_vectors_that_must_be_refused() -> None:
    for case in json.loads(SPEC.read_text(encoding="utf-8"))["refused"]:
        with pytest.raises(ContentError):
            decode_card(bytes.fromhex(case["hex"]))

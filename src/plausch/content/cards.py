"""Cards: structured business content inside a message, beside a sentence that everyone can read.

A card is deterministic CBOR (cbor.py) of media type `application/vnd.plausch.card+cbor`: a map
with schema.org's names where schema.org has one (spec/booking.md lists all fields and limits,
spec/vectors/cards.json has an example of each). It travels as the second part of a `chooseOne`
whose first part is the same in Markdown, so that a client that knows no cards shows that.

Reading is strict: unknown fields, types and versions, and anything beyond a limit, are refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import TypeVar

from plausch.base.ids import MessageId
from plausch.content import cbor
from plausch.content.cbor import Key, Value
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    TEXT_MARKDOWN,
    MimiContent,
    MultiPart,
    Semantics,
    SinglePart,
    leaves,
)
from plausch.domain.booking import MAX_NAME_CHARACTERS, MAX_PARTY, BookingState

CARD_TYPE = "application/vnd.plausch.card+cbor"
VERSION = 1

MAX_CARD_BYTES = 16 * 1024
MAX_OPTIONS = 20
MAX_SLOTS = 48
MAX_LABEL_CHARACTERS = 120
MAX_DURATION_S = 86_400
MAX_INSTANT_S = 253_402_300_799
"""The end of the year 9999."""

_CBOR_DEPTH = 3
_IDENTIFIER = re.compile(r"[A-Za-z0-9:._+-]{1,64}")
_ZONE = re.compile(r"[A-Za-z0-9/_+-]{1,64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")


class CardError(ContentError):
    """Bytes that are not a card this version understands; `code` says why.

    Codes: `bad_card`, `unknown_card` (another type or version).
    """

    code = "bad_card"


class Action(StrEnum):
    """What the customer may do with a booking now."""

    CONFIRM = "confirm"
    CHANGE = "change"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: `identifier` is sent back, `label` is shown."""

    identifier: str
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The business asks, with buttons: a greeting, or a question with likely answers."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class OfferedSlot:
    """A free time: begin in seconds since the Unix epoch, length of the stay in seconds."""

    identifier: str
    start_s: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class SlotOffer:
    """The business offers times for a party; `request_id` names this offer in the answer."""

    request_id: str
    party: int
    zone: str
    slots: tuple[OfferedSlot, ...]


@dataclass(frozen=True, slots=True)
class BookingCard:
    """Where a booking stands (schema.org FoodEstablishmentReservation)."""

    uid: str
    sequence: int
    state: BookingState
    party: int
    start_s: int
    duration_s: int
    zone: str
    under_name: str
    business: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """The customer picks an option or a slot; `request_id` is the offer's, or empty."""

    identifier: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """The customer asks for a table; what is None the business will ask for.

    Date and time are those on the wall at the business.
    """

    party: int | None = None
    day: date | None = None
    at: time | None = None
    under_name: str = ""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """The customer cancels a booking."""

    uid: str


BusinessCard = Choices | SlotOffer | BookingCard
CustomerCard = Choose | BookingRequest | CancelRequest
Card = BusinessCard | CustomerCard


def card_message(
    card: Card,
    text: str,
    *,
    language: str,
    salt: bytes,
    in_reply_to: MessageId | None = None,
) -> MimiContent:
    """A message with a card and the Markdown that says the same.

    `language` is the text's (BCP 47), `salt` 16 fresh random bytes. Raises CardError for a card
    beyond the limits.
    """
    readable = SinglePart(content_type=TEXT_MARKDOWN, content=text.encode(), language=language)
    structured = SinglePart(content_type=CARD_TYPE, content=encode_card(card))
    part = MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(readable, structured))
    return MimiContent(salt=salt, part=part, in_reply_to=in_reply_to)


def card_of(content: MimiContent) -> Card | None:
    """The message's card, or None if it has none that this version understands."""
    for part in leaves(content.part):
        if isinstance(part, SinglePart) and part.content_type == CARD_TYPE:
            try:
                return decode_card(part.content)
            except ContentError:
                return None
    return None


def encode_card(card: Card) -> bytes:
    """The one encoding of a card. Raises CardError when a field is beyond its limit."""
    raw = cbor.encode({"v": VERSION, **_written(card)})
    if decode_card(raw) != card:
        raise CardError(f"A {type(card).__name__} does not survive its own encoding.")
    return raw


def decode_card(raw: bytes) -> Card:
    """The card of exactly these bytes. Raises CardError (or its base ContentError for CBOR)."""
    if len(raw) > MAX_CARD_BYTES:
        raise CardError(f"A card has at most {MAX_CARD_BYTES} bytes, not {len(raw)}.")
    fields = _Fields(cbor.decode(raw, max_depth=_CBOR_DEPTH), "A card")
    version = fields.number("v", 0, 2**31)
    if version != VERSION:
        raise CardError(
            f"A card of version {version}; only {VERSION} is known.", code="unknown_card"
        )
    kind = fields.text("@type", MAX_LABEL_CHARACTERS)
    if kind not in _READERS:
        raise CardError(f"There is no card {kind!r}.", code="unknown_card")
    card = _READERS[kind](fields)
    fields.finish()
    return card


# --- writing -------------------------------------------------------------------------------


def _written(card: Card) -> dict[Key, Value]:
    match card:
        case Choices():
            options: list[Value] = [
                {"identifier": one.identifier, "name": one.label} for one in card.options
            ]
            return {"@type": "Choices", "name": card.title, "actionOption": options}
        case SlotOffer():
            return {
                "@type": "SlotOffer",
                "identifier": card.request_id,
                "partySize": card.party,
                "scheduleTimezone": card.zone,
                "slots": [
                    {
                        "identifier": slot.identifier,
                        "start": slot.start_s,
                        "duration": slot.duration_s,
                    }
                    for slot in card.slots
                ],
            }
        case BookingCard():
            return {
                "@type": "FoodEstablishmentReservation",
                "reservationId": card.uid,
                "sequence": card.sequence,
                "reservationStatus": card.state.value,
                "partySize": card.party,
                "start": card.start_s,
                "duration": card.duration_s,
                "scheduleTimezone": card.zone,
                "underName": card.under_name,
                "provider": card.business,
                "potentialAction": [action.value for action in card.actions],
            }
        case Choose():
            return {
                "@type": "ChooseAction",
                "identifier": card.identifier,
                "object": card.request_id,
            }
        case BookingRequest():
            return {"@type": "ReserveAction", **_wishes(card)}
        case CancelRequest():
            return {"@type": "CancelAction", "reservationId": card.uid}


def _wishes(card: BookingRequest) -> dict[Key, Value]:
    fields: dict[Key, Value] = {"underName": card.under_name}
    if card.party is not None:
        fields["partySize"] = card.party
    if card.day is not None:
        fields["startDate"] = card.day.isoformat()
    if card.at is not None:
        fields["startTime"] = card.at.isoformat("minutes")
    return fields


# --- reading -------------------------------------------------------------------------------

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)


class _Fields:
    """A map of which every field must be asked for exactly once."""

    def __init__(self, value: Value, name: str) -> None:
        if not isinstance(value, Mapping):
            raise CardError(f"{name} must be a map.")
        self._left = dict(value)
        self._name = name

    def take(self, key: str) -> Value:
        if key not in self._left:
            raise CardError(f"{self._name} lacks {key!r}.")
        return self._left.pop(key)

    def has(self, key: str) -> bool:
        return key in self._left

    def finish(self) -> None:
        if self._left:
            unknown = sorted(repr(key)[:40] for key in self._left)
            raise CardError(f"{self._name} has unknown fields: {', '.join(unknown[:5])}.")

    def number(self, key: str, least: int, most: int) -> int:
        value = self.take(key)
        if type(value) is not int or not least <= value <= most:
            raise CardError(f"{key!r} must be an integer from {least} to {most}.")
        return value

    def text(self, key: str, characters: int) -> str:
        value = self.take(key)
        if type(value) is not str or len(value) > characters or not value.isprintable():
            raise CardError(f"{key!r} must be a text of at most {characters} printable characters.")
        return value

    def matching(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self.take(key)
        if type(value) is not str or not pattern.fullmatch(value):
            raise CardError(f"{key!r} must be a text of the form {pattern.pattern}.")
        return value

    def items(self, key: str, least: int, most: int, read: Callable[[Value], _T]) -> tuple[_T, ...]:
        value = self.take(key)
        if not isinstance(value, tuple) or not least <= len(value) <= most:
            raise CardError(f"{key!r} must be a list of {least} to {most} items.")
        return tuple(read(item) for item in value)


def _choices(fields: _Fields) -> Choices:
    return Choices(
        fields.text("name", MAX_LABEL_CHARACTERS),
        fields.items("actionOption", 1, MAX_OPTIONS, _option),
    )


def _option(value: Value) -> Option:
    fields = _Fields(value, "An option")
    option = Option(
        fields.matching("identifier", _IDENTIFIER), fields.text("name", MAX_LABEL_CHARACTERS)
    )
    fields.finish()
    return option


def _slot_offer(fields: _Fields) -> SlotOffer:
    return SlotOffer(
        fields.matching("identifier", _IDENTIFIER),
        fields.number("partySize", 1, MAX_PARTY),
        fields.matching("scheduleTimezone", _ZONE),
        fields.items("slots", 1, MAX_SLOTS, _offered_slot),
    )


def _offered_slot(value: Value) -> OfferedSlot:
    fields = _Fields(value, "A slot")
    slot = OfferedSlot(
        fields.matching("identifier", _IDENTIFIER),
        fields.number("start", 0, MAX_INSTANT_S),
        fields.number("duration", 1, MAX_DURATION_S),
    )
    fields.finish()
    return slot


def _booking_card(fields: _Fields) -> BookingCard:
    return BookingCard(
        uid=fields.matching("reservationId", _IDENTIFIER),
        sequence=fields.number("sequence", 0, 2**31),
        state=_word(fields.take("reservationStatus"), BookingState),
        party=fields.number("partySize", 1, MAX_PARTY),
        start_s=fields.number("start", 0, MAX_INSTANT_S),
        duration_s=fields.number("duration", 1, MAX_DURATION_S),
        zone=fields.matching("scheduleTimezone", _ZONE),
        under_name=fields.text("underName", MAX_NAME_CHARACTERS),
        business=fields.text("provider", MAX_LABEL_CHARACTERS),
        actions=fields.items("potentialAction", 0, len(Action), lambda value: _word(value, Action)),
    )


def _word(value: Value, words: type[_Word]) -> _Word:
    if isinstance(value, str):
        for word in words:
            if word.value == value:
                return word
    raise CardError(f"{repr(value)[:40]} is none of: {', '.join(words)}.")


def _choose(fields: _Fields) -> Choose:
    request_id = fields.text("object", 64)
    if request_id and not _IDENTIFIER.fullmatch(request_id):
        raise CardError("'object' must be empty or the identifier of an offer.")
    return Choose(fields.matching("identifier", _IDENTIFIER), request_id)


def _booking_request(fields: _Fields) -> BookingRequest:
    day = fields.matching("startDate", _DATE) if fields.has("startDate") else None
    at = fields.matching("startTime", _TIME) if fields.has("startTime") else None
    try:
        return BookingRequest(
            party=fields.number("partySize", 1, MAX_PARTY) if fields.has("partySize") else None,
            day=None if day is None else date.fromisoformat(day),
            at=None if at is None else time.fromisoformat(at),
            under_name=fields.text("underName", MAX_NAME_CHARACTERS),
        )
    except ValueError as error:
        raise CardError(f"There is no such date or time: {error}.") from error


def _cancel_request(fields: _Fields) -> CancelRequest:
    return CancelRequest(fields.matching("reservationId", _IDENTIFIER))


_READERS: dict[str, Callable[[_Fields], Card]] = {
    "Choices": _choices,
    "SlotOffer": _slot_offer,
    "FoodEstablishmentReservation": _booking_card,
    "ChooseAction": _choose,
    "ReserveAction": _booking_request,
    "CancelAction": _cancel_request,
}

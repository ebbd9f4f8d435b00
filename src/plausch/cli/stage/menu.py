"""What a guest in a terminal can answer: a card's choices, numbered; free text always."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from plausch.cli.phrases import Language, phrase
from plausch.content.cards import (
    Action,
    BookingCard,
    CancelRequest,
    Card,
    Choices,
    Choose,
    CustomerCard,
    SlotOffer,
)

WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
}


@dataclass(frozen=True, slots=True)
class Pick:
    """One numbered answer: what is shown, and the card that is sent for it."""

    label: str
    reply: CustomerCard


def wall_time(instant_s: int, zone: str, language: Language) -> str:
    """An instant on the wall of the business: `Fri 27.11. 19:00`, `Fri 27 Nov 19:00` in English."""
    at = datetime.fromtimestamp(instant_s, ZoneInfo(zone))
    day = WEEKDAYS[language][at.weekday()]
    if language == "de":
        return f"{day} {at:%d.%m. %H:%M}"
    return f"{day} {at:%-d %b %H:%M}"


def picks_of(card: Card | None, language: Language) -> list[Pick]:
    """The answers that a card of the business offers, in its order."""
    match card:
        case Choices():
            return [Pick(one.label, Choose(one.identifier)) for one in card.options]
        case SlotOffer():
            return [
                Pick(
                    wall_time(slot.start_s, card.zone, language),
                    Choose(slot.identifier, card.request_id),
                )
                for slot in card.slots
            ]
        case BookingCard():
            return [_booking_pick(card, action, language) for action in card.actions]
    return []


def _booking_pick(card: BookingCard, action: Action, language: Language) -> Pick:
    match action:
        case Action.CONFIRM:
            return Pick(phrase("pick_confirm", language), Choose(action.value, card.uid))
        case Action.CANCEL:
            return Pick(phrase("pick_cancel", language), CancelRequest(card.uid))


def picked(line: str, picks: list[Pick]) -> Pick | None:
    """The answer of that number, 1 the first; None when the line is free text."""
    text = line.strip()
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(picks):
        return picks[int(text) - 1]
    return None

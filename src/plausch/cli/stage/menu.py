"""What a guest in a terminal can answer: a card's choices, numbered; free text always."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from plausch.cli.phrases import Language
from plausch.content.cards import Card, Choices, Choose, CustomerCard, SlotOffer

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
    """The answers that a card offers, in its order. A booking is changed by writing."""
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
    return []


def numbers_itself(text: str) -> bool:
    """Whether a message already shows its choices with numbers."""
    return re.search(r"^1\. ", text, re.MULTILINE) is not None


def picked(line: str, picks: list[Pick]) -> Pick | None:
    """The answer of that number, 1 the first; None when the line is free text."""
    text = line.strip()
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(picks):
        return picks[int(text) - 1]
    return None

"""A week at the restaurant: guests of every temper write at random; what they were told is true.

Each run prints its seed through the parameter; the same seed plays the same week.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from guest import Guest
from ledger import audit
from linde import NOW_S, TUESDAY, restaurant
from plausch.agent.book import Book
from plausch.agent.talk import Expecting
from plausch.base.clock import ManualClock
from plausch.content.cards import BookingCard, Choices, Choose, SlotOffer
from plausch.domain.booking import BookingState

OPENERS = (
    "Hallo", "Tisch bitte", "a table please", "Tisch für {party}", "table for {party} on {day}",
    "Tisch für {party} am {day} um {hour} Uhr", "{day} at {hour}:30 for {party} people",
    "zu {party}. morgen", "Guten Morgen, habt ihr {day} offen?", "übermorgen abend für {party}",
)  # fmt: skip
DAYS = ("morgen", "friday", "Samstag", "28.11.", "sonntag", "tomorrow", "am 1.12.", "heute")
WHIMS = (
    "hm", "danke", "später", "ja", "nein", "in english please", "auf deutsch", "Öffnungszeiten",
    "doch lieber für {party}", "lieber {day}", "um {hour} Uhr", "stornieren", "cancel", "7", "99",
    "meine Reservierung", "🙂", "",
)  # fmt: skip


@dataclass
class Person:
    """A guest with a temper: how often they do what is expected, press buttons, or walk away."""

    guest: Guest
    dice: random.Random
    sense: float
    buttons: float

    def fill(self, text: str) -> str:
        return text.format(
            party=self.dice.randint(1, 9),
            day=self.dice.choice(DAYS),
            hour=self.dice.choice([12, 13, 18, 19, 20, 21]),
        )

    async def act(self) -> None:
        """One message."""
        if self.dice.random() > self.sense or not self.guest.replies:
            await self.guest.says(self.fill(self.dice.choice((*OPENERS, *WHIMS))))
            return
        card, expecting = self.guest.card, self.guest.talk.expecting
        if isinstance(card, SlotOffer):
            slot = self.dice.randrange(len(card.slots))
            if self.dice.random() < self.buttons:
                await self.guest.sends(Choose(card.slots[slot].identifier, card.request_id))
            else:
                await self.guest.says(str(slot + 1))
        elif expecting is Expecting.NAME:
            await self.guest.says(self.dice.choice(["Anna", "Herr Freitag", "my name is Bob"]))
        elif isinstance(card, Choices):
            option = self.dice.choice(card.options)
            await self.guest.sends(Choose(option.identifier))
        else:
            await self.guest.says(self.fill(self.dice.choice(OPENERS)))


class Week:
    """The restaurant, its guests, and what each was told about each booking."""

    def __init__(self, book: Book, path: Path, seed: int) -> None:
        self.book, self.path, self.dice = book, path, random.Random(seed)
        self.house, self.clock = restaurant(), ManualClock(NOW_S * 1000)
        self.people = [
            Person(
                Guest(book, self.house, self.clock, f"guest {number}"),
                self.dice,
                sense=self.dice.choice([0.3, 0.8, 0.95]),
                buttons=self.dice.random(),
            )
            for number in range(25)
        ]
        self.told: dict[str, BookingState] = {}

    async def step(self) -> None:
        person = self.dice.choice(self.people)
        await person.act()
        for reply in person.guest.replies:
            if isinstance(reply.card, BookingCard):
                self.told[reply.card.uid] = reply.card.state
        self.clock.advance(self.dice.choice([1_000, 20_000, 300_000, 1_200_000]))

    async def check(self) -> int:
        """What was told is so; how many firm bookings there are."""
        audit(self.path, self.house)
        firm = {
            booking.uid for person in self.people for booking in await self.all_of(person.guest)
        }
        told = {uid for uid, state in self.told.items() if state is BookingState.CONFIRMED}
        assert firm == told
        return len(firm)

    async def all_of(self, guest: Guest):  # type: ignore[no-untyped-def]
        """Firm bookings of a guest, the past ones included."""
        return await self.book.at_desk(
            self.house, NOW_S, lambda desk: desk.upcoming(guest.conversation)
        )


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    opened = await Book.open(tmp_path / "book.db")
    yield opened
    await opened.close()


@pytest.mark.parametrize("seed", range(6))
async def test_a_week(book: Book, tmp_path: Path, seed: int) -> None:
    week = Week(book, tmp_path / "book.db", seed)
    for number in range(400):
        await week.step()
        if number % 100 == 99:
            await week.check()
    firm = await week.check()
    assert firm >= 10
    listed = [
        entry
        for offset in range(-2, 70)
        for entry in await book.bookings_on(TUESDAY + timedelta(days=offset), "Europe/Berlin")
        if entry.booking.state is BookingState.CONFIRMED
    ]
    assert len(listed) == firm
    assert all(entry.tables for entry in listed)

"""Anna reserves a table at Cem's restaurant, by words and by buttons, in German and in English."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cast import Town, message, settled
from ledger import audit
from linde import FRIDAY, TUESDAY, ZONE, at
from plausch.content.cards import BookingCard, BookingRequest, CancelRequest, Choose, SlotOffer
from plausch.domain.booking import BookingState
from service import Caller, House, house_in


@pytest.fixture
async def linde(town: Town, tmp_path: Path) -> AsyncIterator[House]:
    """Cem's restaurant, at work."""
    async with house_in(town, tmp_path) as house, house.at_work():
        yield house


async def test_anna_writes_german(town: Town, linde: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    assert "Was darf es sein?" in (await anna.says("Hallo!")).text
    assert "wie viele Personen" in (await anna.says("1")).text
    assert "An welchem Tag" in (await anna.says("zu dritt")).text
    assert "diese Zeiten frei" in (await anna.says("Freitag abend")).text
    assert "19:30 Uhr, für 3 Personen" in (await anna.says("halb acht")).text
    assert "auf den Namen **Anna Käfer**" in (await anna.says("Anna Käfer")).text
    (booked,) = await linde.book.bookings_on(FRIDAY, ZONE)
    assert (booked.booking.under_name, booked.booking.party) == ("Anna Käfer", 3)
    assert booked.booking.starts_at_s == at(FRIDAY, "19:30")
    assert "wirklich stornieren" in (await anna.says("Ich muss leider absagen")).text
    assert "storniert" in (await anna.says("ja")).text
    assert await linde.book.bookings_on(FRIDAY, ZONE) == []


async def test_anna_writes_english(town: Town, linde: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    closed = await anna.says("A table for two tonight at 8, please")
    assert "We are closed on Monday, 23 November" in closed.text
    assert isinstance(closed.card, SlotOffer)
    assert "8:00 pm, for 2 people" in (await anna.says("1")).text
    confirmed = await anna.says("Anna Smith")
    assert "Confirmed" in confirmed.text
    (booked,) = await linde.book.bookings_on(TUESDAY, ZONE)
    assert (booked.booking.under_name, booked.tables) == ("Anna Smith", ("1",))
    assert "Really" not in (await anna.says("what are your opening hours?")).text


async def test_anna_has_her_table_in_three_taps(town: Town, linde: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    offer = (await anna.sends(BookingRequest(2, FRIDAY))).card
    assert isinstance(offer, SlotOffer)
    seven = next(slot for slot in offer.slots if slot.start_s == at(FRIDAY, "19:00"))
    held = (await anna.sends(Choose(seven.identifier, offer.request_id))).card
    assert isinstance(held, BookingCard)
    assert held.state is BookingState.HELD
    firm = (await anna.sends(BookingRequest(under_name="Anna"))).card
    assert isinstance(firm, BookingCard)
    assert (firm.uid, firm.state) == (held.uid, BookingState.CONFIRMED)
    assert firm.sequence == held.sequence + 1
    off = (await anna.sends(CancelRequest(firm.uid))).card
    assert isinstance(off, BookingCard)
    assert off.state is BookingState.CANCELLED
    assert audit(linde.path, linde.restaurant) == 0


async def test_twelve_guests_and_four_tables(town: Town, linde: House) -> None:
    """All at the same moment, each from a device of their own."""
    people = await town.people(*(f"guest{number}" for number in range(12)))
    callers = [await Caller.of(person) for person in people]
    wish = "Tisch für 2 am Freitag um 19 Uhr, Name: {}"
    await asyncio.gather(
        *(
            caller.conversation.send_text(wish.format(f"Gast {'abcdefghijkl'[number]}"))
            for number, caller in enumerate(callers)
        )
    )
    answers = [await message(person) for person in people]
    lucky = [
        caller
        for caller, answer in zip(callers, answers, strict=True)
        if isinstance(answer.card, BookingCard) and answer.card.state is BookingState.HELD
    ]
    assert len(lucky) == 4
    firm = await asyncio.gather(*(caller.says("ja") for caller in lucky))
    assert [one.card.state for one in firm if isinstance(one.card, BookingCard)] == [
        BookingState.CONFIRMED
    ] * 4
    assert sum(isinstance(answer.card, SlotOffer) for answer in answers) == 8
    assert audit(linde.path, linde.restaurant) == 4
    booked = await linde.book.bookings_on(FRIDAY, ZONE)
    assert {entry.booking.starts_at_s for entry in booked} == {at(FRIDAY, "19:00")}


async def test_a_cancelled_table_goes_to_the_next(town: Town, linde: House) -> None:
    anna, ben = [await Caller.of(one) for one in await town.people("anna", "ben")]
    wish = "Tisch für 8 am Freitag um 19 Uhr, Name: {}"
    await anna.says(wish.format("Anna"))
    assert "Bestätigt" in (await anna.says("ja")).text
    assert "nichts frei" in (await ben.says(wish.format("Ben"))).text
    await anna.says("stornieren")
    assert "storniert" in (await anna.says("1")).text
    assert "Soll ich fest" in (await ben.says(wish.format("Ben"))).text
    assert "Bestätigt" in (await ben.says("ja")).text
    (booked,) = await linde.book.bookings_on(FRIDAY, ZONE)
    assert booked.booking.under_name == "Ben"


async def test_both_ends_hold_the_same_history(town: Town, linde: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.says("Tisch für 2 morgen um 19 Uhr")
    await anna.says("Anna")
    await settled(anna.client, linde.client)
    theirs = linde.client.conversation(anna.conversation.id)
    mine = [(one.message_id, one.text) for one in await anna.conversation.history()]
    assert mine == [(one.message_id, one.text) for one in await theirs.history()]
    assert len(mine) == 4

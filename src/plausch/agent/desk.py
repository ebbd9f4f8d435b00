"""Bookings inside one transaction of the book, as guests make them: look, hold, confirm, cancel.

What staff may do besides is in staff.py; where people sit is in seats.py.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import cast

import msgspec

from plausch.agent import customers, rows
from plausch.agent.phrases import Phrases
from plausch.agent.rows import NO_CONVERSATION, TableBooking, booking_of, entry_of, uid_of
from plausch.agent.seats import Seats, Stay
from plausch.agent.showing import booking_card, label_of
from plausch.agent.talk import Expecting, Reply, Talk
from plausch.base.ids import ConversationId
from plausch.content.cards import Choices, Option
from plausch.db.interface import Transaction
from plausch.domain.assignment import DAY_QUANTA, Assignment
from plausch.domain.booking import (
    Booking,
    By,
    Cancel,
    Command,
    Confirm,
    Expire,
    Hold,
    Request,
    Submit,
    apply,
    decide,
)
from plausch.domain.business import Business
from plausch.domain.calendar import instant_s
from plausch.domain.service import QUANTUM_S, ConfirmationMode, Service
from plausch.domain.slots import (
    Availability,
    Occupancy,
    Slot,
    Unavailable,
    free_slots,
    slot_at,
    table_for,
)

_REMIND = """UPDATE booking SET coming = 0, remind_at_s =
    CASE WHEN conversation = $3 THEN 0 ELSE $2 END WHERE uid = $1"""
_READ_TALK = "SELECT state FROM talk WHERE conversation = $1"
_SAVE_TALK = """INSERT INTO talk (conversation, state, at_s) VALUES ($1, $2, $3)
    ON CONFLICT (conversation) DO UPDATE SET state = excluded.state, at_s = excluded.at_s"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a guest that answers none: something has happened to a booking."""

    conversation: ConversationId
    reply: Reply


class Desk:
    """The book as it is within one transaction, at one moment, for one business.

    `letters` go out with the transaction; `seats.freed` tells whom on the waiting list to look at.
    """

    def __init__(self, transaction: Transaction, business: Business, now_s: int) -> None:
        self.business = business
        self.now_s = now_s
        self.transaction = transaction
        self.seats = Seats(transaction, business, now_s)
        self.letters: list[Letter] = []

    def wanted(self, service: str, person: str = "") -> Service:
        """The service of that identifier, by that person alone if they are one who does it."""
        known = self.business.service(service)
        serving = {one.identifier for one in self.business.floor_for(known).resources}
        return replace(known, resources=(person,)) if person in serving else known

    async def available(
        self, day: date, party: int, instead_of: str = "", service: str = "", person: str = ""
    ) -> Availability:
        """The free times of an opening day for a party; as if the booking `instead_of` were not.

        `service` is the identifier of what is to be booked; empty for the first service. `person`
        is who of the business shall do it; empty for anybody.
        """
        wanted = self.wanted(service, person)
        opens = instant_s(self.business.calendar.zone, day, 0) // QUANTUM_S
        occupancy = await self.seats.occupancy(wanted, opens, opens + 2 * DAY_QUANTA, instead_of)
        return free_slots(self.business, wanted, day, party, self.now_s, occupancy)

    async def available_days(
        self, first: date, days: int, party: int, service: str = ""
    ) -> list[Availability]:
        """The free times of so many opening days in a row; what is taken is read once."""
        wanted = self.business.service(service)
        zone = self.business.calendar.zone
        opens = instant_s(zone, first, 0) // QUANTUM_S
        closes = instant_s(zone, first + timedelta(days=days + 1), 0) // QUANTUM_S
        occupancy = await self.seats.occupancy(wanted, opens, closes)
        return [
            free_slots(
                self.business,
                wanted,
                first + timedelta(days=number),
                party,
                self.now_s,
                occupancy,
            )
            for number in range(days)
        ]

    async def hold(
        self,
        conversation: ConversationId,
        token: bytes,
        starts_at_s: int,
        party: int,
        under_name: str = "",
        service: str = "",
        hold_s: int = 0,
        person: str = "",
    ) -> Booking | Unavailable:
        """Keep a table for a party, for `hold_s` or the service's time; or why that cannot be.

        `token` names the request within the conversation: the same one gets the same booking
        again, as it is by now. With the `person` of the guest's choice the booking stays, also
        when others are moved. Raises BookingRefused for a name that is none.
        """
        known = await self.select(rows.BY_TOKEN, conversation, token)
        if known:
            return known[0]
        await self.expire_holds()
        wanted = self.wanted(service, person)
        slot = slot_at(self.business, wanted, starts_at_s, party, self.now_s)
        if isinstance(slot, Unavailable):
            return slot
        until_s = self.now_s + (hold_s or wanted.hold_minutes * 60)
        return await self._place(conversation, token, wanted, slot, party, under_name, until_s)

    async def rebook(
        self,
        conversation: ConversationId,
        token: bytes,
        old: Booking,
        starts_at_s: int,
        party: int,
        person: str = "",
    ) -> Booking | Unavailable:
        """A firm booking in place of another, under its name; or why that is impossible.

        The old one counts as free and is cancelled only if the new one can be. Where a person
        decides, the new one waits for that. Tokens as in `hold`. Raises BookingRefused when the
        old one can no longer be cancelled.
        """
        known = await self.select(rows.BY_TOKEN, conversation, token)
        if known:
            return known[0]
        await self.expire_holds()
        wanted = self.wanted(old.service, person)
        slot = slot_at(self.business, wanted, starts_at_s, party, self.now_s)
        if isinstance(slot, Unavailable):
            return slot
        until_s = self.now_s + wanted.hold_minutes * 60
        placed = await self._place(
            conversation, token, wanted, slot, party, old.under_name, until_s, old
        )
        return placed if isinstance(placed, Unavailable) else await self.settle(placed)

    async def _place(
        self,
        conversation: ConversationId,
        token: bytes,
        service: Service,
        slot: Slot,
        party: int,
        under_name: str,
        until_s: int,
        instead_of: Booking | None = None,
    ) -> Booking | Unavailable:
        found, occupancy, quanta = await self._look(service, slot, party, instead_of)
        if found is None:
            return Unavailable.FULL
        note = ""
        if instead_of is not None:
            entry = await self.entry(instead_of.uid)
            note = entry.note if entry else ""
            await self.cancel(instead_of, By.CUSTOMER)
        request = Request(
            uid_of(conversation, token),
            party,
            slot.starts_at_s,
            slot.ends_at_s,
            slot.zone,
            under_name,
            service.identifier,
        )
        booking = self.decided(None, request, Hold(0, until_s))
        chosen = service != self.business.service(service.identifier)
        entry = TableBooking(
            booking,
            found.resources,
            conversation,
            note=note,
            pinned=chosen,
            customer=customers.of_conversation(conversation),
        )
        stay = Stay(found.resources, quanta, pinned=chosen)
        await self.seats.seat(entry, token, stay, occupancy, found)
        return booking

    async def _look(
        self, service: Service, slot: Slot, party: int, instead_of: Booking | None
    ) -> tuple[Assignment | None, Occupancy, range]:
        quanta = service.claimed_quanta(slot.starts_at_s, slot.ends_at_s)
        left_out = instead_of.uid if instead_of is not None else ""
        occupancy = await self.seats.occupancy(service, quanta.start, quanta.stop, left_out)
        return table_for(self.business, service, slot, party, occupancy), occupancy, quanta

    def decided(self, booking: Booking | None, *commands: Command) -> Booking:
        """A booking after some commands, not written yet. Raises BookingRefused."""
        for command in commands:
            for event in decide(booking, command, self.now_s):
                booking = apply(booking, event)
        return cast(Booking, booking)

    async def settle(self, booking: Booking, under_name: str = "") -> Booking:
        """Make a held booking firm, or leave that to a person, as the service has it.

        Raises BookingRefused.
        """
        service = self.business.service(booking.service)
        name = under_name or booking.under_name
        if service.confirmation_mode is ConfirmationMode.AUTOMATIC:
            return await self.confirm(booking, name)
        await self._name_customer(booking, name)
        return await self.change(booking, Submit(booking.sequence, name))

    async def confirm(self, booking: Booking, under_name: str = "") -> Booking:
        """Make a booking firm. Raises BookingRefused."""
        after = await self.change(booking, Confirm(booking.sequence, under_name))
        await self._name_customer(after, after.under_name)
        await self.plan_reminder(after)
        return after

    async def plan_reminder(self, booking: Booking) -> None:
        """Set when the guest is reminded: not if that is over already, or there is no chat."""
        lead_s = self.business.service(booking.service).reminder_minutes * 60
        remind_at_s = booking.starts_at_s - lead_s
        if lead_s == 0 or remind_at_s <= self.now_s:
            remind_at_s = 0
        await self.transaction.execute(_REMIND, booking.uid, remind_at_s, NO_CONVERSATION)

    async def _name_customer(self, booking: Booking, name: str) -> None:
        entry = await self.entry(booking.uid)
        if entry is not None and entry.customer:
            seen = customers.Seen(entry.customer, entry.conversation, name, entry.telephone)
            await customers.remember(self.transaction, seen, self.now_s)

    async def cancel(self, booking: Booking, by: By, asked_at_s: int = 0) -> Booking:
        """Take a booking back and free its tables; customers only until the deadline.

        Who has asked in time, at `asked_at_s`, is in time when that is heard later. Raises
        BookingRefused.
        """
        waited_s = self.now_s - (asked_at_s or self.now_s)
        return await self.change(booking, Cancel(by, self.cancel_deadline_s(booking) + waited_s))

    def cancel_deadline_s(self, booking: Booking) -> int:
        """Until when its customer may take a booking back."""
        service = self.business.service(booking.service)
        return booking.starts_at_s - service.cancel_until_minutes * 60

    async def expire_holds(self) -> None:
        """End the holds whose time is over, and free their tables."""
        for booking in await self.select(rows.OVERDUE, self.now_s):
            await self.change(booking, Expire())

    async def end_hold(self, uid: str) -> None:
        """End one hold, if its time is over."""
        for booking in await self.select(rows.ONE_OVERDUE, self.now_s, uid):
            await self.change(booking, Expire())

    async def booking(self, conversation: ConversationId, uid: str) -> Booking | None:
        """A booking of a conversation, by uid."""
        found = await self.select(rows.OF_CONVERSATION, conversation, uid)
        return found[0] if found else None

    async def upcoming(self, conversation: ConversationId) -> list[Booking]:
        """The bookings of a conversation that stand or wait for a person, by begin."""
        return await self.select(rows.UPCOMING, conversation, self.now_s)

    async def entry(self, uid: str) -> TableBooking | None:
        """A booking with all that belongs to it, by uid."""
        found = await self.transaction.fetch(rows.ENTRY_BY_UID, uid)
        return entry_of(found[0]) if found else None

    async def select(self, query: str, *values: int | str | bytes) -> list[Booking]:
        """Bookings by a query over `rows.COLUMNS`."""
        return [booking_of(row) for row in await self.transaction.fetch(query, *values)]

    async def change(self, seen: Booking, *commands: Command) -> Booking:
        """Carry out commands on the booking as it is now, whatever the caller saw before."""
        booking = (await self.select(rows.BY_UID, seen.uid))[0]
        after = self.decided(booking, *commands)
        if after is not booking:
            await self.seats.update(booking, after)
        return after

    # --- words to guests who did not ask ---------------------------------------------------

    async def talk(self, conversation: ConversationId) -> Talk:
        """What the receptionist remembers of a conversation."""
        found = await self.transaction.fetch(_READ_TALK, conversation)
        return msgspec.msgpack.decode(found[0][0], type=Talk) if found else Talk()

    async def save_talk(self, conversation: ConversationId, talk: Talk) -> None:
        """Remember a talk."""
        state = msgspec.msgpack.encode(talk)
        await self.transaction.execute(_SAVE_TALK, conversation, state, self.now_s)

    async def phrases(self, conversation: ConversationId) -> Phrases:
        """The words of a guest's language."""
        talk = await self.talk(conversation)
        today = self.business.calendar.today(self.now_s)
        return Phrases(talk.language or self.business.language, today, self.business.kind)

    async def write(self, conversation: ConversationId, text: str, booking: Booking) -> None:
        """Tell a guest where a booking stands, if the guest is in a chat."""
        if conversation:
            language = (await self.phrases(conversation)).language
            card = booking_card(self.business, booking)
            self.letters.append(Letter(conversation, Reply(text, language, card)))

    def say(self, conversation: ConversationId, text: str, language: str) -> None:
        """Tell a guest something, in a language."""
        self.letters.append(Letter(conversation, Reply(text, language)))

    async def ask(self, conversation: ConversationId, text: str, options: list[Option]) -> None:
        """Ask a guest something with numbered options, if the guest is in a chat."""
        if not conversation:
            return
        phrases = await self.phrases(conversation)
        talk = await self.talk(conversation)
        identifiers = tuple(option.identifier for option in options)
        expecting = talk.expecting if talk.expecting is Expecting.NAME else Expecting.NOTICE
        asked = replace(talk, expecting=expecting, options=identifiers, heard_at_s=self.now_s)
        await self.save_talk(conversation, asked)
        card = Choices(label_of(text), tuple(options))
        lines = "\n".join(f"{number}. {one.label}" for number, one in enumerate(options, 1))
        self.letters.append(
            Letter(conversation, Reply(f"{text}\n\n{lines}", phrases.language, card))
        )

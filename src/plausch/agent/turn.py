"""One message and what comes of it: the talk so far, the desk, and the reply in the making."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from plausch.agent.desk import Desk
from plausch.agent.hear_service import ANYBODY
from plausch.agent.phrases import Phrases
from plausch.agent.showing import booking_card, described, label_of
from plausch.agent.talk import Expecting, Heard, Reply, Talk
from plausch.agent.understand import OfferedService, Setting, Understand, understand_by_rules
from plausch.content.cards import (
    Card,
    Choices,
    OfferedSlot,
    Option,
    SlotOffer,
)
from plausch.domain.booking import Booking
from plausch.domain.service import Service
from plausch.domain.slots import Slot
from plausch.domain.tables import FloorPlan, ResourceKind


@dataclass
class Turn:
    """The receptionist's workbench for one message.

    `notes` are lines for the staff's log, without personal data. `is_other_person`: a booking shall
    be changed to somebody else of the business. `is_for_people`: the team should read the message.
    """

    talk: Talk
    heard: Heard
    desk: Desk
    understand: Understand = understand_by_rules
    replies: list[Reply] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_other_person: bool = False
    is_for_people: bool = False

    @property
    def today(self) -> date:
        """The local date at the business."""
        return self.desk.business.calendar.today(self.desk.now_s)

    @property
    def asked_at_s(self) -> int:
        """When the guest said it, which may be long before it is heard."""
        return min(self.heard.sent_at_s or self.desk.now_s, self.desk.now_s)

    @property
    def is_stale(self) -> bool:
        """Whether the agent was away so long that the guest may not want it any more."""
        return self.desk.now_s - self.asked_at_s > self.desk.business.stale_minutes * 60

    @property
    def service(self) -> Service:
        """What is talked about: the chosen service, or the first."""
        return self.desk.business.service(self.talk.service)

    @property
    def floor(self) -> FloorPlan:
        """The places that this service may use."""
        return self.desk.business.floor_for(self.service)

    @property
    def now(self) -> datetime:
        """The local time at the business."""
        return self.desk.business.calendar.local(self.desk.now_s)

    @property
    def setting(self) -> Setting:
        """What a guest's words are read against."""
        business = self.desk.business
        services = business.services if len(business.services) > 1 else ()
        return Setting(
            self.talk.language or business.language,
            tuple(OfferedService(one.identifier, one.name) for one in services),
            tuple(
                one.identifier
                for one in business.floor.resources
                if one.kind is ResourceKind.PERSON
            ),
        )

    @property
    def phrases(self) -> Phrases:
        """The words of the guest's language, or of the house while that is unknown."""
        return Phrases(
            self.talk.language or self.desk.business.language, self.today, self.desk.business.kind
        )

    @property
    def call(self) -> str:
        """The invitation to telephone, empty if the house has no number."""
        return self.phrases.call(self.desk.business.telephone)

    def refer(self, key: str, **values: object) -> str:
        """A sentence that leaves the message to people, who can be telephoned, and will read it."""
        self.is_for_people = True
        return self.phrases.say(key, call=self.call, **values)

    def expect(self, expecting: Expecting, options: Sequence[str] = ()) -> None:
        """Remember what the question is about and what its numbers stand for."""
        self.talk = replace(self.talk, expecting=expecting, options=tuple(options), confused=0)

    def forget_wishes(self) -> None:
        """The booking is settled: party, date and time are no longer meant."""
        self.talk = replace(self.talk, party=None, day=None, time=None, part=None)
        self.talk = replace(self.talk, held_uid="", changing_uid="", service="", person="")
        self.talk = replace(self.talk, waiting="")
        self.expect(Expecting.NOTHING)

    def reply(self, text: str, card: Card | None = None) -> None:
        """Say something."""
        self.replies.append(Reply(text, self.phrases.language, card))

    def ask(self, text: str, options: Sequence[Option], expecting: Expecting) -> None:
        """Ask with numbered options; every one has a button in clients that know cards."""
        lines = [f"{number}. {option.label}" for number, option in enumerate(options, 1)]
        hint = self.phrases.say("hint_number")
        card = Choices(label_of(text), tuple(options))
        self.reply(_paragraphs(text, "\n".join(lines), hint), card)
        self.expect(expecting, [option.identifier for option in options])

    def offer(self, text: str, party: int, slots: Sequence[Slot]) -> None:
        """Offer free times, numbered; dates are named when there are several."""
        calendar = self.desk.business.calendar
        days = {calendar.today(slot.starts_at_s) for slot in slots}
        with_day = len(days) > 1 or days != {self.talk.day}
        labels = [self.phrases.slot(slot, calendar, with_day=with_day) for slot in slots]
        lines = [f"{number}. {label}" for number, label in enumerate(labels, 1)]
        card = SlotOffer(
            f"p{party}",
            party,
            calendar.zone,
            tuple(
                OfferedSlot(slot.identifier, slot.starts_at_s, slot.duration_s) for slot in slots
            ),
        )
        self.reply(_paragraphs(text, "\n".join(lines), self.phrases.say("hint_time")), card)
        self.expect(Expecting.TIME, [slot.identifier for slot in slots])

    def show(self, text: str, booking: Booking) -> None:
        """Say where a booking stands."""
        self.reply(text, booking_card(self.desk.business, booking))

    def described(self, booking: Booking) -> str:
        """`am Freitag, 27. November, 19:30 Uhr, 4 Personen`."""
        return described(self.phrases, self.desk.business, booking)

    def what(self, booking: Booking) -> str:
        """The service of a booking, and by whom if the guest has chosen."""
        name, person = self.desk.business.service(booking.service).name, self.talk.person
        if person in ("", ANYBODY):
            return name
        return self.phrases.say("service_by", service=name, person=person)

    def note(self, booking: Booking) -> None:
        """A line for the staff: which booking, what became of it, when, how many."""
        local = self.desk.business.calendar.local(booking.starts_at_s)
        self.notes.append(
            f"{booking.uid} {booking.state}: {local:%Y-%m-%d %H:%M}, {booking.party} guests"
        )


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)

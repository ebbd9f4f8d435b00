"""What the receptionist remembers of a conversation, hears, and says."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plausch.base.ids import ConversationId
from plausch.content.cards import Card


class Expecting(StrEnum):
    """What the last question to the guest was about."""

    NOTHING = "nothing"
    SERVICE = "service"
    PERSON = "person"
    PARTY = "party"
    DAY = "day"
    TIME = "time"
    NAME = "name"
    CANCEL = "cancel"
    CHANGE = "change"
    NOTICE = "notice"


class DayPart(StrEnum):
    """A vague time."""

    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    EVENING = "evening"


PARTS = {
    DayPart.MORNING: range(12 * 60),
    DayPart.NOON: range(11 * 60, 15 * 60),
    DayPart.AFTERNOON: range(14 * 60, 17 * 60),
    DayPart.EVENING: range(17 * 60, 2880),
}
"""The minutes of the day that a vague time may mean."""


@dataclass(frozen=True, slots=True)
class HeardTime:
    """A time of day in minutes; `vague` when it may be meant twelve hours later ("at seven")."""

    minute: int
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """The state of one conversation, between messages. New fields need a default.

    `language` is empty until the guest has shown one. `options` are the identifiers of the
    numbered choices shown last. `service` is what is to be booked, empty until it is chosen or if
    there is only one; `person` who of the business shall do it, "*" if that is all the same.
    `held_uid` is the booking that waits for a name, `waiting` the wish for the waiting list that
    does, `changing_uid` the firm booking that the wishes shall replace. `allowance` and its time
    are the leaky bucket of patience.py. `tapped_at_s` is when the guest last used a card of the
    agent's, `heard_at_s` when the last message that the agent heard was sent, both by the server's
    clock; a question that the agent asked by itself counts as heard when it was asked.
    """

    language: str = ""
    expecting: Expecting = Expecting.NOTHING
    party: int | None = None
    day: date | None = None
    time: HeardTime | None = None
    part: DayPart | None = None
    options: tuple[str, ...] = ()
    held_uid: str = ""
    name: str = ""
    confused: int = 0
    allowance: int = 0
    allowance_at_s: int = 0
    changing_uid: str = ""
    service: str = ""
    waiting: str = ""
    person: str = ""
    tapped_at_s: int = 0
    heard_at_s: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of a guest. `token` names it (its message id); `card` if it carries one.

    `sent_at_s` is when the server took it, 0 if that does not matter. `language` is that of the
    guest's app, empty if it does not say.
    """

    conversation: ConversationId
    token: bytes
    text: str
    card: Card | None = None
    sent_at_s: int = 0
    language: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to the guest: Markdown, and the card that says the same, if any."""

    text: str
    language: str
    card: Card | None = None

"""The life of a booking: commands are decided into events, events are folded into its state.

    request -> pending <-> held -> confirmed -> seated -> completed
                 |          |         |  `----> no_show
                 +-> declined         |
                 +----------+---------+--> cancelled

The verbs are iTIP's (RFC 5546): a customer *requests* and *cancels*; the business *replies*
(holds, confirms or declines), *counters* with another time, *moves* what stands, and cancels.
`uid` and `sequence` are iCalendar's: every event after the first raises `sequence` by one, and a
command that names an older sequence than the booking's comes too late. Customer and agent fold
the same events, so they agree. Nothing here knows of tables; the book finds those.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from plausch.base.errors import LocalError
from plausch.domain.service import DEFAULT_SERVICE

MAX_PARTY = 1_000
MAX_NAME_CHARACTERS = 80
MAX_TIME_S = 2**37
"""Far beyond any booking, and far enough from where dates end that one can reckon with it."""


class BookingState(StrEnum):
    """Where a booking stands (schema.org ReservationStatusType, and three of a restaurant's)."""

    PENDING = "pending"
    HELD = "held"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    SEATED = "seated"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


LIVE = frozenset(
    {BookingState.PENDING, BookingState.HELD, BookingState.CONFIRMED, BookingState.SEATED}
)
"""The states in which a booking may still come to something. In each of them it has its tables,
also while it waits for a decision, so that whoever decides can say yes."""


class By(StrEnum):
    """Who or what ended a booking."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    EXPIRY = "expiry"


class BookingRefused(LocalError):
    """The command does not fit the booking; nothing changed.

    Codes: `unknown`, `known`, `bad_request`, `wrong_state`, `outdated`, `not_expired`, `too_late`.
    """

    code = "wrong_state"


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking. Instants in seconds since the Unix epoch; `hold_until_s` is 0 unless held."""

    uid: str
    sequence: int
    state: BookingState
    party: int
    starts_at_s: int
    ends_at_s: int
    zone: str
    under_name: str
    hold_until_s: int
    booked_at_s: int
    modified_at_s: int
    service: str = DEFAULT_SERVICE


# --- commands ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """The customer asks for a time (iTIP REQUEST)."""

    uid: str
    party: int
    starts_at_s: int
    ends_at_s: int
    zone: str
    under_name: str = ""
    service: str = DEFAULT_SERVICE


@dataclass(frozen=True, slots=True)
class Hold:
    """The business keeps the time free until `hold_until_s` (a tentative iTIP REPLY)."""

    sequence: int
    hold_until_s: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """The booking is firm (an accepting iTIP REPLY). An empty name keeps the one it has."""

    sequence: int
    under_name: str = ""


@dataclass(frozen=True, slots=True)
class Decline:
    """The business cannot (a declining iTIP REPLY)."""

    sequence: int


@dataclass(frozen=True, slots=True)
class Counter:
    """Either side proposes another time (iTIP COUNTER); the booking waits for the other side."""

    sequence: int
    starts_at_s: int
    ends_at_s: int


@dataclass(frozen=True, slots=True)
class Submit:
    """The customer has given what was asked for; the held time waits for the business's reply."""

    sequence: int
    under_name: str


@dataclass(frozen=True, slots=True)
class Move:
    """The business changes time, length or number of guests of what stands (iTIP REQUEST)."""

    sequence: int
    starts_at_s: int
    ends_at_s: int
    party: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """The booking is off (iTIP CANCEL). It needs no sequence: cancelling twice is one cancel.

    A customer's cancel is refused after `deadline_s`.
    """

    by: By
    deadline_s: int


@dataclass(frozen=True, slots=True)
class Expire:
    """The hold's time is over."""


@dataclass(frozen=True, slots=True)
class Attend:
    """Staff notes that the guests sat down, left, or never came."""

    state: BookingState


Command = Request | Hold | Confirm | Decline | Counter | Submit | Move | Cancel | Expire | Attend

# --- events --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requested:
    """A time was asked for."""

    at_s: int
    uid: str
    party: int
    starts_at_s: int
    ends_at_s: int
    zone: str
    under_name: str
    service: str = DEFAULT_SERVICE


@dataclass(frozen=True, slots=True)
class Held:
    """The time is kept free until `hold_until_s`."""

    at_s: int
    hold_until_s: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The booking is firm, under this name."""

    at_s: int
    under_name: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The business could not."""

    at_s: int


@dataclass(frozen=True, slots=True)
class Countered:
    """Another time was proposed."""

    at_s: int
    starts_at_s: int
    ends_at_s: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request waits for the business's reply, under this name."""

    at_s: int
    under_name: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Time, length or number of guests are other ones now."""

    at_s: int
    starts_at_s: int
    ends_at_s: int
    party: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The booking is off."""

    at_s: int
    by: By


@dataclass(frozen=True, slots=True)
class Attended:
    """The guests sat down, left, or never came."""

    at_s: int
    state: BookingState


Event = (
    Requested | Held | Confirmed | Declined | Countered | Submitted | Moved | Cancelled | Attended
)

Reply = Hold | Confirm | Decline | Counter | Submit | Move
"""The commands that answer a certain sequence."""

_S = BookingState
_FROM: dict[type[Command], frozenset[BookingState]] = {
    Hold: frozenset({_S.PENDING}),
    Confirm: frozenset({_S.PENDING, _S.HELD}),
    Decline: frozenset({_S.PENDING, _S.HELD}),
    Counter: frozenset({_S.PENDING, _S.HELD}),
    Submit: frozenset({_S.HELD}),
    Move: frozenset({_S.PENDING, _S.HELD, _S.CONFIRMED, _S.SEATED}),
    Cancel: frozenset({_S.PENDING, _S.HELD, _S.CONFIRMED, _S.CANCELLED}),
    Expire: frozenset({_S.HELD}),
    Attend: frozenset({_S.CONFIRMED, _S.SEATED}),
}
"""From which states a command is possible; a Request makes the first one."""

_ATTENDANCE = {
    _S.SEATED: frozenset({_S.CONFIRMED}),
    _S.COMPLETED: frozenset({_S.SEATED}),
    _S.NO_SHOW: frozenset({_S.CONFIRMED}),
}


def decide(booking: Booking | None, command: Command, now_s: int) -> tuple[Event, ...]:
    """What a command does to a booking at a time; () if it is done already.

    Raises BookingRefused.
    """
    if isinstance(command, Request):
        return _request(booking, command, now_s)
    if booking is None:
        raise BookingRefused("There is no such booking: ask for one first.", code="unknown")
    if booking.state not in _FROM[type(command)]:
        raise BookingRefused(
            f"A {booking.state} booking cannot be changed by {type(command).__name__.lower()}."
        )
    if isinstance(command, Reply):
        return _reply(booking, command, now_s)
    if isinstance(command, Cancel):
        return _cancel(booking, command, now_s)
    if isinstance(command, Attend):
        if booking.state not in _ATTENDANCE.get(command.state, frozenset()):
            raise BookingRefused(f"A {booking.state} booking cannot become {command.state}.")
        return (Attended(now_s, command.state),)
    if now_s < booking.hold_until_s:
        raise BookingRefused("The hold has not run out yet.", code="not_expired")
    return (Cancelled(now_s, By.EXPIRY),)


def _request(booking: Booking | None, command: Request, now_s: int) -> tuple[Event, ...]:
    if booking is not None:
        raise BookingRefused("A booking with this uid exists already.", code="known")
    _check_stay(command.starts_at_s, command.ends_at_s, command.party)
    _check_name(command.under_name)
    return (
        Requested(
            now_s,
            command.uid,
            command.party,
            command.starts_at_s,
            command.ends_at_s,
            command.zone,
            command.under_name,
            command.service,
        ),
    )


def _reply(booking: Booking, command: Reply, now_s: int) -> tuple[Event, ...]:
    if command.sequence != booking.sequence:
        raise BookingRefused(
            f"The booking changed meanwhile: it is at sequence {booking.sequence}, not "
            f"{command.sequence}; look at it again.",
            code="outdated",
        )
    if booking.state is _S.HELD and now_s >= booking.hold_until_s:
        raise BookingRefused("The hold has run out: ask for the time again.", code="too_late")
    match command:
        case Hold():
            if command.hold_until_s <= now_s:
                raise BookingRefused("A hold ends in the future.", code="bad_request")
            return (Held(now_s, command.hold_until_s),)
        case Confirm():
            _check_name(command.under_name)
            return (Confirmed(now_s, command.under_name or booking.under_name),)
        case Decline():
            return (Declined(now_s),)
        case Submit():
            _check_name(command.under_name)
            return (Submitted(now_s, command.under_name),)
        case Counter():
            _check_stay(command.starts_at_s, command.ends_at_s, booking.party)
            return (Countered(now_s, command.starts_at_s, command.ends_at_s),)
        case Move():
            _check_stay(command.starts_at_s, command.ends_at_s, command.party)
            return (Moved(now_s, command.starts_at_s, command.ends_at_s, command.party),)


def _cancel(booking: Booking, command: Cancel, now_s: int) -> tuple[Event, ...]:
    if booking.state is _S.CANCELLED:
        return ()
    firm = booking.state is _S.CONFIRMED
    if firm and command.by is By.CUSTOMER and now_s > command.deadline_s:
        raise BookingRefused(
            "It is too late to cancel this booking here: telephone the business.", code="too_late"
        )
    return (Cancelled(now_s, command.by),)


def _check_stay(starts_at_s: int, ends_at_s: int, party: int) -> None:
    if not 1 <= party <= MAX_PARTY or ends_at_s <= starts_at_s:
        raise BookingRefused(
            "A booking needs at least one guest and an end after its begin.", code="bad_request"
        )


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME_CHARACTERS or not (name.isprintable()):
        raise BookingRefused(
            f"A name has at most {MAX_NAME_CHARACTERS} printable characters.", code="bad_request"
        )


def apply(booking: Booking | None, event: Event) -> Booking:
    """The booking after an event that `decide` made for it."""
    if isinstance(event, Requested):
        return Booking(
            uid=event.uid,
            sequence=0,
            state=_S.PENDING,
            party=event.party,
            starts_at_s=event.starts_at_s,
            ends_at_s=event.ends_at_s,
            zone=event.zone,
            under_name=event.under_name,
            hold_until_s=0,
            booked_at_s=event.at_s,
            modified_at_s=event.at_s,
            service=event.service,
        )
    if booking is None:
        raise BookingRefused("The first event of a booking is a request.", code="unknown")
    after = replace(
        booking, sequence=booking.sequence + 1, modified_at_s=event.at_s, hold_until_s=0
    )
    match event:
        case Held():
            return replace(after, state=_S.HELD, hold_until_s=event.hold_until_s)
        case Confirmed():
            return replace(after, state=_S.CONFIRMED, under_name=event.under_name)
        case Declined():
            return replace(after, state=_S.DECLINED)
        case Countered():
            return replace(
                after,
                state=_S.PENDING,
                starts_at_s=event.starts_at_s,
                ends_at_s=event.ends_at_s,
            )
        case Submitted():
            return replace(after, state=_S.PENDING, under_name=event.under_name)
        case Moved():
            return replace(
                after,
                starts_at_s=event.starts_at_s,
                ends_at_s=event.ends_at_s,
                party=event.party,
                hold_until_s=booking.hold_until_s,
            )
        case Cancelled():
            return replace(after, state=_S.CANCELLED)
        case Attended():
            return replace(after, state=event.state)

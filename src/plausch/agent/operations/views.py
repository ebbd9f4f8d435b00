"""What the operations answer, and what they take that has the same shape (camelCase in JSON).

Instants are seconds since 1970; dates are local to the business; minutes count from the local
midnight of the opening day and may pass 1,440.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from plausch.domain.booking import MAX_TIME_S
from plausch.domain.house_words import MOST_CHARACTERS

MAX_ROWS = 500

TimeS = Annotated[int, Meta(ge=0, le=MAX_TIME_S)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Name = Annotated[str, Meta(max_length=80)]
Note = Annotated[str, Meta(max_length=2_000)]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
ResourceName = Annotated[str, Meta(min_length=1, max_length=40)]
Resources = Annotated[tuple[ResourceName, ...], Meta(max_length=40)]
Party = Annotated[int, Meta(ge=1, le=1_000)]
Seats = Annotated[int, Meta(ge=1, le=200)]
Source = Literal["chat", "staff", "walk_in", "calendar"]
About = Literal["bookings", "waiting", "queue", "business", "customers"]


class View(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Base: immutable, in JSON with camelCase names, and nothing else than its fields."""


class Nothing(View, frozen=True):
    """There is nothing to say."""


class BookingView(View, frozen=True):
    """One booking as the staff sees it. `conversation` is empty unless it was made in a chat."""

    uid: str
    sequence: int
    state: str
    party: int
    service: str
    starts_at_s: int
    ends_at_s: int
    zone: str
    under_name: str
    telephone: str
    note: str
    resources: tuple[str, ...]
    is_pinned: bool
    source: Source
    conversation: str
    hold_until_s: int
    booked_at_s: int
    modified_at_s: int
    customer: str


class BlockView(View, frozen=True):
    """Resources that cannot be booked for a while; none named: all of them."""

    id: str
    resources: tuple[str, ...]
    starts_at_s: int
    ends_at_s: int
    note: str
    source: Literal["staff", "calendar"]


class WaitingView(View, frozen=True):
    """Somebody who would come if a place became free."""

    id: str
    date: str
    party: int
    from_s: int
    until_s: int
    under_name: str
    conversation: str
    state: Literal["waiting", "offered", "taken", "expired"]
    offered_until_s: int
    added_at_s: int


class TicketView(View, frozen=True):
    """Somebody in the queue at the door."""

    id: str
    number: int
    party: int
    under_name: str
    state: Literal["waiting", "called", "seated", "gone"]
    added_at_s: int
    estimated_wait_s: int


class SpanView(View, frozen=True):
    """Open from a minute until before another."""

    opens_minute: Annotated[int, Meta(ge=0, lt=1_440)]
    closes_minute: Annotated[int, Meta(ge=1, le=2_880)]


Spans = Annotated[tuple[SpanView, ...], Meta(max_length=12)]


class OpeningView(View, frozen=True):
    """The hours of one date. `holiday` is its name in the business's language, or empty."""

    date: str
    spans: tuple[SpanView, ...]
    note: str
    holiday: str


class DayPlan(View, frozen=True):
    """Everything on one date."""

    opening: OpeningView
    bookings: tuple[BookingView, ...]
    blocks: tuple[BlockView, ...]
    waiting: tuple[WaitingView, ...]


class SpecialDayView(View, frozen=True):
    """A date with hours of its own; without any it is closed."""

    date: Day
    spans: Spans
    note: Name = ""


class HolidaysView(View, frozen=True):
    """Which public holidays there are, and whether the business opens on them."""

    state: Annotated[str, Meta(max_length=2)]
    assumption_day: bool = False
    peace_festival: bool = False
    is_open: bool = False


class HoursView(View, frozen=True):
    """The opening hours; `weekly` begins with Monday."""

    weekly: Annotated[tuple[Spans, ...], Meta(min_length=7, max_length=7)]
    special_days: Annotated[tuple[SpecialDayView, ...], Meta(max_length=1_000)] = ()
    holidays: HolidaysView | None = None


class ResourceView(View, frozen=True):
    """A table, person, room or chair."""

    identifier: ResourceName
    kind: Literal["table", "person", "room", "chair"] = "table"
    min_party: Seats = 1
    max_party: Seats = 1
    area: Annotated[str, Meta(max_length=40)] = ""
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0


class CombinationView(View, frozen=True):
    """Tables that may be joined."""

    resources: Annotated[tuple[ResourceName, ...], Meta(min_length=2, max_length=40)]
    min_party: Seats
    max_party: Seats


class TurnTimeView(View, frozen=True):
    """Parties up to a size stay so long (at most eight hours)."""

    party_max: Party
    minutes: Annotated[int, Meta(ge=15, le=480)]


class PacingView(View, frozen=True):
    """How many people may begin within a stretch of minutes."""

    slot_minutes: Annotated[int, Meta(ge=5, le=1_440)]
    max_covers: Annotated[int, Meta(ge=1, le=100_000)]


class ServiceView(View, frozen=True):
    """What can be booked, and by which rules. No `resources`: all serve it; `maxParty` 0: as many
    as they seat."""

    identifier: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}$")]
    name: Name
    slot_interval_minutes: Annotated[int, Meta(ge=5, le=240)]
    turn_times: Annotated[tuple[TurnTimeView, ...], Meta(min_length=1, max_length=50)]
    buffer_before_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    buffer_after_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    min_notice_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 60
    booking_window_days: Annotated[int, Meta(ge=1, le=730)] = 60
    cancel_until_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 120
    hold_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 10
    pacing: PacingView | None = None
    confirmation_mode: Literal["automatic", "by_hand"] = "automatic"
    resources: Resources = ()
    max_party: Annotated[int, Meta(ge=0, le=200)] = 0
    offer_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    reminder_minutes: Annotated[int, Meta(ge=0, le=20_160)] = 1_440


class WordingView(View, frozen=True):
    """A text in German and in English; one may be empty, and both."""

    de: Annotated[str, Meta(max_length=MOST_CHARACTERS)] = ""
    en: Annotated[str, Meta(max_length=MOST_CHARACTERS)] = ""


class BusinessView(View, frozen=True):
    """All that the agent knows of its business."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    kind: Literal["restaurant", "hairdresser", "shop"]
    language: Literal["de", "en"]
    telephone: Annotated[str, Meta(max_length=40)]
    zone: Annotated[str, Meta(max_length=64)]
    hours: HoursView
    services: Annotated[tuple[ServiceView, ...], Meta(min_length=1, max_length=50)]
    resources: Annotated[tuple[ResourceView, ...], Meta(min_length=1, max_length=500)]
    combinations: Annotated[tuple[CombinationView, ...], Meta(max_length=500)] = ()
    greeting: WordingView = WordingView()
    away: WordingView = WordingView()


class SlotView(View, frozen=True):
    """A time that is free."""

    starts_at_s: int
    duration_s: int


class SlotsView(View, frozen=True):
    """The free times of a date; without any, `why`: past, too_soon, too_far, closed,
    party_too_large, full."""

    slots: tuple[SlotView, ...]
    why: str


class CustomerView(View, frozen=True):
    """A customer as the business knows them."""

    id: str
    name: str
    conversation: str
    language: str
    visits: int
    no_shows: int
    upcoming: int
    first_seen_s: int
    last_seen_s: int
    note: str


class CustomersView(View, frozen=True):
    """A page of customers; `next` continues it and is empty at the end."""

    customers: tuple[CustomerView, ...]
    next: str


class FileView(View, frozen=True):
    """A file as text."""

    file: str
    media_type: str


class ErasedView(View, frozen=True):
    """How many rows of each kind were erased."""

    erased: dict[str, int]


class DayFigures(View, frozen=True):
    """What happened on one date. `covers`: guests who came or are expected."""

    date: str
    covers: int
    bookings: int
    cancelled: int
    no_shows: int
    walk_ins: int


class FiguresView(View, frozen=True):
    """Figures of a stretch of days. Answers: from a guest's message to the agent's reply, in
    seconds; 0 when nothing was answered."""

    days: tuple[DayFigures, ...]
    new_guests: int
    returning_guests: int
    answer_median_s: float
    answer_p95_s: float


class StatusView(View, frozen=True):
    """How the agent is."""

    version: str
    started_at_s: int
    bookings: int
    customers: int
    queue_length: int


class Changed(View, frozen=True):
    """A notice: something of the business has changed, on these dates as far as they matter."""

    what: About
    dates: tuple[str, ...]

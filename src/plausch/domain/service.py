"""What is offered for booking: how long a stay lasts, how often one may begin, until when."""

from dataclasses import dataclass
from enum import StrEnum

QUANTUM_S = 300
"""Tables are claimed in quanta of five minutes, counted from the Unix epoch."""

DEFAULT_SERVICE = "table"
"""The identifier of the service that a book without services was kept for."""


@dataclass(frozen=True, slots=True)
class TurnTime:
    """Parties of up to `party_max` people stay for `minutes`."""

    party_max: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """At most `max_covers` people may begin their stay within `slot_minutes` (the kitchen)."""

    slot_minutes: int
    max_covers: int

    def window(self, starts_at_s: int) -> int:
        """Which pacing window an instant lies in, counted from the Unix epoch."""
        return starts_at_s // (self.slot_minutes * 60)


class ConfirmationMode(StrEnum):
    """Who makes a booking firm: the agent at once, or a member of staff."""

    AUTOMATIC = "automatic"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Service:
    """One thing that can be booked, and the rules for it.

    A stay may begin every `slot_interval_minutes` after opening and ends by closing time. The
    table is claimed `buffer_before_minutes` earlier and `buffer_after_minutes` longer. A booking
    is made at least `min_notice_minutes` and at most `booking_window_days` ahead, may be
    cancelled by the customer until `cancel_until_minutes` before it begins, and an unconfirmed
    hold lapses after `hold_minutes`. `turn_times` ascend in `party_max`; larger parties than the
    last have its length. `resources` are the identifiers of those that serve it, empty for all;
    `max_party` is its largest party, 0 for as many as the resources seat. A place that has become
    free is kept `offer_minutes` for whoever is next on the waiting list. A guest is reminded
    `reminder_minutes` before the begin, 0 for never.
    """

    slot_interval_minutes: int
    turn_times: tuple[TurnTime, ...]
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    min_notice_minutes: int = 60
    booking_window_days: int = 60
    cancel_until_minutes: int = 120
    hold_minutes: int = 10
    pacing: Pacing | None = None
    identifier: str = DEFAULT_SERVICE
    name: str = ""
    confirmation_mode: ConfirmationMode = ConfirmationMode.AUTOMATIC
    resources: tuple[str, ...] = ()
    max_party: int = 0
    offer_minutes: int = 15
    reminder_minutes: int = 1440

    def duration_s(self, party: int) -> int:
        """How long a party of that size stays, in seconds."""
        for turn in self.turn_times:
            if party <= turn.party_max:
                return turn.minutes * 60
        return self.turn_times[-1].minutes * 60

    def claimed_quanta(self, starts_at_s: int, ends_at_s: int) -> range:
        """The quanta in which a table is taken by a stay, buffers included, rounded outwards."""
        first = (starts_at_s - self.buffer_before_minutes * 60) // QUANTUM_S
        last = -((ends_at_s + self.buffer_after_minutes * 60) // -QUANTUM_S)
        return range(first, last)

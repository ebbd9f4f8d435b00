"""What the operations take. Every field has a limit; whatever else comes is refused."""

from typing import Annotated, Literal

from msgspec import Meta

from plausch.agent.operations.views import (
    CombinationView,
    Day,
    HoursView,
    Identifier,
    Name,
    Note,
    Party,
    ResourceName,
    Resources,
    ResourceView,
    ServiceView,
    TimeS,
    View,
    WordingView,
)

Sequence = Annotated[int, Meta(ge=0, le=2**31)]
Service = Annotated[str, Meta(max_length=40)]
Telephone = Annotated[str, Meta(max_length=40)]
Month = Annotated[int, Meta(ge=1, le=31)]


class Empty(View, frozen=True):
    """Nothing is needed."""


class SetHours(View, frozen=True):
    """The new opening hours."""

    hours: HoursView


class PreviewHours(View, frozen=True):
    """Hours to look at without setting them."""

    hours: HoursView
    from_: Day
    days: Annotated[int, Meta(ge=1, le=60)]


class SetTables(View, frozen=True):
    """The new tables and combinations."""

    resources: Annotated[tuple[ResourceView, ...], Meta(min_length=1, max_length=500)]
    combinations: Annotated[tuple[CombinationView, ...], Meta(max_length=500)] = ()


class SetServices(View, frozen=True):
    """The new services."""

    services: Annotated[tuple[ServiceView, ...], Meta(min_length=1, max_length=50)]


class SetWords(View, frozen=True):
    """What the house says by itself; `{opens}` in `away` is the next opening. Empty: nothing."""

    greeting: WordingView
    away: WordingView


class Days(View, frozen=True):
    """A stretch of dates."""

    from_: Day
    days: Month


class Available(View, frozen=True):
    """A wish: when could they come? The booking `insteadOf` counts as free."""

    date: Day
    party: Party
    service: Service = ""
    instead_of: Annotated[str, Meta(max_length=64)] = ""


class Book(View, frozen=True):
    """A booking by the staff; `token` names the request: repeated, it gets the same booking."""

    token: Annotated[str, Meta(min_length=8, max_length=64)]
    starts_at_s: TimeS
    party: Party
    service: Service = ""
    under_name: Name = ""
    telephone: Telephone = ""
    note: Note = ""
    resources: Resources = ()
    source: Literal["staff", "walk_in", "calendar"] = "staff"


class Booked(View, frozen=True):
    """A booking as it was seen; refused as `outdated` if it has changed."""

    uid: Identifier
    sequence: Sequence


class Move(View, frozen=True):
    """Another time, other tables, another number of guests: what is left out stays."""

    uid: Identifier
    sequence: Sequence
    starts_at_s: TimeS | None = None
    resources: Annotated[tuple[ResourceName, ...], Meta(max_length=40)] | None = None
    party: Party | None = None


class Counter(View, frozen=True):
    """Another time is proposed to the guest."""

    uid: Identifier
    sequence: Sequence
    starts_at_s: TimeS


class Attend(View, frozen=True):
    """The guests have come, gone, or not come."""

    uid: Identifier
    sequence: Sequence
    state: Literal["seated", "completed", "no_show"]


class SetNote(View, frozen=True):
    """A note of the staff to a booking."""

    uid: Identifier
    note: Note


class AddBlock(View, frozen=True):
    """Close resources for a while; none named: all."""

    starts_at_s: TimeS
    ends_at_s: TimeS
    resources: Resources = ()
    note: Name = ""


class One(View, frozen=True):
    """One thing by its id."""

    id: Identifier


class AddWaiting(View, frozen=True):
    """Somebody would come on a date between two instants."""

    date: Day
    party: Party
    from_s: TimeS
    until_s: TimeS
    under_name: Name = ""


class AddTicket(View, frozen=True):
    """Somebody stands at the door."""

    party: Party
    under_name: Name = ""


class FindCustomers(View, frozen=True):
    """Customers whose name or note has the words; `after` is the `next` of the page before."""

    query: Name = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    after: Annotated[str, Meta(max_length=128)] = ""


class MergeCustomers(View, frozen=True):
    """Two records of one person: `id` goes, `into` stays."""

    id: Identifier
    into: Identifier


class NoteCustomer(View, frozen=True):
    """A note of the staff to a customer."""

    id: Identifier
    note: Note


class GetFigures(View, frozen=True):
    """Figures of up to a year."""

    from_: Day
    days: Annotated[int, Meta(ge=1, le=366)]

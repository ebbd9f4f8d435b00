"""A business that takes bookings: schema.org LocalBusiness as far as its agent needs it."""

from dataclasses import dataclass

from plausch.domain.calendar import Calendar
from plausch.domain.service import Service
from plausch.domain.tables import FloorPlan


@dataclass(frozen=True, slots=True)
class Restaurant:
    """A restaurant: its name, the language it greets in (`de` or `en`), hours, rules, tables.

    `telephone` is shown when a person has to decide; it may be empty.
    """

    name: str
    language: str
    calendar: Calendar
    service: Service
    floor: FloorPlan
    telephone: str = ""

"""A business that takes bookings: schema.org LocalBusiness as far as its agent needs it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from plausch.domain.calendar import Calendar
from plausch.domain.profile import Wording
from plausch.domain.service import Service
from plausch.domain.tables import FloorPlan

_NO_WORDS = Wording()


class BusinessKind(StrEnum):
    """What kind of business it is; the words of its receptionist differ, the rules do not."""

    RESTAURANT = "restaurant"
    HAIRDRESSER = "hairdresser"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days the book keeps each kind of record after it has become useless.

    Bookings count from their end, customers and talks from the last word, the waiting list and
    the queue from their day.
    """

    bookings_days: int = 365
    customers_days: int = 730
    talks_days: int = 90
    waiting_days: int = 14
    tickets_days: int = 2


@dataclass(frozen=True, slots=True)
class Business:
    """A business: its name, the language it greets in (`de` or `en`), hours, services, places.

    `floor` holds its resources: tables, chairs, people, rooms. `telephone` is shown when a person
    has to decide; it may be empty. A wish that has waited longer than `stale_minutes` for the agent
    is not fulfilled before the guest has repeated it. There is at least one service; their
    identifiers differ. `greeting` is said to who is new, `away` to who writes while the business
    is closed (house_words.py); both may be empty.
    """

    name: str
    language: str
    calendar: Calendar
    services: tuple[Service, ...]
    floor: FloorPlan
    telephone: str = ""
    kind: BusinessKind = BusinessKind.RESTAURANT
    stale_minutes: int = 60
    retention: Retention = Retention()
    greeting: Wording = _NO_WORDS
    away: Wording = _NO_WORDS
    _floors: dict[Service, FloorPlan] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def service(self, identifier: str = "") -> Service:
        """The service of that identifier.

        The first one for an empty identifier, and for one that the business has given up: its
        bookings go on under the rules of the first.
        """
        return self.known_service(identifier) or self.services[0]

    def known_service(self, identifier: str) -> Service | None:
        """The service of that identifier, if there is one."""
        return next((one for one in self.services if one.identifier == identifier), None)

    def floor_for(self, service: Service) -> FloorPlan:
        """The resources and combinations that a service may use, for parties that it takes."""
        if not service.resources and not service.max_party:
            return self.floor
        if service not in self._floors:
            self._floors[service] = self._part(service)
        return self._floors[service]

    def _part(self, service: Service) -> FloorPlan:
        most = service.max_party or self.floor.largest_party
        wanted = set(service.resources) or {one.identifier for one in self.floor.resources}
        return FloorPlan(
            tuple(
                replace(one, max_party=min(one.max_party, most))
                for one in self.floor.resources
                if one.identifier in wanted and one.min_party <= most
            ),
            tuple(
                replace(one, max_party=min(one.max_party, most))
                for one in self.floor.combinations
                if wanted.issuperset(one.resources) and one.min_party <= most
            ),
        )

"""The tables, chairs, people and rooms of a business, and which of them serve a party."""

from dataclasses import dataclass, field
from enum import StrEnum

EXTRA_TABLE_COST = 5
"""One more table costs as much as five empty seats: it must be joined, and set, and cleared."""


class ResourceKind(StrEnum):
    """What a resource is."""

    TABLE = "table"
    PERSON = "person"
    ROOM = "room"
    CHAIR = "chair"


@dataclass(frozen=True, slots=True)
class Resource:
    """A bookable thing or person, for parties from `min_party` to `max_party`.

    Of equally good tables the one with the higher `priority` is given first; `area` is where it
    stands, in the business's words.
    """

    identifier: str
    min_party: int
    max_party: int
    area: str = ""
    priority: int = 0
    kind: ResourceKind = ResourceKind.TABLE


@dataclass(frozen=True, slots=True)
class Combination:
    """Tables that may be pushed together, listed explicitly, for a range of party sizes."""

    resources: tuple[str, ...]
    min_party: int
    max_party: int


@dataclass(frozen=True, slots=True)
class Seating:
    """One way to seat a party: the tables, and what it wastes (lower is better)."""

    resources: tuple[str, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """All tables and all allowed combinations of them."""

    resources: tuple[Resource, ...]
    combinations: tuple[Combination, ...] = ()
    _by_party: dict[int, tuple[Seating, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def largest_party(self) -> int:
        """The largest party that can be seated at all; 0 if none can."""
        return max(
            [table.max_party for table in self.resources]
            + [combination.max_party for combination in self.combinations],
            default=0,
        )

    def seatings(self, party: int) -> tuple[Seating, ...]:
        """Every way to seat a party in an empty house, best first: spare seats, then tables.

        Ties go to the higher priority, then to the plan's own order.
        """
        if party not in self._by_party:
            self._by_party[party] = self._ranked(party)
        return self._by_party[party]

    def _ranked(self, party: int) -> tuple[Seating, ...]:
        ranked: list[tuple[int, int, int, Seating]] = []
        priorities = {table.identifier: table.priority for table in self.resources}
        for order, table in enumerate(self.resources):
            if table.min_party <= party <= table.max_party:
                seating = Seating((table.identifier,), table.max_party - party)
                ranked.append((seating.cost, -table.priority, order, seating))
        for order, joined in enumerate(self.combinations, start=len(self.resources)):
            if joined.min_party <= party <= joined.max_party:
                cost = joined.max_party - party + EXTRA_TABLE_COST * (len(joined.resources) - 1)
                priority = min(priorities[name] for name in joined.resources)
                ranked.append((cost, -priority, order, Seating(joined.resources, cost)))
        ranked.sort(key=lambda entry: entry[:3])
        return tuple(entry[3] for entry in ranked)

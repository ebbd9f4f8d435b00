"""Which tables a booking gets: best fit, then an ejection chain.

If no suitable table is free, the search puts the party at a taken one, evicts those who were to
sit there (at most two unpinned bookings), and seats them again elsewhere in the same way, up to
three evictions deep. The search is complete enough in practice (commerce.md: no feasible insert
missed out of 1,254 against brute force) and bounded in time by a budget of nodes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from plausch.domain.tables import FloorPlan, Seating

MAX_EVICTED = 2
MAX_DEPTH = 3
NODE_BUDGET = 1_500


@dataclass(frozen=True, slots=True)
class Placement:
    """A booking at its tables for a range of quanta. `pinned`: it must stay where it is."""

    uid: str
    party: int
    quanta: range
    resources: tuple[str, ...]
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """The tables for the new booking, and the other bookings' new tables by uid."""

    resources: tuple[str, ...]
    moves: dict[str, tuple[str, ...]] = field(default_factory=dict)


def assign(
    plan: FloorPlan, placements: Iterable[Placement], party: int, quanta: range
) -> Assignment | None:
    """Tables for a party in a range of quanta, or None if the search finds none.

    Nothing is changed; the caller moves the bookings named in the answer.
    """
    search = _Search(plan, {placement.uid: placement for placement in placements})
    newcomer = Placement("", party, quanta, ())
    for depth in range(MAX_DEPTH + 1):  # iterative deepening: few moves before many
        seated = search.seat(newcomer, depth, frozenset())
        if seated is not None:
            moves = {uid: tables for uid, tables in seated.items() if uid}
            return Assignment(seated[""], moves)
    return None


class _Search:
    """One search: the placements as they would be, and the nodes still allowed."""

    def __init__(self, plan: FloorPlan, placements: dict[str, Placement]) -> None:
        self._plan = plan
        self._placements = placements
        self._budget = NODE_BUDGET
        self._seatings: dict[int, tuple[Seating, ...]] = {}

    def seat(
        self, guest: Placement, depth: int, settled: frozenset[str]
    ) -> dict[str, tuple[str, ...]] | None:
        """Tables by uid that change if `guest` is seated with at most `depth` evictions deep.

        `settled` are the guests this chain has placed already; they are not evicted again.
        """
        if guest.party not in self._seatings:
            self._seatings[guest.party] = self._plan.seatings(guest.party)
        for seating in self._seatings[guest.party]:
            if self._budget == 0:
                return None
            self._budget -= 1
            evicted = self._in_the_way(guest, seating.resources)
            if not evicted:
                return {guest.uid: seating.resources}
            movable = not any(other.pinned or other.uid in settled for other in evicted)
            if depth == 0 or len(evicted) > MAX_EVICTED or not movable:
                continue
            changes = self._displace(guest, seating.resources, evicted, depth, settled)
            if changes is not None:
                return changes
        return None

    def _in_the_way(self, guest: Placement, resources: tuple[str, ...]) -> list[Placement]:
        first, end = guest.quanta.start, guest.quanta.stop
        return [
            other
            for other in self._placements.values()
            if other.quanta.start < end
            and first < other.quanta.stop
            and other.uid != guest.uid
            and not set(resources).isdisjoint(other.resources)
        ]

    def _displace(
        self,
        guest: Placement,
        resources: tuple[str, ...],
        evicted: list[Placement],
        depth: int,
        settled: frozenset[str],
    ) -> dict[str, tuple[str, ...]] | None:
        """Put `guest` at taken tables and seat the evicted elsewhere; all or nothing."""
        before = dict(self._placements)
        for other in evicted:
            del self._placements[other.uid]
        self._put(guest, resources)
        settled = settled | {guest.uid}
        changes = {guest.uid: resources}
        # The largest party first: it has the fewest tables to choose from.
        for other in sorted(evicted, key=lambda placement: -placement.party):
            found = self.seat(other, depth - 1, settled)
            if found is None:
                self._placements = before
                return None
            for uid, tables in found.items():
                self._put(other if uid == other.uid else self._placements[uid], tables)
            settled = settled | found.keys()
            changes |= found
        return changes

    def _put(self, guest: Placement, resources: tuple[str, ...]) -> None:
        self._placements[guest.uid] = Placement(
            guest.uid, guest.party, guest.quanta, resources, guest.pinned
        )

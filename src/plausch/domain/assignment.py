"""Which tables a booking gets: best fit, then an ejection chain.

If no suitable table is free, the search puts the party at a taken one, evicts those who were to
sit there (at most two unpinned bookings), and seats them again elsewhere in the same way, up to
three evictions deep. The search is complete enough in practice (commerce.md: no feasible insert
missed out of 1,254 against brute force) and bounded in time by a budget of nodes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from plausch.domain.tables import FloorPlan, Seating

MAX_EVICTED = 2
MAX_DEPTH = 3
NODE_BUDGET = 1_500


@dataclass(frozen=True, slots=True)
class Placement:
    """A booking at its tables for a range of quanta. `pinned`: it must stay where it is.

    `floor` are the tables that it may be moved to; None: those of the newcomer. What has no
    guests (`party` 0) is no booking, but tables that are closed.
    """

    uid: str
    party: int
    quanta: range
    resources: tuple[str, ...]
    pinned: bool = False
    floor: FloorPlan | None = None

    def seatings(self, plan: FloorPlan) -> tuple[Seating, ...]:
        """Where it may sit, best first, in a house whose newcomer is seated by `plan`."""
        return (self.floor or plan).seatings(self.party)


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
    if not plan.seatings(party):
        return None
    seated = tuple(placements)
    newcomer = Placement("", party, quanta, ())
    search = _Search(plan, seated)
    for depth in range(MAX_DEPTH + 1):  # iterative deepening: few moves before many
        if depth == 1 and _hopeless(plan, seated, newcomer):
            return None
        found = search.seat(newcomer, depth, frozenset())
        if found is not None:
            moves = {uid: tables for uid, tables in found.items() if uid}
            return Assignment(found[""], moves)
    return None


def _hopeless(plan: FloorPlan, seated: tuple[Placement, ...], newcomer: Placement) -> bool:
    """Whether at some moment there are too few tables, wherever everybody sits.

    Hall's condition, for those of at least and of at most every party size: together they need
    more tables than there are that suit any of them. True is certain; False promises nothing. It
    spares the search in the house that is simply full, which is when most people ask in vain.
    """
    first, end = newcomer.quanta.start, newcomer.quanta.stop
    near = [one for one in seated if one.quanta.start < end and first < one.quanta.stop]
    near = [one for one in near if one.party]  # guests may sit at a table closed meanwhile
    needs = {one.uid: _need(plan, one) for one in (*near, newcomer)}
    for moment in {max(one.quanta.start, first) for one in near}:
        present = [one for one in near if one.quanta.start <= moment < one.quanta.stop]
        present = sorted([*present, newcomer], key=lambda one: one.party)
        for order in (present, present[::-1]):
            suitable: set[str] = set()
            wanted = 0
            for guest in order:
                tables, least = needs[guest.uid]
                suitable |= tables
                wanted += least
                if wanted > len(suitable):
                    return True
    return False


def _need(plan: FloorPlan, guest: Placement) -> tuple[frozenset[str], int]:
    """The tables that a guest might sit at, and how many of them at least."""
    seatings = () if guest.pinned else guest.seatings(plan)
    choices = [seating.resources for seating in seatings]
    if guest.resources:
        choices.append(guest.resources)
    return frozenset(table for tables in choices for table in tables), min(map(len, choices))


class _Search:
    """One search: the placements as they would be, and the nodes still allowed.

    Every change is written into a journal, so that a chain that fails can be taken back.
    """

    def __init__(self, plan: FloorPlan, placements: Iterable[Placement]) -> None:
        self._plan = plan
        self._budget = NODE_BUDGET
        self._placements: dict[str, Placement] = {}
        self._at: dict[str, dict[str, Placement]] = {}
        self._journal: list[tuple[str, Placement | None]] = []
        for placement in placements:
            self._set(placement.uid, placement)

    def seat(
        self, guest: Placement, depth: int, settled: frozenset[str]
    ) -> dict[str, tuple[str, ...]] | None:
        """Tables by uid that change if `guest` is seated with at most `depth` evictions deep.

        `settled` are the guests this chain has placed already; they are not evicted again.
        """
        for seating in guest.seatings(self._plan):
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
        found = {
            other.uid: other
            for resource in resources
            for other in self._at.get(resource, {}).values()
            if other.quanta.start < end and first < other.quanta.stop
        }
        return list(found.values())

    def _displace(
        self,
        guest: Placement,
        resources: tuple[str, ...],
        evicted: list[Placement],
        depth: int,
        settled: frozenset[str],
    ) -> dict[str, tuple[str, ...]] | None:
        """Put `guest` at taken tables and seat the evicted elsewhere; all or nothing."""
        mark = len(self._journal)
        for other in evicted:
            self._set(other.uid, None)
        self._set(guest.uid, replace(guest, resources=resources))
        settled = settled | {guest.uid}
        changes = {guest.uid: resources}
        # The largest party first: it has the fewest tables to choose from.
        for other in sorted(evicted, key=lambda placement: -placement.party):
            found = self.seat(other, depth - 1, settled)
            if found is None:
                self._take_back(mark)
                return None
            self._set(other.uid, replace(other, resources=found[other.uid]))
            settled = settled | found.keys()
            changes |= found
        return changes

    def _set(self, uid: str, placement: Placement | None) -> None:
        """Where a guest sits from now on; None: nowhere."""
        self._journal.append((uid, self._placements.get(uid)))
        self._write(uid, placement)

    def _take_back(self, mark: int) -> None:
        while len(self._journal) > mark:
            self._write(*self._journal.pop())

    def _write(self, uid: str, placement: Placement | None) -> None:
        before = self._placements.pop(uid, None)
        for resource in before.resources if before else ():
            del self._at[resource][uid]
        if placement is not None:
            self._placements[uid] = placement
            for resource in placement.resources:
                self._at.setdefault(resource, {})[uid] = placement

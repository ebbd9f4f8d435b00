"""Which tables a booking gets: best fit, then an ejection chain.

If no suitable table is free, the search puts the party at a taken one, evicts those who were to
sit there (at most two unpinned bookings), and seats them again elsewhere in the same way, up to
three evictions deep. The search is complete enough in practice (commerce.md: no feasible insert
missed out of 1,254 against brute force) and bounded in time by a budget of nodes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from plausch.domain.service import QUANTUM_S
from plausch.domain.tables import FloorPlan, Seating

MAX_EVICTED = 2
MAX_DEPTH = 3
NODE_BUDGET = 1_500
DAY_QUANTA = 86_400 // QUANTUM_S


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
    plan: FloorPlan, placements: "Iterable[Placement] | Seated", party: int, quanta: range
) -> Assignment | None:
    """Tables for a party in a range of quanta, or None if the search finds none.

    Nothing is changed; the caller moves the bookings named in the answer. Who asks often gives the
    same `Seated`.
    """
    seatings = plan.seatings(party)
    if not seatings:
        return None
    seated = placements if isinstance(placements, Seated) else Seated(placements)
    for seating in seatings:  # most parties find a free table, and nobody needs to move
        if seated.is_free(seating.resources, quanta):
            return Assignment(seating.resources)
    newcomer = Placement("", party, quanta, ())
    if _hopeless(plan, seated.near(quanta), newcomer):
        return None
    for depth in range(1, MAX_DEPTH + 1):  # iterative deepening: few moves before many
        found = seated.search(plan, newcomer, depth)
        if found is not None:
            moves = {uid: tables for uid, tables in found.items() if uid}
            return Assignment(found[""], moves)
    return None


def _hopeless(plan: FloorPlan, seated: Iterable[Placement], newcomer: Placement) -> bool:
    """Whether at some moment there are too few tables, wherever everybody sits.

    Hall's condition, for those of at least and of at most every party size: together they need
    more tables than there are that suit any of them. True is certain; False promises nothing. It
    spares the search in the house that is simply full, which is when most people ask in vain.
    """
    first, end = newcomer.quanta.start, newcomer.quanta.stop
    # Without the closed tables: guests may sit at one that was closed after they had booked.
    near = [
        one for one in seated if one.quanta.start < end and first < one.quanta.stop and one.party
    ]
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


class Seated:
    """Who sits where, looked up by table and day; a search tries moves and takes them back.

    Every change is written into a journal, so that a chain that fails can be taken back.
    """

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._plan = FloorPlan(())
        self._budget = 0
        self._placements: dict[str, Placement] = {}
        self._at: dict[tuple[str, int], dict[str, Placement]] = {}
        self._days: dict[int, dict[str, Placement]] = {}
        self._busy: dict[str, int] = {}
        self._journal: list[tuple[str, Placement | None]] = []
        here = tuple(placements)
        # Whoever is in somebody's way begins less than two days before the first of them.
        first = min((placement.quanta.start for placement in here), default=0)
        self._first = first - 2 * DAY_QUANTA
        for placement in here:
            self._write(placement.uid, placement)
            for day in _days(placement.quanta):
                self._days.setdefault(day, {})[placement.uid] = placement

    def is_free(self, resources: tuple[str, ...], quanta: range) -> bool:
        """Whether nobody sits at these tables; as it is, without any move."""
        first = quanta.start - self._first
        wanted = (1 << (quanta.stop - quanta.start)) - 1
        if first < 0:
            wanted >>= -first
            first = 0
        return all(not self._busy.get(resource, 0) >> first & wanted for resource in resources)

    def near(self, quanta: range) -> list[Placement]:
        """Those who sit anywhere on the days of a stay."""
        found: dict[str, Placement] = {}
        for day in _days(quanta):
            found |= self._days.get(day, {})
        return list(found.values())

    def search(
        self, plan: FloorPlan, newcomer: Placement, depth: int
    ) -> dict[str, tuple[str, ...]] | None:
        """Tables by uid that change if a newcomer is seated; everything is as before then."""
        if depth == 1:
            self._budget = NODE_BUDGET
        self._plan = plan
        found = self._seat(newcomer, depth, frozenset())
        self._take_back(0)
        return found

    def _seat(
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
            if depth == 1:
                changes = self._displace_once(guest, seating.resources, evicted)
            else:
                changes = self._displace(guest, seating.resources, evicted, depth, settled)
            if changes is not None:
                return changes
        return None

    def _displace_once(
        self, guest: Placement, resources: tuple[str, ...], evicted: list[Placement]
    ) -> dict[str, tuple[str, ...]] | None:
        """As `_displace` when nobody else may be evicted; most nodes of a search are of this kind.

        Nothing is written: the evicted go to tables that are free, or that the others left.
        """
        leaving = {other.uid for other in evicted}
        left = {table for other in evicted for table in other.resources}
        placed = [(resources, guest.quanta)]
        changes = {guest.uid: resources}
        for other in sorted(evicted, key=lambda placement: -placement.party):
            for seating in other.seatings(self._plan):
                if self._budget == 0:
                    return None
                self._budget -= 1
                if self._can_sit(other, seating.resources, placed, left, leaving):
                    placed.append((seating.resources, other.quanta))
                    changes[other.uid] = seating.resources
                    break
            else:
                return None
        return changes

    def _can_sit(
        self,
        guest: Placement,
        resources: tuple[str, ...],
        placed: list[tuple[tuple[str, ...], range]],
        left: set[str],
        leaving: set[str],
    ) -> bool:
        """Whether tables are free for a guest, once some have left theirs and others are placed."""
        for tables, quanta in placed:
            meet = quanta.start < guest.quanta.stop and guest.quanta.start < quanta.stop
            if meet and not set(tables).isdisjoint(resources):
                return False
        if self.is_free(resources, guest.quanta):
            return True
        if left.isdisjoint(resources):
            return False
        return all(other.uid in leaving for other in self._in_the_way(guest, resources))

    def _in_the_way(self, guest: Placement, resources: tuple[str, ...]) -> list[Placement]:
        if self.is_free(resources, guest.quanta):
            return []
        first, end = guest.quanta.start, guest.quanta.stop
        days = _days(guest.quanta)
        found = {
            other.uid: other
            for resource in resources
            for day in days
            for other in self._at.get((resource, day), {}).values()
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
            found = self._seat(other, depth - 1, settled)
            if found is None:
                self._take_back(mark)
                return None
            self._set(other.uid, replace(other, resources=found[other.uid]))
            for uid in found.keys() - {other.uid}:  # the last in a chain were not written
                self._set(uid, replace(self._placements[uid], resources=found[uid]))
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
        if before is not None:
            for resource in before.resources:
                self._leave(before, resource)
        if placement is None:
            return
        self._placements[uid] = placement
        mask = self._mask(placement.quanta)
        for resource in placement.resources:
            self._busy[resource] = self._busy.get(resource, 0) | mask
            for day in _days(placement.quanta):
                self._at.setdefault((resource, day), {})[uid] = placement

    def _leave(self, guest: Placement, resource: str) -> None:
        busy = self._busy[resource] & ~self._mask(guest.quanta)
        for day in _days(guest.quanta):
            there = self._at[resource, day]
            del there[guest.uid]
            for other in there.values():  # a closed table may have had guests before
                if (
                    other.quanta.start < guest.quanta.stop
                    and guest.quanta.start < other.quanta.stop
                ):
                    busy |= self._mask(other.quanta)
        self._busy[resource] = busy

    def _mask(self, quanta: range) -> int:
        """The quanta of a stay, one bit each, counted from the first that anybody sits in."""
        return ((1 << (quanta.stop - quanta.start)) - 1) << (quanta.start - self._first)


def _days(quanta: range) -> range:
    """The days, counted from the Unix epoch, that a range of quanta touches."""
    return range(quanta.start // DAY_QUANTA, (quanta.stop - 1) // DAY_QUANTA + 1)

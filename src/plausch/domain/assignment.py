"""Which tables a booking gets: best fit, then an ejection chain.

If no suitable table is free, the search puts the party at a taken one, evicts those who were to
sit there (at most two unpinned bookings), and seats them again elsewhere in the same way, up to
three evictions deep. The search is complete enough in practice (commerce.md: no feasible insert
missed out of 1,254 against brute force) and bounded in time by a budget of tries.

Nobody is moved while it searches. Who is in whose way is known beforehand, as everybody sits; a
chain keeps in mind who has got up, and where those sit whom it has placed. Whom it has placed it
never evicts again. Guests are bits of a number, tables too.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from plausch.domain.crowd import Wish, bits_of, may_all_sit, wish_of
from plausch.domain.service import QUANTUM_S
from plausch.domain.tables import FloorPlan, Seating

MAX_EVICTED = 2
MAX_DEPTH = 3
TRIES = 1_500
MAX_CROWD = 100
"""In a hall with more parties at once, counting takes longer than the search that it spares."""

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
    present = seated.meeting(quanta)
    for seating in seatings:  # most parties find a free table, and nobody needs to move
        if not seated.at(seating.resources) & present:
            return Assignment(seating.resources)
    seated.plan_for(plan)
    choices = seated.choices_among(seatings, present)
    if not choices or seated.is_crowded(party, quanta, choices):
        return None
    found = _Search(seated).run(quanta, choices)
    if found is None:
        return None
    moves = {seated.guest(one.guest).uid: one.resources for one in found[1:]}
    return Assignment(found[0].resources, moves)


Choice = tuple[tuple[str, ...], int, int]
"""A way to sit: its tables, the same as bits, and as bits those who sit there meanwhile."""


class _Until:
    """Whose moment has passed at a time, as bits."""

    def __init__(self, moments: Iterable[tuple[int, int]]) -> None:
        self._moments = sorted(moments)
        self._passed = [0]
        for _, number in self._moments:
            self._passed.append(self._passed[-1] | 1 << number)

    def before(self, quantum: int) -> int:
        """Those whose moment lies before a quantum."""
        return self._passed[bisect_left(self._moments, (quantum, -1))]

    def moments(self, quanta: range) -> list[int]:
        """The moments within a range, each once."""
        first = bisect_left(self._moments, (quanta.start, -1))
        end = bisect_left(self._moments, (quanta.stop, -1))
        return list(dict.fromkeys(moment for moment, _ in self._moments[first:end]))


class Seated:
    """Who sits where, and who is in whose way; looked up again and again, and never changed."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._guests = tuple(placements)
        self._tables: dict[str, int] = {}
        self._at: dict[str, int] = {}
        self.everybody = (1 << len(self._guests)) - 1
        self._begun = _Until((guest.quanta.start, n) for n, guest in enumerate(self._guests))
        self._over = _Until((guest.quanta.stop - 1, n) for n, guest in enumerate(self._guests))
        self._immovable = self._parties = 0
        for number, guest in enumerate(self._guests):
            bit = 1 << number
            self._immovable |= bit if guest.pinned else 0
            self._parties |= bit if guest.party else 0
            for resource in guest.resources:
                self._at[resource] = self._at.get(resource, 0) | bit
        self._plan = FloorPlan(())
        self._ways: dict[int, tuple[tuple[Seating, ...], list[Choice]]] = {}
        self._choices: dict[int, tuple[Choice, ...]] = {}
        self._turns: dict[int, list[tuple[int, range, tuple[Choice, ...]]]] = {}
        self._wishes: dict[int, Wish] = {}
        self._crowded: dict[tuple[int, Wish], bool] = {}

    def guest(self, number: int) -> Placement:
        """The guest of a number."""
        return self._guests[number]

    def meeting(self, quanta: range) -> int:
        """Those whose stays overlap a stay, as bits."""
        begun = self._begun.before(quanta.stop)
        return begun ^ begun & self._over.before(quanta.start)

    def at(self, resources: tuple[str, ...]) -> int:
        """Those who sit at any of these tables at any time, as bits."""
        found = 0
        for resource in resources:
            found |= self._at.get(resource, 0)
        return found

    def plan_for(self, plan: FloorPlan) -> None:
        """Whose stays name no tables of their own may be moved to those of this plan."""
        if plan is not self._plan:
            self._plan = plan
            self._choices.clear()
            self._turns.clear()
            self._wishes.clear()
            self._crowded.clear()

    def choices(self, number: int) -> tuple[Choice, ...]:
        """Where a guest could sit, best first, if all got up who may be asked to."""
        if number not in self._choices:
            guest = self._guests[number]
            others = self.meeting(guest.quanta) & ~(1 << number)
            self._choices[number] = self.choices_among(guest.seatings(self._plan), others)
        return self._choices[number]

    def in_turn(self, guests: int) -> list[tuple[int, range, tuple[Choice, ...]]]:
        """Some guests in the order in which they are seated again.

        The largest party comes first: it has the fewest tables to choose from.
        """
        if guests not in self._turns:
            numbers = sorted(_numbers(guests), key=self._turn)
            self._turns[guests] = [
                (number, self._guests[number].quanta, self.choices(number)) for number in numbers
            ]
        return self._turns[guests]

    def _turn(self, number: int) -> tuple[int, tuple[str, ...]]:
        return -self._guests[number].party, self._guests[number].resources

    def choices_among(self, seatings: tuple[Seating, ...], present: int) -> tuple[Choice, ...]:
        """Of some ways to sit those where nobody sits who has to stay; `present` are the others."""
        immovable = present & self._immovable
        return tuple(
            (resources, tables, sitters & present)
            for resources, tables, sitters in self._known(seatings)
            if not sitters & immovable
        )

    def _known(self, seatings: tuple[Seating, ...]) -> list[Choice]:
        """Ways to sit with all who sit there at any time, worked out once for a plan's party."""
        key = id(seatings)  # a plan makes them once for a party; comparing them takes long
        if key not in self._ways:
            ways = [(one.resources, self._as_bits(one.resources)) for one in seatings]
            choices = [(names, tables, self.at(names)) for names, tables in ways]
            self._ways[key] = (seatings, choices)
        return self._ways[key][1]

    def is_crowded(self, party: int, quanta: range, choices: tuple[Choice, ...]) -> bool:
        """Whether at some moment of a stay there are too few tables, wherever everybody sits.

        True is certain; False promises nothing.
        """
        wish = wish_of(party, [tables for _, tables, _ in choices])
        for guests in self._crowds(quanta):
            known = (guests, wish)
            if guests.bit_count() > MAX_CROWD:
                continue
            if known not in self._crowded:
                wishes = [self._wish(number) for number in _numbers(guests)]
                self._crowded[known] = not may_all_sit([wish, *wishes])
            if self._crowded[known]:
                return True
        return False

    def _crowds(self, quanta: range) -> list[int]:
        """Those who are there at once, as bits, at the moments when these are most."""
        crowds: list[int] = []
        for moment in (quanta.start, *self._begun.moments(quanta)):
            # Without closed tables: guests may sit at one that was closed after they had booked.
            crowd = self.meeting(range(moment, moment + 1)) & self._parties
            if crowds and not crowds[-1] & ~crowd:
                crowds.pop()
            crowds.append(crowd)
        return crowds

    def _wish(self, number: int) -> Wish:
        if number not in self._wishes:
            guest = self._guests[number]
            here = self._as_bits(guest.resources)
            choices = () if guest.pinned else self.choices(number)
            ways = [here, *(tables for _, tables, _ in choices)]
            self._wishes[number] = wish_of(guest.party, ways)
        return self._wishes[number]

    def _as_bits(self, resources: tuple[str, ...]) -> int:
        bits = 0
        for resource in resources:
            bits |= self._tables.setdefault(resource, 1 << len(self._tables))
        return bits


class _Seat(NamedTuple):
    """A guest (-1: the newcomer) whom a chain has placed, and for how long."""

    guest: int
    resources: tuple[str, ...]
    tables: int
    first: int
    end: int


_Chain = tuple[int, list[_Seat]]
"""The guests who still sit where they sat, as bits, and those who were placed."""


class _Search:
    """The search for one newcomer's tables, within its budget of tries."""

    def __init__(self, seated: Seated) -> None:
        self._seated = seated
        self._left = TRIES

    def run(self, quanta: range, choices: tuple[Choice, ...]) -> list[_Seat] | None:
        """The newcomer's seat, then those of all who move; few moves before many."""
        for depth in range(1, MAX_DEPTH + 1):
            chain: _Chain = (self._seated.everybody, [])
            found = self._evict(-1, quanta, choices, depth, chain)
            if found is not None:
                return found[1]
        return None

    def _evict(
        self, guest: int, quanta: range, choices: tuple[Choice, ...], depth: int, chain: _Chain
    ) -> _Chain | None:
        """The chain, gone on until a guest sits, with at most `depth` evictions deep."""
        unmoved, placed = chain
        for resources, tables, blockers in choices:
            if self._left == 0:
                return None
            self._left -= 1
            evicted = blockers & unmoved
            if evicted.bit_count() > MAX_EVICTED or _is_taken(tables, quanta, placed):
                continue
            seat = _Seat(guest, resources, tables, quanta.start, quanta.stop)
            after = self._seat_again(evicted, depth - 1, (unmoved ^ evicted, [*placed, seat]))
            if after:
                return after
        return None

    def _sit(
        self, guest: int, quanta: range, choices: tuple[Choice, ...], chain: _Chain
    ) -> _Chain | None:
        """The chain with a guest at tables that are free. Most tries of a search are made here."""
        unmoved, placed = chain
        choices = choices[: self._left]
        for tried, (resources, tables, blockers) in enumerate(choices, start=1):
            if not blockers & unmoved and not _is_taken(tables, quanta, placed):
                self._left -= tried
                seat = _Seat(guest, resources, tables, quanta.start, quanta.stop)
                return unmoved, [*placed, seat]
        self._left -= len(choices)
        return None

    def _seat_again(self, evicted: int, depth: int, chain: _Chain) -> _Chain | None:
        """The chain, gone on until all who were evicted sit again; None if one of them cannot."""
        for number, quanta, choices in self._seated.in_turn(evicted):
            if depth:
                after = self._evict(number, quanta, choices, depth, chain)
            else:
                after = self._sit(number, quanta, choices, chain)
            if after is None:
                return None
            chain = after
        return chain


def _is_taken(tables: int, quanta: range, placed: list[_Seat]) -> bool:
    """Whether somebody who was placed sits at any of these tables during a stay."""
    first, end = quanta.start, quanta.stop
    for _, _, taken, since, until in placed:
        if taken & tables and since < end and first < until:
            return True
    return False


def _numbers(guests: int) -> list[int]:
    return [bit.bit_length() - 1 for bit in bits_of(guests)]

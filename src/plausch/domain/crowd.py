"""Whether all who are there at one moment can find tables, wherever each of them sits.

A search for tables that moves others about ends early if it is known to be in vain. What is asked
here is less than what the search wants, for one moment instead of all evening, and so a no is
certain. Tables are bits of a number, a way to sit is the set of its tables.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

MAX_SEATED = 1_000
"""So many parties are seated in all layouts together; what takes more is not asked to the end."""


class Wish(NamedTuple):
    """A party that is there: its size, and all the ways in which it might sit.

    If it sits already, as it does is the first of them. `tables` are all at which it might sit,
    `least` is how many it needs at least.
    """

    party: int
    ways: tuple[int, ...]
    tables: int
    least: int


def wish_of(party: int, ways: Iterable[int]) -> Wish:
    """The wish of a party for which there is at least one way to sit."""
    told = tuple(dict.fromkeys(ways))
    return Wish(party, told, reduce(or_, told), min(way.bit_count() for way in told))


def may_all_sit(wishes: Sequence[Wish]) -> bool:
    """Whether all may find tables at once. False is certain; True promises nothing.

    It is exact for one moment, unless that takes too long: many tables, joined in many ways.
    """
    if _too_few_tables(wishes):
        return False
    for tried, layout in enumerate(_layouts(wishes)):
        if tried * len(wishes) > MAX_SEATED or _everybody_sits(wishes, layout):
            return True
    return False


def _too_few_tables(wishes: Sequence[Wish]) -> bool:
    """Hall's condition, for those of at least and of at most every party size.

    Together they need more tables than there are that suit any of them: so it is in the house
    that is simply full, which is when most people ask in vain.
    """
    ascending = sorted(wishes, key=lambda wish: wish.party)
    for order in (ascending, ascending[::-1]):
        suitable = wanted = 0
        for wish in order:
            suitable |= wish.tables
            wanted += wish.least
            if wanted > suitable.bit_count():
                return True
    return False


def _layouts(wishes: Sequence[Wish]) -> Iterator[list[int]]:
    """The places of the hall, for every choice of tables that are pushed together.

    Each place takes one party. Left out are layouts with fewer places than there are parties.
    """
    tables = reduce(or_, (wish.tables for wish in wishes), 0)
    joined = sorted({way for wish in wishes for way in wish.ways if way & (way - 1)})
    spare = tables.bit_count() - len(wishes)

    def choose(first: int, together: list[int], free: int, spare: int) -> Iterator[list[int]]:
        yield [*together, *bits_of(free)]
        for number in range(first, len(joined)):
            way = joined[number]
            cost = way.bit_count() - 1
            if cost <= spare and way & free == way:
                yield from choose(number + 1, [*together, way], free & ~way, spare - cost)

    return choose(0, [], tables, spare)


def bits_of(number: int) -> Iterator[int]:
    """The powers of two that a number is made of, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest
        number ^= lowest


def _everybody_sits(wishes: Sequence[Wish], layout: Iterable[int]) -> bool:
    """Whether every party gets a place of its own: a matching along augmenting paths."""
    places = frozenset(layout)
    taken_by: dict[int, int] = {}

    def find(guest: int, asked: set[int]) -> bool:
        ways = wishes[guest].ways
        for place in ways:
            if place in places and place not in taken_by:
                taken_by[place] = guest
                return True
        for place in ways:
            if place in places and place not in asked:
                asked.add(place)
                if find(taken_by[place], asked):
                    taken_by[place] = guest
                    return True
        return False

    return all(find(guest, set()) for guest in range(len(wishes)))

"""Seating against brute force; nothing overlaps, nobody pinned moves."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linde import restaurant
from plausch.domain import assignment
from plausch.domain.assignment import (
    MAX_CROWD,
    MAX_DEPTH,
    MAX_EVICTED,
    TRIES,
    Assignment,
    Placement,
    Seated,
    assign,
)
from plausch.domain.tables import Combination, FloorPlan, Resource, Seating


def meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def clash(one: Placement, other: Placement) -> bool:
    return meet(one.quanta, other.quanta) and bool(set(one.resources) & set(other.resources))


def can_seat_all(plan: FloorPlan, guests: Sequence[Placement]) -> bool:
    """Brute force: is there any way to seat everybody, the pinned where they are?"""

    def place(waiting: Sequence[Placement], seated: list[Placement]) -> bool:
        if not waiting:
            return True
        guest, rest = waiting[0], waiting[1:]
        choices = [Seating(guest.resources, 0)] if guest.pinned else plan.seatings(guest.party)
        for choice in choices:
            trial = replace(guest, resources=choice.resources)
            if not any(clash(trial, other) for other in seated) and place(rest, [*seated, trial]):
                return True
        return False

    return place(guests, [])


@st.composite
def houses(draw: st.DrawFn) -> FloorPlan:
    sizes = draw(st.lists(st.sampled_from([2, 2, 4, 4, 6]), min_size=1, max_size=4))
    tables = tuple(Resource(str(place), 1, size) for place, size in enumerate(sizes))
    joined = tuple(
        Combination((one.identifier, two.identifier), 1, one.max_party + two.max_party)
        for one, two in itertools.pairwise(tables)
        if draw(st.booleans())
    )
    return FloorPlan(tables, joined)


@st.composite
def stays(draw: st.DrawFn) -> tuple[int, range, bool]:
    start = draw(st.integers(0, 6))
    quanta = range(start, start + draw(st.integers(1, 6)))
    return draw(st.integers(1, 7)), quanta, draw(st.sampled_from([False] * 9 + [True]))


@settings(max_examples=300, deadline=None)
@given(houses(), st.lists(stays(), min_size=1, max_size=5))
def test_assignment_equals_brute_force_on_small_houses(
    plan: FloorPlan, wanted: list[tuple[int, range, bool]]
) -> None:
    seated: dict[str, Placement] = {}
    for number, (party, quanta, pinned) in enumerate(wanted):
        newcomer = Placement("new", party, quanta, ())
        found = assign(plan, seated.values(), party, quanta)
        assert (found is not None) == can_seat_all(plan, [newcomer, *seated.values()])
        if found is None:
            continue
        for uid, tables in found.moves.items():
            assert not seated[uid].pinned
            seated[uid] = replace(seated[uid], resources=tables)
        guest = Placement(str(number), party, quanta, found.resources, pinned)
        seated[guest.uid] = guest
        for one in seated.values():
            assert one.pinned or one.resources in {s.resources for s in plan.seatings(one.party)}
        assert not any(clash(one, two) for one, two in itertools.combinations(seated.values(), 2))


Sitting = dict[str, Placement]


def plain_seat(
    plan: FloorPlan, sitting: Sitting, guest: Placement, depth: int, settled: frozenset[str]
) -> Sitting | None:
    """The search as the module's first lines say it: nothing is known beforehand, or given up."""
    for seating in guest.seatings(plan):
        seat = replace(guest, resources=seating.resources)
        evicted = [other for other in sitting.values() if clash(seat, other)]
        if any(other.pinned or other.uid in settled for other in evicted):
            continue
        if evicted and (depth == 0 or len(evicted) > MAX_EVICTED):
            continue
        after: Sitting | None = {uid: one for uid, one in sitting.items() if one not in evicted}
        after[guest.uid] = seat
        fixed = settled | {guest.uid}
        for other in sorted(evicted, key=lambda one: (-one.party, one.resources)):
            before = after
            after = plain_seat(plan, before, other, depth - 1, fixed)
            if after is None:
                break
            fixed |= {uid for uid in after if after[uid] != before.get(uid)}
        if after is not None:
            return after
    return None


def plain_assign(
    plan: FloorPlan, placements: Sequence[Placement], party: int, quanta: range
) -> Assignment | None:
    sitting = {one.uid: one for one in placements}
    for depth in range(MAX_DEPTH + 1):
        after = plain_seat(plan, sitting, Placement("", party, quanta, ()), depth, frozenset())
        if after is not None:
            moves = {
                uid: one.resources
                for uid, one in after.items()
                if uid and one.resources != sitting[uid].resources
            }
            return Assignment(after[""].resources, moves)
    return None


@st.composite
def halls(draw: st.DrawFn) -> FloorPlan:
    """Of many tables, with parties that are too small for some, and chairs of every number."""
    sizes = draw(
        st.lists(st.sampled_from([(1, 2), (1, 2), (2, 4), (3, 6)]), min_size=2, max_size=7)
    )
    tables = tuple(Resource(str(place), *size) for place, size in enumerate(sizes))
    joined = tuple(
        Combination((one.identifier, two.identifier), 3, one.max_party + two.max_party)
        for one, two in itertools.pairwise(tables)
        if draw(st.booleans())
    )
    return FloorPlan(tables, joined)


@settings(max_examples=300, deadline=None)
@given(halls(), st.lists(stays(), min_size=6, max_size=22), st.data())
def test_the_quick_search_answers_as_the_plain_one(
    plan: FloorPlan, wanted: list[tuple[int, range, bool]], draw: st.DataObject
) -> None:
    """Also where tables were closed, and where some serve other guests than the newcomer's."""
    part = replace(plan, resources=plan.resources[:-1], combinations=plan.combinations[:-1])
    placements: list[Placement] = []
    names = [table.identifier for table in plan.resources]
    for number in range(draw.draw(st.integers(0, 2))):
        closed = (draw.draw(st.sampled_from(names)),)
        placements.append(Placement(f"closed {number}", 0, range(number * 3, 9), closed, True))
    for number, (party, quanta, pinned) in enumerate(wanted):
        with patch.object(assignment, "TRIES", 1 << 30):
            found = assign(plan, placements, party, quanta)
        assert found == plain_assign(plan, placements, party, quanta)
        if found is None:
            continue
        placements = [
            replace(one, resources=found.moves.get(one.uid, one.resources)) for one in placements
        ]
        floor = draw.draw(st.sampled_from([None, plan, part]))
        placements.append(Placement(str(number), party, quanta, found.resources, pinned, floor))


def test_best_fit_first() -> None:
    found = assign(restaurant().floor, [], 2, range(10))
    assert found is not None
    assert (found.resources, found.moves) == (("1",), {})


def test_a_guest_at_too_large_a_table_makes_room() -> None:
    sitting = [Placement("small", 3, range(10), ("5",))]
    apart = replace(restaurant().floor, combinations=())
    found = assign(apart, sitting, 6, range(5, 15))
    assert found is not None
    assert (found.resources, found.moves) == (("5",), {"small": ("3",)})


def test_a_pinned_guest_stays() -> None:
    sitting = [Placement("small", 3, range(10), ("5",), pinned=True)]
    found = assign(restaurant().floor, sitting, 6, range(5, 15))
    assert found is not None
    assert (found.resources, found.moves) == (("3", "4"), {})


def test_a_chain_of_two() -> None:
    plan = FloorPlan((Resource("s", 1, 2), Resource("m", 1, 4), Resource("l", 3, 6)))
    sitting = [
        Placement("pair", 2, range(10), ("m",)),
        Placement("four", 4, range(10), ("l",)),
    ]
    found = assign(plan, sitting, 6, range(10))
    assert found is not None
    assert found.resources == ("l",)
    assert found.moves == {"four": ("m",), "pair": ("s",)}


@pytest.mark.parametrize("tables", [60, MAX_CROWD + 1])
def test_a_full_house_is_full_and_the_search_ends(tables: int) -> None:
    plan = FloorPlan(
        tuple(Resource(str(place), 1, 4) for place in range(tables)),
        tuple(Combination((str(place), str(place + 1)), 1, 8) for place in range(tables - 1)),
    )
    sitting = [Placement(str(place), 3, range(10), (str(place),)) for place in range(tables)]
    assert TRIES == 1_500
    assert assign(plan, sitting, 3, range(10)) is None


def test_touching_stays_do_not_meet() -> None:
    plan = FloorPlan((Resource("only", 1, 4),))
    sitting = [Placement("first", 2, range(10), ("only",), pinned=True)]
    assert assign(plan, sitting, 2, range(10, 20)) is not None
    assert assign(plan, sitting, 2, range(9, 19)) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(1, 4), st.integers(0, 3)),
        max_size=9,
    ),
    st.integers(0, 40),
    st.integers(1, 12),
    st.integers(1, 6),
)
def test_a_search_leaves_everybody_where_they_sat(
    stays: list[tuple[int, int, int, int]], first: int, length: int, party: int
) -> None:
    """The same question to the same house has the same answer, however often it is asked."""
    floor = restaurant().floor
    placements: list[Placement] = []
    for number, (start, quanta, size, _) in enumerate(stays):
        found = assign(floor, placements, size, range(1000 + start, 1000 + start + quanta))
        if found is None:
            continue
        placements = [
            replace(one, resources=found.moves.get(one.uid, one.resources)) for one in placements
        ]
        stay = range(1000 + start, 1000 + start + quanta)
        placements.append(Placement(f"b-{number}", size, stay, found.resources))
    wanted = range(1000 + first, 1000 + first + length)
    house = Seated(placements)
    answers = [assign(floor, house, party, wanted) for _ in range(3)]
    assert answers == [assign(floor, placements, party, wanted)] * 3
    if answers[0] is not None:
        moves = answers[0].moves
        sitting = [(moves.get(one.uid, one.resources), one.quanta) for one in placements] + [
            (answers[0].resources, wanted)
        ]
        for place, (tables, quanta) in enumerate(sitting):
            for others, when in sitting[:place]:
                meet = quanta.start < when.stop and when.start < quanta.stop
                assert not (meet and set(tables) & set(others))


def test_a_closed_table_frees_nobody_who_leaves_it() -> None:
    """Guests sat there before it was closed: when they move, it is still closed."""
    floor = FloorPlan((Resource("1", 1, 2), Resource("2", 1, 2)))
    closed = Placement("closed 0", 0, range(10, 20), ("1",), pinned=True)
    guest = Placement("b-1", 2, range(10, 20), ("1",))
    assert assign(floor, [closed, guest], 2, range(10, 20)) == Assignment(("2",))
    other = Placement("b-2", 2, range(10, 20), ("2",))
    assert assign(floor, [closed, guest, other], 2, range(10, 20)) is None


def test_days_are_no_borders() -> None:
    """Stays over midnight (UTC) are in the way on both days, also before the first of them."""
    floor = FloorPlan((Resource("1", 1, 4), Resource("2", 1, 4)))
    night = Placement("b-1", 2, range(280, 300), ("1",))
    late = Placement("b-2", 2, range(290, 310), ("2",))
    assert assign(floor, [night, late], 2, range(270, 290)) == Assignment(("2",))
    assert assign(floor, [night, late], 2, range(288, 289)) == Assignment(("2",))
    assert assign(floor, [night, late], 2, range(285, 295)) is None
    assert assign(floor, [night, late], 2, range(300, 305)) == Assignment(("1",))


@pytest.mark.parametrize("seed", [0, 1, 5, 7, 39, 44, 51, 52])
def test_long_chains_in_a_full_house_never_seat_two_at_one_table(seed: int) -> None:
    """Many tables, joined in many ways, and so many guests that chains of every depth are made."""
    names = [str(number) for number in range(1, 11)]
    tables = [Resource(name, 1, 2 + int(name) % 3 * 2) for name in names]
    joined = [Combination((one, two), 3, 8) for one, two in itertools.pairwise(names)]
    floor = FloorPlan(tuple(tables), tuple(joined))
    dice = random.Random(seed)
    placements: list[Placement] = []
    depths: set[int] = set()
    for number in range(160):
        start = dice.randrange(0, 60)
        stay = range(start, start + dice.randrange(12, 30))
        party = dice.choice([1, 2, 2, 2, 3, 4, 5, 6])
        found = assign(floor, placements, party, stay)
        if found is None:
            continue
        depths.add(len(found.moves))
        placements = [
            replace(one, resources=found.moves.get(one.uid, one.resources)) for one in placements
        ]
        placements.append(Placement(f"b-{number}", party, stay, found.resources))
        for one, two in itertools.combinations(placements, 2):
            assert not clash(one, two), (number, one, two)
        for one in placements:
            assert one.resources in [way.resources for way in floor.seatings(one.party)]
    assert max(depths) >= 2, "no chain was made"


def test_a_house_in_vain_is_not_searched() -> None:
    """Tables 1 and 2 or 2 and 3 for six, and who can sit at 2 alone: no counting sees it."""
    ends = (Resource("1", 1, 2), Resource("3", 1, 2))
    joined = (Combination(("1", "2"), 5, 6), Combination(("2", "3"), 5, 6))
    plan = FloorPlan((*ends, Resource("2", 4, 4)), joined)
    sitting = [Placement("six", 6, range(10), ("1", "2"))]
    house = Seated(sitting)
    present = house.meeting(range(5, 8))
    house.plan_for(plan)
    four = house.choices_among(plan.seatings(4), present)
    two = house.choices_among(plan.seatings(2), present)
    assert house.is_crowded(4, range(5, 8), four)
    assert not house.is_crowded(2, range(5, 8), two)
    assert assign(plan, house, 4, range(5, 8)) is None
    assert assign(plan, house, 2, range(5, 8)) == Assignment(("3",))


def test_another_plan_is_another_question() -> None:
    """What is kept about a house was worked out for the newcomer's plan, and holds for no other."""
    wide = FloorPlan((Resource("1", 1, 4), Resource("2", 1, 4)))
    narrow = FloorPlan((Resource("1", 1, 4),))
    house = Seated([Placement("b-1", 2, range(10), ("1",))])
    for _ in range(2):
        assert assign(narrow, house, 2, range(10)) is None
        assert assign(wide, house, 2, range(10)) == Assignment(("2",))


def test_a_house_that_was_crowded_for_one_stay_is_asked_again_for_another() -> None:
    """The longer stay meets who is pinned at the other table; the shorter one does not."""
    plan = FloorPlan(
        (Resource("1", 1, 4), Resource("2", 1, 2), Resource("3", 4, 6), Resource("4", 1, 1))
    )
    sitting = [
        Placement("late", 2, range(10, 20), ("1",), pinned=True),
        Placement("couple", 2, range(5), ("1",)),
        Placement("single", 1, range(5), ("2",)),
        Placement("six", 6, range(5), ("3",)),
    ]
    moves = {"couple": ("2",), "single": ("4",)}
    for order in ((12, 8), (8, 12)):
        house = Seated(sitting)
        answers = {end: assign(plan, house, 4, range(end)) for end in order}
        assert answers == {12: None, 8: Assignment(("1",), moves)}


@settings(max_examples=200, deadline=None)
@given(halls(), st.lists(stays(), min_size=6, max_size=22), st.lists(stays(), max_size=12))
def test_what_was_asked_before_changes_no_answer(
    plan: FloorPlan, wanted: list[tuple[int, range, bool]], asked: list[tuple[int, range, bool]]
) -> None:
    placements: list[Placement] = []
    for number, (party, quanta, pinned) in enumerate(wanted):
        found = assign(plan, placements, party, quanta)
        if found is not None:
            placements = [
                replace(one, resources=found.moves.get(one.uid, one.resources))
                for one in placements
            ]
            placements.append(Placement(str(number), party, quanta, found.resources, pinned))
    house = Seated(placements)
    for party, quanta, _ in [*asked, *wanted]:
        assert assign(plan, house, party, quanta) == assign(plan, placements, party, quanta)

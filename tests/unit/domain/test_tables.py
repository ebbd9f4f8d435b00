"""Which tables seat a party, best first."""

from dataclasses import replace

import pytest

from linde import restaurant
from plausch.domain.tables import Combination, FloorPlan, Resource

FLOOR = restaurant().floor


@pytest.mark.parametrize(
    ("party", "tables"),
    [
        (1, [("1",), ("2",)]),
        (2, [("1",), ("2",), ("3",), ("4",)]),
        (3, [("3",), ("4",), ("5",), ("1", "2")]),
        (4, [("3",), ("4",), ("5",), ("1", "2")]),
        (5, [("5",), ("3", "4")]),
        (8, [("3", "4")]),
        (9, []),
        (0, []),
    ],
)
def test_seatings_come_in_order_of_waste(party: int, tables: list[tuple[str, ...]]) -> None:
    assert [seating.resources for seating in FLOOR.seatings(party)] == tables


def test_an_extra_table_costs_five_seats() -> None:
    (joined,) = [one for one in FLOOR.seatings(4) if len(one.resources) == 2]
    assert joined.cost == 5


def test_priority_breaks_ties() -> None:
    favoured = FloorPlan((Resource("a", 1, 2), replace(Resource("b", 1, 2), priority=3)))
    assert [seating.resources for seating in favoured.seatings(2)] == [("b",), ("a",)]


def test_the_largest_party() -> None:
    assert FLOOR.largest_party == 8
    alone = FloorPlan((Resource("a", 1, 2), Resource("b", 1, 2)), (Combination(("a", "b"), 3, 3),))
    assert alone.largest_party == 3

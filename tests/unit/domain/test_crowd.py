"""Whether all can sit, against trying every way."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plausch.domain.crowd import MAX_SEATED, may_all_sit, wish_of


def can_all_sit(everybody: Sequence[Sequence[int]]) -> bool:
    """Brute force."""
    for seats in itertools.product(*everybody):
        if sum(seats).bit_count() == sum(way.bit_count() for way in seats) and not any(
            one & two for one, two in itertools.combinations(seats, 2)
        ):
            return True
    return False


ways = st.lists(
    st.one_of(st.integers(0, 5).map(lambda table: 1 << table), st.integers(1, 63)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), ways), max_size=6))
def test_the_answer_is_that_of_trying_everything(guests: list[tuple[int, list[int]]]) -> None:
    found = may_all_sit([wish_of(party, seats) for party, seats in guests])
    if layouts(guests) * len(guests) < MAX_SEATED:
        assert found == can_all_sit([seats for _, seats in guests])
    else:
        assert found or not can_all_sit([seats for _, seats in guests])


def layouts(guests: list[tuple[int, list[int]]]) -> int:
    """How many sets of joined tables there are at most that do not overlap."""
    joined = {way for _, seats in guests for way in seats if way.bit_count() > 1}
    found = [0]
    for way in joined:
        found += [together | way for together in found if not together & way]
    return len(found)


def test_a_wish_knows_its_tables_once_each() -> None:
    wish = wish_of(3, [0b100, 0b011, 0b100])
    assert wish == (3, (0b100, 0b011), 0b111, 1)


def test_nobody_always_fits() -> None:
    assert may_all_sit([])


def test_more_parties_than_tables() -> None:
    assert not may_all_sit([wish_of(2, [1, 2])] * 3)


CLASHING = [wish_of(6, [0b011, 0b110]), wish_of(4, [0b010])]
"""As many tables as are wanted, and yet the table in the middle is wanted by both."""


def test_what_counting_tables_does_not_see() -> None:
    assert not may_all_sit(CLASHING)


@pytest.mark.parametrize(("pairs", "answer"), [(2, False), (12, True)])
def test_a_hall_of_too_many_layouts_is_not_asked_to_the_end(pairs: int, answer: bool) -> None:
    """A yes that promises nothing: the search itself has to find out."""
    others = [wish_of(3, [0b11 << place]) for place in range(3, 3 + 3 * pairs, 3)]
    others = [wish_of(3, [*wish.ways, wish.ways[0] & -wish.ways[0]]) for wish in others]
    assert may_all_sit([*CLASHING, *others]) is answer


def test_who_has_to_get_up_for_another_finds_another_table() -> None:
    """A chain through all of them: each takes the next one's table, the last the free one."""
    chain = [wish_of(2, [1 << place, 2 << place]) for place in range(10)]
    assert may_all_sit([*chain, wish_of(2, [1])])
    assert not may_all_sit([*chain, wish_of(2, [1]), wish_of(2, [1])])

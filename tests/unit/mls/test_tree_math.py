"""Array-based trees: the relations agree with each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls import tree_math

sizes = st.integers(0, 10).map(lambda height: 1 << height)


@pytest.mark.parametrize(
    ("members", "places"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1000, 1024)]
)
def test_padded_leaf_count(members: int, places: int) -> None:
    assert tree_math.padded_leaf_count(members) == places


@given(st.integers(0, 1 << 20).map(lambda half: 2 * half + 1))
def test_children_know_their_parent(node: int) -> None:
    left, right = tree_math.left(node), tree_math.right(node)
    assert tree_math.parent(left) == tree_math.parent(right) == node
    assert tree_math.sibling(left) == right
    assert tree_math.sibling(right) == left
    assert tree_math.level(left) == tree_math.level(right) == tree_math.level(node) - 1
    first, last = tree_math.span(node)
    assert tree_math.span(left)[0] == first
    assert tree_math.span(right)[1] == last
    assert tree_math.span(left)[1] + 2 == tree_math.span(right)[0]


@given(sizes, st.data())
def test_paths_end_at_the_root(leaves: int, chance: st.DataObject) -> None:
    node = 2 * chance.draw(st.integers(0, leaves - 1))
    path = tree_math.direct_path(node, leaves)
    assert len(path) == leaves.bit_length() - 1
    assert not path or path[-1] == tree_math.root(leaves)
    assert [tree_math.parent(beside) for beside in tree_math.copath(node, leaves)] == path
    assert all(tree_math.is_under(node, above) for above in path)


@given(sizes, st.data())
def test_common_ancestor_is_the_lowest(leaves: int, chance: st.DataObject) -> None:
    places = st.integers(0, leaves - 1).map(lambda leaf: 2 * leaf)
    one, other = chance.draw(places), chance.draw(places)
    meeting = tree_math.common_ancestor(one, other)
    assert meeting == tree_math.common_ancestor(other, one)
    shared = [
        node
        for node in range(tree_math.node_count(leaves))
        if tree_math.is_under(one, node) and tree_math.is_under(other, node)
    ]
    assert meeting == min(shared, key=tree_math.level)


def test_leaves_are_even() -> None:
    assert [tree_math.is_leaf(node) for node in range(4)] == [True, False, True, False]

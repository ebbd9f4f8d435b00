"""Places: so many for each name, so many for all."""

from plausch.server.places import Places


def test_each_name_has_its_own() -> None:
    places = Places(each=2)
    assert [places.take("a") for _ in range(3)] == [True, True, False]
    assert places.take("b")
    assert (places.taken, places.of("a"), places.of("b"), places.of("c")) == (3, 2, 1, 0)
    places.give_back("a")
    assert [places.take("a"), places.take("a")] == [True, False]


def test_all_together_have_so_many() -> None:
    places = Places(each=2, most=3)
    assert [places.take(name) for name in "abcd"] == [True, True, True, False]
    places.give_back("b")
    assert [places.take(name) for name in "dd"] == [True, False]


def test_who_has_none_is_forgotten() -> None:
    places = Places(each=1)
    for number in range(10):
        assert places.take(str(number))
    for number in range(10):
        places.give_back(str(number))
    assert (places.taken, places._taken) == (0, {})

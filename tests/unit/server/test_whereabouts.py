"""Where devices are said to be, and what is remembered of what was handed over for them."""

import pytest

from plausch.server import whereabouts as module
from plausch.server.whereabouts import REMEMBERED_S, Astray, Whereabouts


class Clock:
    now_s = 100.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(clock: Clock) -> Whereabouts:
    return Whereabouts(lambda: clock.now_s)


def test_devices_are_where_they_were_found(places: Whereabouts) -> None:
    places.found("one", ["a"])
    places.found("two", ["b"])
    assert places.divided(["a", "b", "c"]) == ({"one": ["a"], "two": ["b"]}, ["c"])
    places.missing("one", ["a", "b"])
    assert places.divided(["a", "b"]) == ({"two": ["b"]}, ["a"]), "b is at two"


def test_who_is_found_at_two_gateways_is_handed_to_neither(places: Whereabouts) -> None:
    places.found("one", ["a"])
    places.found("one", ["a"])
    assert places.divided(["a"]) == ({"one": ["a"]}, [])
    places.found("two", ["a"])
    assert places.divided(["a"]) == ({}, ["a"])


def test_who_moves_is_followed_if_it_was_known(places: Whereabouts) -> None:
    places.found("one", ["a", "b"])
    places.moved("two", "a")
    places.moved("two", "c")
    places.moved(None, "b")
    assert places.divided(["a", "b", "c"]) == ({"two": ["a"]}, ["b", "c"])


def test_what_a_gateway_was_given_lately_is_astray_when_it_is_gone(
    places: Whereabouts, clock: Clock
) -> None:
    places.found("one", ["a", "b"])
    places.handed("one", ["old", "a"])
    places.minded("one", ["b"])
    places.handed("two", ["c"])
    clock.now_s += REMEMBERED_S / 2
    places.handed("one", ["a"])
    clock.now_s += REMEMBERED_S / 2 + 1
    places.tidy()
    assert places.gone("one") == Astray(["a"], [])
    assert places.divided(["a", "b"]) == ({}, ["a", "b"])
    assert places.gone("one") == Astray([], [])


def test_a_device_that_was_found_elsewhere_since_may_lack_it_all_the_same(
    places: Whereabouts,
) -> None:
    places.found("one", ["a"])
    places.handed("one", ["a"])
    places.moved("two", "a")
    places.handed("two", ["a"])
    assert places.gone("one") == Astray(["a"], [])
    assert places.divided(["a"]) == ({"two": ["a"]}, [])


def test_when_nobody_heard_everything_is_astray_and_named_once(places: Whereabouts) -> None:
    for gateway in ("one", "two"):
        places.handed(gateway, ["a", "b"])
        places.minded(gateway, ["b"])
    places.found("one", ["a"])
    assert places.all_gone() == Astray(["a", "b"], ["b"])
    assert places.divided(["a"]) == ({}, ["a"])


def test_memory_is_bounded(
    places: Whereabouts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DEVICES", 3)
    places.found("one", ["a", "b", "c", "d"])
    assert places.divided(["a", "d"]) == ({"one": ["d"]}, ["a"])
    places.handed("one", ["a"])
    places.minded("one", ["a"])
    clock.now_s += REMEMBERED_S + 1
    places.tidy()
    assert places.all_gone() == Astray([], [])

"""The restaurant is a value: equal when its parts are."""

from dataclasses import replace

from linde import restaurant


def test_a_restaurant_is_a_value() -> None:
    assert restaurant() == restaurant()
    assert hash(restaurant()) == hash(restaurant())
    assert replace(restaurant(), language="en") != restaurant()


def test_a_telephone_may_be_missing() -> None:
    assert replace(restaurant(), telephone="").telephone == ""

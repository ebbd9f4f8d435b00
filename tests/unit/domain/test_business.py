"""A business is a value; each service has its part of the floor."""

from dataclasses import replace

from linde import restaurant, salon
from plausch.domain.business import BusinessKind


def test_a_business_is_a_value() -> None:
    assert restaurant() == restaurant()
    assert hash(restaurant()) == hash(restaurant())
    assert replace(restaurant(), language="en") != restaurant()
    assert replace(restaurant(), kind=BusinessKind.SHOP) != restaurant()


def test_a_telephone_may_be_missing() -> None:
    assert replace(restaurant(), telephone="").telephone == ""


def test_services_are_found_by_identifier() -> None:
    house = salon()
    assert house.service("colour").name == "Färben"
    assert house.service().identifier == "cut"
    assert house.service("given up") == house.service()
    assert house.known_service("given up") is None


def test_a_service_has_its_own_part_of_the_floor() -> None:
    house = salon()
    cut, colour = house.services
    assert [one.identifier for one in house.floor_for(cut).resources] == ["Mia", "Ben"]
    assert [one.identifier for one in house.floor_for(colour).resources] == ["Mia"]
    assert house.floor_for(colour) is house.floor_for(colour)


def test_a_service_may_take_smaller_parties_than_the_floor() -> None:
    house = salon()
    assert house.floor.largest_party == 2
    assert house.floor_for(house.service()).largest_party == 1
    small = replace(restaurant().service(), max_party=3)
    floor = replace(restaurant(), services=(small,)).floor_for(small)
    assert floor.largest_party == 3
    assert len(floor.resources) == 5
    assert [one.max_party for one in floor.combinations] == [3]


def test_resources_cut_combinations() -> None:
    inside = replace(restaurant().service(), resources=("1", "2", "3"))
    floor = replace(restaurant(), services=(inside,)).floor_for(inside)
    assert [one.resources for one in floor.combinations] == [("1", "2")]

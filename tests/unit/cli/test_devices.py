"""The devices of an account."""

import json

from .conftest import Person, Plausch


def test_the_one_device_is_listed_as_this_one(plausch: Plausch, anna: Person) -> None:
    answer = json.loads(plausch("devices", "list", "--home", anna.home, "--json").out)
    assert answer["address"] == anna.address
    (device,) = answer["devices"]
    assert device["here"] is True
    name = anna.address.partition("@")[0]
    assert device["device"].startswith(f"mimi://localhost/d/{name}/")


def test_a_person_is_shown_a_table(plausch: Plausch, anna: Person) -> None:
    ran = plausch("devices", "list", "--home", anna.home)
    assert ran.code == 0
    assert ran.out.endswith("\tthis device\n")
    assert plausch("--language", "de", "devices", "list", "--home", anna.home).out.endswith(
        "\tdieses Gerät\n"
    )


def test_this_device_cannot_remove_itself(plausch: Plausch, anna: Person) -> None:
    answer = json.loads(plausch("devices", "list", "--home", anna.home, "--json").out)
    ran = plausch("devices", "remove", answer["devices"][0]["device"], "--home", anna.home)
    assert ran.code == 1
    assert ran.sentence


def test_an_unknown_device_is_one_sentence(plausch: Plausch, anna: Person) -> None:
    ran = plausch("devices", "remove", "0123456789abcdef", "--home", anna.home)
    assert ran.code == 1
    assert f"'0123456789abcdef' is not a device of {anna.address}" in ran.sentence

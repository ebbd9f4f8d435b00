"""Safety numbers by the command line."""

import json

import pytest

from plausch.cli.verify import rows_of

from .conftest import Person, Plausch


def test_both_see_the_same_number(plausch: Plausch, anna: Person, cem: Person) -> None:
    hers = json.loads(plausch("verify", cem.address, "--home", anna.home, "--json").out)
    his = json.loads(plausch("verify", anna.address, "--home", cem.home, "--json").out)
    assert hers["safety_number"] == his["safety_number"]
    assert len(hers["safety_number"].replace(" ", "")) == 60
    assert (hers["address"], his["address"]) == (cem.address, anna.address)
    assert hers["state"] == "pinned"


def test_another_pair_has_another_number(
    plausch: Plausch, anna: Person, cem: Person, olga: Person
) -> None:
    with_cem = json.loads(plausch("verify", cem.address, "--home", anna.home, "--json").out)
    with_olga = json.loads(plausch("verify", olga.address, "--home", anna.home, "--json").out)
    assert with_cem["safety_number"] != with_olga["safety_number"]


def test_what_was_compared_is_kept(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("send", cem.address, "hello", "--home", anna.home)
    ran = plausch("verify", cem.address, "--home", anna.home)
    assert f"Safety number with {cem.address} (not compared yet):" in ran.out
    assert "Compare it by voice" in ran.err
    his = json.loads(plausch("verify", anna.address, "--home", cem.home, "--json").out)
    number = his["safety_number"]
    ran = plausch("verify", cem.address, "--mark", number, "--home", anna.home)
    assert f"Safety number with {cem.address} (compared):" in ran.out
    again = json.loads(plausch("verify", cem.address, "--home", anna.home, "--json").out)
    assert again["state"] == "verified"


@pytest.mark.parametrize("option", ["--mark", "--accept"])
def test_another_number_than_the_present_one_decides_nothing(
    plausch: Plausch, anna: Person, cem: Person, option: str
) -> None:
    ran = plausch("verify", cem.address, option, "00000 " * 12, "--home", anna.home)
    assert ran.code == 1
    assert f"not the safety number with {cem.address} now" in ran.sentence
    still = json.loads(plausch("verify", cem.address, "--home", anna.home, "--json").out)
    assert still["state"] == "pinned"


def test_rejecting_without_a_change_changes_nothing(
    plausch: Plausch, anna: Person, cem: Person
) -> None:
    ran = plausch("verify", cem.address, "--reject", "--home", anna.home, "--json")
    assert json.loads(ran.out)["state"] == "pinned"


@pytest.mark.parametrize(
    "options",
    [
        ("--accept", "1", "--mark", "1"),
        ("--accept", "", "--reject"),
        ("--mark", "1", "--reject"),
    ],
)
def test_two_decisions_at_once_are_a_wrong_call(
    plausch: Plausch, anna: Person, options: tuple[str, ...]
) -> None:
    ran = plausch("verify", "cem", *options, "--home", anna.home)
    assert ran.code == 2
    assert "accepted or rejected first and marked then" in ran.sentence


def test_somebody_unknown_has_no_number(plausch: Plausch, anna: Person) -> None:
    ran = plausch("verify", "no-such-account", "--home", anna.home)
    assert ran.code == 1
    assert ran.sentence


@pytest.mark.parametrize("groups", [0, 1, 4, 12])
def test_a_number_is_read_in_rows_of_four(groups: int) -> None:
    number = " ".join(f"{place:05d}" for place in range(groups))
    rows = rows_of(number)
    assert " ".join(rows) == number
    assert all(len(row.split()) <= 4 for row in rows)

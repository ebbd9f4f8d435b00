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
    ran = plausch("verify", cem.address, "--mark", "--home", anna.home)
    assert f"Safety number with {cem.address} (compared):" in ran.out
    again = json.loads(plausch("verify", cem.address, "--home", anna.home, "--json").out)
    assert again["state"] == "verified"


def test_accepting_and_marking_at_once_is_a_wrong_call(plausch: Plausch, anna: Person) -> None:
    ran = plausch("verify", "cem", "--accept", "--mark", "--home", anna.home)
    assert ran.code == 2
    assert "accepted first and compared then" in ran.sentence


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

"""Invitations: made by the operator, used once by somebody who registers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import server
from plausch.base.durations import DAY_MS
from plausch.cli.invite import day_of

from .conftest import Plausch


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A server that wants invitations: its folder and URL."""
    folder = tmp_path / "server"
    with server(folder, "--registration", "invitation") as url:
        yield folder, url


def test_a_code_lets_one_person_in(plausch: Plausch, private: tuple[Path, str]) -> None:
    folder, url = private
    (code,) = json.loads(plausch("invite", "create", "--data", folder, "--json").out)["codes"]
    anna = folder.with_name("anna")
    arguments = ("register", "anna", "--server", url, "--home", anna)
    ran = plausch(*arguments)
    assert ran.code == 1
    assert "invitation" in ran.sentence
    assert plausch(*arguments, "--invitation", code).code == 0
    cem = folder.with_name("cem")
    ran = plausch("register", "cem", "--server", url, "--home", cem, "--invitation", code)
    assert ran.code == 1
    assert "used" in ran.sentence


def test_codes_are_made_in_numbers(plausch: Plausch, private: tuple[Path, str]) -> None:
    folder, _ = private
    made = plausch("invite", "create", "--data", folder, "--count", 3, "--days", 2)
    codes = [line.split()[0] for line in made.out.splitlines()]
    assert len(set(codes)) == 3
    listed = json.loads(plausch("invite", "list", "--data", folder, "--json").out)["unused"]
    assert len(listed) == 3
    for one in listed:
        assert one["expires_at_ms"] - one["created_at_ms"] == 2 * DAY_MS
    assert not any(code.encode() in (folder / "plausch.db").read_bytes() for code in codes)
    assert len(plausch("invite", "list", "--data", folder).out.splitlines()) == 3


def test_an_empty_list_is_said(plausch: Plausch, private: tuple[Path, str]) -> None:
    ran = plausch("invite", "list", "--data", private[0])
    assert (ran.code, ran.out, ran.err) == (0, "", "Nothing here yet.\n")


def test_a_folder_without_a_server_is_said(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("invite", "create", "--data", tmp_path)
    assert ran.code == 2
    assert f"There is no server in {tmp_path}" in ran.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [("--days", 0), ("--days", 366), ("--count", 0)])
def test_numbers_out_of_range_are_wrong_calls(
    plausch: Plausch, tmp_path: Path, option: tuple[str, int]
) -> None:
    ran = plausch("invite", "create", "--data", tmp_path, *option)
    assert ran.code == 2
    assert "is not in the range" in ran.sentence


def test_a_day_is_a_date_and_a_time() -> None:
    assert len(day_of(1_800_000_000_000)) == len("2027-01-15 08:00")

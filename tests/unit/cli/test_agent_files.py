"""`plausch agent import` and `export` as an owner calls them."""

import json
import stat
from pathlib import Path

import pytest

from books import home_in
from plausch.cli.agent_files import MOST_SHOWN

from .conftest import Plausch

HEADS = "Datum;Uhrzeit;Personen;Name;Telefon;Notiz\n"
GOOD = HEADS + "24.11.2027;19:00;2;Müller;+49 89 1234;Nussallergie\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_in(tmp_path)


def imported(plausch: Plausch, home: Path, text: str, *more: str, kind: str = "bookings"):  # type: ignore[no-untyped-def]
    file = home / "in.csv"
    file.write_text(text, encoding="utf-8")
    return plausch(*more[:2], "agent", "import", kind, file, "--home", home, *more[2:])


def test_a_file_is_taken_over_once(plausch: Plausch, home: Path) -> None:
    ran = imported(plausch, home, GOOD)
    assert ran.code == 0
    assert ran.out.startswith("Taken over: 1; known already: 0;") and "UTF-8" in ran.out
    again = imported(plausch, home, GOOD, "--language", "de", "--json")
    assert json.loads(again.out) == {"new": 0, "known": 1, "skipped": 0}


def test_a_preview_changes_nothing(plausch: Plausch, home: Path) -> None:
    ran = imported(plausch, home, GOOD, "--language", "de", "--preview")
    assert ran.out.startswith("Würden übernommen: 1;")
    assert imported(plausch, home, GOOD).out.startswith("Taken over: 1;")


def test_mistakes_are_told_line_by_line_and_nothing_is_taken(plausch: Plausch, home: Path) -> None:
    ran = imported(plausch, home, GOOD + "31.02.2027;25:00;0;x;;\n", "--language", "de")
    assert ran.code == 1 and ran.out == ""
    lines = ran.err.splitlines()
    assert lines[0].startswith("Zeile 3: '31.02.2027' ist kein Datum")
    assert lines[1].startswith("Zeile 3: '25:00' ist keine Uhrzeit")
    assert lines[2].startswith("Zeile 3: '0' ist keine Zahl von Gästen")
    assert "so none was" in lines[3]
    assert imported(plausch, home, GOOD).out.startswith("Taken over: 1;")


def test_what_the_book_refuses_is_told_too(plausch: Plausch, home: Path) -> None:
    ran = imported(plausch, home, GOOD + "24.11.2027;19:00;900;Verein;;\n")
    assert "Line 3: There is no place for so many guests." in ran.err or "Line 3: Too" in ran.err


def test_a_long_list_of_mistakes_is_cut_and_json_has_all(plausch: Plausch, home: Path) -> None:
    text = HEADS + "x;19:00;2;a;;\n" * (MOST_SHOWN + 7)
    ran = imported(plausch, home, text)
    assert len(ran.err.splitlines()) == MOST_SHOWN + 2 and "... and 7 more." in ran.err
    found = json.loads(imported(plausch, home, text, "--language", "de", "--json").out)
    assert len(found["problems"]) == MOST_SHOWN + 7
    assert found["problems"][0]["code"] == "date"


def test_a_spreadsheets_own_file_is_a_sentence(plausch: Plausch, home: Path) -> None:
    ran = imported(plausch, home, "PK\x03\x04 workbook")
    assert ran.code == 1 and "is it really CSV?" in ran.sentence


def test_bookings_go_out_and_in_again(plausch: Plausch, home: Path, tmp_path: Path) -> None:
    imported(plausch, home, GOOD)
    file = tmp_path / "out.csv"
    ran = plausch(
        "--language", "de", "agent", "export", "bookings", "--home", home, "--output", file
    )
    assert ran.code == 0 and stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8-sig")
    assert "24.11.2027;19:00" in text and "'+49 89 1234" in text and "Nussallergie" in text
    (tmp_path / "second").mkdir()
    other = home_in(tmp_path / "second")
    assert imported(plausch, other, "\ufeff" + text).out.startswith("Taken over: 1;")


def test_bookings_since_a_day_and_as_a_calendar(plausch: Plausch, home: Path) -> None:
    imported(plausch, home, GOOD)
    export = ("agent", "export", "bookings", "--home", home, "--output", "-")
    assert "BEGIN:VEVENT" in plausch(*export, "--format", "ics").out
    assert "Müller" in plausch(*export, "--since", "2027-11-24").out
    assert "Müller" not in plausch(*export, "--since", "2027-12-24").out


def test_customers_come_in_and_go_out(plausch: Plausch, home: Path) -> None:
    people = "Name,Telephone,Note\nAnna,+49 89 1,=1+1\n"
    ran = imported(plausch, home, people, kind="customers")
    assert ran.out.startswith("Taken over: 1;")
    out = plausch("agent", "export", "customers", "--home", home, "--output", "-").out
    assert "Anna,'+49 89 1" in out and "'=1+1" in out
    refused = imported(plausch, home, "Name\nAnna\n", kind="customers")
    assert refused.code == 1 and "Without a telephone number" in refused.err


@pytest.mark.parametrize("wrong", [("--format", "ics"), ("--since", "2027-01-01")])
def test_customers_are_csv_and_all(plausch: Plausch, home: Path, wrong: tuple[str, str]) -> None:
    export = ("agent", "export", "customers", "--home", home, "--output", "-")
    assert plausch(*export, *wrong).code == 2

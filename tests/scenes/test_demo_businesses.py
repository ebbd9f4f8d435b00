"""Appointments at the example hairdresser and shop: the demo with its real processes."""

from pathlib import Path

import pytest

from company import did, plausch
from scenes.test_demo import Visitor

SCRIPTED = [
    ("hairdresser", "de", "Haarwerk", "vergebe Termine"),
    ("hairdresser", "en", "Haarwerk", "make appointments"),
    ("shop", "de", "Radhaus", "Beratung und Abholung"),
    ("shop", "en", "Radhaus", "advice and collection"),
]


@pytest.mark.parametrize(("business", "language", "name", "words"), SCRIPTED)
def test_the_script_gets_an_appointment(
    tmp_path: Path, business: str, language: str, name: str, words: str
) -> None:
    kept = tmp_path / "kept"
    arguments = ("demo", "--script", "--business", business, "--keep", kept)
    ran = did("--language", language, *arguments)
    assert f"{name}:" in ran.out
    assert words in ran.out
    for of_tables in ("Tisch", "table for", "Personen", "people"):
        assert of_tables not in ran.out
    assert "Anna Berger" in ran.out.splitlines()[-1]
    (booking,) = did("agent", "bookings", "--home", kept / "agent", "--json").json
    assert (booking["state"], booking["party"]) == ("confirmed", 1)
    assert booking["under_name"] == "Anna Berger"


def test_a_person_writes_what_she_wants_with_whom_and_when() -> None:
    anna = Visitor("--language", "de", "demo", "--business", "hairdresser")
    anna.reads_until("1. Termin buchen")
    anna.reads_until("Sie> ")
    anna.types("Färben und Schneiden bei Maria nächste Woche Donnerstag")
    offered = anna.reads_until("Sie> ")
    assert "sind diese Zeiten frei" in offered
    anna.types("1")
    anna.reads_until("Färben und Schneiden bei Maria")
    anna.reads_until("Sie> ")
    anna.types("Anna Berger")
    anna.reads_until("Bestätigt:")
    code, seen = anna.leaves()
    assert code == 0
    assert "Gebucht, und beide Seiten sind sich einig" in seen


def test_a_person_collects_at_the_shop_in_english() -> None:
    anna = Visitor("--language", "en", "demo", "--business", "shop")
    anna.reads_until("1. Book an appointment")
    anna.reads_until("you> ")
    anna.types("I'd like to pick up my order on Saturday morning")
    offered = anna.reads_until("you> ")
    assert "These times are free on Saturday" in offered
    anna.types("1")
    anna.reads_until("Click and collect")
    anna.reads_until("you> ")
    anna.types("my name is Anna Berger")
    anna.reads_until("Confirmed:")
    code, seen = anna.leaves()
    assert code == 0
    assert "under the name Anna Berger" in seen


def test_a_business_that_is_none_is_refused() -> None:
    ran = plausch("demo", "--script", "--business", "circus")
    assert ran.code == 2
    assert "restaurant" in ran.sentence

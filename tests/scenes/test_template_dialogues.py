"""Whole conversations at the example businesses that have no tables, German and English.

As in test_restaurant_dialogues.py; today is Monday, 23 November 2026, ten in the morning.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from guest import Guest
from linde import NOW_S, ZONE
from plausch.agent.book import Book
from plausch.agent.config import example_text, load_business
from plausch.base.clock import ManualClock
from plausch.domain.business import Business, BusinessKind
from scenes.test_restaurant_dialogues import have

HAIRDRESSER, SHOP = BusinessKind.HAIRDRESSER, BusinessKind.SHOP
DIALOGUES = {
    ("Anna, everything in one sentence", HAIRDRESSER, "de"): """
        > Termin zum Färben und Schneiden bei Maria nächste Woche Mittwoch um 10 Uhr
        Mittwoch, 2. Dezember, 10:00 Uhr, Färben und Schneiden bei Maria
        Auf welchen Namen darf ich den Termin eintragen
        > Anna Käfer
        Bestätigt: **Mittwoch, 2. Dezember, 10:00 Uhr**, Färben und Schneiden bei Maria
        „absagen“
        > kann ich den Termin auf Donnerstag nächste Woche verschieben?
        Soll ich Ihren Termin (am Mittwoch, den 2. Dezember, 10:00 Uhr: Färben und Schneiden) ändern
        Donnerstag, 3. Dezember, 10:00 Uhr
        > ja
        Bestätigt: **Donnerstag, 3. Dezember, 10:00 Uhr**, Färben und Schneiden bei Maria
        > doch lieber bei Aylin statt bei Maria
        Soll ich Ihren Termin (am Donnerstag, den 3. Dezember, 10:00 Uhr: Färben und Schneiden)
        Färben und Schneiden bei Aylin?
        > ja
        Bestätigt
        = 2026-12-03 10:00 cut-colour Aylin Anna Käfer
    """,
    ("Ben, by numbers only", HAIRDRESSER, "de"): """
        > Hallo
        Ich vergebe Termine
        1. Termin buchen
        > 1
        1. Damenhaarschnitt
        2. Herrenhaarschnitt
        > 2
        Bei wem möchten Sie den Termin?
        1. Maria
        2. Jonas
        3. Selma
        4. Egal, wer zuerst frei ist
        > 2
        An welchem Tag
        > 1
        Am Dienstag, den 24. November sind diese Zeiten frei
        > 1
        Auf welchen Namen
        > Ben
        Herrenhaarschnitt bei Jonas
        = 2026-11-24 09:00 cut-men Jonas Ben
    """,
    ("Cora, to whom it is all the same", HAIRDRESSER, "en"): """
        > a men's haircut on Friday at 3pm please, anyone is fine
        Friday, 27 November, 3:00 pm, Men's haircut
        > Cora
        Confirmed: **Friday, 27 November, 3:00 pm**, Men's haircut, under the name **Cora**
        > can I move it from Friday to Saturday at 10am?
        Shall I change your appointment (on Friday, 27 November, 3:00 pm: Men's haircut)
        > yes
        I have given up the appointment as it was
        = 2026-11-28 10:00 cut-men Maria Cora
    """,
    ("Dora, who wants what he does not do", HAIRDRESSER, "de"): """
        > Strähnen bei Jonas am Freitag
        Jonas macht das bei uns nicht. Bei wem möchten Sie den Termin?
        1. Aylin
        > 1
        Am Freitag, den 27. November sind diese Zeiten frei
        > 14 Uhr
        Strähnen bei Aylin
        > Dora
        Bestätigt
        > absagen
        Möchten Sie den Termin (am Freitag, den 27. November, 14:00 Uhr: Strähnen) wirklich absagen
        > ja
        ist abgesagt
    """,
    ("Emil, who comes with a friend", HAIRDRESSER, "de"): """
        > Bart trimmen für 2 am Samstag um 9 Uhr
        Ich trage je Termin eine Person ein
        > Emil
        Bart trimmen
        = 2026-11-28 09:00 beard Jonas Emil
    """,
    ("Fay, who has not decided", HAIRDRESSER, "en"): """
        > haircut with Maria or Jonas tomorrow
        What may I book for you?
        1. Women's haircut
        > 1
        With whom would you like it?
        > Maria
        These times are free on Tuesday, 24 November
        > 11 am
        Women's haircut with Maria
        > Fay
        Confirmed
        = 2026-11-24 11:00 cut-women Maria Fay
    """,
    ("Gero, at the shop", SHOP, "de"): """
        > Guten Tag
        Ich vergebe Zeiten für Beratung und Abholung
        > Abholung morgen um 16 Uhr
        Dienstag, 24. November, 16:00 Uhr, Abholung
        > Gero
        Bestätigt: **Dienstag, 24. November, 16:00 Uhr**, Abholung
        = 2026-11-24 16:00 pickup Abholtheke Gero
    """,
    ("Hanna, at the shop", SHOP, "en"): """
        > consultation with Emre on Saturday at noon, my name is Hanna
        Shall I book it?
        > yes
        Confirmed: **Saturday, 28 November, 12:00 pm**, Consultation with Emre
        > how much is an e-bike?
        I only make appointments
        > my appointment
        on Saturday, 28 November, 12:00 pm: Consultation
        = 2026-11-28 12:00 advice Emre Hanna
    """,
    ("Ida, after hours at the shop", SHOP, "de"): """
        > Probefahrt am Mittwoch um 15 Uhr bei Petra
        Um 15:00 Uhr ist am Mittwoch, den 25. November leider nichts frei
        > 1
        Auf welchen Namen
        > Ida
        Probefahrt bei Petra
        = 2026-11-25 11:00 test-ride Petra Ida
    """,
}


def house_of(folder: Path, kind: BusinessKind, language: str) -> Business:
    """An example business from its file."""
    file = folder / f"{kind}_{language}.toml"
    file.write_text(example_text(kind, language), encoding="utf-8")
    return load_business(file)


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    opened = await Book.open(tmp_path / "book.db")
    yield opened
    await opened.close()


@pytest.mark.parametrize("case", DIALOGUES, ids=[name for name, _, _ in DIALOGUES])
async def test_dialogue(book: Book, tmp_path: Path, case: tuple[str, BusinessKind, str]) -> None:
    name, kind, language = case
    house = house_of(tmp_path, kind, language)
    guest = Guest(book, house, ManualClock(NOW_S * 1000), name)
    left = await have(guest, DIALOGUES[case])
    booked = []
    for one in await guest.bookings():
        local = house.calendar.local(one.starts_at_s)
        (seated,) = (
            entry.tables
            for entry in await book.bookings_on(local.date(), ZONE)
            if entry.booking.uid == one.uid
        )
        booked.append(f"{local:%Y-%m-%d %H:%M} {one.service} {seated[0]} {one.under_name}")
    assert booked == left


@pytest.mark.parametrize("kind", [HAIRDRESSER, SHOP])
@pytest.mark.parametrize("language", ["de", "en"])
async def test_nothing_is_said_about_tables_and_parties(
    book: Book, tmp_path: Path, kind: BusinessKind, language: str
) -> None:
    house = house_of(tmp_path, kind, language)
    guest = Guest(book, house, ManualClock(NOW_S * 1000), "Zoe")
    heard = [
        await guest.says(line)
        for line in ("hi", "1", "1", "1", "tomorrow", "1", "Zoe", "booking", "cancel", "yes", "?")
    ]
    for word in ("tisch", "table", "personen", "people", "reservier", "reservation"):
        assert word not in " ".join(heard).casefold()

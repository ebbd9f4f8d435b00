"""Whole conversations as guests have them, German and English, word by word.

A line that begins with `>` is the guest's; the lines below it must each occur in the answer. Today
is Monday, 23 November 2026, ten in the morning; the restaurant is closed on Mondays.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from guest import Guest
from ledger import audit
from linde import NOW_S, ZONE, restaurant
from plausch.agent.book import Book
from plausch.base.clock import ManualClock

DIALOGUES = {
    "Anna, everything in one sentence": """
        > Guten Abend, ich hätte gern einen Tisch für vier am Freitag um halb acht
        Freitag, 27. November, 19:30 Uhr, für 4 Personen
        Auf welchen Namen
        > Anna Käfer
        Bestätigt: **Freitag, 27. November, 19:30 Uhr**, 4 Personen
        auf den Namen **Anna Käfer**
        „stornieren“ (möglich bis Freitag, 27. November, 17:30 Uhr)
        > Vielen Dank!
        Sehr gern
        = 2026-11-27 19:30 4 Anna Käfer
    """,
    "Ben, one word at a time": """
        > hello
        this is **Zur Linde**
        1. Reserve a table
        > 1
        For how many people?
        > two
        On which day
        1. Tuesday, 24 November
        > friday
        These times are free for 2 people on Friday, 27 November
        > 7 pm
        Under which name
        > Ben
        Confirmed: **Friday, 27 November, 7:00 pm**, 2 people, under the name **Ben**
        = 2026-11-27 19:00 2 Ben
    """,
    "Cora, by numbers only": """
        > Hallo
        1. Tisch reservieren
        > 1
        wie viele Personen
        > 2
        An welchem Tag
        > 4
        diese Zeiten frei
        > 9
        19:30 Uhr, für 2 Personen
        > Cora
        Bestätigt: **Freitag, 27. November, 19:30 Uhr**
        = 2026-11-27 19:30 2 Cora
    """,
    "Dora, on a closed day": """
        > Haben Sie heute abend einen Tisch für zwei?
        Am Montag, den 23. November haben wir Ruhetag.
        1. Dienstag, 24. November, 19:00 Uhr
        2. Mittwoch, 25. November, 19:00 Uhr
        3. Donnerstag, 26. November, 19:00 Uhr
        > die zweite
        Mittwoch, 25. November, 19:00 Uhr
        > Dora
        Bestätigt
        = 2026-11-25 19:00 2 Dora
    """,
    "Emil, at Christmas": """
        > Tisch für 6 an Heiligabend um 18 Uhr
        geschlossen (Heiligabend)
        Freitag, 25. Dezember
        > dann am ersten Weihnachtstag mittags
        Am Freitag, den 25. Dezember sind für 6 Personen diese Zeiten frei
        1. 12:00 Uhr
        > 12 Uhr
        Freitag, 25. Dezember, 12:00 Uhr
        > Familie Emil Huber
        auf den Namen **Familie Emil Huber**
        = 2026-12-25 12:00 6 Familie Emil Huber
    """,
    "Fay, who changes her mind": """
        > table for 2 tomorrow at noon
        Tuesday, 24 November, 12:00 pm
        > no, better on saturday at 8 pm please
        Saturday, 28 November, 8:00 pm
        > sorry, for 4 people
        Saturday, 28 November, 8:00 pm, for 4 people
        > Fay
        Confirmed
        = 2026-11-28 20:00 4 Fay
    """,
    "Gero, who cancels": """
        > Tisch für 2 morgen um 19 Uhr, Name: Gero
        auf den Namen Gero
        Soll ich fest reservieren?
        > ja, gerne
        Bestätigt: **Dienstag, 24. November, 19:00 Uhr**
        > Wir können leider nicht kommen
        wirklich stornieren
        1. Ja, stornieren
        > ja bitte
        ist storniert
        > Habe ich noch eine Buchung? Meine Reservierung?
        keine Reservierung von Ihnen
    """,
    "Hanna, who keeps it after all": """
        > please book a table for 3 on wednesday at 6:30 pm, my name is Hanna
        Shall I make the reservation?
        > yes please
        Confirmed: **Wednesday, 25 November, 6:30 pm**, 3 people
        > cancel my booking
        Do you really want to cancel
        > no
        the reservation stays
        > my booking
        on Wednesday, 25 November, 6:30 pm, 3 people
        = 2026-11-25 18:30 3 Hanna
    """,
    "Ida, with two bookings": """
        > Tisch für 2 morgen um 12 Uhr, auf den Namen Ida
        Soll ich fest reservieren?
        > ja
        Bestätigt
        > und für 4 am Samstag um 19 Uhr
        Soll ich fest reservieren?
        > ja, passt
        Bestätigt: **Samstag, 28. November, 19:00 Uhr**, 4 Personen, auf den Namen **Ida**
        > absagen
        Welche Reservierung
        1. Stornieren: am Dienstag, den 24. November
        2. Stornieren: am Samstag, den 28. November
        > 1
        Dienstag, den 24. November
        ist storniert
        = 2026-11-28 19:00 4 Ida
    """,
    "Jan, who asks first": """
        > Wann habt ihr offen?
        - Montag: geschlossen
        - Sonntag: 11:00–22:00 Uhr
        > Und am 6. Januar, habt ihr da geöffnet?
        Heilige Drei Könige
        > Dann am 7.1. zu zweit
        Am Donnerstag, den 7. Januar 2027 sind für 2 Personen diese Zeiten frei
        > um 8
        Donnerstag, 7. Januar 2027, 20:00 Uhr
        > Jan
        Bestätigt
        = 2027-01-07 20:00 2 Jan
    """,
    "Kim, in two languages": """
        > Ich möchte einen Tisch
        wie viele Personen
        > in english please
        For how many people
        > 4
        On which day
        > the day after tomorrow
        These times are free for 4 people on Wednesday, 25 November
        > auf deutsch
        diese Zeiten frei
        > 20 Uhr
        Auf welchen Namen
        > Kim
        Bestätigt
        = 2026-11-25 20:00 4 Kim
    """,
    "Lea, with a large family": """
        > Wir sind 12 Erwachsene und 3 Kinder, geht das am Sonntag?
        Für 15 Personen habe ich keinen Tisch; es gehen 1 bis 8.
        +49 89 123456
        > 8
        Am Sonntag, den 29. November sind für 8 Personen diese Zeiten frei
        > um eins
        Sonntag, 29. November, 13:00 Uhr
        > Lea
        Bestätigt
        = 2026-11-29 13:00 8 Lea
    """,
    "Max, who mumbles": """
        > blubb
        nicht verstanden
        > blubber
        nicht verstanden
        > blub
        Schreiben Sie „Tisch“
        > blubbblubb
        > Tisch
        wie viele Personen
        > viele
        nicht verstanden
        > zu fünft
        An welchem Tag
        > 31.2.
        Dieses Datum gibt es nicht
        > 27.11.
        diese Zeiten frei
        > 25 Uhr
        nicht verstanden
        > 12:00
        Freitag, 27. November, 12:00 Uhr
        > Max
        Bestätigt
        = 2026-11-27 12:00 5 Max
    """,
    "Nina, who asks for a person": """
        > Kann ich mit jemandem telefonieren?
        automatische Empfang
        +49 89 123456
        dem Haus ausgerichtet
        > Okay, dann Tisch für 1 morgen mittag
        diese Zeiten frei
        1. 11:30 Uhr
        > die letzte
        13:00 Uhr
        > Nina
        Bestätigt
        = 2026-11-24 13:00 1 Nina
    """,
    "Otto, far ahead and long ago": """
        > Tisch für 2 am 1.5.2027
        So weit im Voraus kann ich nicht reservieren, nur bis Freitag, 22. Januar 2027
        > Tisch für 2 am 20.11.2026
        Das ist schon vorbei
        > 22.1. um 19:30 Uhr
        Freitag, 22. Januar 2027, 19:30 Uhr
        > Otto
        Bestätigt
        = 2027-01-22 19:30 2 Otto
    """,
    "Pia, half past everything": """
        > viertel nach sieben am donnerstag zu zweit
        Um 19:15 Uhr ist am Donnerstag, den 26. November für 2 Personen leider nichts frei
        > dann halb acht
        Donnerstag, 26. November, 19:30 Uhr
        > Pia
        Bestätigt
        = 2026-11-26 19:30 2 Pia
    """,
    "Rosa, who is one more, and later, and asks what nobody knows": """
        > habt ihr morgen abend um 7 noch was für 4?
        Dienstag, 24. November, 19:00 Uhr, für 4 Personen
        > Darf mein Hund mit?
        weder beantworten noch ausrichten
        +49 89 123456
        Auf welchen Namen
        > Rosa, danke!
        auf den Namen **Rosa**
        > sorry, wir sind doch zu fünft
        Soll ich Ihre Reservierung (am Dienstag, den 24. November, 19:00 Uhr, 4 Personen) ändern
        Dienstag, 24. November, 19:00 Uhr, 5 Personen
        1. Ja, ändern
        > ja
        habe ich dafür aufgehoben
        Bestätigt: **Dienstag, 24. November, 19:00 Uhr**, 5 Personen
        > geht auch halb acht?
        24. November, 19:30 Uhr, 5 Personen
        > nein, doch nicht
        bleibt bestehen
        = 2026-11-24 19:00 5 Rosa
    """,
    "Sam, with clumsy thumbs": """
        > tabel for 2 ppl tommorow night
        These times are free for 2 people on Tuesday, 24 November
        > 6ish
        6:00 pm
        > it's Sam
        under the name **Sam**
        > sorry, can we make it 8 instead?
        Shall I change your reservation (on Tuesday, 24 November, 6:00 pm, 2 people)
        > yes please
        Confirmed: **Tuesday, 24 November, 8:00 pm**
        = 2026-11-24 20:00 2 Sam
    """,
    "Tim, too early and too many": """
        > Tisch für 2 gestern
        schon vorbei
        > und am Montag?
        Ruhetag
        > Dann nächsten Freitag, wir sind 30 Leute, Geburtstag
        Für 30 Personen habe ich keinen Tisch
        +49 89 123456
    """,
    "Uwe, who cannot decide": """
        > Tisch für 2 am Freitag oder Samstag um 19 Uhr
        An welchem Tag
        > nicht Freitag, sondern Samstag
        Samstag, 28. November, 19:00 Uhr, für 2 Personen
        > Moment, für 3 oder 4 Personen
        wie viele Personen
        > 4
        Samstag, 28. November, 19:00 Uhr, für 4 Personen
        > Uwe
        Bestätigt: **Samstag, 28. November, 19:00 Uhr**, 4 Personen
        > können wir von Samstag auf Sonntag verschieben?
        Sonntag, 29. November, 19:00 Uhr, 4 Personen
        > ja
        Bestätigt: **Sonntag, 29. November, 19:00 Uhr**
        > bitte nicht stornieren
        > meine Reservierung
        am Sonntag, den 29. November, 19:00 Uhr, 4 Personen
        = 2026-11-29 19:00 4 Uwe
    """,
    "Quentin, an American": """
        > Hi, I'd like a table for two on 12/5 at 7:30pm
        I cannot reserve that far ahead, only until Friday, 22 January 2027
        > december 5th
        Saturday, 5 December, 7:30 pm
        > Quentin
        Confirmed
        = 2026-12-05 19:30 2 Quentin
    """,
}


async def have(guest: Guest, dialogue: str) -> list[str]:
    """Play a dialogue; the bookings that must be left over, `YYYY-MM-DD HH:MM PARTY NAME`."""
    answer, left = "", []
    for line in filter(None, (line.strip() for line in dialogue.splitlines())):
        if line.startswith("> "):
            answer = await guest.says(line[2:])
        elif line.startswith("= "):
            left.append(line[2:])
        else:
            assert line in answer, f"{line!r} is not in {answer!r}"
    return left


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    opened = await Book.open(tmp_path / "book.db")
    yield opened
    await opened.close()


@pytest.mark.parametrize("name", DIALOGUES)
async def test_dialogue(book: Book, tmp_path: Path, name: str) -> None:
    house = restaurant()
    guest = Guest(book, house, ManualClock(NOW_S * 1000), name)
    left = await have(guest, DIALOGUES[name])
    booked = [
        f"{house.calendar.local(one.starts_at_s):%Y-%m-%d %H:%M} {one.party} {one.under_name}"
        for one in await guest.bookings()
    ]
    assert booked == left
    assert audit(tmp_path / "book.db", house) == len(left)


async def test_all_of_them_one_after_another(book: Book, tmp_path: Path) -> None:
    """One book, every conversation its own memory: nobody is taken for somebody else."""
    house, clock = restaurant(), ManualClock(NOW_S * 1000)
    expected = 0
    for name, dialogue in DIALOGUES.items():
        expected += len(await have(Guest(book, house, clock, name), dialogue))
    assert audit(tmp_path / "book.db", house) == expected
    (first, *_) = await book.bookings_on(house.calendar.today(NOW_S + 86_400), ZONE)
    assert first.booking.under_name == "Nina"

"""Bookings as rows of a file: what an export holds, and what an import takes of a row."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from plausch.agent.rows import TableBooking
from plausch.agent.transfer.fields import Cells, day_of, minute_of, party_of, telephone_of
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.sheet import SheetRefused, read_sheet, written
from plausch.domain.booking import MAX_NAME_CHARACTERS
from plausch.domain.calendar import real_instant_s

MAX_NOTE_CHARACTERS = 500
MAX_TELEPHONE_CHARACTERS = 30

HEADS: Mapping[str, tuple[str, str]] = {
    "date": ("Datum", "Date"),
    "time": ("Uhrzeit", "Time"),
    "end": ("Ende", "End"),
    "party": ("Personen", "Guests"),
    "name": ("Name", "Name"),
    "telephone": ("Telefon", "Telephone"),
    "note": ("Notiz", "Note"),
    "resources": ("Tisch", "Table"),
    "state": ("Status", "State"),
    "uid": ("Kennung", "Uid"),
}
"""The columns of an export, in German and English."""

NAMES: Mapping[str, str] = {
    **{head.lower(): column for column, heads in HEADS.items() for head in heads},
    **{column: column for column in HEADS},
    "beginn": "time",
    "zeit": "time",
    "gäste": "party",
    "anzahl": "party",
    "party": "party",
    "people": "party",
    "phone": "telephone",
    "bemerkung": "note",
    "tisch/platz": "resources",
}
_NEEDED = ("date", "time", "party")
_OFF = frozenset({"declined", "cancelled", "no_show", "completed"})
"""States of an export whose rows are history: they are not booked again."""


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking to be made. The token is the same whenever this file is imported."""

    line: int
    token: bytes
    starts_at_s: int
    party: int
    under_name: str
    telephone: str
    note: str


@dataclass(frozen=True, slots=True)
class BookingRows:
    """What a file holds: rows that can be tried, problems, rows that are history."""

    rows: tuple[BookingRow, ...]
    problems: tuple[Problem, ...]
    skipped: int
    encoding: str


def export_bookings(entries: Iterable[TableBooking], language: str) -> bytes:
    """A CSV file of bookings, by begin, on the wall of the business."""
    place = 0 if language == "de" else 1
    ordered = sorted(entries, key=lambda one: (one.booking.starts_at_s, one.booking.uid))
    return written(
        [heads[place] for heads in HEADS.values()],
        (_exported(entry, language) for entry in ordered),
        language,
    )


def _exported(entry: TableBooking, language: str) -> list[str | int]:
    booking = entry.booking
    zone = ZoneInfo(booking.zone)
    begin = datetime.fromtimestamp(booking.starts_at_s, zone)
    end = datetime.fromtimestamp(booking.ends_at_s, zone)
    return [
        begin.strftime("%d.%m.%Y" if language == "de" else "%Y-%m-%d"),
        begin.strftime("%H:%M"),
        end.strftime("%H:%M"),
        booking.party,
        booking.under_name,
        entry.telephone,
        entry.note,
        ", ".join(entry.tables),
        booking.state.value,
        booking.uid,
    ]


def read_bookings(raw: bytes, zone: str, language: str) -> BookingRows:
    """The rows of a CSV file, each checked by itself. Raises SheetRefused for the whole file."""
    sheet = read_sheet(raw, NAMES)
    place = 0 if language == "de" else 1
    for column in _NEEDED:
        if column not in sheet.columns:
            raise SheetRefused(
                f"The column {HEADS[column][place]!r} is missing: an import needs date, time and "
                "number of guests."
            )
    problems: list[Problem] = []
    rows: list[BookingRow] = []
    seen: Counter[bytes] = Counter()
    skipped = 0
    for row in sheet.rows:
        if row.cells.get("state", "").lower() in _OFF:
            skipped += 1
            continue
        known = len(problems)
        cells = Cells(row, problems)
        if row.excess:
            cells.refuse("cells")
            continue
        made = _booking_row(cells, zone, place)
        if made is None or len(problems) > known:
            continue
        seen[made.token] += 1
        rows.append(_numbered(made, seen[made.token]))
    return BookingRows(tuple(rows), tuple(problems), skipped, sheet.encoding)


def _booking_row(cells: Cells, zone: str, place: int) -> BookingRow | None:
    head = {column: heads[place] for column, heads in HEADS.items()}
    day = cells.needed("date", head["date"], day_of, "date")
    minute = cells.needed("time", head["time"], minute_of, "time")
    party = cells.needed("party", head["party"], party_of, "party")
    name = cells.text("name", head["name"], MAX_NAME_CHARACTERS)
    note = cells.text("note", head["note"], MAX_NOTE_CHARACTERS)
    telephone = cells.text("telephone", head["telephone"], MAX_TELEPHONE_CHARACTERS)
    if telephone and telephone_of(telephone) is None:
        cells.refuse("telephone", head["telephone"], telephone)
    if day is None or minute is None or party is None:
        return None
    starts_at_s = _instant(zone, day, minute)
    if starts_at_s is None:
        cells.refuse("no_such_time", head["time"], cells.row.cells["time"])
        return None
    said = "\n".join([str(starts_at_s), str(party), name, telephone])
    token = hashlib.sha256(said.encode()).digest()
    return BookingRow(cells.row.line, token, starts_at_s, party, name, telephone, note)


def _instant(zone: str, day: date, minute: int) -> int | None:
    try:
        return real_instant_s(zone, day, minute)
    except (OverflowError, ValueError):
        return None


def _numbered(row: BookingRow, number: int) -> BookingRow:
    """Two rows that say the same are two bookings: the second has a token of its own."""
    token = hashlib.sha256(b"import" + row.token + number.to_bytes(4)).digest()
    return BookingRow(
        row.line, token, row.starts_at_s, row.party, row.under_name, row.telephone, row.note
    )

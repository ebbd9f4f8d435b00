"""Customers as rows of a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plausch.agent.transfer.fields import Cells, telephone_of
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.sheet import SheetRefused, read_sheet, written

MAX_NAME_CHARACTERS = 80
MAX_NOTE_CHARACTERS = 2_000
MAX_TELEPHONE_CHARACTERS = 30
LANGUAGES = ("de", "en")

HEADS: Mapping[str, tuple[str, str]] = {
    "name": ("Name", "Name"),
    "telephone": ("Telefon", "Telephone"),
    "language": ("Sprache", "Language"),
    "visits": ("Besuche", "Visits"),
    "no_shows": ("Nicht erschienen", "No-shows"),
    "note": ("Notiz", "Note"),
}
NAMES: Mapping[str, str] = {
    **{head.lower(): column for column, heads in HEADS.items() for head in heads},
    **{column: column for column in HEADS},
    "kunde": "name",
    "customer": "name",
    "phone": "telephone",
    "bemerkung": "note",
}


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """What a business knows of a customer; counts are written and never read."""

    name: str
    telephone: str = ""
    language: str = ""
    note: str = ""
    visits: int = 0
    no_shows: int = 0


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """What a file holds: customers with their lines, problems."""

    rows: tuple[tuple[int, CustomerRow], ...]
    problems: tuple[Problem, ...]
    encoding: str


def export_customers(customers: Iterable[CustomerRow], language: str) -> bytes:
    """A CSV file of customers, by name."""
    place = 0 if language == "de" else 1
    ordered = sorted(customers, key=lambda one: (one.name.casefold(), one.telephone))
    return written(
        [heads[place] for heads in HEADS.values()],
        (
            [one.name, one.telephone, one.language, one.visits, one.no_shows, one.note]
            for one in ordered
        ),
        language,
    )


def read_customers(raw: bytes, language: str) -> CustomerRows:
    """The rows of a CSV file. Raises SheetRefused for the whole file."""
    sheet = read_sheet(raw, NAMES)
    place = 0 if language == "de" else 1
    if "name" not in sheet.columns:
        raise SheetRefused("The column 'Name' is missing: an import of customers needs it.")
    head = {column: heads[place] for column, heads in HEADS.items()}
    problems: list[Problem] = []
    rows: list[tuple[int, CustomerRow]] = []
    lines: dict[tuple[str, str], int] = {}
    for row in sheet.rows:
        known = len(problems)
        cells = Cells(row, problems)
        if row.excess:
            cells.refuse("cells")
            continue
        name = cells.text("name", head["name"], MAX_NAME_CHARACTERS)
        telephone = cells.text("telephone", head["telephone"], MAX_TELEPHONE_CHARACTERS)
        spoken = cells.text("language", head["language"], 2).lower()
        note = cells.text("note", head["note"], MAX_NOTE_CHARACTERS)
        if not name and len(problems) == known:
            cells.refuse("missing", head["name"])
        if telephone and telephone_of(telephone) is None:
            cells.refuse("telephone", head["telephone"], telephone)
        if spoken and spoken not in LANGUAGES:
            cells.refuse("language", head["language"], spoken)
        first = lines.setdefault((name.casefold(), telephone), row.line)
        if first != row.line:
            cells.refuse("twice", value=str(first))
        if len(problems) == known:
            rows.append((row.line, CustomerRow(name, telephone, spoken, note)))
    return CustomerRows(tuple(rows), tuple(problems), sheet.encoding)

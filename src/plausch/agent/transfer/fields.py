"""Cells as values: dates and times in German and ISO form, numbers, names, telephone numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.sheet import Row
from plausch.domain.booking import MAX_PARTY

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.A)
_GERMAN = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})", re.A)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::00)?(?: ?Uhr)?", re.A | re.I)
_NUMBER = re.compile(r"\d{1,4}", re.A)
_TELEPHONE = re.compile(r"\+?[0-9 ()/.-]{3,30}")
_CENTURY = 2000
_T = TypeVar("_T")


def day_of(text: str) -> date | None:
    """`2026-12-24`, `24.12.2026`, `24.12.26`."""
    iso, german = _ISO.fullmatch(text), _GERMAN.fullmatch(text)
    if iso:
        year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
    elif german:
        day, month, year = int(german[1]), int(german[2]), int(german[3])
        year += _CENTURY if len(german[3]) == 2 else 0
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def minute_of(text: str) -> int | None:
    """Minutes since midnight of `19:30`, `19.30`, `19:30 Uhr`, `19:30:00`."""
    found = _TIME.fullmatch(text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return int(found[1]) * 60 + int(found[2])


def party_of(text: str) -> int | None:
    """A number of guests."""
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if 1 <= number <= MAX_PARTY else None


def telephone_of(text: str) -> str | None:
    """A telephone number as it was written."""
    digits = sum(one.isdigit() for one in text)
    return text if _TELEPHONE.fullmatch(text) and digits >= 3 else None


@dataclass(slots=True)
class Cells:
    """Takes the cells of one row; what is wrong is added to `problems`."""

    row: Row
    problems: list[Problem]

    def refuse(self, code: str, column: str = "", value: str = "") -> None:
        """Something is wrong with this row."""
        self.problems.append(Problem(self.row.line, code, column, value))

    def needed(
        self, column: str, head: str, read: Callable[[str], _T | None], code: str
    ) -> _T | None:
        """A cell that must be there, read; None after a problem."""
        text = self.row.cells.get(column, "")
        if not text:
            self.refuse("missing", head)
            return None
        value = read(text)
        if value is None:
            self.refuse(code, head, text)
        return value

    def text(self, column: str, head: str, characters: int) -> str:
        """A text on one line, which may be empty."""
        text = " ".join(self.row.cells.get(column, "").split())
        if len(text) > characters or not text.isprintable():
            self.refuse("too_long", head)
            return ""
        return text

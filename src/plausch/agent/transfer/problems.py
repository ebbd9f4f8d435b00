"""What is wrong with a row of a file that is to be taken over, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass

_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("{column} fehlt.", "{column} is missing."),
    "cells": (
        "Die Zeile hat eine andere Zahl von Feldern als die Kopfzeile.",
        "The row has another number of cells than the heads.",
    ),
    "date": (
        "{value} ist kein Datum: 24.12.2026 oder 2026-12-24 schreiben.",
        "{value} is no date: write 2026-12-24 or 24.12.2026.",
    ),
    "time": ("{value} ist keine Uhrzeit: 19:30 schreiben.", "{value} is no time: write 19:30."),
    "no_such_time": (
        "{value} gibt es an diesem Tag nicht (Zeitumstellung).",
        "{value} does not exist on that day (the clocks are moved).",
    ),
    "party": (
        "{value} ist keine Zahl von Gästen (1 bis 1000).",
        "{value} is no number of guests (1 to 1000).",
    ),
    "too_long": (
        "{column} ist zu lang oder hat Zeichen, die nicht gedruckt werden.",
        "{column} is too long or has characters that cannot be printed.",
    ),
    "language": ("{value} ist weder de noch en.", "{value} is neither de nor en."),
    "telephone": ("{value} ist keine Telefonnummer.", "{value} is no telephone number."),
    "twice": ("Diese Zeile steht schon in Zeile {value}.", "This row is in line {value} already."),
    "full": ("Zu dieser Zeit ist kein Platz frei.", "There is no place free at that time."),
    "past": ("Diese Zeit ist vorbei.", "That time is over."),
    "pacing": (
        "Zu dieser Zeit beginnen schon zu viele Gäste.",
        "Too many guests begin at that time already.",
    ),
    "too_large": (
        "Für so viele Gäste gibt es keinen Platz.",
        "There is no place for so many guests.",
    ),
    "bad_time": (
        "Ein Aufenthalt beginnt zu vollen fünf Minuten und innerhalb von zwei Jahren.",
        "A stay begins at a full five minutes and within two years.",
    ),
    "no_telephone": (
        "Ohne Telefonnummer lässt sich niemand wiedererkennen.",
        "Without a telephone number nobody can be recognised.",
    ),
    "not_possible": (
        "Das lässt sich nicht reservieren.",
        "That cannot be booked.",
    ),
}


NOT_POSSIBLE = "not_possible"
CODES = frozenset(_WORDS)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one line; `code` is for programs."""

    line: int
    code: str
    column: str = ""
    value: str = ""

    def sentence(self, language: str) -> str:
        """`Zeile 7: 25:00 ist keine Uhrzeit: 19:30 schreiben.`"""
        german, english = _WORDS[self.code]
        shown = repr(self.value[:40]) if self.value else ""
        said = (german if language == "de" else english).format(column=self.column, value=shown)
        return f"{'Zeile' if language == 'de' else 'Line'} {self.line}: {said}"

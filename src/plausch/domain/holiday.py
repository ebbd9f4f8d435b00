"""Public holidays of Germany by federal state, with the two municipal exceptions.

Two holidays depend on the municipality, not on the state: Assumption Day (15 August) in those
Bavarian municipalities that are mostly Catholic, and the Augsburg Peace Festival (8 August).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays

STATES = (
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV",
    "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH",
)  # fmt: skip
"""ISO 3166-2:DE codes of the sixteen states, without the prefix `DE-`."""


@dataclass(frozen=True, slots=True)
class HolidayRegion:
    """Where a business lies, as far as public holidays depend on it.

    `state` is one of `STATES`; the flags matter only in Bavaria (`BY`).
    """

    state: str
    assumption_day: bool = False
    peace_festival: bool = False


@dataclass(frozen=True, slots=True)
class HolidayName:
    """What a holiday is called, in German and in English."""

    de: str
    en: str

    def in_language(self, language: str) -> str:
        """The German name for `de`, otherwise the English one."""
        return self.de if language == "de" else self.en


@lru_cache(maxsize=256)
def holidays_in(region: HolidayRegion, year: int) -> Mapping[date, HolidayName]:
    """Every public holiday of a year (1990 or later) in a region."""
    subdivision = "Augsburg" if region.state == "BY" and region.peace_festival else region.state
    categories = ["public"]
    if region.state == "BY" and region.assumption_day:
        categories.append("catholic")
    german, english = (
        holidays.country_holidays(
            "DE", subdiv=subdivision, years=year, language=language, categories=tuple(categories)
        )
        for language in ("de", "en_US")
    )
    return MappingProxyType({day: HolidayName(german[day], english[day]) for day in german})

"""Dates in free text, German and English: morgen, Freitag, 24.12., 24/12, December 24th."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from plausch.agent.remnant import NUMBER, Remnant, number_of

MAX_DAYS_AHEAD = 800

_WEEKDAYS = (
    ("montag", "monday", "mon"),
    ("dienstag", "tuesday", "tues", "tue"),
    ("mittwoch", "wednesday", "wed"),
    ("donnerstag", "thursday", "thurs", "thu"),
    ("freitag", "friday", "fri"),
    ("samstag", "sonnabend", "saturday", "sat"),
    ("sonntag", "sunday", "sun"),
)
_SHORT = ("mo", "di", "mi", "do", "fr", "sa", "so")
_WEEKDAY_NUMBER = {name: number for number, names in enumerate(_WEEKDAYS) for name in names} | {
    name: number for number, name in enumerate(_SHORT)
}
_MONTHS = (
    ("januar", "jänner", "january", "jan"),
    ("februar", "february", "feb"),
    ("märz", "maerz", "march", "mar", "mär"),
    ("april", "apr"),
    ("mai", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nov"),
    ("dezember", "december", "dez", "dec"),
)
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_FEASTS = {
    "heiligabend": (12, 24), "heilig abend": (12, 24), "christmas eve": (12, 24),
    "christmas day": (12, 25), "boxing day": (12, 26), "nikolaus": (12, 6),
    "silvester": (12, 31), "new year's eve": (12, 31),
    "neujahr": (1, 1), "new year's day": (1, 1),
    "valentinstag": (2, 14), "valentine's day": (2, 14), "valentines day": (2, 14),
}  # fmt: skip


def _any(names: dict[str, int] | dict[str, tuple[int, int]]) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


_LONG = _any({name: 0 for names in _WEEKDAYS for name in names})
_NEXT = r"(?:nächste[rnsm]?|naechste[rnsm]?|kommende[rnsm]?|next|this|diese[rnsm]?|coming)"
_ISO = re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b")
_DOTS = re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\b\.?(?:\s?(?P<y>20\d{2}|\d{2})\b)?(?!:)")
_SLASHES = re.compile(r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})(?:/(?P<y>20\d{2}|\d{2}))?\b")
_DAY_MONTH = re.compile(
    rf"\b(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)?\s*(?:of\s+)?(?P<m>{_any(_MONTH_NUMBER)})\b\.?"
    r"(?:,?\s+(?P<y>20\d{2}))?"
)
_MONTH_DAY = re.compile(
    rf"\b(?P<m>{_any(_MONTH_NUMBER)})\.?\s+(?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"(?:,?\s+(?P<y>20\d{2}))?"
)
_DAY_ONLY = re.compile(
    r"\b(?:(?:am|den|zum|der)\s+(?P<d>\d{1,2})\.(?!\d)"
    r"|(?:on\s+)?the\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)\b)"
)
_AFTER_TOMORROW = re.compile(
    r"\b(?:übermorgen|uebermorgen|the day after tomorrow|day after tomorrow)\b"
)
_NOT_TOMORROW = re.compile(r"\b(?:guten|gute|schönen|good)\s+(?:morgen|morning)\b|\bheute morgen\b")
_TODAY = re.compile(r"\b(?:heute?\b|today\b|tonight\b|this (?=evening|afternoon|morning))")
_TOMORROW = re.compile(
    r"\b(?:morgen|morgn|moregn|mrogen|tomm?orr?ow|tommorow|tmrw|tmr)\b"  # as thumbs write it
)
_YESTERDAY = re.compile(r"\b(?P<before>vor|the day before )?(?:gestern|yesterday)\b")
_SOON = re.compile(
    rf"\b(?:in\s+(?:{NUMBER}|einer halben|half an|a quarter of an|an)\s+"
    r"(?:minuten|minutes|mins?|stunden?|hours?)|jetzt gleich|sofort|right now|right away)\b"
)
_IN_DAYS = re.compile(rf"\bin\s+(?P<n>{NUMBER})\s+(?:tag(?:en?)?|days?)\b")
_IN_WEEKS = re.compile(rf"\bin\s+(?P<n>a|{NUMBER})\s+(?:wochen?|weeks?)\b")
_NEXT_WEEK = re.compile(r"\b(?:nächster?|naechster?|next|kommender?)\s+(?:woche|week)\b")
_WEEKDAY = re.compile(
    rf"\b(?:on\s+|am\s+)?(?:{_NEXT}\s+)?(?P<w>{_LONG})(?:abend|mittag|nachmittag)?s?\b"
)
_WEEKDAY_SHORT = re.compile(
    rf"\b(?:am|{_NEXT})\s+(?P<w>mo|di|mi|do|fr|sa|so)\b\.?|\b(?P<w2>mo|di|mi|fr|sa)\.(?=\s|,|$)"
    r"|^(?P<w3>mo|di|mi|do|fr|sa)(?=$|\s+(?:um\s+)?\d)"
)
_WEEKEND = re.compile(r"\b(?:wochenende|weekend)\b")
_FEAST = re.compile(rf"\b(?P<f>{_any(_FEASTS)})\b")
_CHRISTMAS = re.compile(r"\b(?P<n>1|2|ersten?|zweiten?)\.?\s+weihnachts(?:feier)?tag\b")


@dataclass(frozen=True, slots=True)
class HeardDay:
    """A date; `day` None when one was named that does not exist (31 February)."""

    day: date | None


def hear_day(remnant: Remnant, today: date) -> HeardDay | None:
    """The date in a text, or None. A date without a year is the next one."""
    return (
        _written(remnant, today)
        or _relative(remnant, today)
        or _feast(remnant, today)
        or _day_only(remnant, today)
        or _weekday(remnant, today)
    )


def _written(remnant: Remnant, today: date) -> HeardDay | None:
    match = remnant.take(_ISO)
    if match is not None:
        return _on(int(match["y"]), int(match["m"]), int(match["d"]))
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        match = remnant.take(pattern)
        if match is not None:
            return _next(today, _MONTH_NUMBER[match["m"]], int(match["d"]), match["y"])
    match = remnant.take(_SLASHES)
    if match is not None:
        day, month = int(match["d"]), int(match["m"])
        if month > 12 >= day:  # 12/24: month first, as Americans write
            day, month = month, day
        return _next(today, month, day, match["y"])
    # "19.30" is no date but a time without its word; leave it alone.
    match = remnant.take(_DOTS, lambda found: 1 <= int(found["m"]) <= 12)
    if match is not None:
        return _next(today, int(match["m"]), int(match["d"]), match["y"])
    return None


def _relative(remnant: Remnant, today: date) -> HeardDay | None:
    if remnant.take(_AFTER_TOMORROW) is not None:
        return HeardDay(today + timedelta(days=2))
    greeted = remnant.take(_NOT_TOMORROW)
    if greeted is not None and greeted[0].startswith("heute"):
        return HeardDay(today)
    if remnant.take(_TODAY) is not None or remnant.take(_SOON) is not None:
        return HeardDay(today)
    if remnant.take(_TOMORROW) is not None:
        return HeardDay(today + timedelta(days=1))
    match = remnant.take(_YESTERDAY)
    if match is not None:
        return HeardDay(today - timedelta(days=2 if match["before"] else 1))
    match = remnant.take(_IN_DAYS)
    if match is not None:
        return _ahead(today, number_of(match["n"]))
    match = remnant.take(_IN_WEEKS)
    if match is not None:
        weeks = 1 if match["n"] == "a" else number_of(match["n"])
        weekday = _weekday(remnant, today)
        if weekday is not None and weekday.day is not None:
            return _ahead(weekday.day, 7 * weeks)
        return _ahead(today, 7 * weeks)
    return None


def _feast(remnant: Remnant, today: date) -> HeardDay | None:
    match = remnant.take(_CHRISTMAS)
    if match is not None:
        return _next(today, 12, 25 if match["n"][0] in "1e" else 26, None)
    match = remnant.take(_FEAST)
    if match is not None:
        return _next(today, *_FEASTS[match["f"]], None)
    return None


def _weekday(remnant: Remnant, today: date) -> HeardDay | None:
    next_week = remnant.take(_NEXT_WEEK) is not None
    match = remnant.take(_WEEKDAY) or remnant.take(_WEEKDAY_SHORT)
    if match is None:
        weekend = remnant.take(_WEEKEND) is not None
        return HeardDay(today + timedelta(days=(5 - today.weekday()) % 7)) if weekend else None
    groups = match.groupdict()
    weekday = _WEEKDAY_NUMBER[next(filter(None, groups.values()))]
    if next_week:
        return HeardDay(today + timedelta(days=7 - today.weekday() + weekday))
    return HeardDay(today + timedelta(days=(weekday - today.weekday()) % 7))


def _day_only(remnant: Remnant, today: date) -> HeardDay | None:
    match = remnant.take(_DAY_ONLY)
    if match is None:
        return None
    day = int(match["d"] or match["d2"])
    named = remnant.take(_WEEKDAY)
    weekday = _WEEKDAY_NUMBER[named["w"]] if named is not None else None
    year, month = today.year, today.month
    for _ in range(12):
        found = _on(year, month, day).day
        fits = found is not None and weekday in (None, found.weekday())
        if found is not None and found >= today and fits:
            return HeardDay(found)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return HeardDay(None)


def _ahead(today: date, days: int) -> HeardDay:
    return HeardDay(today + timedelta(days=days) if days <= MAX_DAYS_AHEAD else None)


def _next(today: date, month: int, day: int, year: str | None) -> HeardDay:
    if year is not None:
        return _on(int(year) if len(year) == 4 else 2000 + int(year), month, day)
    # Nine years ahead there is a 29 February in any case.
    for ahead in range(9):
        found = _on(today.year + ahead, month, day).day
        if found is not None and found >= today:
            return HeardDay(found)
    return HeardDay(None)


def _on(year: int, month: int, day: int) -> HeardDay:
    try:
        return HeardDay(date(year, month, day))
    except ValueError:
        return HeardDay(None)

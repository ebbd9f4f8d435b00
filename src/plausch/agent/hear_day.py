"""Dates in free text, German and English: morgen, Freitag, 24.12., December 24th, 4. bis 6.12.

What is ruled out ("not Friday") is no date; several dates are a stretch if the words between them
say so, the last one if something is moved there, and otherwise unclear: better asked than guessed.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from plausch.agent.denied import denied
from plausch.agent.remnant import NUMBER, Remnant, number_of

MAX_DAYS_AHEAD = 800
MAX_READINGS = 4

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
_TENTH = (
    "erst", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt",
    "elft", "zwölft", "dreizehnt", "vierzehnt", "fünfzehnt", "sechzehnt", "siebzehnt", "achtzehnt",
    "neunzehnt", "zwanzigst", "einundzwanzigst", "zweiundzwanzigst", "dreiundzwanzigst",
    "vierundzwanzigst", "fünfundzwanzigst", "sechsundzwanzigst", "siebenundzwanzigst",
    "achtundzwanzigst", "neunundzwanzigst", "dreißigst", "einunddreißigst",
)  # fmt: skip
_ENGLISH_TENTH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_ORDINAL_NUMBER = {
    stem + end: number for number, stem in enumerate(_TENTH, 1) for end in ("e", "en", "er")
} | {word: number for number, word in enumerate(_ENGLISH_TENTH, 1)}


def _any(names: dict[str, int] | dict[str, tuple[int, int]]) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


_LONG = _any({name: 0 for names in _WEEKDAYS for name in names})
_NEXT = r"(?:nächste[rnsm]?|naechste[rnsm]?|next)"
_COMING = rf"(?:{_NEXT}|kommende[rnsm]?|this|diese[rnsm]?|coming)"
_MONTH = rf"(?P<m>{_any(_MONTH_NUMBER)})\b\.?"
_YEAR = r"(?:,?\s+(?P<y>20\d{2})\b)?"
_ORDINAL = rf"(?:\d{{1,2}}(?:\.|st\b|nd\b|rd\b|th\b)?|(?:{_any(_ORDINAL_NUMBER)})\b)"
_TO = r"\s*(?:bis(?:\s+(?:zum|einschließlich))?|to|until|till|through|und|and|-|–)\s*"
_THE = r"(?:(?:am|vom|den|dem|der|the)\s+)?"
_ISO = re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b")
_DOTS = re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\b\.?(?:\s?(?P<y>20\d{2}|\d{2})\b)?(?!:)")
_SLASHES = re.compile(r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})(?:/(?P<y>20\d{2}|\d{2}))?\b")
_DAY_MONTH = re.compile(rf"\b(?P<d>{_ORDINAL})\s*(?:of\s+)?{_MONTH}{_YEAR}")
_MONTH_DAY = re.compile(rf"\b{_MONTH}\s+(?:the\s+)?(?P<d>{_ORDINAL}){_YEAR}")
_STRETCHES = (
    re.compile(rf"\b(?P<d>{_ORDINAL}){_TO}{_THE}(?P<d2>{_ORDINAL})\s*(?:of\s+)?{_MONTH}{_YEAR}"),
    re.compile(rf"\b{_MONTH}\s+{_THE}(?P<d>{_ORDINAL}){_TO}{_THE}(?P<d2>{_ORDINAL}){_YEAR}(?![:\d])"),
    re.compile(rf"\b(?<![\d.])(?P<d>\d{{1,2}})\.{_TO}{_THE}(?P<d2>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\b\.?"
               r"(?:\s?(?P<y>20\d{2})\b)?"),
)  # fmt: skip
_DAY_ONLY = re.compile(
    r"\b(?:(?:am|den|zum|der|vom|dem)\s+(?P<d>\d{1,2})\.(?!\d)"
    r"|(?:on\s+)?the\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)\b)"
    r"(?!\s*(?:\w*geburtstag|jubiläum|\w*jahrestag|hochzeitstag|mal\b|birthday|anniversary|time\b))"
)
_AFTER_TOMORROW = re.compile(
    r"\b(?:übermorgen|uebermorgen|the day after tomorrow|day after tomorrow)\b"
)
_NOT_TOMORROW = re.compile(r"\b(?:guten|gute|schönen|good)\s+(?:morgen|morning)\b|\bheute morgen\b")
_TODAY = re.compile(r"\b(?:heute?\b|today\b|tonight\b|this (?=evening|afternoon|morning|lunch))")
_TOMORROW = re.compile(
    r"\b(?:morgen|morgn|moregn|mrogen|tomm?orr?ow|tommorow|tmrw|tmr)\b"  # as thumbs write it
)
_YESTERDAY = re.compile(r"\b(?P<before>vor|the day before )?(?:gestern|yesterday)\b")
_SOON = re.compile(r"\b(?:jetzt gleich|jetzt sofort|sofort|right now|right away)\b")
_IN_DAYS = re.compile(rf"\bin\s+(?P<n>{NUMBER})\s+(?:tag(?:en?)?|days?)\b")
_IN_WEEKS = re.compile(
    rf"\bin\s+(?P<n>an?|{NUMBER})\s+(?:wochen?|weeks?)(?:'?\s+time)?\b"
    r"|\ba\s+week\s+from\b(?:\s+now\b)?|\bweek\b(?<=day week)"
)
_EIGHT_DAYS = {8: 7, 14: 14, 15: 14}
"""How Germans count weeks from a day: today in eight days is today in a week."""

_NEXT_WEEK = re.compile(r"\b(?:nächste[rn]?|naechste[rn]?|next|kommende[rn]?)\s+(?:woche|week)\b")
_THIS_WEEK = re.compile(r"\b(?:diese[rn]?|this)\s+(?:woche|week)\b")
_BYGONE = re.compile(
    rf"\b(?:letzte[rnsm]?|last|vergangene[rnsm]?|vorige[rnsm]?)\s+(?:{_LONG}|woche|week|wochenende|"
    r"weekend|monat|month|jahr|year|night)(?:abend|mittag|nachmittag)?\b"
)
_WEEKDAY = re.compile(
    rf"\b(?:on\s+|am\s+)?(?:(?P<next>{_NEXT})\s+|{_COMING}\s+)?(?P<w>{_LONG})"
    r"(?:abend|mittag|nachmittag|vormittag|morgen|früh|nacht)?(?:s|'s)?\b"
)
_WEEKDAY_SHORT = re.compile(
    rf"\b(?:am|{_COMING})\s+(?P<w>mo|di|mi|do|fr|sa|so)\b\.?|\b(?P<w2>mo|di|mi|fr|sa)\.(?=\s|,|$)"
    r"|\b(?P<w3>mo|di|mi|fr|sa)(?=,|\s+(?:um\s+|gegen\s+|ab\s+)?\d|\s+(?:vor|nach)?mittags?\b|"
    r"\s+abends?\b)"
    r"|^(?P<w4>mo|di|mi|do|fr|sa)(?=$|\s+(?:um\s+)?\d)"
)
_WEEKDAYS_ALONE = (_WEEKDAY, _WEEKDAY_SHORT)
_WEEKEND = re.compile(rf"\b(?:(?P<next>{_NEXT})\s+)?(?:wochenende|weekend)\b")
_FEAST = re.compile(rf"\b(?P<f>{_any(_FEASTS)})\b")
_CHRISTMAS = re.compile(r"\b(?P<n>1|2|ersten?|zweiten?)\.?\s+weihnachts(?:feier)?tag\b")


_STRETCH = re.compile(
    r"^[\s,]*(?:abends?|früh)?\s*(?:bis|to|until|till|through|-|–)\s*(?:zum|den|the|am)?\s*$"
)
_AND = re.compile(r"^[\s,]*(?:und|and)\s*(?:dem|den|the)?\s*$")
_BETWEEN = re.compile(r"\b(?:zwischen|between)\s+(?:dem|den|the|on)?\s*$")
_NEAR = re.compile(r"^[\s,|.]*(?:den|der|dem|the|also|d\.h\.)?[\s,|]*$")


@dataclass(frozen=True, slots=True)
class HeardDay:
    """A date, or a stretch of dates until `until`, which is included.

    `day` is None when a date was named that does not exist (31 February), or several of which it
    is unclear which is meant; then `is_unclear`.
    """

    day: date | None
    until: date | None = None
    is_unclear: bool = False


UNCLEAR = HeardDay(None, is_unclear=True)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A date and where it stands."""

    day: HeardDay
    begin: int
    end: int
    is_weekday: bool


def hear_day(
    remnant: Remnant,
    today: date,
    *,
    is_moved: bool = False,
    with_denied: bool = False,
    month_first: bool = False,
) -> HeardDay | None:
    """The date in a text, or None. A date without a year is the next one.

    `is_moved`: of "from Friday to Sunday" the latter is meant. `with_denied`: also a date of which
    is said that it does not suit, as of a booking that is cancelled. `month_first`: 12/5 is
    5 December, as Americans write.
    """
    readings: list[_Reading] = []
    for _ in range(MAX_READINGS):
        found = _first(remnant, today, month_first=month_first)
        if found is None:
            break
        begin, end = remnant.spans[-1]  # of "Friday next week" the weekday
        is_weekday = any(one.fullmatch(remnant.whole, begin, end) for one in _WEEKDAYS_ALONE)
        if with_denied or not denied(remnant.whole, begin, end):
            readings.append(_Reading(found, begin, end, is_weekday))
    readings.sort(key=lambda one: one.begin)
    return _together(remnant.whole, readings, is_moved=is_moved)


def _first(remnant: Remnant, today: date, *, month_first: bool) -> HeardDay | None:
    while remnant.take(_BYGONE) is not None:
        pass
    return (
        _stretch(remnant, today)
        or _written(remnant, today, month_first=month_first)
        or _relative(remnant, today)
        or _feast(remnant, today)
        or _day_only(remnant, today)
        or _weekday(remnant, today)
    )


def _together(text: str, readings: list[_Reading], *, is_moved: bool) -> HeardDay | None:
    """One date of several, or UNCLEAR."""
    if not readings:
        return None
    whole = readings[0]
    for other in readings[1:]:
        joined = _joined(text, whole, other, is_moved=is_moved)
        if joined is None:
            return UNCLEAR
        whole = _Reading(joined, whole.begin, other.end, whole.is_weekday and other.is_weekday)
    return whole.day


def _joined(text: str, one: _Reading, other: _Reading, *, is_moved: bool) -> HeardDay | None:
    """What two dates mean together; None if that is unclear."""
    first, second = one.day, other.day
    between = text[one.end : other.begin]
    if first == second:
        return first
    if first.day is None or second.day is None:
        return None
    if _NEAR.match(between) and one.is_weekday != other.is_weekday:
        dated, weekday = (second.day, first.day) if one.is_weekday else (first.day, second.day)
        return HeardDay(dated) if dated.weekday() == weekday.weekday() else None
    if is_moved:
        return second
    from_to = _STRETCH.match(between) is not None
    from_to = from_to or bool(_AND.match(between) and _BETWEEN.search(text[: one.begin]))
    if not from_to:
        return None
    last = second.day
    if last < first.day and other.is_weekday:
        last += timedelta(days=7)
    begin = first.day
    if second.until is None and one.is_weekday and (last - begin).days > 7:
        begin += timedelta(days=7 * ((last - begin).days // 7))  # Monday to Wednesday next week
    return HeardDay(begin, last) if begin < last else None


def _day_number(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else _ORDINAL_NUMBER[text]


def _stretch(remnant: Remnant, today: date) -> HeardDay | None:
    for pattern in _STRETCHES:
        match = remnant.take(
            pattern, lambda found: not found["m"].isdigit() or 1 <= int(found["m"]) <= 12
        )
        if match is None:
            continue
        month = int(match["m"]) if match["m"].isdigit() else _MONTH_NUMBER[match["m"]]
        first, last = _day_number(match["d"]), _day_number(match["d2"])
        until = _next(today, month, last, match["y"])
        if until.day is None or first >= last:
            return UNCLEAR
        begin = max(_on(until.day.year, month, first).day or until.day, today)
        return HeardDay(begin, until.day)
    return None


def _written(remnant: Remnant, today: date, *, month_first: bool) -> HeardDay | None:
    match = remnant.take(_ISO)
    if match is not None:
        return _on(int(match["y"]), int(match["m"]), int(match["d"]))
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        match = remnant.take(pattern)
        if match is not None:
            return _next(today, _MONTH_NUMBER[match["m"]], _day_number(match["d"]), match["y"])
    match = remnant.take(_SLASHES)
    if match is not None:
        day, month = int(match["d"]), int(match["m"])
        if month > 12 >= day or (month_first and day <= 12):  # 12/24 is no other day
            day, month = month, day
        return _next(today, month, day, match["y"])
    # "19.30" is no date but a time without its word; leave it alone.
    match = remnant.take(_DOTS, lambda found: 1 <= int(found["m"]) <= 12)
    if match is not None:
        return _next(today, int(match["m"]), int(match["d"]), match["y"])
    return None


def _relative(remnant: Remnant, today: date) -> HeardDay | None:
    ahead = _ahead_of_a_day(remnant, today)
    if ahead is not None:
        return ahead
    greeted = remnant.take(_NOT_TOMORROW)
    if greeted is not None and greeted[0].startswith("heute"):
        return HeardDay(today)
    days = _near(remnant)
    if days is None and remnant.take(_SOON) is not None:
        days = 0
    if days is not None:
        return HeardDay(today + timedelta(days=days))
    match = remnant.take(_YESTERDAY)
    return None if match is None else HeardDay(today - timedelta(days=2 if match["before"] else 1))


def _near(remnant: Remnant) -> int | None:
    """Days from today, for today and the two days after it."""
    for days, pattern in ((2, _AFTER_TOMORROW), (0, _TODAY), (1, _TOMORROW)):
        if remnant.take(pattern) is not None:
            return days
    return None


def _ahead_of_a_day(remnant: Remnant, today: date) -> HeardDay | None:
    """In ten days, in two weeks; also from another day: Friday in a week, today in 14 days."""
    match = remnant.take(_IN_DAYS)
    if match is not None:
        days, base = number_of(match["n"]), _near(remnant)
        return _ahead(today, days if base is None else base + _EIGHT_DAYS.get(days, days))
    match = remnant.take(_IN_WEEKS)
    if match is None:
        return None
    weeks = 1 if match["n"] in (None, "a", "an") else number_of(match["n"])
    base = _near(remnant)
    if base is not None:
        return _ahead(today, base + 7 * weeks)
    weekday = _weekday(remnant, today)
    if weekday is not None and weekday.day is not None and weekday.until is None:
        return _ahead(weekday.day, 7 * weeks)
    return _ahead(today, 7 * weeks)


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
    this_week = remnant.take(_THIS_WEEK) is not None
    monday = today + timedelta(days=7 - today.weekday())
    match = remnant.take(_WEEKDAY) or remnant.take(_WEEKDAY_SHORT)
    if match is None:
        if remnant.take(_WEEKEND) is not None:
            saturday = max(today, today + timedelta(days=5 - today.weekday()))
            sunday = today + timedelta(days=6 - today.weekday())
            return HeardDay(saturday, sunday if saturday < sunday else None)
        if next_week:
            return HeardDay(monday, monday + timedelta(days=6))
        sunday = monday - timedelta(days=1)
        return HeardDay(today, sunday if today < sunday else None) if this_week else None
    groups = match.groupdict()
    is_next = groups.pop("next", None) is not None
    weekday = _WEEKDAY_NUMBER[next(filter(None, groups.values()))]
    if next_week:
        return HeardDay(monday + timedelta(days=weekday))
    days = (weekday - today.weekday()) % 7
    # Of tomorrow nobody says "next Thursday".
    return HeardDay(today + timedelta(days=days + 7 if is_next and days <= 1 else days))


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

"""A first, cheap look at a stranger's calendar: which events can matter, and which are a trap.

The library that reads events takes a millisecond for each, and works out whatever repetition it is
given. So the text is cut into events here, those outside of the wanted time are dropped unread, and
rules that would repeat without measure are refused by what they say.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from plausch.base.errors import LocalError

MAX_CALENDAR_BYTES = 32 * 1024 * 1024
MAX_EVENTS = 200_000
MAX_PARTS = 1_000
"""Of one event: exceptions, further dates, lines."""

_DEEPEST = 3
_MARGIN = timedelta(days=2)
_YEAR = timedelta(days=366)
_SKIPPED = frozenset({"VTODO", "VJOURNAL", "VFREEBUSY", "VALARM"})
_LOOKED_AT = frozenset(
    {"UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
)
_OLDEST_YEAR = 1900
_DATE = re.compile(r":(\d{4})(\d\d)(\d\d)")
_UNTIL = re.compile(r"UNTIL=(\d{4})(\d\d)(\d\d)")
_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_KNOWN_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MOST_A_DAY = 24


class CalendarRefused(LocalError):
    """The whole file cannot be taken: the sentence says why and what to do."""

    code = "calendar"


@dataclass(frozen=True, slots=True)
class Trap:
    """An event that is left out, and why (a word for programs)."""

    uid: str
    reason: str


@dataclass(slots=True)
class Series:
    """All parts of one UID: the event and its exceptions, each as its lines."""

    uid: str
    parts: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """What may matter of a calendar: lines that all events share, series by UID, traps."""

    head: list[str] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    traps: list[Trap] = field(default_factory=list)
    count: int = 0
    is_calendar: bool = False


def scan(text: str, first_s: int, end_s: int) -> Scan:
    """Look through a calendar for events between two instants. Raises CalendarRefused."""
    if len(text) > MAX_CALENDAR_BYTES:
        raise CalendarRefused(
            f"The calendar is larger than {MAX_CALENDAR_BYTES // 1024 // 1024} MiB: export a "
            "shorter stretch of time."
        )
    found = Scan()
    first = _date_of(first_s) - _MARGIN
    last = _date_of(end_s) + _MARGIN
    for part in _events(text, found):
        found.count += 1
        if found.count > MAX_EVENTS:
            raise CalendarRefused(
                f"The calendar has more than {MAX_EVENTS} events: export a shorter stretch of time."
            )
        named = _named(part)
        if _may_matter(named, first, last):
            uid = "".join(named.get("UID", [])[:1]).partition(":")[2].strip()
            uid = uid or f"without-uid-{found.count}"
            found.series.setdefault(uid, Series(uid)).parts.append(part)
    for series in list(found.series.values()):
        reason = trap_in(series)
        if reason:
            found.traps.append(Trap(series.uid, reason))
            del found.series[series.uid]
    return found


def _date_of(at_s: int) -> date:
    return datetime.fromtimestamp(at_s, UTC).date()


def _lines(text: str) -> Iterator[str]:
    """Unfolded lines (RFC 5545, section 3.1)."""
    unfolded = text.replace("\r\n", "\n").replace("\r", "\n")
    yield from unfolded.replace("\n ", "").replace("\n\t", "").split("\n")


def _events(text: str, found: Scan) -> Iterator[list[str]]:
    """Each VEVENT's lines; what stands outside of events goes to the head."""
    open_parts: list[str] = []
    event: list[str] | None = None
    is_head = False
    for line in _lines(text.removeprefix("\ufeff")):
        word = line[:6].upper()
        if word == "BEGIN:":
            open_parts.append(line[6:].strip().upper())
            if open_parts[0] != "VCALENDAR":
                break
            if len(open_parts) > _DEEPEST:
                raise CalendarRefused("The calendar's parts are nested in each other: export anew.")
            is_head = not _SKIPPED & set(open_parts)
            if event is None and open_parts[-1] == "VEVENT":
                event = []
        elif not open_parts:
            if line.strip():
                break
            continue
        if event is not None:
            event.append(line)
        elif is_head:
            found.head.append(line)
        if word[:4] == "END:":
            kind = line[4:].strip().upper()
            if not open_parts or open_parts.pop() != kind:
                raise CalendarRefused(
                    f"The calendar is damaged: END:{kind[:20]} without its beginning; export anew."
                )
            is_head = not _SKIPPED & set(open_parts)
            if event is not None and kind == "VEVENT":
                yield event
                event = None
            found.is_calendar = True
    if open_parts and open_parts[0] == "VCALENDAR":
        raise CalendarRefused(
            "The calendar ends in the middle, as if it had been cut off; export or fetch it anew."
        )
    if not found.is_calendar or open_parts:
        raise CalendarRefused("This is no calendar: an .ics file begins with BEGIN:VCALENDAR.")


def _named(part: Iterable[str]) -> dict[str, list[str]]:
    """Lines by the names of their properties."""
    named: dict[str, list[str]] = {}
    for line in part:
        name = line.partition(":")[0].partition(";")[0].upper()
        if name in _LOOKED_AT:
            named.setdefault(name, []).append(line)
    return named


def _date(lines: list[str]) -> date | None:
    found = _DATE.search(lines[0]) if lines else None
    return _made(found) if found else None


def _made(found: "re.Match[str]") -> date | None:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _may_matter(named: dict[str, list[str]], first: date, last: date) -> bool:
    """False only if the event is certainly outside of these days."""
    begins = _date(named.get("DTSTART", []))
    if begins is None or "RECURRENCE-ID" in named or "RDATE" in named:
        return True
    if begins > last:
        return False
    rules = named.get("RRULE")
    if rules:
        until = _UNTIL.search(rules[0].upper())
        ended = _made(until) if until else None
        return ended is None or ended >= first - _YEAR or len(rules) > 1
    if "DURATION" in named:
        return begins >= first - _YEAR
    ends = _date(named.get("DTEND", []))
    return max(begins, ends or begins) >= first


def trap_in(series: Series) -> str:
    """Why a series must not be worked out; empty if it may be."""
    if len(series.parts) > MAX_PARTS or any(len(part) > MAX_PARTS for part in series.parts):
        return "too_many_exceptions"
    for part in series.parts:
        named = _named(part)
        dates = [*named.get("RDATE", []), *named.get("EXDATE", [])]
        if sum(line.count(",") + 1 for line in dates) > MAX_PARTS:
            return "too_many_dates"
        rules = named.get("RRULE", [])
        reason = _rule_trap(_date(named.get("DTSTART", [])), rules) if rules else ""
        if reason:
            return reason
    return ""


def _rule_trap(begins: date | None, rules: list[str]) -> str:
    if begins is None or begins.year < _OLDEST_YEAR:
        return "repeats_too_long"
    if len(rules) > 1:
        return "several_rules"
    rule = rules[0].partition(":")[2].upper()
    fields = dict(one.partition("=")[::2] for one in rule.strip().split(";"))
    frequency = fields.get("FREQ", "")
    if frequency in _OFTEN:
        return "repeats_too_often"
    if frequency not in _KNOWN_FREQUENCIES:
        return "unreadable"
    a_day = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        a_day *= fields[name].count(",") + 1 if name in fields else 1
    return "repeats_too_often" if a_day > _MOST_A_DAY else ""

"""Times of day in free text, German and English: 19:30, 19.30 Uhr, halb acht, quarter past 7 pm.

Each reader takes a `Remnant` and removes what it understood, so that no number is read twice.
What is ruled out ("not at seven") is no time. Of a stretch ("from seven to nine") the begin is
meant, of what is moved the end; of two other times it is unclear which, and better asked.
"""

import re
from dataclasses import dataclass

from plausch.agent.denied import denied
from plausch.agent.remnant import HOURS, NUMBER, Remnant, number_of
from plausch.agent.talk import DayPart, HeardTime

# "um 7 am Freitag" is German, not 7 a.m.
_GERMAN_AM = r"(?!\s+(?:\d|[a-zäöü]+tag\b|mittwoch|sonnabend|kommende|nächste|heilig|silvester))"
_NOT_GUESTS = (
    r"(?!\s*(?:personen|person|leute|gäste|plätze|erwachsene|kinder|people|persons?|guests?|pax|"
    r"adults?|of us|stunden?|hours?|minuten?|minutes?|euro?s?|dollars?|pounds|tage?n?|days?|"
    r"wochen?|weeks?)\b"
    r"|\s*[€$£%]|\.?\s*(?:jan|feb|m[aä]r|apr|mai|may|jun|jul|aug|sep|o[kc]t|nov|de[zc])[a-zäöü]*\b)"
)
_HALF = rf"(?P<suffix>a\.?m\b\.?{_GERMAN_AM}|p\.?m\b\.?)"
_CLOCK = re.compile(
    rf"\b(?:um|at|gegen|ab|von|from|around|about|@)?\s*(?P<h>[01]?\d|2[0-4])[:](?P<m>[0-5]\d)"
    rf"\s*(?:uhr\b|h\b|{_HALF})?"
)
_DOTTED = re.compile(
    r"\b(?P<h>[01]?\d|2[0-4])\.(?P<m>[0-5]\d)\s*(?:uhr\b|h\b|" + _HALF + r")"
    r"|\b(?:um|at|gegen|ab|around|about)\s+(?P<h2>[01]?\d|2[0-4])\.(?P<m2>[0-5]\d)\b(?!\.)"
)
_HOUR = re.compile(
    rf"\b(?:um|at|gegen|ab|around|about)?\s*(?P<h>{HOURS})\s*"
    rf"(?:uhr\b(?:\s*(?P<m>[0-5]\d)\b)?|h(?P<m2>[0-5]\d)\b|h\b|ish\b|o'?clock\b|{_HALF})"
)
_WORDED = re.compile(
    rf"\b(?P<h>{HOURS})\s+(?:uhr\s+(?P<m3>fünf|zehn|fünfzehn|zwanzig|fünfundzwanzig|dreißig|"
    rf"dreissig|"
    rf"fünfunddreißig|vierzig|fünfundvierzig|fünfzig|fünfundfünfzig)\b"
    rf"|(?P<m4>fifteen|thirty|forty[ -]?five)\b(?:\s*{_HALF})?)"
)
_MINUTE_WORDS = {
    "fünf": 5, "zehn": 10, "fünfzehn": 15, "zwanzig": 20, "fünfundzwanzig": 25, "dreißig": 30,
    "dreissig": 30, "fünfunddreißig": 35, "vierzig": 40, "fünfundvierzig": 45, "fünfzig": 50,
    "fünfundfünfzig": 55, "fifteen": 15, "thirty": 30, "forty five": 45, "forty-five": 45,
    "fortyfive": 45,
}  # fmt: skip
_MILITARY = re.compile(r"\b(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)\s*(?:uhr|hrs|h)\b")
_GERMAN = re.compile(
    rf"\b(?:(?P<amount>viertel|{NUMBER})\s+(?:minuten\s+)?(?P<side>vor|nach)\s+)?"
    rf"(?P<half>halb\s+|dreiviertel\s+|viertel\s+)?(?P<h>{HOURS})\b(?!\s*[./]\s*\d)"
)
_ENGLISH = re.compile(
    rf"\b(?:(?P<amount>a\s+quarter|quarter|half|{NUMBER})\s+(?:minutes\s+)?"
    rf"(?P<side>past|after|to|before)\s+|(?P<half>half)\s+)(?P<h>{HOURS})\b\s*{_HALF}?"
)
_AT = re.compile(
    rf"\b(?:um|at|gegen|around|about|@|auf|to|make it|make that)\s+(?P<h>{HOURS})\b"
    rf"(?!\s*[./]\s*\d){_NOT_GUESTS}"
)
_STRETCH = re.compile(
    rf"\b(?:(?P<lead>zwischen|between|von|"
    rf"from)\s+)?(?P<h>{HOURS})(?:[:.](?P<m>[0-5]\d))?\s*(?:uhr\s*)?"
    rf"(?P<to>bis|to|until|till|-|–|und|and|"
    rf"auf)\s*(?:um\s+)?(?P<h2>{HOURS})(?:[:.](?P<m2>[0-5]\d))?\s*"
    rf"(?:(?P<clock>uhr\b|h\b|o'?clock\b)|(?P<suffix>a\.?m\b\.?{_GERMAN_AM}|p\.?m\b\.?))?"
    rf"(?![.:/]?\d){_NOT_GUESTS}"
)
_AROUND = re.compile(
    r"\b(?:kurz\s+(?:vor|nach)|gleich\s+nach|shortly\s+(?:after|before)|(?:just|"
    r"right)\s+(?:after|before)|"
    r"after|nicht vor|nach|not before|spätestens|frühestens)\s+(?:um\s+)?"
    rf"(?P<h>{HOURS})\b(?!\s*[./]\s*\d){_NOT_GUESTS}"
    r"(?!\s*(?:tage?n?|wochen?|stunden?|minuten|days?|weeks?|hours?|minutes)\b)"
    rf"(?:\s*(?:uhr\b|o'?clock\b|{_HALF}))?"
)
_NOON = re.compile(r"\b(?:noon|midday|12\s*mittags)\b")
_MIDNIGHT = re.compile(r"\b(?:midnight|mitternacht)\b")

_BARE = re.compile(r"\b(?P<h>[01]?\d|2[0-3])\.(?P<m>00|15|30|45)\b")

_PARTS = (
    (
        DayPart.EVENING,
        re.compile(
            r"(?<!guten )(?<!schönen )(?<!heilig)(?<!heilig )abends?\b|\babendessen\b|\bnachts?\b"
            r"|(?<!good )\b(?:evenings?|night)\b|\btonight\b|\bdinner\b"
        ),
    ),
    (DayPart.AFTERNOON, re.compile(r"nachmittags?\b|(?<!good )\bafternoons?\b")),
    (DayPart.NOON, re.compile(r"(?<!vor)(?<!nach)mittags?\b|\bmittagessen\b|\blunch(?:time)?\b")),
    (
        DayPart.MORNING,
        re.compile(
            r"\bmorgens\b|vormittags?\b|\bfrüh\b(?! am)|\bfrühstück\w*|\bheute morgen\b|tagmorgen\b"
            r"|\bbreakfast\b|\bbrunch\w*|\b(?:in the|this|tomorrow|day) morning\b|"
            r"(?<=day) mornings?\b"
        ),
    ),
)
_MINUTES = (5, 10, 15, 20, 25, 30)


def hear_part(text: str) -> DayPart | None:
    """The part of the day that a normalised text names; a greeting names none, nor do two."""
    found = [part for part, pattern in _PARTS if pattern.search(text)]
    return found[0] if len(found) == 1 else None


def hear_bare_time(remnant: Remnant, part: DayPart | None) -> HeardTime | None:
    """`19.30` without any word, once it is known to be no date."""
    match = remnant.take(_BARE)
    return None if match is None else _heard(int(match["h"]), int(match["m"]), None, part)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A time of day and where it stands."""

    time: HeardTime
    begin: int


MAX_READINGS = 4


def hear_time(
    remnant: Remnant,
    part: DayPart | None,
    *,
    is_moved: bool = False,
    with_denied: bool = False,
) -> HeardTime | None:
    """The time of day in a text, or None; `part` of the day settles what "at eight" means.

    `is_moved`: of "from seven to eight" the latter is meant. `with_denied`: also a time of which is
    said that it does not suit. Of several times that differ none is meant: see `is_unclear`.
    """
    times = hear_times(remnant, part, is_moved=is_moved, with_denied=with_denied)
    return times[0] if len(times) == 1 else None


def hear_times(
    remnant: Remnant,
    part: DayPart | None,
    *,
    is_moved: bool = False,
    with_denied: bool = False,
) -> list[HeardTime]:
    """All times in a text that may be meant, as they stand there; one if it is clear."""
    readings: list[_Reading] = []
    for _ in range(MAX_READINGS):
        taken = len(remnant.spans)
        found = _first(remnant, part, is_moved=is_moved)
        if len(remnant.spans) == taken:
            break
        begin, end = remnant.spans[-1]
        if found is not None and (with_denied or not denied(remnant.whole, begin, end)):
            readings.append(_Reading(found, begin))
    times: list[HeardTime] = []
    for reading in sorted(readings, key=lambda one: one.begin):
        same = next((place for place, one in enumerate(times) if _same(one, reading.time)), None)
        if same is None:
            times.append(reading.time)
        elif not reading.time.vague:
            times[same] = reading.time
    return times[-1:] if is_moved else times


def _same(one: HeardTime, other: HeardTime) -> bool:
    """Whether two times can be the same: eight and 20:00."""
    apart = abs(one.minute - other.minute)
    return apart == 0 or (apart == 720 and (one.vague or other.vague))


def _first(remnant: Remnant, part: DayPart | None, *, is_moved: bool) -> HeardTime | None:
    """A time of day, taken; None if there is none, or what was taken is none."""
    if remnant.take(_NOON) is not None:
        return HeardTime(12 * 60)
    if remnant.take(_MIDNIGHT) is not None:
        return HeardTime(24 * 60)
    match = remnant.take(_STRETCH, _is_stretch)
    if match is not None:
        later = is_moved or match["to"] == "auf"
        hour, minute = ("h2", "m2") if later else ("h", "m")
        suffix = match["suffix"]
        first, last = number_of(match["h"]), number_of(match["h2"])
        if suffix and not later and first > last and first != 12:
            suffix = "a" if suffix.startswith("p") else "p"  # from 11 to 1 pm
        exact = max(first, last) > 12
        return _heard(number_of(match[hour]), int(match[minute] or 0), suffix, part, exact=exact)
    # In this order, because "half past six pm" contains "six pm".
    return (
        _written(remnant, part, (_WORDED, _MILITARY, _CLOCK, _DOTTED))
        or _spoken(remnant, part)
        or _written(remnant, part, (_AROUND, _HOUR, _AT))
    )


def _is_stretch(match: re.Match[str]) -> bool:
    """Two numbers alone are no hours: "2 to 4" may be guests."""
    if match["to"] in ("und", "and"):
        return match["lead"] in ("zwischen", "between")
    return bool(match["clock"] or match["suffix"] or match["m"] or match["m2"]) or (
        match["to"] == "auf" and match["lead"] == "von"
    )


def _written(
    remnant: Remnant, part: DayPart | None, patterns: tuple[re.Pattern[str], ...]
) -> HeardTime | None:
    for pattern in patterns:
        match = remnant.take(pattern)
        if match is not None:
            groups = match.groupdict()
            hour = number_of(groups.get("h") or groups.get("h2") or "")
            worded = groups.get("m3") or groups.get("m4")
            digits = groups.get("m") or groups.get("m2") or 0
            minute = _MINUTE_WORDS[worded] if worded else int(digits)
            exact = pattern is _MILITARY or (groups.get("h") or "").startswith("0")
            return _heard(hour, minute, groups.get("suffix"), part, exact=exact)
    return None


def _spoken(remnant: Remnant, part: DayPart | None) -> HeardTime | None:
    match = remnant.take(_ENGLISH, _is_spoken)
    if match is not None:
        hour = number_of(match["h"])
        amount = 30 if match["half"] else _amount(match["amount"])
        minute = -amount if match["side"] in ("to", "before") else amount
        return _heard(hour, minute, match["suffix"], part)
    match = remnant.take(_GERMAN, _is_spoken)
    if match is not None:
        minute = {"halb": -30, "dreiviertel": -15, "viertel": -45, "": 0}[
            (match["half"] or "").strip()
        ]
        if match["side"]:
            amount = _amount(match["amount"])
            minute += -amount if match["side"] == "vor" else amount
        return _heard(number_of(match["h"]), minute, None, part)
    return None


def _is_spoken(match: re.Match[str]) -> bool:
    """Not "two to three people": minutes are spoken in fives."""
    if not match["side"]:
        return bool(match["half"])
    return _amount(match["amount"]) in _MINUTES


def _amount(text: str) -> int:
    if "quarter" in text or text == "viertel":
        return 15
    return 30 if text == "half" else number_of(text)


def _heard(
    hour: int, minute: int, suffix: str | None, part: DayPart | None, *, exact: bool = False
) -> HeardTime | None:
    """Minutes since midnight; None for a time that no clock shows."""
    if suffix is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if suffix.startswith("p") else 0)
        exact = True
    elif part is not None and hour <= 12:
        late = part in (DayPart.EVENING, DayPart.AFTERNOON) or (part is DayPart.NOON and hour < 10)
        if late and hour < 12:
            hour += 12
        elif part is DayPart.EVENING:
            hour = 24
        exact = True
    total = hour * 60 + minute
    if not 0 <= total <= 24 * 60:
        return None
    return HeardTime(total, vague=not exact and 1 <= hour <= 12 and total < 12 * 60 + 60)

"""Times of day in free text, German and English: 19:30, 19.30 Uhr, halb acht, quarter past 7 pm.

Each reader takes a `Remnant` and removes what it understood, so that no number is read twice.
"""

import re

from plausch.agent.remnant import HOURS, NUMBER, Remnant, number_of
from plausch.agent.talk import DayPart, HeardTime

# "um 7 am Freitag" is German, not 7 a.m.
_GERMAN_AM = r"(?!\s+(?:\d|[a-zäöü]+tag\b|mittwoch|sonnabend|kommende|nächste|heilig|silvester))"
_NOT_GUESTS = (
    r"(?!\s*(?:personen|person|leute|gäste|plätze|erwachsene|kinder|people|persons?|guests?|pax|"
    r"adults?|of us)\b)"
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
_NOON = re.compile(r"\b(?:noon|midday|12\s*mittags)\b")
_MIDNIGHT = re.compile(r"\b(?:midnight|mitternacht)\b")

_BARE = re.compile(r"\b(?P<h>[01]?\d|2[0-3])\.(?P<m>00|15|30|45)\b")

_PARTS = (
    (
        DayPart.EVENING,
        re.compile(
            r"(?<!guten )(?<!schönen )(?<!heilig)(?<!heilig )abends?\b|\babendessen\b|\bnachts\b"
            r"|(?<!good )\b(?:evening|night)\b|\btonight\b|\bdinner\b"
        ),
    ),
    (DayPart.AFTERNOON, re.compile(r"nachmittags?\b|(?<!good )\bafternoon\b")),
    (DayPart.NOON, re.compile(r"(?<!vor)mittags?\b|\bmittagessen\b|\blunch(?:time)?\b")),
    (
        DayPart.MORNING,
        re.compile(
            r"\bmorgens\b|vormittags?\b|\bfrüh\b|\bfrühstück\w*|\bheute morgen\b"
            r"|\bbreakfast\b|\b(?:in the|this|tomorrow) morning\b"
        ),
    ),
)
_MINUTES = (5, 10, 15, 20, 25, 30)


def hear_part(text: str) -> DayPart | None:
    """The part of the day that a normalised text names; a greeting names none."""
    for part, pattern in _PARTS:
        if pattern.search(text):
            return part
    return None


def hear_bare_time(remnant: Remnant, part: DayPart | None) -> HeardTime | None:
    """`19.30` without any word, once it is known to be no date."""
    match = remnant.take(_BARE)
    return None if match is None else _heard(int(match["h"]), int(match["m"]), None, part)


def hear_time(remnant: Remnant, part: DayPart | None) -> HeardTime | None:
    """The time of day in a text; `part` of the day settles what "at eight" means."""
    if remnant.take(_NOON) is not None:
        return HeardTime(12 * 60)
    if remnant.take(_MIDNIGHT) is not None:
        return HeardTime(24 * 60)
    # In this order, because "half past six pm" contains "six pm".
    return (
        _written(remnant, part, (_MILITARY, _CLOCK, _DOTTED))
        or _spoken(remnant, part)
        or _written(remnant, part, (_HOUR, _AT))
    )


def _written(
    remnant: Remnant, part: DayPart | None, patterns: tuple[re.Pattern[str], ...]
) -> HeardTime | None:
    for pattern in patterns:
        match = remnant.take(pattern)
        if match is not None:
            groups = match.groupdict()
            hour = number_of(groups.get("h") or groups.get("h2") or "")
            minute = int(groups.get("m") or groups.get("m2") or 0)
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

"""A time that is counted from now: in 20 minutes, in einer halben Stunde, in two hours."""

import re
from datetime import datetime, timedelta

from plausch.agent.hear_day import HeardDay
from plausch.agent.remnant import NUMBER, Remnant, number_of
from plausch.agent.talk import HeardTime

_SOON = re.compile(
    rf"\bin\s+(?:about\s+|ca\.?\s+|etwa\s+)?(?P<n>{NUMBER}|einer halben|einer viertel|half an|"
    r"a quarter of an|an|a)[\s-]*(?P<unit>minuten?|minutes?|mins?|stunden?|std\b|hours?)\b"
)
_MINUTES = {"einer halben": 30, "half an": 30, "einer viertel": 15, "a quarter of an": 15}
_MOST_MINUTES = 24 * 60
_STEP_MINUTES = 5


def hear_soon(remnant: Remnant, now: datetime) -> tuple[HeardDay, HeardTime] | None:
    """Date and time counted from `now`, to the next five minutes; None beyond a day."""
    match = remnant.take(_SOON)
    if match is None:
        return None
    amount = _MINUTES.get(match["n"])
    if amount is None:
        count = 1 if match["n"] in ("a", "an") else number_of(match["n"])
        amount = count * (60 if match["unit"][0] in "sh" else 1)
    if amount > _MOST_MINUTES:
        return None
    at = now + timedelta(minutes=amount)
    minute = -(-(at.hour * 60 + at.minute) // _STEP_MINUTES) * _STEP_MINUTES
    return HeardDay(at.date()), HeardTime(minute)

"""Whether two versions of an entry say the same: servers write what they were given in other words.

Compared are the properties that a person sees or can change; not when it was written, by which
program, in which order and form of time. What cannot be read is not the same.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import icalendar

from plausch.agent.ical.entries import OURS

_UNSEEN = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED"})
MAX_TEXT_BYTES = 1024 * 1024


def says_the_same(one: str, other: str) -> bool:
    """Whether two files hold the same event."""
    if one == other:
        return True
    first, second = _essence(one), _essence(other)
    return first is not None and first == second


def _essence(text: str) -> Mapping[str, object] | None:
    if len(text) > MAX_TEXT_BYTES:
        return None
    try:
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
        if len(events) != 1:
            return None
        return _properties(events[0])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None  # the parser's ways of saying that it cannot be read


def _properties(event: icalendar.Component) -> Mapping[str, object]:
    found: dict[str, object] = {"components": len(event.subcomponents)}
    for name, value in event.property_items(recursive=False):
        key = name.upper()
        if key in _UNSEEN or key in ("BEGIN", "END") or (key.startswith("X-") and key != OURS):
            continue
        if key in ("DTSTART", "DTEND"):
            found[key] = _moment(event.decoded(key))
        else:
            found[key] = _written(value)
    return found


def _written(value: Any) -> str:
    """A value as the library would write it; its types of values have no common ancestor."""
    written = value.to_ical()
    return (written.decode() if isinstance(written, bytes) else str(written)).strip()


def _moment(at: date) -> object:
    """An instant, or a date or floating time as it stands."""
    if isinstance(at, datetime) and at.tzinfo is not None:
        return at.astimezone(UTC)
    return at.isoformat()

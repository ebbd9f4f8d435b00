"""Whether two versions of an entry say the same: servers write what they were given in other words.

Compared are the properties that a person sees or can change; not when it was written, by which
program, in which order and form of time. What cannot be read is not the same.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import icalendar

from plausch.agent.ical.entries import OURS

_UNSEEN = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED"})
MAX_TEXT_BYTES = 1024 * 1024
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""The parser's ways of saying that something cannot be read."""


def says_the_same(one: str, other: str) -> bool:
    """Whether two files hold the same event."""
    if one == other:
        return True
    first, second = _essence(one), _essence(other)
    return first is not None and first == second


def end_s_of(text: str) -> int | None:
    """When the one event of a file ends; None if that cannot be read, or it happens repeatedly."""
    try:
        event = _only_event(text)
        if event is None or "RRULE" in event or "RDATE" in event:
            return None
        end = event.end
        if not isinstance(end, datetime):
            end = datetime.combine(end, time())
        return int((end if end.tzinfo is not None else end.replace(tzinfo=UTC)).timestamp())
    except (*_UNREADABLE, OverflowError):
        return None


def _essence(text: str) -> Mapping[str, object] | None:
    try:
        event = _only_event(text)
        return None if event is None else _properties(event)
    except _UNREADABLE:
        return None


def _only_event(text: str) -> icalendar.Event | None:
    """The event of a file that has exactly one. Raises what _UNREADABLE says."""
    if len(text) > MAX_TEXT_BYTES:
        return None
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return events[0] if len(events) == 1 and isinstance(events[0], icalendar.Event) else None


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

"""Lines of iCalendar (RFC 5545): escaped, folded, and times in their three forms.

Written here and in web/src/models/calendar_file.ts alike; spec/vectors/calendar.json holds both.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LINE_BYTES = 75

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"\r\n|\r|\n")
UNIVERSAL = "UTC"


def escaped(text: str) -> str:
    """A TEXT value (section 3.3.11): what would end it or begin another; no control characters."""
    without = _CONTROL.sub("", text)
    return _BREAK.sub(r"\\n", re.sub(r"[\\;,]", r"\\\g<0>", without))


def quoted(text: str) -> str:
    """A parameter's value in quotes, which cannot hold quotes (section 3.2)."""
    return '"' + _BREAK.sub(" ", _CONTROL.sub("", text)).replace('"', "'") + '"'


def folded(line: str) -> str:
    """At most 75 octets a line, never within a character (section 3.1)."""
    if len(line) * 4 <= LINE_BYTES:
        return line
    written: list[str] = []
    size_bytes = 0
    for character in line:
        more_bytes = len(character.encode())
        if size_bytes + more_bytes > LINE_BYTES:
            written.append("\r\n ")
            size_bytes = 1
        written.append(character)
        size_bytes += more_bytes
    return "".join(written)


def text_of(lines: Iterable[str]) -> str:
    """Whole lines as a file."""
    return "".join(f"{folded(line)}\r\n" for line in lines)


def instant(at_s: int) -> str:
    """`20261127T183000Z`."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def known_zone(zone: str) -> str:
    """A time zone that exists, else universal time."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UNIVERSAL
    return zone


def moment(name: str, at_s: int, zone: str) -> str:
    """The line of a time on the wall of a zone: `DTSTART;TZID=Europe/Berlin:20261127T193000`.

    Of a local time that occurs twice the form means the first (section 3.3.5), so the second is
    written in universal time.
    """
    if zone == UNIVERSAL:
        return f"{name}:{instant(at_s)}"
    local = datetime.fromtimestamp(at_s, ZoneInfo(zone))
    if local.fold:
        return f"{name}:{instant(at_s)}"
    return f"{name};TZID={zone}:{local.strftime('%Y%m%dT%H%M%S')}"

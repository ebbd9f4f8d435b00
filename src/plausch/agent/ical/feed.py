"""The business's bookings as one calendar to be read: a feed behind a secret address, or a file.

Whoever knows the address reads the names in it, so it is long, random, kept with the book, and can
be made anew; calendars ask again and again and are answered with 304 while nothing has changed.
"""

import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path

from plausch.agent.ical.entries import Style, calendar_text, digest_of
from plausch.agent.ical.lines import escaped
from plausch.agent.rows import TableBooking
from plausch.base.errors import OperatorError

MEDIA_TYPE = "text/calendar; charset=utf-8"
_REFRESH = "PT5M"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_SECRET_BYTES = 32
FEED_FILE = "calendar_feed.secret"


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar's bytes and the strong ETag by which they are recognised, quotes included."""

    body: bytes
    etag: str

    def is_known_as(self, if_none_match: str) -> bool:
        """Whether a reader who sends this If-None-Match has these bytes already (304)."""
        asked = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
        return self.etag in asked or "*" in asked


def feed(entries: Iterable[TableBooking], name: str, style: Style) -> Feed:
    """All shown bookings, by begin; `name` is what the calendar is called."""
    ordered = sorted(entries, key=lambda one: (one.booking.starts_at_s, one.booking.uid))
    title = escaped(name)
    head = (
        "METHOD:PUBLISH",
        f"NAME:{title}",
        f"X-WR-CALNAME:{title}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
    )
    text = calendar_text(ordered, style, head)
    return Feed(text.encode(), f'"{digest_of(text)[:32]}"')


def feed_path(secret: str) -> str:
    """The secret address's path on the agent's HTTP door."""
    return f"/calendar/{secret}.ics"


def feed_secret(home: Path, *, anew: bool = False) -> str:
    """The secret of the feed, made at the first use; `anew` makes the old address lead nowhere.

    Raises OperatorError when the file cannot be written or holds something else.
    """
    file = home / FEED_FILE
    try:
        if anew:
            file.unlink(missing_ok=True)
        with suppress(FileExistsError):
            handle = open_file(file, O_CREAT | O_EXCL | O_WRONLY, 0o600)
            with fdopen(handle, "w", encoding="ascii") as writing:
                writing.write(secrets.token_urlsafe(_SECRET_BYTES))
        known = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise OperatorError(
            f"{file}: {error.strerror}; the folder must be writable for the agent.",
            code="calendar_secret",
        ) from error
    if not _SECRET.fullmatch(known):
        raise OperatorError(
            f"{file} holds no secret: delete it, and a new one is made.", code="calendar_secret"
        )
    return known

"""The feed: its bytes, how they are recognised, and its secret address."""

import stat
from dataclasses import replace
from pathlib import Path

import icalendar
import pytest

from calendars import entry
from plausch.agent.ical.entries import Style
from plausch.agent.ical.feed import FEED_FILE, feed, feed_path, feed_secret
from plausch.base.errors import OperatorError
from plausch.domain.booking import BookingState
from vectors.plausch_calendar import PLAIN

LATER = replace(
    PLAIN, uid="b-later", starts_at_s=PLAIN.starts_at_s + 7200, ends_at_s=PLAIN.ends_at_s + 7200
)
STYLE = Style("de")


def test_it_is_one_calendar_by_begin() -> None:
    made = feed([entry(LATER), entry(PLAIN)], "Zur Linde", STYLE)
    calendar = icalendar.Calendar.from_ical(made.body)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["X-WR-CALNAME"] == "Zur Linde"
    assert [str(one["UID"]) for one in calendar.walk("VEVENT")] == [PLAIN.uid, "b-later"]


def test_nothing_booked_is_an_empty_calendar() -> None:
    body = feed([], "Zur Linde", STYLE).body
    assert icalendar.Calendar.from_ical(body).walk("VEVENT") == []


def test_cancelled_bookings_leave_it() -> None:
    off = entry(replace(PLAIN, state=BookingState.CANCELLED))
    assert b"VEVENT" not in feed([off], "Zur Linde", STYLE).body


def test_the_etag_changes_with_the_bookings_and_only_then() -> None:
    first = feed([entry(PLAIN), entry(LATER)], "Zur Linde", STYLE)
    assert first == feed([entry(LATER), entry(PLAIN)], "Zur Linde", STYLE)
    assert first.etag != feed([entry(PLAIN)], "Zur Linde", STYLE).etag
    assert first.etag.startswith('"') and first.etag.endswith('"')


def test_a_reader_who_has_it_is_recognised() -> None:
    made = feed([entry(PLAIN)], "Zur Linde", STYLE)
    assert made.is_known_as(made.etag)
    assert made.is_known_as(f'"other", W/{made.etag}')
    assert made.is_known_as("*")
    assert not made.is_known_as("") and not made.is_known_as('"other"')


def test_the_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    secret = feed_secret(tmp_path)
    assert len(secret) == 43 and feed_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / FEED_FILE).stat().st_mode) == 0o600


def test_made_anew_the_old_address_leads_nowhere(tmp_path: Path) -> None:
    old = feed_secret(tmp_path)
    new = feed_secret(tmp_path, anew=True)
    assert new != old and feed_secret(tmp_path) == new
    assert feed_path(new) == f"/calendar/{new}.ics"


def test_a_file_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / FEED_FILE).write_text("short")
    with pytest.raises(OperatorError, match="delete it"):
        feed_secret(tmp_path)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="must be writable"):
        feed_secret(tmp_path / "nowhere")

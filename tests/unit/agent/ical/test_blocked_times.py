"""What a calendar of somebody else blocks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars import END_S, FIRST_S, at_s, calendar, entry, event
from plausch.agent.ical import blocked_times as module
from plausch.agent.ical.blocked_times import (
    Blocked,
    BlockedTime,
    Wish,
    blocked_times,
    calendar_prefix,
    difference,
)
from plausch.agent.ical.entries import Style, calendar_text
from plausch.agent.ical.scan import CalendarRefused
from vectors.plausch_calendar import PLAIN

WISH = Wish("private", FIRST_S, END_S, "Europe/Berlin")
DAY_S = 86_400


def blocked(*events: str, head: str = "") -> Blocked:
    return blocked_times([calendar(*events, head=head)], WISH)


def spans(found: Blocked) -> list[tuple[int, int]]:
    return [(one.starts_at_s, one.ends_at_s) for one in found.times]


def test_an_event_blocks_its_time() -> None:
    found = blocked(
        event("a", "DTSTART:20261110T090000Z", "DTEND:20261110T103000Z", "SUMMARY:Zahnarzt")
    )
    assert spans(found) == [(at_s(2026, 11, 10, 9), at_s(2026, 11, 10, 10, 30))]
    assert found.times[0].note == "Zahnarzt" and found.problems == []


def test_a_whole_day_is_from_midnight_to_midnight_here() -> None:
    found = blocked(event("a", "DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261112"))
    assert spans(found) == [(at_s(2026, 11, 9, 23), at_s(2026, 11, 11, 23))]


def test_a_time_without_a_zone_is_the_businesss() -> None:
    found = blocked(event("a", "DTSTART:20261110T090000", "DURATION:PT1H"))
    assert spans(found) == [(at_s(2026, 11, 10, 8), at_s(2026, 11, 10, 9))]


def test_zones_by_name_by_windows_name_and_by_their_own_rules() -> None:
    own = (
        "BEGIN:VTIMEZONE\r\nTZID:Büro\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0500\r\nTZOFFSETTO:+0500\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    found = blocked(
        event("a", "DTSTART;TZID=America/New_York:20261110T040000", "DURATION:PT1H"),
        event("b", "DTSTART;TZID=W. Europe Standard Time:20261111T100000", "DURATION:PT1H"),
        event("c", "DTSTART;TZID=Büro:20261112T140000", "DURATION:PT1H"),
        head=own,
    )
    assert [begin for begin, _ in spans(found)] == [at_s(2026, 11, day, 9) for day in (10, 11, 12)]
    assert found.problems == []


def test_a_zone_that_does_not_exist_is_told_and_taken_as_here() -> None:
    found = blocked(event("a", "DTSTART;TZID=Mars/Olympus:20261110T090000", "DURATION:PT1H"))
    assert spans(found) == [(at_s(2026, 11, 10, 8), at_s(2026, 11, 10, 9))]
    assert found.problems == [("a", "unknown_zone")]


def test_events_that_refer_to_each_other_are_each_themselves() -> None:
    """In a circle, as related, and as exceptions of exceptions: nothing is followed for ever."""
    nine, daily = "DTSTART:20261110T090000Z", "RRULE:FREQ=DAILY;COUNT=3"
    found = blocked(
        event("a", nine, "DURATION:PT1H", "RELATED-TO:b", "RELATED-TO;RELTYPE=PARENT:a"),
        event("b", "DTSTART:20261111T090000Z", "DURATION:PT1H", "RELATED-TO:a"),
        event("c", "DTSTART:20261112T090000Z", "DURATION:PT1H", daily),
        event("c", "DTSTART:20261113T090000Z", "DURATION:PT1H", "RECURRENCE-ID:20261112T090000Z"),
        event("c", "DTSTART:20261112T090000Z", "DURATION:PT1H", "RECURRENCE-ID:20261113T090000Z"),
    )
    nines = [at_s(2026, 11, day, 9) for day in (10, 11, 12, 13, 14)]
    assert sorted({begin for begin, _ in spans(found)}) == nines


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:99991231T235959Z", "DURATION:PT1H"),
        ("DTSTART;TZID=Pacific/Pago_Pago:99991231T235959", "DURATION:P1D"),
        ("DTSTART;VALUE=DATE:99991231",),
        ("DTSTART;VALUE=DATE:00010101", "DURATION:P1D"),
        ("DTSTART;TZID=Pacific/Kiritimati:00010101T000000", "DURATION:PT1H"),
        ("DTSTART:20261110T090000Z", "DURATION:P999999999D"),
        ("DTSTART:20261110T090000Z", "DURATION:-P999999999D"),
        ("DTSTART:20261110T090000Z", "DTEND:99991231T235959Z"),
        ("DTSTART:20261110T090000Z", "DTEND:00010101T000000Z"),
        ("DTSTART:20261110T090000Z", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z"),
        ("DTSTART:20261110T090000Z", "RRULE:FREQ=DAILY;INTERVAL=999999999"),
        ("DTSTART:20261110T090000Z", "DURATION:PT1H", "RECURRENCE-ID:99991231T235959Z"),
    ],
)
def test_at_the_ends_of_the_calendar_another_event_still_blocks(lines: tuple[str, ...]) -> None:
    found = blocked(event("a", *lines), event("b", "DTSTART:20261111T090000Z", "DURATION:PT1H"))
    assert at_s(2026, 11, 11, 9) in [begin for begin, _ in spans(found)]


def test_repetition_with_exceptions_over_the_end_of_summer_time() -> None:
    wish = Wish("private", at_s(2026, 10, 19), at_s(2026, 11, 9), "Europe/Berlin")
    text = calendar(
        event(
            "a",
            "DTSTART;TZID=Europe/Berlin:20260105T180000",
            "DTEND;TZID=Europe/Berlin:20260105T190000",
            "RRULE:FREQ=WEEKLY",
            "EXDATE;TZID=Europe/Berlin:20261026T180000",
        ),
        event(
            "a",
            "RECURRENCE-ID;TZID=Europe/Berlin:20261102T180000",
            "DTSTART;TZID=Europe/Berlin:20261103T200000",
            "DTEND;TZID=Europe/Berlin:20261103T210000",
        ),
    )
    assert spans(blocked_times([text], wish)) == [
        (at_s(2026, 10, 19, 16), at_s(2026, 10, 19, 17)),
        (at_s(2026, 11, 3, 19), at_s(2026, 11, 3, 20)),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "DTEND:20261110T090000Z",
        "X-PLAUSCH-STATE:confirmed",
    ],
)
def test_what_keeps_nobody_busy_blocks_nothing(line: str) -> None:
    assert blocked(event("a", "DTSTART:20261110T090000Z", line)).times == []


def test_the_agents_own_bookings_block_nothing() -> None:
    assert blocked_times([calendar_text([entry(PLAIN)], Style("de"))], WISH).times == []


def test_private_events_have_no_note_and_others_a_short_one() -> None:
    begin = ("DTSTART:20261110T090000Z", "DURATION:PT1H")
    found = blocked(
        event("a", *begin, "SUMMARY:Kur", "CLASS:PRIVATE"),
        event("b", *begin, "SUMMARY:" + "x" * 500),
    )
    assert sorted(one.note for one in found.times) == ["", "x" * 80]


def test_a_long_absence_is_cut_to_the_wanted_time() -> None:
    found = blocked(event("a", "DTSTART:20260601T000000Z", "DTEND:20280101T000000Z"))
    assert spans(found) == [(FIRST_S, END_S)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART:soon",), "unreadable"),
        (("SUMMARY:no begin",), "unreadable"),
        (("DTSTART:20261110T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=XX"), "unreadable"),
        (("DTSTART:20261110T090000Z", "RRULE:FREQ=SECONDLY"), "repeats_too_often"),
        (("DTSTART:20261110T090000Z", "DURATION:forever"), "unreadable"),
    ],
)
def test_one_bad_event_does_not_hide_the_others(lines: tuple[str, ...], reason: str) -> None:
    good = event("good", "DTSTART:20261110T090000Z", "DURATION:PT1H")
    found = blocked(event("bad", *lines), good)
    assert found.problems == [("bad", reason)]
    assert len(found.times) == 1


def test_too_many_times_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BLOCKS", 10)
    with pytest.raises(CalendarRefused, match="more than 10 times"):
        blocked(event("a", "DTSTART:20261101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUDGET_S", -1.0)
    with pytest.raises(CalendarRefused, match="too long"):
        blocked(event("a", "DTSTART:20261101T090000Z", "DURATION:PT1H"))


def test_the_same_import_again_changes_nothing() -> None:
    daily = event("a", "DTSTART:20261101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    first, second = blocked(daily).times, blocked(daily).times
    assert first == second and len({one.identifier for one in first}) == 30
    assert difference([one.identifier for one in first], second, "private") == ([], [])


def test_what_is_new_is_added_and_what_is_gone_removed_of_this_calendar_alone() -> None:
    old = BlockedTime(1, 2, calendar_prefix("private") + "old", "")
    new = BlockedTime(3, 4, calendar_prefix("private") + "new", "")
    other = BlockedTime(5, 6, calendar_prefix("other") + "x", "")
    known = [old.identifier, other.identifier, "staff-1"]
    assert difference(known, [new], "private") == ([new], [old.identifier])


@settings(max_examples=25, deadline=None)
@given(
    day=st.integers(1, 28),
    hour=st.integers(0, 23),
    minutes=st.integers(1, 3 * 1440),
    every=st.integers(1, 9),
)
def test_a_repeated_event_blocks_just_its_days(
    day: int, hour: int, minutes: int, every: int
) -> None:
    begin_s = at_s(2026, 11, day, hour)
    found = blocked(
        event(
            "a",
            f"DTSTART:202611{day:02d}T{hour:02d}0000Z",
            f"DURATION:PT{minutes}M",
            f"RRULE:FREQ=DAILY;INTERVAL={every}",
        )
    )
    wanted = []
    while begin_s < END_S:
        wanted.append((begin_s, min(begin_s + minutes * 60, END_S)))
        begin_s += every * DAY_S
    assert spans(found) == wanted

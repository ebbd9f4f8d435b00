"""The first look at a calendar: what is dropped unread, what is a trap, what is refused whole."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars import END_S, FIRST_S, calendar, event, many
from plausch.agent.ical import scan as module
from plausch.agent.ical.scan import CalendarRefused, Scan, Series, Trap, scan, trap_in

DAILY = "RRULE:FREQ=DAILY"
NINE = "DTSTART:20261110T090000Z"


def looked(*events: str, head: str = "") -> Scan:
    return scan(calendar(*events, head=head), FIRST_S, END_S)


def test_events_outside_of_the_time_are_dropped() -> None:
    found = looked(
        event("before", "DTSTART:20260101T090000Z", "DTEND:20260101T100000Z"),
        event("inside", NINE, "DTEND:20261110T100000Z"),
        event("after", "DTSTART:20270101T090000Z", "DTEND:20270101T100000Z"),
    )
    assert set(found.series) == {"inside"} and found.count == 3


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20260101T090000Z", "DTEND:20261110T090000Z"),
        ("DTSTART:20260101T090000Z", "DURATION:P365D"),
        ("DTSTART:20250101T090000Z", DAILY),
        ("DTSTART:20250101T090000Z", "RRULE:FREQ=DAILY;UNTIL=20261105T000000Z"),
        ("DTSTART:20250101T090000Z", "RDATE:20261110T090000Z"),
        ("DTSTART:20270101T090000Z", "RECURRENCE-ID:20261110T090000Z"),
        ("DTSTART;VALUE=DATE:20261101",),
        ("SUMMARY:no begin",),
        ("DTSTART:20269999T090000Z",),
    ],
)
def test_what_may_matter_is_kept(lines: tuple[str, ...]) -> None:
    assert set(looked(event("a", *lines)).series) == {"a"}


def test_a_series_that_ended_long_ago_is_dropped() -> None:
    assert looked(event("a", "DTSTART:20200101T090000Z", f"{DAILY};UNTIL=20210101")).series == {}


def test_an_event_and_its_exceptions_belong_together() -> None:
    found = looked(
        event("a", NINE, DAILY),
        event("b", NINE),
        event("a", NINE, "RECURRENCE-ID:20261111T090000Z"),
    )
    assert [len(one.parts) for one in found.series.values()] == [2, 1]


def test_folded_lines_are_one() -> None:
    found = looked(event("a", "DTSTART:202611\r\n 10T090000Z", "SUMMARY:x\r\n\ty"))
    assert found.series["a"].parts[0][2:4] == [NINE, "SUMMARY:xy"]


def test_events_without_a_uid_are_not_one_series() -> None:
    text = calendar(*["BEGIN:VEVENT\r\n" + NINE + "\r\nEND:VEVENT"] * 2)
    assert len(scan(text, FIRST_S, END_S).series) == 2


def test_zones_are_shared_and_tasks_are_not() -> None:
    rule = "BEGIN:STANDARD\r\nTZOFFSETTO:+0100\r\nEND:STANDARD"
    zone = f"BEGIN:VTIMEZONE\r\nTZID:X\r\n{rule}\r\nEND:VTIMEZONE"
    task = "BEGIN:VTODO\r\nSUMMARY:secret\r\nEND:VTODO"
    found = looked(event("a", NINE), head=f"X-WR-TIMEZONE:Europe/Berlin\r\n{zone}\r\n{task}")
    assert "TZID:X" in found.head and "X-WR-TIMEZONE:Europe/Berlin" in found.head
    assert "SUMMARY:secret" not in found.head


def test_an_alarm_belongs_to_its_event() -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    assert "TRIGGER:-PT5M" in looked(event("a", NINE, alarm)).series["a"].parts[0]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((NINE, "RRULE:FREQ=SECONDLY"), "repeats_too_often"),
        ((NINE, "RRULE:FREQ=MINUTELY;INTERVAL=1"), "repeats_too_often"),
        ((NINE, "RRULE:freq=hourly"), "repeats_too_often"),
        ((NINE, "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"), "repeats_too_often"),
        ((NINE, "RRULE:FREQ=DAILY;BYSECOND=" + ",".join(map(str, range(60)))), "repeats_too_often"),
        ((NINE, "RRULE:FREQ=FORTNIGHTLY"), "unreadable"),
        ((NINE, "RRULE:nonsense"), "unreadable"),
        ((NINE, "RRULE:"), "unreadable"),
        (("DTSTART:00010101T090000Z", DAILY), "repeats_too_long"),
        (("DTSTART:soon", DAILY), "repeats_too_long"),
        ((NINE, DAILY, "RRULE:FREQ=WEEKLY"), "several_rules"),
        ((NINE, "RDATE:" + ",".join(["20261110T090000Z"] * 1001)), "too_many_dates"),
        ((NINE, DAILY, *["EXDATE:20261110T090000Z,20261111T090000Z"] * 501), "too_many_dates"),
        ((NINE, *["COMMENT:x"] * 1000), "too_many_exceptions"),
    ],
)
def test_traps_are_left_out_and_named(lines: tuple[str, ...], reason: str) -> None:
    found = looked(event("trap", *lines), event("good", NINE))
    assert found.traps == [Trap("trap", reason)]
    assert set(found.series) == {"good"}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=MO,TU;INTERVAL=2",
        "FREQ=DAILY;BYHOUR=9,15",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=10",
        "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,25,26",
    ],
)
def test_usual_repetitions_are_no_traps(rule: str) -> None:
    assert trap_in(Series("a", [[NINE, f"RRULE:{rule}"]])) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no calendar"),
        ("hello", "no calendar"),
        ("<html><body>Login</body></html>", "no calendar"),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "no calendar"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", "cut off"),
        ("BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "damaged"),
        ("BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 9, "nested"),
    ],
)
def test_what_is_no_whole_calendar_is_refused(text: str, said: str) -> None:
    with pytest.raises(CalendarRefused, match=said):
        scan(text, FIRST_S, END_S)


def test_a_hundred_thousand_events_are_looked_through() -> None:
    found = scan(many(100_000), FIRST_S, END_S)
    assert found.count == 100_000 and len(found.series) < 40


def test_limits_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EVENTS", 3)
    with pytest.raises(CalendarRefused, match="more than 3 events"):
        scan(many(4), FIRST_S, END_S)
    monkeypatch.setattr(module, "MAX_CALENDAR_BYTES", 100)
    with pytest.raises(CalendarRefused, match="larger than"):
        scan(many(4), FIRST_S, END_S)


def test_a_byte_order_mark_and_lone_line_feeds_are_taken() -> None:
    text = "\ufeff" + calendar(event("a", NINE)).replace("\r\n", "\n")
    assert set(scan(text, FIRST_S, END_S).series) == {"a"}


@given(
    st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "BEGIN:VCALENDAR",
                "END:VCALENDAR",
                "UID:a",
                NINE,
                "RRULE:FREQ=DAILY",
                "DTEND:20261110T",
                " folded",
                ":",
                "",
                "BEGIN",
                "END:",
            ]
        )
    )
)
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    with suppress(CalendarRefused):
        scan("BEGIN:VCALENDAR\r\n" + "\r\n".join(lines), FIRST_S, END_S)

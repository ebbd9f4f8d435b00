"""Free times: hours, notice, window, pacing, tables, holidays, nights of changing clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linde import FRIDAY, NOW_S, TUESDAY, ZONE, at, clock_of, restaurant, without_pacing
from plausch.domain.assignment import Placement
from plausch.domain.business import Business
from plausch.domain.calendar import Calendar, Span
from plausch.domain.holiday import STATES, HolidayRegion, holidays_in
from plausch.domain.service import Service, TurnTime
from plausch.domain.slots import (
    Occupancy,
    Slot,
    Unavailable,
    free_slots,
    slot_at,
    starts_on,
    table_for,
)
from plausch.domain.tables import FloorPlan, Resource

EMPTY = Occupancy()


def always_open(zone: str = ZONE, state: str = "BE", minutes: int = 60) -> Business:
    house = restaurant()
    calendar = Calendar(zone, ((Span(0, 1440),),) * 7, region=HolidayRegion(state))
    service = Service(30, (TurnTime(20, minutes),), min_notice_minutes=0, booking_window_days=4000)
    return replace(house, calendar=calendar, services=(service,))


def test_the_times_of_an_ordinary_day() -> None:
    found = free_slots(restaurant(), restaurant().service(), TUESDAY, 2, NOW_S, EMPTY)
    assert [clock_of(slot.starts_at_s) for slot in found.slots] == [
        "11:30", "12:00", "12:30", "13:00",
        "17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00", "21:30",
    ]  # fmt: skip
    assert found.why is None
    assert {slot.duration_s for slot in found.slots} == {5400}


def test_larger_parties_must_come_earlier() -> None:
    found = free_slots(restaurant(), restaurant().service(), TUESDAY, 6, NOW_S, EMPTY)
    assert clock_of(found.slots[-1].starts_at_s) == "20:30"


def test_the_identifier_is_the_begin_in_utc() -> None:
    slot = Slot(at(TUESDAY, "19:00"), 5400, ZONE)
    assert slot.identifier == "20261124T180000Z"
    assert slot.ends_at_s - slot.starts_at_s == 5400


@pytest.mark.parametrize(
    ("day", "party", "why"),
    [
        (date(2026, 11, 20), 2, Unavailable.PAST),
        (date(2026, 11, 22), 2, Unavailable.PAST),
        (date(2026, 11, 23), 2, Unavailable.CLOSED),
        (date(2026, 12, 24), 2, Unavailable.CLOSED),
        (date(2027, 1, 6), 2, Unavailable.CLOSED),
        (date(2027, 1, 22), 2, None),
        (date(2027, 1, 23), 2, Unavailable.TOO_FAR),
        (TUESDAY, 8, None),
        (TUESDAY, 9, Unavailable.PARTY_TOO_LARGE),
        (TUESDAY, 0, Unavailable.PARTY_TOO_LARGE),
    ],
)
def test_why_there_is_nothing(day: date, party: int, why: Unavailable | None) -> None:
    found = free_slots(restaurant(), restaurant().service(), day, party, NOW_S, EMPTY)
    assert found.why is why
    assert bool(found.slots) == (why is None)


def test_notice_hides_what_begins_too_soon() -> None:
    now_s = at(TUESDAY, "18:15")
    found = free_slots(restaurant(), restaurant().service(), TUESDAY, 2, now_s, EMPTY)
    assert clock_of(found.slots[0].starts_at_s) == "19:30"
    late = free_slots(restaurant(), restaurant().service(), TUESDAY, 2, at(TUESDAY, "21:00"), EMPTY)
    assert late.why is Unavailable.TOO_SOON


def test_pacing_counts_covers_by_window() -> None:
    window = restaurant().service().pacing
    assert window is not None
    taken = Occupancy(covers={window.window(at(TUESDAY, "19:00")): 10})
    times = [
        clock_of(slot.starts_at_s)
        for slot in free_slots(restaurant(), restaurant().service(), TUESDAY, 3, NOW_S, taken).slots
    ]
    assert "19:00" not in times
    assert {"18:30", "19:30"} <= set(times)
    smaller = free_slots(restaurant(), restaurant().service(), TUESDAY, 2, NOW_S, taken)
    assert "19:00" in [clock_of(slot.starts_at_s) for slot in smaller.slots]


def test_a_house_full_all_evening() -> None:
    house = without_pacing()
    quanta = house.service().claimed_quanta(at(TUESDAY, "00:00"), at(TUESDAY, "23:55"))
    everybody = tuple(
        Placement(table.identifier, table.min_party, quanta, (table.identifier,), pinned=True)
        for table in house.floor.resources
    )
    found = free_slots(house, house.service(), TUESDAY, 2, NOW_S, Occupancy(everybody))
    assert (found.slots, found.why) == ((), Unavailable.FULL)


def test_a_begin_after_midnight_belongs_to_the_evening() -> None:
    bar = replace(
        restaurant(),
        calendar=Calendar(ZONE, ((), (), (), (), (Span(1200, 1440 + 180),), (), ())),
        services=(Service(60, (TurnTime(20, 60),), min_notice_minutes=0),),
    )
    times = [clock_of(slot.starts_at_s) for slot in starts_on(bar, bar.service(), FRIDAY, 2)]
    assert times == ["20:00", "21:00", "22:00", "23:00", "00:00", "01:00", "02:00"]
    after_midnight = at(FRIDAY + timedelta(days=1), "01:00")
    assert isinstance(slot_at(bar, bar.service(), after_midnight, 2, NOW_S), Slot)
    still = free_slots(
        bar, bar.service(), FRIDAY, 2, at(FRIDAY + timedelta(days=1), "00:30"), EMPTY
    )
    assert [clock_of(slot.starts_at_s) for slot in still.slots] == ["01:00", "02:00"]
    over = free_slots(bar, bar.service(), FRIDAY, 2, at(FRIDAY + timedelta(days=1), "04:00"), EMPTY)
    assert over.why is Unavailable.PAST


@pytest.mark.parametrize(
    ("clock", "party", "expected"),
    [
        ("19:00", 2, None),
        ("19:10", 2, Unavailable.CLOSED),
        ("22:30", 2, Unavailable.CLOSED),
        ("19:00", 9, Unavailable.PARTY_TOO_LARGE),
        ("19:00", 0, Unavailable.PARTY_TOO_LARGE),
    ],
)
def test_one_time_is_judged_as_the_list_is(
    clock: str, party: int, expected: Unavailable | None
) -> None:
    found = slot_at(restaurant(), restaurant().service(), at(TUESDAY, clock), party, NOW_S)
    assert found == (expected or Slot(at(TUESDAY, clock), 5400, ZONE))


def test_one_time_in_the_past_or_too_soon() -> None:
    assert (
        slot_at(restaurant(), restaurant().service(), at(TUESDAY, "12:00"), 2, at(TUESDAY, "12:30"))
        is Unavailable.PAST
    )
    assert (
        slot_at(restaurant(), restaurant().service(), at(TUESDAY, "12:30"), 2, at(TUESDAY, "12:00"))
        is Unavailable.TOO_SOON
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 75), st.integers(0, 12), st.integers(0, 86_400 * 3))
def test_every_offered_slot_is_bookable(offset: int, party: int, later_s: int) -> None:
    house, now_s = restaurant(), NOW_S + later_s
    found = free_slots(
        house, house.service(), TUESDAY + timedelta(days=offset), party, now_s, EMPTY
    )
    for slot in found.slots:
        assert slot_at(house, house.service(), slot.starts_at_s, party, now_s) == slot
        assert table_for(house, house.service(), slot, party, EMPTY) is not None


@pytest.mark.parametrize("state", STATES)
def test_no_slot_on_a_holiday(state: str) -> None:
    house = always_open(state=state)
    new_year = int(datetime(2025, 12, 31, tzinfo=UTC).timestamp())
    for year in (2026, 2027, 2030):
        for holiday in holidays_in(HolidayRegion(state), year):
            assert (
                free_slots(house, house.service(), holiday, 2, new_year, EMPTY).why
                is Unavailable.CLOSED
            )


def test_the_night_the_clocks_go_forward() -> None:
    house = always_open()
    slots = starts_on(house, house.service(), date(2027, 3, 28), 2)
    times = [clock_of(slot.starts_at_s) for slot in slots]
    assert not any(time.startswith("02:") for time in times)
    assert len(times) == 45
    # A stay of an hour that begins at 01:30 ends at 03:30 by the wall clock.
    early = slots[times.index("01:30")]
    assert clock_of(early.ends_at_s) == "03:30"


def test_the_night_the_clocks_go_back() -> None:
    slots = starts_on(always_open(), always_open().service(), date(2026, 10, 25), 2)
    assert len({slot.starts_at_s for slot in slots}) == len(slots)
    assert [clock_of(slot.starts_at_s) for slot in slots].count("02:30") == 1


@settings(max_examples=100, deadline=None)
@given(
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.sampled_from([ZONE, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
)
def test_no_two_slots_are_one_instant_and_none_overruns_closing(day: date, zone: str) -> None:
    house = always_open(zone)
    slots = starts_on(house, house.service(), day, 2)
    assert len({slot.starts_at_s for slot in slots}) == len(slots)
    for slot in slots:
        local = house.calendar.local(slot.starts_at_s)
        assert local.date() == day
        assert local.minute in (0, 30)
        assert house.calendar.local(slot.ends_at_s - 1).date() == day


def test_a_tie_of_tables_does_not_change_the_offer() -> None:
    """The offer depends on who can be seated, not on where the seated happen to sit."""
    house = replace(
        without_pacing(), floor=FloorPlan((Resource("small", 1, 2), Resource("big", 1, 4)))
    )
    quanta = house.service().claimed_quanta(at(TUESDAY, "19:00"), at(TUESDAY, "20:30"))
    badly = Occupancy((Placement("pair", 2, quanta, ("big",)),))
    well = Occupancy((Placement("pair", 2, quanta, ("small",)),))
    assert free_slots(house, house.service(), TUESDAY, 4, NOW_S, badly) == free_slots(
        house, house.service(), TUESDAY, 4, NOW_S, well
    )

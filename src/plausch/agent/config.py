"""A restaurant from its TOML file; `examples/zur_linde.toml` shows every setting."""

from datetime import date
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plausch.agent.toml_reader import ConfigurationRefused, Section, read_toml
from plausch.domain.business import Restaurant
from plausch.domain.calendar import Calendar, Span, SpecialDay
from plausch.domain.holiday import STATES, HolidayRegion
from plausch.domain.service import Pacing, Service, TurnTime
from plausch.domain.tables import Combination, FloorPlan, Resource

__all__ = ["LANGUAGES", "ConfigurationRefused", "example_text", "load_restaurant"]

LANGUAGES = ("de", "en")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MAX_TABLES = 500
MAX_SEATS = 200
MAX_TURN_MINUTES = 480
"""With stays of at most eight hours a chain of three moves stays within a day of the newcomer,
which is how far the book looks."""


def example_text() -> str:
    """The example restaurant's TOML, to be written where a new agent is set up."""
    folder = resources.files("plausch.agent") / "examples"
    return (folder / "zur_linde.toml").read_text(encoding="utf-8")


def load_restaurant(path: Path) -> Restaurant:
    """The restaurant described by a TOML file.

    Raises ConfigurationRefused with one sentence: what is wrong, under which key, what to do.
    """
    file = read_toml(path)
    restaurant = Restaurant(
        name=file.text("name", 80),
        language=file.choice("language", LANGUAGES, "de"),
        telephone=file.text("telephone", 40, ""),
        calendar=_calendar(file),
        service=_service(file.section("booking")),
        floor=_floor(file),
    )
    file.finish()
    _check_together(file, restaurant)
    return restaurant


def _calendar(file: Section) -> Calendar:
    zone = file.text("time_zone", 64)
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise file.refuse(
            "time_zone", f'is {zone!r}, which is no time zone: write one such as "Europe/Berlin".'
        ) from error
    hours = file.section("hours")
    weekly = tuple(_spans(hours.spans(weekday)) for weekday in WEEKDAYS)
    hours.finish()
    region, open_on_holidays = None, False
    if file.has("holidays"):
        region, open_on_holidays = _holidays(file.section("holidays"))
    special = file.sections("special_days", _special_day, 0, 1_000)
    days = [one.date for one in special]
    for day in days:
        if days.count(day) > 1:
            raise file.refuse("special_days", f"name {day} twice: keep one of them.")
    calendar = Calendar(zone, weekly, special, region, open_on_holidays)
    if not any(weekly) and not any(one.spans for one in special):
        raise file.refuse("hours", "are all empty: a restaurant opens at some time.")
    return calendar


def _holidays(section: Section) -> tuple[HolidayRegion, bool]:
    region = HolidayRegion(
        section.choice("state", STATES),
        section.flag("assumption_day", False),
        section.flag("peace_festival", False),
    )
    open_on_holidays = section.flag("open", False)
    section.finish()
    return region, open_on_holidays


def _special_day(section: Section) -> SpecialDay:
    day: date = section.day("date")
    return SpecialDay(day, _spans(section.spans("hours")), section.text("note", 80, ""))


def _spans(pairs: tuple[tuple[int, int], ...]) -> tuple[Span, ...]:
    return tuple(Span(opens, closes) for opens, closes in pairs)


def _service(section: Section) -> Service:
    turn_times = section.sections("turn_times", _turn_time, 1, 50)
    sizes = [turn.party_max for turn in turn_times]
    if sizes != sorted(set(sizes)):
        raise section.refuse("turn_times", "must ascend in party_max: sort them, each size once.")
    pacing = None
    if section.has("pacing"):
        pace = section.section("pacing")
        pacing = Pacing(pace.number("slot_minutes", 5, 1440), pace.number("max_covers", 1, 100_000))
        pace.finish()
    service = Service(
        slot_interval_minutes=section.number("slot_interval_minutes", 5, 240),
        turn_times=turn_times,
        buffer_before_minutes=section.number("buffer_before_minutes", 0, 240, 0),
        buffer_after_minutes=section.number("buffer_after_minutes", 0, 240, 0),
        min_notice_minutes=section.number("min_notice_minutes", 0, 43_200, 60),
        booking_window_days=section.number("booking_window_days", 1, 730, 60),
        cancel_until_minutes=section.number("cancel_until_minutes", 0, 43_200, 120),
        hold_minutes=section.number("hold_minutes", 1, 1_440, 10),
        pacing=pacing,
    )
    section.finish()
    return service


def _turn_time(section: Section) -> TurnTime:
    return TurnTime(
        section.number("party_max", 1, 1_000), section.number("minutes", 15, MAX_TURN_MINUTES)
    )


def _floor(file: Section) -> FloorPlan:
    tables = file.sections("tables", _table, 1, MAX_TABLES)
    names = [table.identifier for table in tables]
    for name in names:
        if names.count(name) > 1:
            raise file.refuse("tables", f"have the name {name!r} twice: names are unique.")

    def combination(section: Section) -> Combination:
        joined = section.texts("tables", 'a list of table names such as ["1", "2"]')
        for name in joined:
            if name not in names:
                raise section.refuse("tables", f"name {name[:40]!r}, which is no table: add it.")
        if len(joined) < 2 or len(set(joined)) != len(joined):
            raise section.refuse("tables", "must be two or more different tables.")
        return Combination(joined, *section.range("seats", MAX_SEATS))

    return FloorPlan(tables, file.sections("combinations", combination, 0, MAX_TABLES))


def _table(section: Section) -> Resource:
    name = section.text("name", 40)
    least, most = section.range("seats", MAX_SEATS)
    return Resource(
        name, least, most, section.text("area", 40, ""), section.number("priority", -100, 100, 0)
    )


def _check_together(file: Section, restaurant: Restaurant) -> None:
    """What is wrong only in view of another setting."""
    pacing = restaurant.service.pacing
    largest = restaurant.floor.largest_party
    if pacing is not None and pacing.max_covers < largest:
        raise file.refuse(
            "booking.pacing.max_covers",
            f"is {pacing.max_covers}, but the tables seat parties of up to {largest}, who could "
            f"never begin: raise it to {largest} or more, or offer smaller tables.",
        )
    longest = max(
        (
            span.closes_minute - span.opens_minute
            for spans in (
                *restaurant.calendar.weekly,
                *(day.spans for day in restaurant.calendar.special_days),
            )
            for span in spans
        ),
        default=0,
    )
    shortest = min(turn.minutes for turn in restaurant.service.turn_times)
    if shortest > longest:
        raise file.refuse(
            "booking.turn_times",
            f"last at least {shortest} minutes, but no opening span is longer than {longest}: "
            "nobody could ever book; shorten them.",
        )

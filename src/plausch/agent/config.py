"""A business from its TOML file; `examples/zur_linde.toml` shows every setting."""

import re
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plausch.agent.toml_reader import ConfigurationRefused, Section, read_toml
from plausch.domain.business import Business, BusinessKind, Retention
from plausch.domain.calendar import Calendar, Span, SpecialDay
from plausch.domain.holiday import STATES, HolidayRegion
from plausch.domain.house_words import OPENS, fault_of
from plausch.domain.profile import Wording
from plausch.domain.service import ConfirmationMode, Pacing, Service, TurnTime
from plausch.domain.tables import Combination, FloorPlan, Resource, ResourceKind

__all__ = ["LANGUAGES", "TEMPLATES", "ConfigurationRefused", "example_text", "load_business"]

LANGUAGES = ("de", "en")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MAX_SERVICES = 50
MAX_TABLES = 500
MAX_SEATS = 200
MAX_TURN_MINUTES = 480
"""With stays of at most eight hours a chain of three moves stays within a day of the newcomer,
which is how far the book looks."""

_IDENTIFIER = re.compile(r"[a-z0-9_-]+")


TEMPLATES = {
    BusinessKind.RESTAURANT: "zur_linde",
    BusinessKind.HAIRDRESSER: "haarwerk",
    BusinessKind.SHOP: "radhaus",
}
"""The example of each kind, complete in German; beside it in English, as NAME_en, and what the
public may know of it, as NAME_profile. The restaurant's in German shows every setting."""


def example_text(kind: BusinessKind = BusinessKind.RESTAURANT, language: str = "de") -> str:
    """An example business's TOML, to be written where a new agent is set up."""
    name = TEMPLATES[kind] + ("" if language == "de" else "_en")
    folder = resources.files("plausch.agent") / "examples"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def load_business(path: Path) -> Business:
    """The business described by a TOML file.

    Raises ConfigurationRefused with one sentence: what is wrong, under which key, what to do.
    """
    file = read_toml(path)
    business = Business(
        name=file.text("name", 80),
        language=file.choice("language", LANGUAGES, "de"),
        telephone=file.text("telephone", 40, ""),
        calendar=read_calendar(file),
        services=(),
        floor=_floor(file),
        stale_minutes=file.number("stale_minutes", 5, 10_080, 60),
        kind=BusinessKind(file.choice("kind", tuple(BusinessKind), BusinessKind.RESTAURANT)),
    )
    if file.has("retention"):
        business = replace(business, retention=_retention(file.section("retention")))
    business = replace(
        business,
        greeting=_house_words(file, "greeting"),
        away=_house_words(file, "away", (OPENS,)),
        services=_services(file, business.floor),
    )
    file.finish()
    _check_together(file, business)
    return business


def read_calendar(file: Section) -> Calendar:
    """Time zone, hours, holidays and special days, as every business's file has them.

    Raises ConfigurationRefused.
    """
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
        raise file.refuse("hours", "are all empty: a business opens at some time.")
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


def _retention(section: Section) -> Retention:
    usual = Retention()
    retention = Retention(
        section.number("bookings_days", 1, 36_500, usual.bookings_days),
        section.number("customers_days", 1, 36_500, usual.customers_days),
        section.number("talks_days", 1, 36_500, usual.talks_days),
        section.number("waiting_days", 1, 36_500, usual.waiting_days),
        section.number("tickets_days", 1, 36_500, usual.tickets_days),
    )
    section.finish()
    return retention


def _house_words(file: Section, key: str, places: tuple[str, ...] = ()) -> Wording:
    """What the house says by itself; left out: nothing."""
    if not file.has(key):
        return Wording()
    section = file.section(key)
    wording = Wording(section.paragraphs("de"), section.paragraphs("en"))
    section.finish()
    fault = fault_of(wording, places)
    if fault:
        raise file.refuse(key, fault)
    return wording


def _services(file: Section, floor: FloorPlan) -> tuple[Service, ...]:
    services = file.sections("services", lambda one: _service(one, floor), 1, MAX_SERVICES)
    names = [service.identifier for service in services]
    for name in names:
        if names.count(name) > 1:
            raise file.refuse("services", f"have the identifier {name!r} twice: each is unique.")
    return services


def _service(section: Section, floor: FloorPlan) -> Service:
    identifier = section.text("identifier", 40)
    if not _IDENTIFIER.fullmatch(identifier):
        raise section.refuse("identifier", "must be small letters, digits, - and _ only.")
    turn_times = section.sections("turn_times", _turn_time, 1, 50)
    sizes = [turn.party_max for turn in turn_times]
    if sizes != sorted(set(sizes)):
        raise section.refuse("turn_times", "must ascend in party_max: sort them, each size once.")
    pacing = None
    if section.has("pacing"):
        pace = section.section("pacing")
        pacing = Pacing(pace.number("slot_minutes", 5, 1440), pace.number("max_covers", 1, 100_000))
        pace.finish()
    return Service(
        identifier=identifier,
        name=section.text("name", 80),
        confirmation_mode=ConfirmationMode(
            section.choice("confirmation", tuple(ConfirmationMode), ConfirmationMode.AUTOMATIC)
        ),
        resources=_serving(section, floor),
        max_party=section.number("max_party", 1, MAX_SEATS, 0),
        slot_interval_minutes=section.number("slot_interval_minutes", 5, 240),
        turn_times=turn_times,
        buffer_before_minutes=section.number("buffer_before_minutes", 0, 240, 0),
        buffer_after_minutes=section.number("buffer_after_minutes", 0, 240, 0),
        min_notice_minutes=section.number("min_notice_minutes", 0, 43_200, 60),
        booking_window_days=section.number("booking_window_days", 1, 730, 60),
        cancel_until_minutes=section.number("cancel_until_minutes", 0, 43_200, 120),
        hold_minutes=section.number("hold_minutes", 1, 1_440, 10),
        pacing=pacing,
        offer_minutes=section.number("offer_minutes", 1, 1_440, 15),
        reminder_minutes=section.number("reminder_minutes", 0, 20_160, 1_440),
    )


def _serving(section: Section, floor: FloorPlan) -> tuple[str, ...]:
    """The resources of a service; left out or empty: all."""
    if not section.has("resources"):
        return ()
    names = section.texts("resources", 'a list of names such as ["Mia", "Ben"]')
    known = {resource.identifier for resource in floor.resources}
    for name in names:
        if name not in known:
            raise section.refuse("resources", f"name {name[:40]!r}, which is no table: add it.")
    if len(set(names)) != len(names):
        raise section.refuse("resources", "name something twice: once is enough.")
    return names


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
        name,
        least,
        most,
        section.text("area", 40, ""),
        section.number("priority", -100, 100, 0),
        ResourceKind(section.choice("kind", tuple(ResourceKind), ResourceKind.TABLE)),
    )


def _check_together(file: Section, business: Business) -> None:
    """What is wrong only in view of another setting."""
    calendar = business.calendar
    days = (*calendar.weekly, *(day.spans for day in calendar.special_days))
    longest = max(
        (span.closes_minute - span.opens_minute for spans in days for span in spans), default=0
    )
    for number, service in enumerate(business.services, start=1):
        where = f"services[{number}]"
        largest = business.floor_for(service).largest_party
        if largest == 0:
            raise file.refuse(
                f"{where}.max_party",
                f"is {service.max_party}, but no table seats so few: raise it, or add one.",
            )
        pacing = service.pacing
        if pacing is not None and pacing.max_covers < largest:
            raise file.refuse(
                f"{where}.pacing.max_covers",
                f"is {pacing.max_covers}, but the tables seat parties of up to {largest}, who "
                f"could never begin: raise it to {largest} or more, or offer smaller tables.",
            )
        shortest = min(turn.minutes for turn in service.turn_times)
        if shortest > longest:
            raise file.refuse(
                f"{where}.turn_times",
                f"last at least {shortest} minutes, but no opening span is longer than "
                f"{longest}: nobody could ever book; shorten them.",
            )

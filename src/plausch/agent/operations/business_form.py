"""A business as the operations show and take it, and back into the domain's types."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.views import (
    BusinessView,
    CombinationView,
    HolidaysView,
    HoursView,
    OpeningView,
    PacingView,
    ResourceView,
    ServiceView,
    SpanView,
    SpecialDayView,
    TurnTimeView,
    WordingView,
)
from plausch.domain.business import Business, BusinessKind
from plausch.domain.calendar import Calendar, OpeningDay, Span, SpecialDay
from plausch.domain.holiday import STATES, HolidayRegion
from plausch.domain.house_words import OPENS, fault_of
from plausch.domain.profile import Wording
from plausch.domain.service import ConfirmationMode, Pacing, Service, TurnTime
from plausch.domain.tables import Combination, FloorPlan, Resource, ResourceKind


def refused(sentence: str) -> OperationRefused:
    """A setting that cannot be."""
    return OperationRefused(sentence, code="bad_params")


# --- as it is shown ----------------------------------------------------------------------------


def shown(business: Business) -> BusinessView:
    """All that the agent knows of its business."""
    return BusinessView(
        name=business.name,
        kind=business.kind.value,
        language="de" if business.language == "de" else "en",
        telephone=business.telephone,
        zone=business.calendar.zone,
        hours=_hours(business.calendar),
        services=tuple(_service(one) for one in business.services),
        resources=tuple(
            ResourceView(
                one.identifier,
                one.kind.value,
                one.min_party,
                one.max_party,
                one.area,
                one.priority,
            )
            for one in business.floor.resources
        ),
        combinations=tuple(
            CombinationView(one.resources, one.min_party, one.max_party)
            for one in business.floor.combinations
        ),
        greeting=WordingView(business.greeting.de, business.greeting.en),
        away=WordingView(business.away.de, business.away.en),
    )


def _hours(calendar: Calendar) -> HoursView:
    region = calendar.region
    return HoursView(
        weekly=tuple(_shown_spans(spans) for spans in calendar.weekly),
        special_days=tuple(
            SpecialDayView(one.date.isoformat(), _shown_spans(one.spans), one.note)
            for one in calendar.special_days
        ),
        holidays=None
        if region is None
        else HolidaysView(
            region.state,
            region.assumption_day,
            region.peace_festival,
            calendar.open_on_holidays,
        ),
    )


def _shown_spans(spans: tuple[Span, ...]) -> tuple[SpanView, ...]:
    return tuple(SpanView(one.opens_minute, one.closes_minute) for one in spans)


def _service(service: Service) -> ServiceView:
    pacing = service.pacing
    return ServiceView(
        identifier=service.identifier,
        name=service.name,
        slot_interval_minutes=service.slot_interval_minutes,
        turn_times=tuple(TurnTimeView(one.party_max, one.minutes) for one in service.turn_times),
        buffer_before_minutes=service.buffer_before_minutes,
        buffer_after_minutes=service.buffer_after_minutes,
        min_notice_minutes=service.min_notice_minutes,
        booking_window_days=service.booking_window_days,
        cancel_until_minutes=service.cancel_until_minutes,
        hold_minutes=service.hold_minutes,
        pacing=None if pacing is None else PacingView(pacing.slot_minutes, pacing.max_covers),
        confirmation_mode=service.confirmation_mode.value,
        resources=service.resources,
        max_party=service.max_party,
        offer_minutes=service.offer_minutes,
        reminder_minutes=service.reminder_minutes,
    )


def shown_opening(day: OpeningDay, language: str) -> OpeningView:
    """The hours of a date."""
    holiday = "" if day.holiday is None else day.holiday.in_language(language)
    return OpeningView(day.date.isoformat(), _shown_spans(day.spans), day.note, holiday)


# --- as it is set ------------------------------------------------------------------------------


def business_of(view: BusinessView, like: Business) -> Business:
    """The business of a whole view; what no view shows is as it is in `like`.

    Raises OperationRefused.
    """
    floor = floor_of(view.resources, view.combinations)
    greeting, away = words_of(view.greeting, view.away)
    return checked(
        replace(
            like,
            name=_line(view.name, "name"),
            language=view.language,
            calendar=calendar_of(view.hours, view.zone),
            services=services_of(view.services, floor),
            floor=floor,
            telephone=_line(view.telephone, "telephone"),
            kind=BusinessKind(view.kind),
            greeting=greeting,
            away=away,
        )
    )


def words_of(greeting: WordingView, away: WordingView) -> tuple[Wording, Wording]:
    """What the house says by itself. Raises OperationRefused."""
    said = Wording(greeting.de.strip(), greeting.en.strip())
    absent = Wording(away.de.strip(), away.en.strip())
    for name, wording, places in (("greeting", said, ()), ("away text", absent, (OPENS,))):
        fault = fault_of(wording, places)
        if fault:
            raise refused(f"The {name} {fault}")
    return said, absent


def calendar_of(hours: HoursView, zone: str) -> Calendar:
    """The calendar of hours in a time zone. Raises OperationRefused."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refused(f"{zone[:64]!r} is no time zone: one is Europe/Berlin.") from error
    special = tuple(
        SpecialDay(
            date_of(one.date), _spans(one.spans, one.date), _line(one.note, "special day's note")
        )
        for one in hours.special_days
    )
    days = [one.date for one in special]
    if len(set(days)) < len(days):
        raise refused("Two special days have the same date: keep one of them.")
    weekly = tuple(_spans(spans, "a weekday") for spans in hours.weekly)
    if not any(weekly) and not any(one.spans for one in special):
        raise refused("The hours are all empty: a business opens at some time.")
    holidays = hours.holidays
    if holidays is None:
        return Calendar(zone, weekly, special)
    if holidays.state not in STATES:
        raise refused(f"The holidays' state must be one of: {', '.join(STATES)}.")
    region = HolidayRegion(holidays.state, holidays.assumption_day, holidays.peace_festival)
    return Calendar(zone, weekly, special, region, holidays.is_open)


def date_of(text: str) -> date:
    """A date. Raises OperationRefused for one that does not exist."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise refused(f"There is no date {text}: write one such as 2026-12-24.") from error
    if not 1970 <= day.year <= 9_000:
        raise refused(f"The date {text} is not one of these times.")
    return day


def dates_from(text: str, days: int) -> list[date]:
    """So many dates. Raises OperationRefused."""
    first = date_of(text)
    return [first + timedelta(days=number) for number in range(days)]


def _spans(spans: tuple[SpanView, ...], where: str) -> tuple[Span, ...]:
    ends = 0
    for span in spans:
        if span.closes_minute <= span.opens_minute:
            raise refused(f"A span of {where} closes before it opens: count on past midnight.")
        if span.opens_minute < ends:
            raise refused(f"The spans of {where} overlap or are not in order: sort them.")
        ends = span.closes_minute
    return tuple(Span(one.opens_minute, one.closes_minute) for one in spans)


def floor_of(
    resources: tuple[ResourceView, ...], combinations: tuple[CombinationView, ...]
) -> FloorPlan:
    """The resources and what may be joined. Raises OperationRefused."""
    names = [one.identifier for one in resources]
    ranges = [(one.min_party, one.max_party) for one in resources]
    ranges += [(one.min_party, one.max_party) for one in combinations]
    for least, most in ranges:
        if least > most:
            raise refused("A table's smallest party is larger than its largest: exchange them.")
    for name in names:
        _line(name, "table's name")
        if names.count(name) > 1:
            raise refused(f"Two tables have the name {name!r}: names are unique.")
    for joined in combinations:
        if len(set(joined.resources)) < len(joined.resources):
            raise refused("A combination names a table twice: it joins different ones.")
        for name in joined.resources:
            if name not in names:
                raise refused(f"A combination names {name!r}, which is no table: add it.")
    return FloorPlan(
        tuple(
            Resource(
                one.identifier,
                one.min_party,
                one.max_party,
                _line(one.area, "area"),
                one.priority,
                ResourceKind(one.kind),
            )
            for one in resources
        ),
        tuple(Combination(one.resources, one.min_party, one.max_party) for one in combinations),
    )


def services_of(views: tuple[ServiceView, ...], floor: FloorPlan) -> tuple[Service, ...]:
    """The services on a floor. Raises OperationRefused."""
    names = [one.identifier for one in views]
    tables = {one.identifier for one in floor.resources}
    for view in views:
        sizes = [turn.party_max for turn in view.turn_times]
        if names.count(view.identifier) > 1:
            raise refused(f"Two services have the identifier {view.identifier!r}.")
        if sizes != sorted(set(sizes)):
            raise refused(f"The turn times of {view.name!r} must ascend in partyMax, each once.")
        if len(set(view.resources)) < len(view.resources):
            raise refused(f"{view.name!r} names a table twice: once is enough.")
        for name in view.resources:
            if name not in tables:
                raise refused(f"{view.name!r} names {name!r}, which is no table: add it.")
    return tuple(_service_of(view) for view in views)


def _service_of(view: ServiceView) -> Service:
    pacing = view.pacing
    return Service(
        identifier=view.identifier,
        name=_line(view.name, "service's name"),
        slot_interval_minutes=view.slot_interval_minutes,
        turn_times=tuple(TurnTime(one.party_max, one.minutes) for one in view.turn_times),
        buffer_before_minutes=view.buffer_before_minutes,
        buffer_after_minutes=view.buffer_after_minutes,
        min_notice_minutes=view.min_notice_minutes,
        booking_window_days=view.booking_window_days,
        cancel_until_minutes=view.cancel_until_minutes,
        hold_minutes=view.hold_minutes,
        pacing=None if pacing is None else Pacing(pacing.slot_minutes, pacing.max_covers),
        confirmation_mode=ConfirmationMode(view.confirmation_mode),
        resources=view.resources,
        max_party=view.max_party,
        offer_minutes=view.offer_minutes,
        reminder_minutes=view.reminder_minutes,
    )


def checked(business: Business) -> Business:
    """The business, if its settings fit together. Raises OperationRefused."""
    calendar = business.calendar
    days = (*calendar.weekly, *(day.spans for day in calendar.special_days))
    longest = max(span.closes_minute - span.opens_minute for spans in days for span in spans)
    for service in business.services:
        largest = business.floor_for(service).largest_party
        if largest == 0:
            raise refused(f"No table seats a party of {service.name!r}: raise its maxParty.")
        if service.pacing is not None and service.pacing.max_covers < largest:
            raise refused(
                f"The pacing of {service.name!r} lets {service.pacing.max_covers} begin, but the "
                f"tables seat parties of {largest}, who could never: raise maxCovers."
            )
        if min(turn.minutes for turn in service.turn_times) > longest:
            raise refused(
                f"{service.name!r} lasts longer than any opening span: nobody could ever book it."
            )
    return business


def _line(text: str, what: str) -> str:
    if not text.isprintable():
        raise refused(f"The {what} must be one line of printable characters.")
    return text.strip()

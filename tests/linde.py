"""The test restaurant: five tables in Munich, closed on Mondays, a break in the afternoon."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from plausch.domain.business import Business, BusinessKind
from plausch.domain.calendar import Calendar, Span, SpecialDay, instant_s
from plausch.domain.holiday import HolidayRegion
from plausch.domain.service import ConfirmationMode, Pacing, Service, TurnTime
from plausch.domain.tables import Combination, FloorPlan, Resource, ResourceKind

ZONE = "Europe/Berlin"
LUNCH = Span(11 * 60 + 30, 14 * 60 + 30)
DINNER = Span(17 * 60 + 30, 23 * 60)
OPEN = (LUNCH, DINNER)

NOW_S = int(datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo(ZONE)).timestamp())
"""A Monday morning, the closed day."""

TUESDAY = date(2026, 11, 24)
FRIDAY = date(2026, 11, 27)


def restaurant() -> Business:
    """Zur Linde, small: two tables for two, two for four, one for six; two combinations."""
    return Business(
        name="Zur Linde",
        language="de",
        telephone="+49 89 123456",
        calendar=Calendar(
            zone=ZONE,
            weekly=((), OPEN, OPEN, OPEN, OPEN, OPEN, (Span(11 * 60, 22 * 60),)),
            special_days=(
                SpecialDay(date(2026, 12, 24), (), "Heiligabend"),
                SpecialDay(date(2026, 12, 25), (Span(12 * 60, 20 * 60),), "Weihnachtsmenü"),
            ),
            region=HolidayRegion("BY"),
        ),
        services=(
            Service(
                slot_interval_minutes=30,
                turn_times=(TurnTime(2, 90), TurnTime(4, 120), TurnTime(20, 150)),
                min_notice_minutes=60,
                booking_window_days=60,
                cancel_until_minutes=120,
                hold_minutes=10,
                pacing=Pacing(30, 12),
            ),
        ),
        floor=FloorPlan(
            resources=(
                Resource("1", 1, 2),
                Resource("2", 1, 2),
                Resource("3", 2, 4),
                Resource("4", 2, 4),
                Resource("5", 3, 6),
            ),
            combinations=(Combination(("1", "2"), 3, 4), Combination(("3", "4"), 5, 8)),
        ),
    )


def without_pacing() -> Business:
    """The same with a kitchen that never tires."""
    house = restaurant()
    return replace(house, services=(replace(house.service(), pacing=None),))


def at(day: date, clock: str) -> int:
    """The instant of a local time `19:30` on a date, in seconds since the Unix epoch."""
    hour, minute = clock.split(":")
    return instant_s(ZONE, day, int(hour) * 60 + int(minute))


def clock_of(starts_at_s: int) -> str:
    """The local time of an instant as `19:30`."""
    return datetime.fromtimestamp(starts_at_s, UTC).astimezone(ZoneInfo(ZONE)).strftime("%H:%M")


def salon() -> Business:
    """A hairdresser: a cut with Mia or Ben, a colouring with Mia only, which Mia decides on."""
    return Business(
        name="Salon Mia",
        language="de",
        telephone="",
        kind=BusinessKind.HAIRDRESSER,
        calendar=Calendar(ZONE, ((), *((Span(9 * 60, 18 * 60),),) * 5, ())),
        services=(
            Service(30, (TurnTime(1, 30),), identifier="cut", name="Schneiden", max_party=1),
            Service(
                30,
                (TurnTime(1, 90),),
                identifier="colour",
                name="Färben",
                max_party=1,
                resources=("Mia",),
                confirmation_mode=ConfirmationMode.BY_HAND,
            ),
        ),
        floor=FloorPlan(
            (
                Resource("Mia", 1, 2, kind=ResourceKind.PERSON, priority=-1),
                Resource("Ben", 1, 1, kind=ResourceKind.PERSON),
            )
        ),
    )

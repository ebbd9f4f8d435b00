"""A restaurant's whole profile, from which tests take away or to which they add."""

from dataclasses import replace
from datetime import date
from typing import Any

from plausch.domain.calendar import Calendar, Span, SpecialDay
from plausch.domain.holiday import HolidayRegion
from plausch.domain.profile import Address, Imprint, Link, Picture, Profile, Wording

NOON, EVENING = Span(690, 870), Span(1_020, 1_380)
LATE = Span(1_020, 1_560)

CALENDAR = Calendar(
    "Europe/Berlin",
    ((), (NOON, EVENING), (NOON, EVENING), (NOON, EVENING), (LATE,), (LATE,), (Span(660, 1_260),)),
    (
        SpecialDay(date(2026, 12, 24), (), "Heiligabend"),
        SpecialDay(date(2026, 12, 31), (Span(1_020, 1_620),), "Silvester"),
    ),
    HolidayRegion("BY", assumption_day=True),
)
IMPRINT = Imprint(
    name="Zur Linde Gastronomie GmbH",
    legal_form="GmbH",
    representative="Cem Yılmaz",
    address=Address("Lindenstraße 7", "86150", "Augsburg"),
    email="post@linde.example",
    telephone="+49 821 123456",
    register="Amtsgericht Augsburg",
    register_number="HRB 12345",
    vat_id="DE123456789",
)
PICTURE = Picture(bytes(range(32)), bytes(32), 40_000, "image/jpeg", 1_200, 800, "Der Garten")
LINDE = Profile(
    name="Zur Linde",
    kind="restaurant",
    calendar=CALENDAR,
    address=Address("Lindenstraße 7", "86150", "Augsburg"),
    telephone="+49 821 123456",
    email="post@linde.example",
    spoken=("de", "en", "tr"),
    description=Wording("Schwäbische Küche.\nMit Garten.", "Swabian food, with a garden."),
    privacy=Wording("Wir speichern Ihre Reservierung 30 Tage.", "We keep bookings for 30 days."),
    privacy_url="https://linde.example/datenschutz",
    imprint=IMPRINT,
    links=(Link("Speisekarte", "https://linde.example/karte"),),
    pictures=(PICTURE,),
    listed=True,
)
BARE = Profile("B", "other", Calendar("Europe/Berlin", ((),) * 7))


def with_imprint(**changed: Any) -> Profile:
    """The restaurant with another imprint."""
    return replace(LINDE, imprint=replace(IMPRINT, **changed))


def with_hours(**changed: Any) -> Profile:
    """The restaurant with other hours."""
    return replace(LINDE, calendar=replace(CALENDAR, **changed))

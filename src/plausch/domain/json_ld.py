"""A profile as schema.org LocalBusiness in JSON-LD, for search engines and other programs."""

import json
from datetime import date
from typing import Any

from plausch.domain.calendar import OpeningDay, Span
from plausch.domain.opening import clock_time, differing_days
from plausch.domain.profile import KINDS, Address, Profile

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def json_ld(profile: Profile, url: str, language: str, today: date) -> dict[str, Any]:
    """The business as an object of schema.org; `url` is its page, special hours are those from
    `today` on. What is not known is left out."""
    imprint = profile.imprint
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": KINDS[profile.kind].schema_type,
        "@id": url,
        "url": url,
        "name": profile.name,
        "legalName": imprint.name,
        "description": profile.description.in_language(language),
        "telephone": profile.telephone,
        "email": profile.email,
        "vatID": imprint.vat_id,
        "address": _address(profile.address),
        "knowsLanguage": list(profile.spoken),
        "sameAs": [link.url for link in profile.links],
        "image": [f"{picture_base(url)}/{one.digest.hex()}" for one in profile.pictures],
        "openingHoursSpecification": [
            _hours(span) | {"dayOfWeek": f"https://schema.org/{weekday}"}
            for weekday, spans in zip(_WEEKDAYS, profile.calendar.weekly, strict=True)
            for span in spans
        ],
        "specialOpeningHoursSpecification": [
            entry for day in differing_days(profile.calendar, today) for entry in _special(day)
        ],
    }
    return {key: value for key, value in said.items() if value}


def script_text(said: dict[str, Any]) -> str:
    """JSON that can stand in a script element: no character in it ends the element or a line."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def picture_base(url: str) -> str:
    """Under which the pictures of the page `https://SERVER/NAME` lie, by their digests."""
    server, _, name = url.rpartition("/")
    return f"{server}/v1/pictures/{name}"


def _address(address: Address) -> dict[str, str]:
    parts = {
        "streetAddress": address.street,
        "postalCode": address.postal_code,
        "addressLocality": address.locality,
    }
    known = {key: text for key, text in parts.items() if text}
    return {"@type": "PostalAddress", **known, "addressCountry": address.country} if known else {}


def _hours(span: Span) -> dict[str, str]:
    return {
        "@type": "OpeningHoursSpecification",
        "opens": clock_time(span.opens_minute),
        "closes": clock_time(span.closes_minute),
    }


def _special(day: OpeningDay) -> list[dict[str, str]]:
    """schema.org says "closed" by opening and closing at the same minute."""
    when = {"validFrom": day.date.isoformat(), "validThrough": day.date.isoformat()}
    return [_hours(span) | when for span in day.spans or (Span(0, 0),)]

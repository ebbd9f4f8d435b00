"""A profile as the bytes that are signed: msgpack, arrays of texts, bytes and whole numbers.

Of the many ways msgpack has to write a value only the shortest is taken, so that a profile has one
encoding. Flags are 0 and 1. Whatever comes in is checked (profile_check).
"""

from datetime import date
from typing import Annotated

import msgspec

from plausch.domain.calendar import Calendar, Span, SpecialDay
from plausch.domain.holiday import HolidayRegion
from plausch.domain.profile import Address, Imprint, Link, Picture, Profile, Wording
from plausch.domain.profile_check import ProfileRefused, check_profile

VERSION = 1
MAX_BODY_BYTES = 15 * 1024
"""With what is signed around it, it stays below the most of a signed object."""

_Small = Annotated[int, msgspec.Meta(ge=0, le=2**32)]
_Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]
_Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]


class _Array(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    pass


class _Place(_Array, frozen=True):
    street: str
    postal_code: str
    locality: str
    country: str


class _Special(_Array, frozen=True):
    date: str
    note: str
    spans: list[tuple[_Small, _Small]]


class _Holidays(_Array, frozen=True):
    state: str  # "" for none
    assumption_day: _Flag
    peace_festival: _Flag
    open: _Flag


class _Hours(_Array, frozen=True):
    zone: str
    weekly: list[tuple[_Weekday, _Small, _Small]]
    special_days: list[_Special]
    holidays: _Holidays


class _Wording(_Array, frozen=True):
    de: str
    en: str


class _Imprint(_Array, frozen=True):
    name: str
    legal_form: str
    representative: str
    address: _Place
    email: str
    telephone: str
    contact_url: str
    register: str
    register_number: str
    vat_id: str
    further: str


class _Picture(_Array, frozen=True):
    blob: bytes
    digest: bytes
    size_bytes: _Small
    media_type: str
    width: _Small
    height: _Small
    text: str


class _Body(_Array, frozen=True):
    version: int
    name: str
    kind: str
    address: _Place
    telephone: str
    email: str
    hours: _Hours
    spoken: list[tuple[str]]
    description: _Wording
    privacy: _Wording
    privacy_url: str
    imprint: _Imprint
    links: list[tuple[str, str]]
    pictures: list[_Picture]
    listed: _Flag


def encode_profile(profile: Profile) -> bytes:
    """The body that is signed. Raises ProfileRefused, also when it is too long as a whole."""
    check_profile(profile)
    imprint = profile.imprint
    body = _Body(
        VERSION,
        profile.name,
        profile.kind,
        _place(profile.address),
        profile.telephone,
        profile.email,
        _hours(profile.calendar),
        [(tag,) for tag in profile.spoken],
        _Wording(profile.description.de, profile.description.en),
        _Wording(profile.privacy.de, profile.privacy.en),
        profile.privacy_url,
        _Imprint(
            imprint.name,
            imprint.legal_form,
            imprint.representative,
            _place(imprint.address),
            imprint.email,
            imprint.telephone,
            imprint.contact_url,
            imprint.register,
            imprint.register_number,
            imprint.vat_id,
            imprint.further,
        ),
        [(link.label, link.url) for link in profile.links],
        [
            _Picture(
                one.blob,
                one.digest,
                one.size_bytes,
                one.media_type,
                one.width,
                one.height,
                one.text,
            )
            for one in profile.pictures
        ],
        int(profile.listed),
    )
    raw = msgspec.msgpack.encode(body)
    _check_length(raw)
    return raw


def parse_body(raw: bytes) -> Profile:
    """The profile that this body is. Raises ProfileRefused and nothing else."""
    _check_length(raw)
    try:
        _check_version(raw)
        body = msgspec.msgpack.decode(raw, type=_Body)
        same = msgspec.msgpack.encode(body) == raw
        profile = _profile(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise ProfileRefused("encoding", f"cannot be read: {error}.") from None
    if not same:
        raise ProfileRefused("encoding", "is not the shortest one.")
    check_profile(profile)
    return profile


def _check_length(raw: bytes) -> None:
    if len(raw) > MAX_BODY_BYTES:
        raise ProfileRefused(
            "length",
            f"is {len(raw)} bytes and may be {MAX_BODY_BYTES}: shorten the description or the "
            "privacy note, or link to a longer one with privacy_url.",
        )


def _check_version(raw: bytes) -> None:
    fields = msgspec.msgpack.decode(raw, type=list[msgspec.Raw])
    version = msgspec.msgpack.decode(fields[0] if fields else b"", type=int)
    if version != VERSION:
        raise ProfileRefused(
            "version", f"is {version}, and this program knows version {VERSION}: update it."
        )


def _place(address: Address) -> _Place:
    return _Place(address.street, address.postal_code, address.locality, address.country)


def _hours(calendar: Calendar) -> _Hours:
    region = calendar.region
    return _Hours(
        calendar.zone,
        [
            (weekday, span.opens_minute, span.closes_minute)
            for weekday, spans in enumerate(calendar.weekly)
            for span in spans
        ],
        [
            _Special(
                day.date.isoformat(),
                day.note,
                [(span.opens_minute, span.closes_minute) for span in day.spans],
            )
            for day in calendar.special_days
        ],
        _Holidays(
            region.state if region else "",
            int(region.assumption_day) if region else 0,
            int(region.peace_festival) if region else 0,
            int(calendar.open_on_holidays),
        ),
    )


def _calendar(hours: _Hours) -> Calendar:
    weekdays = [weekday for weekday, _, _ in hours.weekly]
    if weekdays != sorted(weekdays):
        raise ProfileRefused("hours", "are not in order.")
    weekly = tuple(
        tuple(Span(opens, closes) for weekday, opens, closes in hours.weekly if weekday == day)
        for day in range(7)
    )
    special = tuple(
        SpecialDay(_day(one.date), tuple(Span(*span) for span in one.spans), one.note)
        for one in hours.special_days
    )
    holidays = hours.holidays
    region = None
    if holidays.state:
        region = HolidayRegion(
            holidays.state, bool(holidays.assumption_day), bool(holidays.peace_festival)
        )
    elif holidays.assumption_day or holidays.peace_festival:
        raise ProfileRefused("holidays.state", "is missing.")
    return Calendar(hours.zone, weekly, special, region, bool(holidays.open))


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ProfileRefused("special_days", "must be dates such as 2026-12-24.")
    return day


def _profile(body: _Body) -> Profile:
    imprint = body.imprint
    return Profile(
        name=body.name,
        kind=body.kind,
        calendar=_calendar(body.hours),
        address=_address(body.address),
        telephone=body.telephone,
        email=body.email,
        spoken=tuple(tag for (tag,) in body.spoken),
        description=Wording(body.description.de, body.description.en),
        privacy=Wording(body.privacy.de, body.privacy.en),
        privacy_url=body.privacy_url,
        imprint=Imprint(
            imprint.name,
            imprint.legal_form,
            imprint.representative,
            _address(imprint.address),
            imprint.email,
            imprint.telephone,
            imprint.contact_url,
            imprint.register,
            imprint.register_number,
            imprint.vat_id,
            imprint.further,
        ),
        links=tuple(Link(label, url) for label, url in body.links),
        pictures=tuple(
            Picture(
                one.blob,
                one.digest,
                one.size_bytes,
                one.media_type,
                one.width,
                one.height,
                one.text,
            )
            for one in body.pictures
        ),
        listed=bool(body.listed),
    )


def _address(place: _Place) -> Address:
    return Address(place.street, place.postal_code, place.locality, place.country)

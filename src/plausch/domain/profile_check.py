"""What may stand in a profile: a chain of named checks over its fields.

A profile is written by strangers and shown to everybody, so that no text may hide or turn round
what stands beside it, and no address may lead anywhere but to the web, a mailbox or a telephone.
"""

import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plausch.base.errors import LocalError
from plausch.domain.calendar import MINUTES_A_DAY, Calendar, Span
from plausch.domain.holiday import STATES
from plausch.domain.profile import (
    DESCRIPTION_CHARACTERS,
    FURTHER_CHARACTERS,
    KINDS,
    LEGAL_FORMS,
    LINE_CHARACTERS,
    MEDIA_TYPES,
    MOST_LINKS,
    MOST_PICTURES,
    MOST_SPANS_A_DAY,
    MOST_SPECIAL_DAYS,
    MOST_SPOKEN,
    NAME_CHARACTERS,
    PICTURE_BYTES,
    PICTURE_PIXELS,
    PRIVACY_CHARACTERS,
    URL_CHARACTERS,
    Address,
    Picture,
    Profile,
)

_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,38}")
_URL = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!#-;=?-\[\]^_a-z{|}~]*)?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SPOKEN = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_VAT = re.compile(r"[A-Z]{2}[0-9A-Z]{2,13}")
_GERMAN_VAT = re.compile(r"DE[0-9]{9}")
_GERMAN_CODE = re.compile(r"[0-9]{5}")

_KEY_BYTES = 32


class ProfileRefused(LocalError):
    """A profile is not what it must be; `field` says where, as in `imprint.email`."""

    code = "bad_profile"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"The profile's {field} {sentence}")
        self.field = field


def check_profile(profile: Profile) -> None:
    """Refuse what may not stand in a profile. Raises ProfileRefused."""
    for check in _CHECKS:
        check(profile)


def _texts(profile: Profile) -> None:
    for field, text, most, least in _lines(profile):
        _check_line(field, text, most, least)
    for field, text, most in _paragraphs(profile):
        _check_characters(field, text, most)


def _lines(profile: Profile) -> Iterator[tuple[str, str, int, int]]:
    """(field, text, most and least characters) of all that stands on one line."""
    imprint = profile.imprint
    yield "name", profile.name, NAME_CHARACTERS, 1
    yield "imprint.name", imprint.name, LINE_CHARACTERS, 0
    yield "imprint.representative", imprint.representative, LINE_CHARACTERS, 0
    yield "imprint.register", imprint.register, LINE_CHARACTERS, 0
    yield "imprint.register_number", imprint.register_number, LINE_CHARACTERS, 0
    for place, address in (("address.", profile.address), ("imprint.", imprint.address)):
        yield f"{place}street", address.street, LINE_CHARACTERS, 0
        yield f"{place}postal_code", address.postal_code, 16, 0
        yield f"{place}locality", address.locality, NAME_CHARACTERS, 0
    for link in profile.links:
        yield "links", link.label, NAME_CHARACTERS, 1
    for picture in profile.pictures:
        yield "pictures", picture.text, LINE_CHARACTERS, 1
    for day in profile.calendar.special_days:
        yield "special_days", day.note, NAME_CHARACTERS, 0


def _paragraphs(profile: Profile) -> Iterator[tuple[str, str, int]]:
    for language in ("de", "en"):
        yield (
            f"description.{language}",
            getattr(profile.description, language),
            DESCRIPTION_CHARACTERS,
        )
        yield f"privacy.{language}", getattr(profile.privacy, language), PRIVACY_CHARACTERS
    yield "imprint.further", profile.imprint.further, FURTHER_CHARACTERS


def _check_line(field: str, text: str, most: int, least: int) -> None:
    if "\n" in text:
        raise ProfileRefused(field, "must be one line.")
    _check_characters(field, text, most)
    if len(text) < least:
        raise ProfileRefused(field, "is missing.")


def _check_characters(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ProfileRefused(field, f"has {len(text)} characters and may have {most}: shorten it.")
    if text != text.strip():
        raise ProfileRefused(field, "begins or ends with a space: remove it.")
    hidden = _HIDDEN.search(text)
    if hidden is not None:
        raise ProfileRefused(
            field, f"has the invisible character U+{ord(hidden[0]):04X}: remove it."
        )


def _words(profile: Profile) -> None:
    if profile.kind not in KINDS:
        raise ProfileRefused("kind", f"must be one of: {', '.join(KINDS)}.")
    if profile.imprint.legal_form not in ("", *LEGAL_FORMS):
        raise ProfileRefused("imprint.legal_form", f"must be one of: {', '.join(LEGAL_FORMS)}.")
    spoken = profile.spoken
    if not 1 <= len(spoken) <= MOST_SPOKEN or len(set(spoken)) != len(spoken):
        raise ProfileRefused("languages", f"must be 1 to {MOST_SPOKEN} languages, each once.")
    for tag in spoken:
        if not _SPOKEN.fullmatch(tag):
            raise ProfileRefused("languages", 'must be tags such as "de" or "pt-BR".')


def _contacts(profile: Profile) -> None:
    imprint = profile.imprint
    for place, address in (("address.", profile.address), ("imprint.", imprint.address)):
        _check_address(place, address)
    for field, text in (("telephone", profile.telephone), ("imprint.telephone", imprint.telephone)):
        if text and not _TELEPHONE.fullmatch(text):
            raise ProfileRefused(field, "must be a telephone number such as +49 821 123456.")
    for field, text in (("email", profile.email), ("imprint.email", imprint.email)):
        if text and (len(text) > LINE_CHARACTERS or not _EMAIL.fullmatch(text)):
            raise ProfileRefused(field, "must be an e-mail address such as info@example.org.")
    urls = [("privacy_url", profile.privacy_url), ("imprint.contact_url", imprint.contact_url)]
    urls = [one for one in urls if one[1]] + [("links", link.url) for link in profile.links]
    for field, text in urls:
        if len(text) > URL_CHARACTERS or not _URL.fullmatch(text):
            raise ProfileRefused(field, "must be an address that begins with https://.")
    _check_vat(imprint.vat_id)
    if len(profile.links) > MOST_LINKS:
        raise ProfileRefused("links", f"are more than {MOST_LINKS}: remove some.")


def _check_vat(vat_id: str) -> None:
    pattern = _GERMAN_VAT if vat_id.startswith("DE") else _VAT
    if vat_id and not pattern.fullmatch(vat_id):
        raise ProfileRefused(
            "imprint.vat_id", "must be a VAT id such as DE123456789, without spaces."
        )


def _check_address(place: str, address: Address) -> None:
    if not _COUNTRY.fullmatch(address.country):
        raise ProfileRefused(f"{place}country", "must be two capital letters such as DE.")
    code = address.postal_code
    if code and address.country == "DE" and not _GERMAN_CODE.fullmatch(code):
        raise ProfileRefused(f"{place}postal_code", "must be the five digits of a German one.")


def _hours(profile: Profile) -> None:
    calendar = profile.calendar
    if not _ZONE.fullmatch(calendar.zone) or not _is_zone(calendar.zone):
        raise ProfileRefused("time_zone", 'must be a time zone such as "Europe/Berlin".')
    if len(calendar.weekly) != 7:
        raise ProfileRefused("hours", "must have seven days.")
    for spans in calendar.weekly:
        _check_spans("hours", spans)
    for yesterday, today in zip(
        calendar.weekly[-1:] + calendar.weekly, calendar.weekly, strict=False
    ):
        if (
            yesterday
            and today
            and yesterday[-1].closes_minute - MINUTES_A_DAY > today[0].opens_minute
        ):
            raise ProfileRefused("hours", "of one day reach into those of the next: shorten them.")
    _check_special_days(calendar)
    if calendar.region is not None and calendar.region.state not in STATES:
        raise ProfileRefused("holidays.state", f"must be one of: {', '.join(STATES)}.")


def _check_special_days(calendar: Calendar) -> None:
    days = [one.date for one in calendar.special_days]
    if len(days) > MOST_SPECIAL_DAYS:
        raise ProfileRefused(
            "special_days", f"are more than {MOST_SPECIAL_DAYS}: remove those that are over."
        )
    if days != sorted(set(days)):
        raise ProfileRefused("special_days", "must be in order, each date once.")
    for one in calendar.special_days:
        _check_spans("special_days", one.spans)


def _check_spans(field: str, spans: tuple[Span, ...]) -> None:
    if len(spans) > MOST_SPANS_A_DAY:
        raise ProfileRefused(field, f"have more than {MOST_SPANS_A_DAY} spans a day.")
    end = 0
    for span in spans:
        if not end <= span.opens_minute < MINUTES_A_DAY:
            raise ProfileRefused(field, "have spans that overlap or are not in order.")
        if not span.opens_minute < span.closes_minute <= 2 * MINUTES_A_DAY:
            raise ProfileRefused(field, "have a span that closes before it opens.")
        end = span.closes_minute


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _pictures(profile: Profile) -> None:
    if len(profile.pictures) > MOST_PICTURES:
        raise ProfileRefused("pictures", f"are more than {MOST_PICTURES}: remove some.")
    if len({one.digest for one in profile.pictures}) != len(profile.pictures):
        raise ProfileRefused("pictures", "must be different ones.")
    for one in profile.pictures:
        _check_picture(one)


def _check_picture(one: Picture) -> None:
    if len(one.blob) != _KEY_BYTES or len(one.digest) != _KEY_BYTES:
        raise ProfileRefused("pictures", "must name blobs.")
    if one.media_type not in MEDIA_TYPES:
        raise ProfileRefused("pictures", f"must be one of: {', '.join(MEDIA_TYPES)}.")
    if not 1 <= one.size_bytes <= PICTURE_BYTES:
        raise ProfileRefused(
            "pictures", f"may have {PICTURE_BYTES // 1024} KiB each: make them smaller."
        )
    if not (1 <= one.width <= PICTURE_PIXELS and 1 <= one.height <= PICTURE_PIXELS):
        raise ProfileRefused("pictures", f"may have {PICTURE_PIXELS} pixels on each side.")


_CHECKS: tuple[Callable[[Profile], None], ...] = (_texts, _words, _contacts, _hours, _pictures)

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from plausch.domain.calendar import Span, SpecialDay
from plausch.domain.holiday import HolidayRegion
from plausch.domain.profile import (
    MOST_SPECIAL_DAYS,
    PICTURE_BYTES,
    Address,
    Link,
    Profile,
    Wording,
)
from plausch.domain.profile_check import ProfileRefused, check_profile
from unit.domain.profiles import BARE, IMPRINT, LINDE, PICTURE, with_hours, with_imprint


def refused_field(profile: Profile) -> str:
    with pytest.raises(ProfileRefused) as caught:
        check_profile(profile)
    assert str(caught.value).startswith(f"The profile's {caught.value.field} ")
    assert str(caught.value).endswith(".")
    return caught.value.field


def test_whole_and_bare_profiles_pass() -> None:
    check_profile(LINDE)
    check_profile(BARE)


@pytest.mark.parametrize(
    "hidden",
    [
        "\0",
        "\t",
        "\r",
        "\x7f",
        "\x85",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\ufeff",
        "\U000e0041",
    ],
)
def test_no_text_hides_or_turns_round_what_stands_beside_it(hidden: str) -> None:
    assert refused_field(replace(LINDE, name=f"Zur{hidden}Linde")) == "name"
    assert refused_field(replace(LINDE, description=Wording(f"a{hidden}b"))) == "description.de"
    assert refused_field(with_imprint(further=f"a{hidden}b")) == "imprint.further"


def test_names_of_the_world_are_fine() -> None:
    for name in ("Café Müller & Söhne", "Yılmaz", "寿司屋", "مطعم", "Pizza 🍕", "L'Étoile <3"):
        check_profile(replace(LINDE, name=name))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": " Linde"}, "name"),
        ({"kind": "casino"}, "kind"),
        ({"spoken": ()}, "languages"),
        ({"spoken": ("de", "de")}, "languages"),
        ({"spoken": ("Deutsch!",)}, "languages"),
        ({"telephone": "call us"}, "telephone"),
        ({"telephone": "1; DROP TABLE"}, "telephone"),
        ({"email": "linde.example"}, "email"),
        ({"email": "a@b@c.example"}, "email"),
        ({"description": Wording("x" * 1_001)}, "description.de"),
        ({"privacy": Wording(en="x" * 3_001)}, "privacy.en"),
        ({"privacy_url": "http://linde.example/"}, "privacy_url"),
        ({"links": (Link("", "https://linde.example/"),)}, "links"),
        ({"links": (Link("x", "javascript:alert(1)"),)}, "links"),
        ({"links": (Link("x", "https://linde.example/ x"),)}, "links"),
        ({"links": (Link("x", 'https://linde.example/"onclick=x'),)}, "links"),
        ({"links": (Link("x", "https://linde.example/<script>"),)}, "links"),
        ({"links": (Link("x", "https://user@evil.example/"),)}, "links"),
        ({"links": (Link("x", "https://linde.example/"),) * 9}, "links"),
        ({"pictures": (PICTURE,) * 2}, "pictures"),
        ({"address": Address("a", "1234", "b")}, "address.postal_code"),
        ({"address": Address("a", "12345", "b", "de")}, "address.country"),
        ({"address": Address("x" * 121, "12345", "b")}, "address.street"),
    ],
)
def test_what_may_not_stand_in_a_field(changed: dict[str, Any], field: str) -> None:
    assert refused_field(replace(LINDE, **changed)) == field


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"legal_form": "Ltd"}, "imprint.legal_form"),
        ({"vat_id": "DE12345678"}, "imprint.vat_id"),
        ({"vat_id": "DE 123456789"}, "imprint.vat_id"),
        ({"vat_id": "123"}, "imprint.vat_id"),
        ({"email": "x"}, "imprint.email"),
        ({"telephone": "x"}, "imprint.telephone"),
        ({"contact_url": "mailto:x@y.example"}, "imprint.contact_url"),
        ({"address": replace(IMPRINT.address, postal_code="ABCDE")}, "imprint.postal_code"),
        ({"representative": "a\nb"}, "imprint.representative"),
    ],
)
def test_what_may_not_stand_in_an_imprint(changed: dict[str, Any], field: str) -> None:
    assert refused_field(with_imprint(**changed)) == field


def test_a_foreign_vat_id_and_postal_code_are_fine() -> None:
    check_profile(
        with_imprint(vat_id="ATU12345678", address=Address("Ring 1", "1010", "Wien", "AT"))
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"zone": "Mars/Olympus"}, "time_zone"),
        ({"zone": "../../etc/passwd"}, "time_zone"),
        ({"zone": ""}, "time_zone"),
        ({"weekly": ((),) * 6}, "hours"),
        ({"weekly": ((Span(600, 500),), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(600, 600),), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(-1, 600),), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(1_440, 1_500),), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(600, 2_881),), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(600, 900), Span(899, 1_000)), *((),) * 6)}, "hours"),
        ({"weekly": (tuple(Span(i * 100, i * 100 + 50) for i in range(7)), *((),) * 6)}, "hours"),
        ({"weekly": ((Span(600, 2_000),), (Span(500, 700),), *((),) * 5)}, "hours"),
        ({"weekly": ((Span(500, 700),), *((),) * 5, (Span(600, 2_000),))}, "hours"),
        ({"special_days": (SpecialDay(date(2026, 1, 1)),) * 2}, "special_days"),
        ({"special_days": (SpecialDay(date(2026, 1, 1), (Span(5, 4),)),)}, "special_days"),
        ({"special_days": (SpecialDay(date(2026, 1, 1), (), "x" * 81),)}, "special_days"),
        (
            {
                "special_days": tuple(
                    SpecialDay(date.fromordinal(739_000 + i)) for i in range(MOST_SPECIAL_DAYS + 1)
                )
            },
            "special_days",
        ),
        ({"region": HolidayRegion("XX")}, "holidays.state"),
    ],
)
def test_impossible_hours(changed: dict[str, Any], field: str) -> None:
    assert refused_field(with_hours(**changed)) == field


def test_a_night_may_end_when_the_next_day_begins() -> None:
    check_profile(with_hours(weekly=((Span(600, 1_940),), (Span(500, 700),), *((),) * 5)))


@pytest.mark.parametrize(
    "changed",
    [
        {"blob": b"short"},
        {"digest": b""},
        {"size_bytes": 0},
        {"size_bytes": PICTURE_BYTES + 1},
        {"media_type": "image/svg+xml"},
        {"width": 0},
        {"height": 4_097},
        {"text": ""},
    ],
)
def test_what_no_picture_may_be(changed: dict[str, Any]) -> None:
    assert refused_field(replace(LINDE, pictures=(replace(PICTURE, **changed),))) == "pictures"


def test_there_are_at_most_six_pictures() -> None:
    many = tuple(replace(PICTURE, digest=bytes([i]) * 32) for i in range(7))
    check_profile(replace(LINDE, pictures=many[:6]))
    assert refused_field(replace(LINDE, pictures=many)) == "pictures"

import json
from dataclasses import replace
from datetime import date

from plausch.domain.json_ld import json_ld, picture_base, script_text
from unit.domain.profiles import BARE, LINDE

URL = "https://example.org/linde"
DAY = date(2026, 12, 20)


def test_a_restaurant_is_one_of_schema_org() -> None:
    said = json_ld(LINDE, URL, "de", DAY)
    assert (said["@type"], said["name"], said["@id"]) == ("Restaurant", "Zur Linde", URL)
    assert said["address"] == {
        "@type": "PostalAddress",
        "streetAddress": "Lindenstraße 7",
        "postalCode": "86150",
        "addressLocality": "Augsburg",
        "addressCountry": "DE",
    }
    assert said["legalName"] == "Zur Linde Gastronomie GmbH"
    assert said["image"] == [f"https://example.org/v1/pictures/linde/{'00' * 32}"]
    assert said["sameAs"] == ["https://linde.example/karte"]


def test_hours_are_by_weekday_and_may_close_after_midnight() -> None:
    hours = json_ld(LINDE, URL, "de", DAY)["openingHoursSpecification"]
    tuesday = [one for one in hours if one["dayOfWeek"].endswith("Tuesday")]
    assert [(one["opens"], one["closes"]) for one in tuesday] == [
        ("11:30", "14:30"),
        ("17:00", "23:00"),
    ]
    friday = [one for one in hours if one["dayOfWeek"].endswith("Friday")]
    assert [(one["opens"], one["closes"]) for one in friday] == [("17:00", "02:00")]
    assert not [one for one in hours if one["dayOfWeek"].endswith("Monday")]


def test_closed_special_days_open_and_close_at_once() -> None:
    special = json_ld(LINDE, URL, "de", DAY)["specialOpeningHoursSpecification"]
    assert {
        "@type": "OpeningHoursSpecification",
        "opens": "00:00",
        "closes": "00:00",
        "validFrom": "2026-12-24",
        "validThrough": "2026-12-24",
    } in special


def test_what_is_not_known_is_left_out() -> None:
    assert set(json_ld(BARE, URL, "en", DAY)) == {
        "@context",
        "@type",
        "@id",
        "url",
        "name",
        "knowsLanguage",
    }


def test_the_language_chooses_the_description() -> None:
    assert json_ld(LINDE, URL, "en", DAY)["description"] == "Swabian food, with a garden."


def test_no_name_ends_the_script_element() -> None:
    hostile = replace(LINDE, name="</script><script>alert(1)</script><!-- & \u2028")
    text = script_text(json_ld(hostile, URL, "de", DAY))
    assert not set(text) & set("<>&\u2028\u2029\n")
    assert json.loads(text)["name"] == hostile.name


def test_pictures_lie_beside_the_page() -> None:
    assert picture_base("/linde") == "/v1/pictures/linde"

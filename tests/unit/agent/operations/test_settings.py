"""The business is set: what fits is taken at once, what does not changes nothing."""

import json
from typing import Any

import pytest

from linde import TUESDAY, restaurant
from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.operations.premises import BUSINESS, Premises
from unit.agent.operations.office import Office

LUNCH = {"opensMinute": 690, "closesMinute": 870}
NIGHT = {"opensMinute": 1_080, "closesMinute": 1_560}
MONDAY = {"from": "2026-11-30", "days": 1}


def hours(**changed: Any) -> dict[str, Any]:
    return {"weekly": [[LUNCH, NIGHT]] * 7, "specialDays": [], "holidays": None, **changed}


def week(*spans: tuple[int, int]) -> dict[str, Any]:
    day = [{"opensMinute": opens, "closesMinute": closes} for opens, closes in spans]
    return {"hours": hours(weekly=[day] * 7)}


def table(identifier: str = "1", **changed: Any) -> dict[str, Any]:
    fields = {"kind": "table", "minParty": 1, "maxParty": 20, "area": "", "priority": 0}
    return {"identifier": identifier, **fields, **changed}


def joined(*names: str) -> list[dict[str, Any]]:
    return [{"resources": list(names), "minParty": 1, "maxParty": 2}]


async def test_the_business_is_shown_and_set_back_unchanged(office: Office) -> None:
    view = await office.ask("business.get")
    assert (view["name"], view["kind"]) == ("Zur Linde", "restaurant")
    assert await office.ask("business.setServices", services=view["services"]) == view
    assert await office.ask("business.setHours", hours=view["hours"]) == view
    tables = {"resources": view["resources"], "combinations": view["combinations"]}
    assert await office.ask("business.setTables", **tables) == view
    assert office.premises.business == restaurant()


async def test_new_hours_hold_at_once_and_after_a_new_start(office: Office, book: Book) -> None:
    preview = await office.ask("business.previewHours", hours=hours(), **MONDAY)
    assert preview[0]["spans"] == [LUNCH, NIGHT]
    plan = await office.ask("bookings.plan", **MONDAY)
    assert plan[0]["opening"]["spans"] == [], "a preview sets nothing"
    await office.ask("business.setHours", hours=hours())
    plan = await office.ask("bookings.plan", **MONDAY)
    assert plan[0]["opening"]["spans"] == [LUNCH, NIGHT]
    again = await Premises.of(book, restaurant(), b"file")
    assert again.business == office.premises.business != restaurant()


async def test_a_holiday_is_named_in_a_preview(office: Office) -> None:
    special = [{"date": "2026-12-24", "spans": [], "note": "Heiligabend"}]
    days = await office.ask(
        "business.previewHours",
        hours=hours(holidays={"state": "BY"}, specialDays=special),
        **{"from": "2026-12-24", "days": 2},
    )
    assert (days[0]["note"], days[0]["spans"]) == ("Heiligabend", [])
    assert days[1]["holiday"] != ""
    assert days[1]["spans"] == []


async def test_another_table_is_offered_at_once(office: Office) -> None:
    wish = {"date": str(TUESDAY), "party": 12, "service": ""}
    assert (await office.ask("bookings.available", **wish))["why"] == "party_too_large"
    (service,) = (await office.ask("business.get"))["services"]
    await office.ask("business.setServices", services=[{**service, "pacing": None}])
    await office.ask("business.setTables", resources=[table()], combinations=[])
    assert (await office.ask("bookings.available", **wish))["slots"]


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("business.setHours", {"hours": hours(weekly=[[LUNCH]] * 6)}),
    ("business.setHours", week()),
    ("business.setHours", week((1_080, 1_560), (690, 870))),
    ("business.setHours", week((690, 870), (690, 870))),
    ("business.setHours", week((9, 9))),
    ("business.setHours", week((-1, 870))),
    ("business.setHours", week((690, 2_881))),
    ("business.setHours", week((690, 700))),
    ("business.setHours", {"hours": hours(specialDays=[{"date": "2026-12-24", "spans": []}] * 2)}),
    ("business.setHours", {"hours": hours(specialDays=[{"date": "2026-02-30", "spans": []}])}),
    ("business.setHours", {"hours": hours(holidays={"state": "XX"})}),
    ("business.setHours", {"hours": hours(more=1)}),
    ("business.setHours", {"hours": None}),
    ("business.setTables", {"resources": []}),
    ("business.setTables", {"resources": [table(), table()]}),
    ("business.setTables", {"resources": [table(minParty=4, maxParty=2)]}),
    ("business.setTables", {"resources": [table(maxParty=0)]}),
    ("business.setTables", {"resources": [table(maxParty=200)]}),
    ("business.setTables", {"resources": [table("a\nb")]}),
    ("business.setTables", {"resources": [table()], "combinations": joined("1", "2")}),
    ("business.setTables", {"resources": [table(), table("2")], "combinations": joined("1", "1")}),
    ("business.setServices", {"services": []}),
]


@pytest.mark.parametrize(("operation", "params"), HOSTILE)
async def test_what_cannot_be_is_refused_and_nothing_changes(
    office: Office, operation: str, params: dict[str, Any]
) -> None:
    before = await office.everything()
    assert (await office.refused(operation, **params))[0] == "bad_params"
    assert await office.everything() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"identifier": "Table"},
        {"name": "a\nb"},
        {"turnTimes": []},
        {"turnTimes": [{"partyMax": 4, "minutes": 90}, {"partyMax": 2, "minutes": 60}]},
        {"turnTimes": [{"partyMax": 4, "minutes": 481}]},
        {"pacing": {"slotMinutes": 30, "maxCovers": 2}},
        {"resources": ["99"]},
        {"resources": ["1", "1"]},
        {"slotIntervalMinutes": 0},
        {"maxParty": -1},
        {"confirmationMode": "never"},
    ],
)
async def test_a_service_that_cannot_be_is_refused(office: Office, changed: dict[str, Any]) -> None:
    (service,) = (await office.ask("business.get"))["services"]
    services = [{**service, **changed}]
    assert (await office.refused("business.setServices", services=services))[0] == "bad_params"
    assert office.premises.business.services == restaurant().services


async def test_two_services_have_two_identifiers(office: Office) -> None:
    (service,) = (await office.ask("business.get"))["services"]
    services = [service] * 2
    assert (await office.refused("business.setServices", services=services))[0] == "bad_params"


GREETING = {"de": "Willkommen!", "en": "Welcome!"}
AWAY = {"de": "Wir sind am {opens} wieder da.", "en": ""}


async def test_the_houses_words_are_set_and_stay(office: Office, book: Book) -> None:
    view = await office.ask("business.get")
    assert view["greeting"] == view["away"] == {"de": "", "en": ""}
    said = await office.ask("business.setWords", greeting=GREETING, away=AWAY)
    assert (said["greeting"], said["away"]) == (GREETING, AWAY)
    assert office.premises.business.away.de == AWAY["de"]
    again = await Premises.of(book, restaurant(), b"file")
    assert again.business.greeting.en == "Welcome!"
    await office.ask("business.setHours", hours=view["hours"])
    assert office.premises.business.away.de == AWAY["de"]
    none = {"de": " ", "en": "\n"}
    await office.ask("business.setWords", greeting=none, away=none)
    assert not office.premises.business.greeting
    assert not office.premises.business.away


@pytest.mark.parametrize(
    ("greeting", "away", "part"),
    [
        ({"de": "Ab {opens}"}, {}, "greeting"),
        ({}, {"en": "Back {soon}"}, "away text"),
        ({}, {"en": "Back\x00"}, "away text"),
        ({"de": "x" * 1_001}, {}, "setWords"),
        ({"fr": "Bonjour"}, {}, "setWords"),
    ],
)
async def test_words_that_cannot_be_said_are_refused(
    office: Office, greeting: dict[str, str], away: dict[str, str], part: str
) -> None:
    before = await office.everything()
    code, sentence = await office.refused("business.setWords", greeting=greeting, away=away)
    assert code == "bad_params"
    assert part in sentence
    assert await office.everything() == before


async def test_a_business_kept_by_an_older_version_has_no_words(book: Book) -> None:
    """What is in the book since before there were any."""
    await Premises.of(book, restaurant(), b"file")

    async def grow_old(transaction: Any) -> None:
        raw = await ledger.setting(transaction, BUSINESS)
        kept = json.loads(raw)
        del kept["greeting"], kept["away"]
        await ledger.keep_setting(transaction, BUSINESS, json.dumps(kept).encode())

    await book.transact(grow_old)
    again = await Premises.of(book, restaurant(), b"file")
    assert again.business.name == "Zur Linde"
    assert not again.business.away

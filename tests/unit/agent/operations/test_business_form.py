"""A business survives being shown and set; every mistake is one sentence."""

from pathlib import Path

import msgspec
import pytest

from linde import restaurant
from plausch.agent.config import example_text, load_business
from plausch.agent.operations.business_form import business_of, date_of, dates_from, shown
from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.views import BusinessView, SpanView


def test_the_test_restaurant_survives() -> None:
    assert business_of(shown(restaurant()), restaurant()) == restaurant()


def test_the_example_survives_json(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(example_text(), encoding="utf-8")
    business = load_business(file)
    raw = msgspec.json.encode(shown(business))
    assert business_of(msgspec.json.decode(raw, type=BusinessView), business) == business


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(OperationRefused, match="no time zone"):
        business_of(msgspec.structs.replace(shown(restaurant()), zone="Mars/Olympus"), restaurant())


def test_names_are_lines() -> None:
    with pytest.raises(OperationRefused, match="one line"):
        business_of(msgspec.structs.replace(shown(restaurant()), name="a\nb"), restaurant())


def test_a_service_nobody_can_book_is_refused() -> None:
    view = shown(restaurant())
    hours = msgspec.structs.replace(view.hours, weekly=((SpanView(0, 60),),) * 7, special_days=())
    with pytest.raises(OperationRefused, match="longer than any opening span"):
        business_of(msgspec.structs.replace(view, hours=hours), restaurant())


def test_dates_are_those_of_a_calendar() -> None:
    assert [day.isoformat() for day in dates_from("2028-02-28", 3)] == [
        "2028-02-28",
        "2028-02-29",
        "2028-03-01",
    ]
    for text in ("2026-02-29", "1969-12-31", "9001-01-01"):
        with pytest.raises(OperationRefused):
            date_of(text)

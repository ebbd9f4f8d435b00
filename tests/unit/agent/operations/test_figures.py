"""Figures are counted right, and the agent says how it is."""

from typing import Any

import pytest

from linde import NOW_S, TUESDAY, restaurant
from plausch.agent.ledger import keep_answer_time
from plausch.agent.operations.figures import quantile
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking, By
from unit.agent.operations.office import AT_SEVEN_S, Office, wish

DAYS = {"from": str(TUESDAY), "days": 2}
DAY_S = 86_400


async def visit(office: Office, guest: int, starts_at_s: int) -> Booking:
    conversation = ConversationId(bytes([guest]) * 16)
    booking = await office.book.hold(
        restaurant(), conversation, b"%d" % starts_at_s, starts_at_s, 2, NOW_S
    )
    assert isinstance(booking, Booking)
    return await office.book.confirm(restaurant(), booking, "Anna", NOW_S)


async def figures(office: Office, **changed: Any) -> Any:
    return await office.ask("figures.get", **{**DAYS, **changed})


async def test_an_empty_book_has_figures_of_nothing(office: Office) -> None:
    told = await figures(office)
    assert [day["covers"] for day in told["days"]] == [0, 0]
    assert (told["newGuests"], told["answerMedianS"], told["answerP95S"]) == (0, 0, 0)


async def test_guests_are_counted_by_day(office: Office) -> None:
    await visit(office, 1, AT_SEVEN_S)
    off = await visit(office, 2, AT_SEVEN_S)
    await office.book.cancel(restaurant(), off, By.CUSTOMER, NOW_S)
    await office.ask("bookings.book", **wish(party=3, source="walk_in"))
    await visit(office, 1, AT_SEVEN_S + DAY_S)
    tuesday, wednesday = (await figures(office))["days"]
    assert tuesday == {
        "date": str(TUESDAY),
        "covers": 5,
        "bookings": 2,
        "cancelled": 1,
        "noShows": 0,
        "walkIns": 1,
    }
    assert (wednesday["covers"], wednesday["bookings"]) == (2, 1)


async def test_who_came_before_returns(office: Office) -> None:
    await visit(office, 1, AT_SEVEN_S)
    await visit(office, 1, AT_SEVEN_S + DAY_S)
    await visit(office, 2, AT_SEVEN_S + DAY_S)
    both = await figures(office)
    assert (both["newGuests"], both["returningGuests"]) == (2, 0)
    later = await figures(office, **{"from": str(TUESDAY.replace(day=25)), "days": 1})
    assert (later["newGuests"], later["returningGuests"]) == (1, 1)


async def test_answers_are_measured(office: Office) -> None:
    for took_ms in (100, 200, 9_000):
        await office.book.transact(
            lambda one, took_ms=took_ms: keep_answer_time(one, AT_SEVEN_S, took_ms)  # type: ignore[misc]
        )
    told = await figures(office)
    assert (told["answerMedianS"], told["answerP95S"]) == (0.2, 9)


async def test_a_year_is_the_most(office: Office) -> None:
    assert len((await figures(office, days=366))["days"]) == 366
    assert (await office.refused("figures.get", **{**DAYS, "days": 367}))[0] == "bad_params"


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [
        ([], 0.5, 0),
        ([7], 0.5, 7),
        ([7], 0.95, 7),
        ([1, 2, 3], 0.5, 2),
        ([1, 2, 3, 4], 0.5, 2),
        (list(range(1, 101)), 0.95, 95),
        (list(range(1, 101)), 1.0, 100),
    ],
)
def test_a_quantile_is_one_of_the_values(values: list[int], part: float, expected: int) -> None:
    assert quantile(values, part) == expected


async def test_the_agent_says_how_it_is(office: Office) -> None:
    await visit(office, 1, AT_SEVEN_S)
    status = await office.ask("agent.status")
    assert (status["bookings"], status["customers"], status["startedAtS"]) == (1, 1, NOW_S)
    assert status["version"]

"""Closed times, the waiting list and the queue, through the operations."""

from typing import Any

import pytest

from linde import TUESDAY
from unit.agent.operations.office import AT_SEVEN_S, Office, wish

ON_TUESDAY = {"from": str(TUESDAY), "days": 1}
EVENING = {"date": str(TUESDAY), "fromS": AT_SEVEN_S, "untilS": AT_SEVEN_S + 3_600}


def closed(**changed: Any) -> dict[str, Any]:
    fields = {"startsAtS": AT_SEVEN_S, "endsAtS": AT_SEVEN_S + 7_200, "note": "Hochzeit"}
    return {**fields, **changed}


async def test_what_is_closed_is_in_the_plan_and_cannot_be_booked(office: Office) -> None:
    block = await office.ask("blocks.add", **closed(resources=[]))
    assert (block["resources"], block["source"], block["note"]) == ([], "staff", "Hochzeit")
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    assert day["blocks"] == [block]
    assert (await office.refused("bookings.book", **wish()))[0] == "full"
    assert await office.ask("blocks.remove", id=block["id"]) == {}
    assert (await office.ask("bookings.book", **wish()))["state"] == "confirmed"
    assert (await office.refused("blocks.remove", id=block["id"]))[0] == "unknown"


async def test_who_waits_is_listed_and_gone(office: Office) -> None:
    waits = await office.ask("waiting.add", **EVENING, party=2, underName="Anna")
    assert (waits["party"], waits["underName"], waits["date"]) == (2, "Anna", str(TUESDAY))
    (listed,) = await office.ask("waiting.list", **ON_TUESDAY)
    assert listed["id"] == waits["id"]
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    assert [one["id"] for one in day["waiting"]] == [waits["id"]]
    await office.ask("waiting.remove", id=waits["id"])
    (after,) = await office.ask("waiting.list", **ON_TUESDAY)
    assert after["state"] == "expired"
    assert (await office.refused("waiting.remove", id="w-nothing"))[0] == "unknown"


async def test_the_queue_has_numbers(office: Office) -> None:
    one = await office.ask("queue.add", party=2, underName="Anna")
    two = await office.ask("queue.add", party=4)
    assert [one["number"], two["number"]] == [1, 2]
    assert one["estimatedWaitS"] > 0
    assert (await office.ask("queue.call", id=one["id"]))["state"] == "called"
    assert (await office.ask("queue.seat", id=one["id"]))["state"] == "seated"
    assert await office.ask("queue.remove", id=two["id"]) == {}
    assert await office.ask("queue.list") == []
    assert (await office.ask("agent.status"))["queueLength"] == 0


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("blocks.add", closed(endsAtS=AT_SEVEN_S)),
    ("blocks.add", closed(resources=["99"])),
    ("blocks.add", closed(note="a\nb")),
    ("blocks.add", closed(startsAtS=-1)),
    ("waiting.add", {**EVENING, "party": 0}),
    ("waiting.add", {**EVENING, "party": 2, "date": "2026-02-30"}),
    ("waiting.add", {**EVENING, "party": 2, "untilS": 0}),
    ("waiting.add", {**EVENING, "party": 2, "underName": "a\nb"}),
    ("queue.add", {"party": -1}),
    ("queue.add", {"party": 2, "underName": "a\nb"}),
    ("queue.call", {"id": "t-nothing"}),
    ("queue.seat", {"id": ""}),
]


@pytest.mark.parametrize(("operation", "params"), HOSTILE)
async def test_what_cannot_be_is_refused_and_nothing_changes(
    office: Office, operation: str, params: dict[str, Any]
) -> None:
    before = await office.everything()
    await office.refused(operation, **params)
    assert await office.everything() == before

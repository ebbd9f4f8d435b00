"""Reports: what needs no second engine. The rest is in tests/contract."""

import secrets

import pytest

from delivery_world import World
from plausch.base.durations import HOUR_MS
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.reports import Reports
from plausch.server.store import device
from plausch.wire import frames as f


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def test_reports_are_counted_the_refused_ones_too(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await cem.conversation_with(anna)
    message = await cem.say(group)
    reports = Reports(world.database, world.clock, Limits(reports_per_hour=2), world.franking)

    async def report(reason: str) -> None:
        request = f.Report(1, "cem", reason, "", [message], secrets.token_bytes(16))
        await reports.take(anna.record, request)

    await report("spam")
    with refused("bad_report"):
        await report("none")
    with refused("rate_limited"):
        await report("spam")
    world.clock.advance(HOUR_MS)
    await report("spam")


async def test_who_was_taken_off_the_list_reports_nothing(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    second = await anna.link()
    group = await cem.conversation_with(anna)
    message = await cem.say(group)
    await world.database.transact(lambda tx: device.unlist(tx, second.record.key))
    with refused("unknown_device"):
        await world.reports.take(
            second.record, f.Report(1, "cem", "spam", "", [message], bytes(16))
        )


async def test_an_account_that_is_none_is_not_reported(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await cem.conversation_with(anna)
    message = await cem.say(group)
    await world.database.transact(
        lambda tx: tx.execute("UPDATE account SET name = 'gone' WHERE name = 'cem'")
    )
    with refused("unknown_account"):
        await world.reports.take(anna.record, f.Report(1, "cem", "spam", "", [message], bytes(16)))

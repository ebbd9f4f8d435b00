"""An operator's orders on both engines."""

import secrets

import pytest

from delivery_world import SUITE, World
from plausch.base.durations import DAY_MS
from plausch.server.administration import Administration, OrderRefused
from plausch.server.errors import Refusal
from plausch.server.store.allowance import Kind


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def test_a_suspended_account_does_not_log_in_and_is_written_to_all_the_same(
    world: World,
) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    hand = Administration(world.database, world.clock)
    row = await hand.suspend("cem")
    assert (row.name, row.suspended_ms, row.is_removed) == ("cem", world.clock.now_ms(), False)
    with refused("account_suspended"):
        await world.login(cem.person)
    await world.login(anna.person)
    await anna.send(group)
    assert [one.name for one in await hand.accounts(only_suspended=True)] == ["cem"]
    assert (await hand.unsuspend("cem")).suspended_ms == 0
    await world.login(cem.person)
    assert await cem.read(group, 1) == [2]


async def test_a_removed_account_has_nothing_left_and_its_name_stays_taken(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await cem.link()
    await cem.upload(3)
    group = await anna.conversation_with(cem)
    hand = Administration(world.database, world.clock)
    row = await hand.remove("cem")
    assert (row.devices, row.is_removed) == (0, True)
    assert await hand.remove("cem") == row
    with refused("device_removed"):
        await world.login(cem.person)
    with refused("no_key_package"):
        await world.key_packages.claim(anna.record, "cem", SUITE, [])
    with refused("name_taken"):
        await world.player("cem")
    for order in (hand.suspend, hand.unsuspend):
        with pytest.raises(OrderRefused, match="for good"):
            await order("cem")
    await anna.send(group)  # those who stay are not disturbed
    assert (await world.accounts.get("cem")).device_list, "others check its leaves by it"


async def test_what_an_operator_sees(world: World) -> None:
    for name in ("anna", "cem", "dora"):
        await world.player(name)
    linde = await world.player("linde", "business")
    anna = await world.player(f"x{secrets.token_hex(3)}")
    await anna.send(await anna.conversation_with(linde))
    hand = Administration(world.database, world.clock)
    first = await hand.accounts(limit=2)
    assert [one.name for one in first] == ["anna", "cem"]
    assert [one.name for one in await hand.accounts("cem", 2)] == ["dora", "linde"]
    assert [one.name for one in await hand.accounts(kind="business")] == ["linde"]
    newest = await hand.newest("", 2**63 - 1, 3)
    assert [one.name for one in newest] == [anna.record.name, "linde", "dora"]
    assert [one.name for one in await hand.newest("n", newest[-1].key, 3)] == ["anna"]
    assert await hand.newest("_", 2**63 - 1, 3) == []
    assert await hand.reports(5) == []
    shown = await hand.show("linde")
    assert [uri for uri, _, _ in shown.devices] == [linde.record.uri]
    totals = await hand.totals()
    assert (totals.people, totals.businesses, totals.devices) == (4, 1, 5)
    assert (totals.conversations, totals.envelopes) == (1, 2)
    assert totals.message_bytes > 100
    assert (totals.new_accounts, totals.new_envelopes) == (5, 2)
    assert shown.rates == ()
    (messages, *others) = (await hand.show(anna.record.name)).rates
    assert (messages.kind, messages.most) == (Kind.ENVELOPES, world.limits.envelopes_per_account)
    assert 0 < messages.drawn < messages.most
    assert [one.kind for one in others] == [Kind.COMMIT_BYTES]
    world.clock.advance(3 * DAY_MS)
    later = await hand.totals()
    assert (later.people, later.new_accounts, later.new_envelopes) == (4, 0, 0)


async def test_maintenance_is_one_row(world: World) -> None:
    hand = Administration(world.database, world.clock)
    now_ms = world.clock.now_ms()
    assert (await hand.maintenance()).since_ms == 0
    await hand.suspend((await world.player("cem")).record.name)
    await hand.maintain(until_ms=now_ms + 60_000, words="Umzug")
    row = await hand.maintenance()
    assert row == (1, now_ms, now_ms + 60_000, "Umzug")
    assert (await hand.resume()) == (1, 0, 0, "")

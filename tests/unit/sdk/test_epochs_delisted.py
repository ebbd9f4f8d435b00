"""Devices that were taken off their account's list: added before it, or coming in after it."""

import asyncio

from cast import PATIENCE_S, Town, expected, history, settled, texts, until
from crooked import Crooked, honest
from plausch.mls.group import KeyPackageBundle
from plausch.sdk import ProblemFound
from plausch.wire import frames as f
from unit.sdk.talks import (
    anna_and_cem,
    append,
    core_of,
    live_of,
    publish,
    second_device,
    withheld,
)
from unit.sdk.test_epochs import at_the_door, external, group_of, show_commit


async def test_a_device_that_is_not_listed_any_more_does_not_come_in_by_itself(
    town: Town, wire: Crooked
) -> None:
    """It was stolen, say, and the server is with the thief."""
    anna, ben, group, tablet = await at_the_door(town, wire)
    raw = await external(anna, tablet, group, place=None)
    await publish(ben, {})
    wire.to_server = lambda frame: [] if isinstance(frame, f.AppendCommit) else [frame]
    events = anna.events()
    show_commit(wire, anna, group, raw, tablet)
    assert (await expected(events, ProblemFound)).code == "device_not_listed"
    assert tablet.device not in group.members


async def test_who_was_away_follows_the_addition_of_a_device_that_is_listed_no_more(
    town: Town,
) -> None:
    anna, cem = await town.people("anna", "cem")
    async with await town.register("ben") as ben:
        group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
        await (await group.send_text("hello")).accepted()
        await texts(ben, 1)
        await settled(anna, cem, ben)
    tablet = await town.connect(await second_device(town, cem, "tablet"))
    await until(lambda: tablet.device in group.members, anna)
    await settled(anna, cem)
    await publish(cem, {})
    await until(lambda: tablet.device not in group.members, anna)
    await (await group.send_text("later")).accepted()
    back = await town.back("ben")
    await back.synchronize()
    mine = back.conversation(group.id)
    assert (await history(mine))[-1] == "later"
    assert mine.members == group.members
    assert await back.problems() == []


async def test_a_device_that_was_proposed_in_time_keeps_nobody_from_going_on(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    olga = await town.person("olga")
    tablet = await town.connect(await second_device(town, olga, "tablet"))
    core, copy = core_of(tablet), await group_of(cem, conversation)
    key, now_s = core.own.device_key.to_bytes(), core.now_s()
    bundle = KeyPackageBundle.create(copy.suite_id, core.credential, key, now_s, 3600)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    epoch = live_of(cem, conversation).kept.epoch
    raw = copy.propose_add(bundle.message)
    await append(cem, conversation.id, f.PROPOSAL, raw, epoch)
    await core_of(cem).transport.close()
    await publish(olga, {})
    wire.to_device = honest
    wire.cut()
    async with asyncio.timeout(PATIENCE_S):
        await (await conversation.send_text("goes on")).accepted()
    assert live_of(anna, conversation).kept.epoch > epoch
    assert tablet.device not in conversation.members
    assert await anna.problems() == []

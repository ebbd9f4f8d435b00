"""Staff is good for a while; an owner's device renews it, one of staff cannot."""

import asyncio
from dataclasses import replace

import pytest

from cast import Town, texts, until
from crooked import Crooked
from plausch.base.errors import Fault
from plausch.identity.keys import SigningKey
from plausch.sdk import Client, ServerRefused, Unreachable, staff
from plausch.sdk.device_lists import Changed, change_list
from plausch.sdk.own_devices import Enrolled, add_device
from plausch.sdk.staff import STAFF_LIFETIME_S, STAFF_RENEWED_S, keep_renewing, renew_staff
from plausch.wire import frames as f
from unit.sdk.linking_players import Linking
from unit.sdk.talks import codes, core_of, eventually


async def with_staff(client: Client, left_s: int) -> Enrolled:
    """A device of staff with so much of its time left."""
    core = core_of(client)
    enrolled = await add_device(core, SigningKey.generate().public, is_staff=True)
    limited = [(enrolled.device.device, core.now_s() + left_s)]
    await change_list(core, lambda listed: Changed(listed.devices, staff=limited))
    return enrolled


def left_s(client: Client) -> list[int]:
    core = core_of(client)
    return [until_s - core.now_s() for _, until_s in core.trust.device_list(core.address).staff]


async def test_new_staff_is_good_for_as_long_as_there_is(town: Town) -> None:
    linde = await town.person("linde", kind="business")
    await add_device(core_of(linde), SigningKey.generate().public, is_staff=True)
    (left,) = left_s(linde)
    assert STAFF_LIFETIME_S - 60 < left <= STAFF_LIFETIME_S


async def test_what_runs_short_is_renewed_and_what_does_not_is_left(
    town: Town, wire: Crooked
) -> None:
    linde = await town.person("linde", kind="business", url=wire.url)
    await with_staff(linde, STAFF_RENEWED_S + 60)
    published = codes(wire.sent, f.PublishDeviceList)
    await renew_staff(core_of(linde))
    assert codes(wire.sent, f.PublishDeviceList) == published
    await with_staff(linde, 60)
    await renew_staff(core_of(linde))
    assert all(left > STAFF_LIFETIME_S - 60 for left in left_s(linde))


async def test_an_owner_renews_when_it_comes_back(town: Town) -> None:
    linde = await town.register("linde", kind="business")
    async with linde:
        await with_staff(linde, 60)
    linde = await town.back("linde")
    await eventually(lambda: left_s(linde)[0] > STAFF_LIFETIME_S - 60)


async def test_staff_renews_nothing(town: Town, wire: Crooked) -> None:
    linde = await town.person("linde", kind="business", url=wire.url)
    await with_staff(linde, 60)
    core = core_of(linde)
    core.own = replace(core.own, identity=None)
    published = codes(wire.sent, f.PublishDeviceList)
    await renew_staff(core)
    assert codes(wire.sent, f.PublishDeviceList) == published


async def test_a_device_that_stays_connected_looks_every_day(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    linde = await town.person("linde", kind="business")
    await with_staff(linde, 60)
    monkeypatch.setattr(staff, "LOOKED_AFTER_S", 0.01)
    looking = asyncio.ensure_future(keep_renewing(core_of(linde)))
    await eventually(lambda: left_s(linde)[0] > STAFF_LIFETIME_S - 60)
    looking.cancel()


async def test_what_hinders_it_is_told_and_tried_the_next_day(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    linde = await town.person("linde", kind="business")
    tries: list[Exception] = [
        Unreachable("Nobody is there."),
        ServerRefused("Too often.", code="rate_limited", fault=Fault.LOCAL),
    ]
    left = list(tries)

    async def failing(_: object) -> None:
        if left:
            raise left.pop(0)

    monkeypatch.setattr(staff, "LOOKED_AFTER_S", 0.01)
    monkeypatch.setattr(staff, "renew_staff", failing)
    looking = asyncio.ensure_future(keep_renewing(core_of(linde)))
    await eventually(lambda: not left)
    await asyncio.sleep(0.05)
    assert await linde.problems() == ["Too often."]
    looking.cancel()


async def test_staff_whose_time_is_over_is_taken_out_and_comes_back_when_it_is_renewed(
    town: Town,
) -> None:
    linde, guest = await town.person("linde", kind="business"), await town.person("guest")
    conversation = await guest.conversation_with("linde@localhost")
    await (await conversation.send_text("one")).accepted()
    await texts(linde, 1)
    waiter = await town.connect(
        await Linking(town, linde, is_staff=True, home="waiter").by_the_new_ones_code()
    )
    await until(lambda: waiter.device in conversation.members, guest)
    core = core_of(linde)
    over = [(waiter.device.device, core.now_s())]
    await change_list(core, lambda listed: Changed(listed.devices, staff=over))
    await (await conversation.send_text("two")).accepted()
    await until(lambda: waiter.device not in conversation.members, guest)
    await renew_staff(core)
    await until(lambda: waiter.device in conversation.members, guest)
    await (await conversation.send_text("three")).accepted()
    assert (await texts(linde, 2))[-1] == "three"

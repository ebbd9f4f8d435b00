"""Taking a device of one's own off the list, and out of every conversation."""

import asyncio
from dataclasses import replace

import pytest

from cast import Town, settled, texts, until
from crooked import Crooked, honest, willing
from plausch.base.ids import NameRefused
from plausch.identity.certificate import parse_certificate
from plausch.identity.keys import SigningKey
from plausch.sdk import Client
from plausch.sdk.errors import NotOwner, SdkError, ServerRefused, Unreachable
from plausch.sdk.own_devices import add_device, demand_can_add
from plausch.sdk.vault.own import OwnTable
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, codes, core_of, second_device, withheld


async def with_tablet(town: Town, wire: Crooked) -> tuple[Client, Client, Client]:
    """Anna has a tablet, which is in her conversation with Cem."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    tablet = await town.connect(await second_device(town, anna, "tablet"))
    await core_of(tablet).greeted.wait()
    wire.cut()  # a new connection tries again to add who had no key packages before
    await anna.synchronize()
    await (await conversation.send_text("from now on on both")).accepted()
    await texts(cem, 1)
    await until(lambda: len(conversation.members) == 3, anna)
    await settled(anna, cem)
    return anna, cem, tablet


async def test_a_device_is_taken_off_the_list_and_out_of_every_conversation(
    town: Town, wire: Crooked
) -> None:
    anna, cem, tablet = await with_tablet(town, wire)
    (conversation,) = anna.conversations()
    await anna.remove_device(tablet.device.uri)
    assert await anna.devices() == [anna.device]
    await until(lambda: len(conversation.members) == 2, anna)
    await settled(anna, cem)
    assert conversation.members == cem.conversation(conversation.id).members
    assert tablet.device not in conversation.members
    own = await OwnTable(core_of(anna).vault).get()
    assert own is not None
    assert own.device_list == core_of(anna).own.device_list
    assert core_of(anna).trust.device_list(anna.address).raw == own.device_list
    await (await conversation.send_text("without the tablet")).accepted()
    assert await texts(cem, 1) == ["without the tablet"]


async def test_who_removes_a_device_takes_it_out_without_being_told_of_the_new_list(
    town: Town, wire: Crooked
) -> None:
    anna, cem, tablet = await with_tablet(town, wire)
    (conversation,) = anna.conversations()
    await cem.close()
    wire.to_device = lambda frame: withheld(frame, f.DeviceListMoved)
    await anna.remove_device(tablet.device)
    await until(lambda: tablet.device not in conversation.members, anna)


async def test_a_device_cannot_remove_itself(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    with pytest.raises(SdkError, match="cannot remove itself"):
        await anna.remove_device(anna.device)
    assert codes(wire.sent, f.PublishDeviceList) == 0


async def test_a_device_that_is_not_on_the_list_is_not_removed(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem")
    for other in (replace(anna.device, device="0" * 16), cem.device):
        with pytest.raises(SdkError, match="is not a device of this account"):
            await anna.remove_device(other)
    with pytest.raises(NameRefused):
        await anna.remove_device("my old phone")
    assert codes(wire.sent, f.PublishDeviceList) == 0


async def test_only_the_device_with_the_identity_key_can_remove_another(town: Town) -> None:
    anna = await town.person("anna")
    tablet = await town.connect(await second_device(town, anna, "tablet"))
    with pytest.raises(NotOwner, match="only a device of an owner"):
        await tablet.remove_device(anna.device)
    assert len(await tablet.devices()) == 2


async def test_without_a_connection_nothing_is_removed(town: Town) -> None:
    anna = await town.person("anna")
    tablet = await second_device(town, anna, "tablet")
    await tablet.close()
    await anna.close()
    anna = await Client.open(town.home("anna"))
    with pytest.raises(SdkError, match="not connected"):
        await anna.remove_device(tablet.device)
    assert len(await anna.devices()) == 2
    await anna.close()


async def test_a_refused_list_changes_nothing_here(town: Town, wire: Crooked) -> None:
    anna, _, tablet = await with_tablet(town, wire)
    before = core_of(anna).own.device_list

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.PublishDeviceList):
            wire.push(f.Refused(frame.id, "bad_device_list", "No.", "local"))
            return []
        return [frame]

    wire.to_server = refuse
    with pytest.raises(ServerRefused, match="No"):
        await anna.remove_device(tablet.device)
    assert core_of(anna).own.device_list == before
    assert len(await anna.devices()) == 2
    (conversation,) = anna.conversations()
    assert tablet.device in conversation.members
    wire.to_server = willing
    await anna.remove_device(tablet.device)
    assert await anna.devices() == [anna.device]


async def test_a_lost_answer_still_takes_the_device_out_of_what_is_sent(
    town: Town, wire: Crooked
) -> None:
    """The list was published, nobody here knows: the next message goes out without the device."""
    anna, cem, tablet = await with_tablet(town, wire)
    (conversation,) = anna.conversations()

    def cut_at_list(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.PublishDeviceList):
            wire.to_device = lambda answer: withheld(answer, f.Done, f.DeviceListMoved)
        return [frame]

    wire.to_server = cut_at_list
    task = asyncio.ensure_future(anna.remove_device(tablet.device))
    await until(lambda: len(core_of(cem).trust.device_list(anna.address).devices) == 1, cem, tablet)
    wire.to_server, wire.to_device = willing, honest
    wire.cut()
    with pytest.raises(Unreachable):
        await task
    await (await conversation.send_text("without the tablet")).accepted()
    assert tablet.device not in conversation.members
    assert await anna.devices() == [anna.device]


async def test_the_same_key_again_is_the_same_device(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    key = SigningKey.generate().public
    first = await add_device(core_of(anna), key)
    again = await add_device(core_of(anna), key)
    assert (again.device, again.device_list) == (first.device, first.device_list)
    assert parse_certificate(again.certificate).signature_key == key
    assert codes(wire.sent, f.PublishDeviceList) == 1


async def test_a_device_does_not_change_its_role(town: Town) -> None:
    linde = await town.person("linde", kind="business")
    key = SigningKey.generate().public
    staff = await add_device(core_of(linde), key, is_staff=True)
    assert core_of(linde).trust.device_list(linde.address).is_staff(staff.device)
    with pytest.raises(SdkError) as caught:
        await add_device(core_of(linde), key)
    assert caught.value.code == "link_other_role"


async def test_who_may_add_whom(town: Town) -> None:
    anna = await town.person("anna")
    assert demand_can_add(core_of(anna), is_staff=False) == core_of(anna).own.identity
    with pytest.raises(SdkError) as caught:
        demand_can_add(core_of(anna), is_staff=True)
    assert caught.value.code == "not_business"
    tablet = await town.connect(await second_device(town, anna, "tablet"))
    with pytest.raises(NotOwner):
        await add_device(core_of(tablet), SigningKey.generate().public)

"""The next list of an account: from the newest one, also when somebody else was faster."""

from dataclasses import replace

import pytest

from cast import Town
from crooked import Crooked, willing
from plausch.identity.device_list import DeviceList, parse_device_list
from plausch.identity.keys import SigningKey
from plausch.sdk.device_lists import LIST_ATTEMPTS, Changed, change_list, identity_of
from plausch.sdk.errors import NotOwner, ServerRefused
from plausch.sdk.vault.own import OwnTable
from plausch.wire import frames as f
from unit.sdk.talks import certificate_for, codes, core_of

EXTRA = "e" * 16


async def test_what_is_published_is_kept(town: Town) -> None:
    anna = await town.person("anna")
    core, key = core_of(anna), SigningKey.generate()

    def change(listed: DeviceList) -> Changed:
        added = (EXTRA, key.public)
        return Changed([*listed.devices, added], [certificate_for(anna, EXTRA, key)])

    raw = await change_list(core, change)
    assert [device for device, _ in parse_device_list(raw).devices] == sorted(
        [core.device.device, EXTRA]
    )
    own = await OwnTable(core.vault).get()
    assert own is not None
    assert own.device_list == core.own.device_list == raw
    assert core.trust.device_list(core.address).raw == raw


async def test_nothing_is_published_when_nothing_changes(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    before = core_of(anna).own.device_list
    assert await change_list(core_of(anna), lambda _: None) == before
    assert codes(wire.sent, f.PublishDeviceList) == 0


async def test_who_is_slower_begins_with_the_newer_list(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    refused: list[int] = []

    def refuse_once(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.PublishDeviceList) and not refused:
            refused.append(frame.id)
            wire.push(f.Refused(frame.id, "bad_device_list", "Somebody was faster.", "local"))
            return []
        return [frame]

    wire.to_server = refuse_once
    seen: list[int] = []

    def change(listed: DeviceList) -> Changed:
        seen.append(listed.seq)
        return Changed(listed.devices)

    assert parse_device_list(await change_list(core_of(anna), change)).seq == 2
    assert seen == [1, 1]


async def test_that_has_an_end(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.PublishDeviceList):
            wire.push(f.Refused(frame.id, "bad_device_list", "No.", "local"))
            return []
        return [frame]

    wire.to_server = refuse
    before = core_of(anna).own.device_list
    with pytest.raises(ServerRefused, match="No"):
        await change_list(core_of(anna), lambda listed: Changed(listed.devices))
    assert codes(wire.sent, f.PublishDeviceList) == LIST_ATTEMPTS
    assert core_of(anna).own.device_list == before
    wire.to_server = willing


async def test_staff_issues_no_list(town: Town) -> None:
    anna = await town.person("anna")
    core = core_of(anna)
    core.own = replace(core.own, identity=None)
    with pytest.raises(NotOwner):
        identity_of(core)
    with pytest.raises(NotOwner):
        await change_list(core, lambda listed: Changed(listed.devices))

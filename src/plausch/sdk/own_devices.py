"""This account's own devices: taking one off the list."""

from dataclasses import replace

from plausch.base.ids import DeviceAddress
from plausch.identity.device_list import DeviceList
from plausch.sdk.device import Device
from plausch.sdk.errors import SdkError
from plausch.sdk.membership import Intent
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.wire import frames as f


async def remove_device(device: Device, removed: DeviceAddress) -> None:
    """Publish a list without `removed`, then take it out of every conversation.

    Raises SdkError, Unreachable, ServerRefused.
    """
    core = device.core
    if removed == core.device:
        raise SdkError("This device cannot remove itself: use another device of the account.")
    await core.transport.wait_online()
    await core.trust.refresh(core.address)
    listed = core.trust.device_list(core.address)
    if removed not in listed.addresses():
        raise SdkError(f"{removed} is not a device of this account.")
    if core.own.identity is None:
        raise SdkError("This device does not hold the account's identity key: use the first one.")
    left = [entry for entry in listed.devices if entry[0] != removed.device]
    raw = DeviceList.issue(core.own.identity, core.address, left, core.now_s(), listed.raw)
    await core.transport.ask(lambda request_id: f.PublishDeviceList(request_id, raw, []), f.Done)
    core.own = replace(core.own, device_list=raw)
    await core.vault.write([core.own_table.put(core.own)])
    await core.trust.pin_own(core.own.kind, raw)
    await _take_out(device, removed)


async def _take_out(device: Device, removed: DeviceAddress) -> None:
    core = device.core
    for live in list(core.lives.values()):
        if live.kept.state == "open" and removed in live.kept.members:
            await core.vault.write(
                [
                    core.outbox.add(
                        live.id,
                        EntryKind.CHANGE,
                        Intent().to_bytes(),
                        idempotency_id=new_idempotency_id(),
                    )
                ]
            )
            device.outbox.kick(live)

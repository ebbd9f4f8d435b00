"""The next list of this account's devices: made from the newest one, published, kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.sdk.core import Core
from plausch.sdk.errors import NotOwner, ServerRefused
from plausch.wire import frames as f

LIST_ATTEMPTS = 4
"""Lists of other devices of the account that may come in between, in a row."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What the next list says; `staff` without a value: who is staff stays so."""

    devices: Sequence[tuple[str, bytes]]
    certificates: Sequence[bytes] = ()
    staff: Sequence[tuple[str, int]] | None = None


def identity_of(core: Core) -> SigningKey:
    """The account's identity key. Raises NotOwner on a device of staff."""
    if core.own.identity is None:
        raise NotOwner
    return core.own.identity


async def change_list(core: Core, change: Callable[[DeviceList], Changed | None]) -> bytes:
    """Publish the list that `change` makes of the newest one, None if it is that already; keep it.

    Returns the list. Raises what `change` raises, NotOwner, TrustRefused, Unreachable,
    ServerRefused.
    """
    await core.transport.wait_online()
    for attempt in range(LIST_ATTEMPTS):
        await core.trust.refresh(core.address)
        before = core.trust.device_list(core.address)
        changed, raw = change(before), before.raw
        if changed is not None:
            raw = DeviceList.issue(
                identity_of(core),
                core.address,
                changed.devices,
                core.now_s(),
                before.raw,
                changed.staff,
            )
            try:
                await publish(core, raw, changed.certificates)
            except ServerRefused as error:
                if error.code != "bad_device_list" or attempt == LIST_ATTEMPTS - 1:
                    raise
                continue  # another device of the account was faster
        core.own = replace(core.own, device_list=raw)
        await core.vault.write([core.own_table.put(core.own)])
        await core.trust.pin_own(core.own.kind, raw)
        return raw
    raise AssertionError("the last attempt returns or raises")


async def publish(core: Core, raw: bytes, certificates: Sequence[bytes]) -> None:
    """Give the server a list, which may be the one that it has, and new certificates.

    Raises Unreachable, ServerRefused.
    """
    await core.transport.ask(
        lambda request_id: f.PublishDeviceList(request_id, raw, list(certificates)), f.Done
    )

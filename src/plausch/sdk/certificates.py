"""Certificates are renewed long before they end: by the device itself, or by an owner's.

A device that has the identity key makes its own anew when less than a year of it is left. For
devices without it, and for owners' that have not come by for a month after that, any owner's device
does so; each takes what was made for it from the server, and believes it by its signature alone. A
leaf that runs short shows the new certificate from the next Commit of its device on; one is made
before something is said there (membership.py), and day by day where nothing is. See
spec/identity.md.
"""

import asyncio
from collections.abc import Callable
from typing import NoReturn

from plausch.base.errors import PlauschError
from plausch.base.ids import DeviceAddress
from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey
from plausch.mls.commit import Identity
from plausch.mls.group import Group
from plausch.sdk.account import CERTIFICATE_LIFETIME_S, CLOCK_SLACK_S
from plausch.sdk.core import Core, Live
from plausch.sdk.device_lists import publish
from plausch.sdk.errors import ServerRefused, Unreachable
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.wire import frames as f

RENEWED_S = 366 * 24 * 3600
"""What must be left of a certificate; less is renewed."""

LEFT_TO_OTHERS_S = 30 * 24 * 3600
"""So long an owner's device has to renew its own before another one does."""

WARNED_S = 120 * 24 * 3600
"""With less left a person is told: something has hindered it for months."""

FIRST_LOOK_S = 600.0
LOOKED_AFTER_S = 24 * 3600.0
"""How often a device that stays connected looks."""

MOST_LEAVES = 100
"""In so many conversations at most a look makes a Commit."""

NO_INTENT = b"{}"
"""The intent of a Commit that only tidies (membership.py)."""


def make_certificate(
    core: Core, identity: SigningKey, device: DeviceAddress, device_key: bytes
) -> bytes:
    """A new certificate of a device of this account."""
    now_s = core.now_s()
    return DeviceCertificate.issue(
        identity, device, device_key, now_s - CLOCK_SLACK_S, now_s + CERTIFICATE_LIFETIME_S
    )


def own_end_s(core: Core) -> int:
    """When the certificate of this device ends."""
    return parse_certificate(core.own.certificate).expires_s


async def renew_own(core: Core) -> None:
    """Have a certificate with enough time left: made here, or fetched if an owner has made one.

    Raises as `remove_device`.
    """
    if own_end_s(core) - core.now_s() >= RENEWED_S:
        return
    identity = core.own.identity
    if identity is None:
        raw = await _held(core, core.device)
        made = _believed(core, core.device, core.own.device_key.public, raw)
        if made is None or made.expires_s <= own_end_s(core):
            return
    else:
        raw = make_certificate(core, identity, core.device, core.own.device_key.public)
        await core.trust.refresh(core.address)
        await publish(core, core.trust.device_list(core.address).raw, [raw])
    await core.change_own(certificate=raw)


async def renew_others(core: Core) -> None:
    """Renew what runs short of the account's other devices; nothing happens on one of staff.

    Raises as `remove_device`.
    """
    identity = core.own.identity
    if identity is None or len(core.trust.device_list(core.address).devices) == 1:
        return
    await core.trust.refresh(core.address)
    listed = core.trust.device_list(core.address)
    made = []
    for device, (_, key) in zip(listed.addresses(), listed.devices, strict=True):
        if device == core.device:
            continue
        held = _believed(core, device, key, await _held(core, device))
        left_s = held.expires_s - core.now_s() if held is not None else 0
        if left_s < RENEWED_S - (0 if listed.is_staff(device) else LEFT_TO_OTHERS_S):
            made.append(make_certificate(core, identity, device, key))
    if made:
        await publish(core, listed.raw, made)


async def renew_leaves(core: Core, kick: Callable[[Live], None]) -> None:
    """Have leaves that run short show the new certificate, also where this device only reads; some
    at a time. `kick` starts the outbox of a conversation. Raises VaultDamaged, StorageUnavailable.
    """
    if own_end_s(core) - core.now_s() < RENEWED_S:
        return
    left = MOST_LEAVES
    for live in list(core.lives.values()):
        if left == 0:
            return
        if live.kept.state == "open" and await _runs_short(core, live):
            left -= 1
            tidy = core.outbox.add(
                live.id, EntryKind.CHANGE, NO_INTENT, idempotency_id=new_idempotency_id()
            )
            await core.vault.write([tidy])
            kick(live)


async def _runs_short(core: Core, live: Live) -> bool:
    """Whether the own leaf does, and nothing that would renew it is owed already."""
    if any(entry.kind is EntryKind.CHANGE for entry in await core.outbox.of(live.id)):
        return False
    async with core.changing(live):
        was_here = live.group is not None
        found = renewed_identity(core, await core.group(live)) is not None
        if not was_here:
            live.group = None  # what nobody needs just now is not kept in memory
    return found


async def keep_certified(core: Core, kick: Callable[[Live], None]) -> NoReturn:
    """Look a while after the start and then once a day, for a device that stays."""
    await asyncio.sleep(FIRST_LOOK_S)
    while True:
        try:
            await renew_own(core)
            await renew_others(core)
            await renew_leaves(core, kick)
        except Unreachable:
            pass  # the next login, or the next day
        except PlauschError as error:
            await core.report(None, None, error)
        await asyncio.sleep(LOOKED_AFTER_S)


def renewed_identity(core: Core, group: Group) -> Identity | None:
    """What this device's leaf has to show from now on, if what it shows runs short."""
    shown = group.member(group.own_leaf)
    if shown.credential == core.credential:
        return None
    ends_s = core.trust.certificate(shown.credential).expires_s
    if ends_s - core.now_s() >= RENEWED_S or own_end_s(core) <= ends_s:
        return None
    return Identity(core.own.device_key.to_bytes(), core.credential)


async def _held(core: Core, device: DeviceAddress) -> bytes:
    """What the server has; nothing if it does not know the device."""
    try:
        answer = await core.transport.ask(
            lambda request_id: f.GetCertificate(request_id, device.uri), f.Certificate
        )
    except ServerRefused as error:
        if error.code != "unknown_device":
            raise
        return b""
    return answer.certificate


def _believed(
    core: Core, device: DeviceAddress, key: bytes, raw: bytes
) -> DeviceCertificate | None:
    """The certificate, if it is one of this device with its key, under the account's identity key,
    and in time."""
    try:
        found = parse_certificate(raw)
        found.check(core.now_s())
    except IdentityRefused:
        return None
    pinned = core.trust.device_list(core.address).identity_key
    is_theirs = (found.device, found.signature_key, found.identity_key) == (device, key, pinned)
    return found if is_theirs else None

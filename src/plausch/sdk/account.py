"""A new account: its keys, written before anything is sent, and its registration.

An interrupted registration is taken up with the same keys: whether the server had already
carried it out shows when the device logs in.
"""

import secrets
from dataclasses import replace

from plausch.base.clock import Clock
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused, parse_domain, parse_name
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.sdk.address import socket_url
from plausch.sdk.connection import Connection, Push, connect
from plausch.sdk.errors import ServerMisbehaved, ServerRefused, VaultExists
from plausch.sdk.transport import log_in
from plausch.sdk.vault.own import AccountKind, Own, OwnTable
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f

CERTIFICATE_LIFETIME_S = 2 * 366 * 24 * 3600
CLOCK_SLACK_S = 24 * 3600
"""A certificate is valid from a day before: others' clocks may be behind."""

DEVICE_ID_BYTES = 8


def make_own(server_url: str, address: AccountAddress, kind: AccountKind, now_s: int) -> Own:
    """Keys, certificate and first device list of a new account."""
    identity, device_key = SigningKey.generate(), SigningKey.generate()
    device = DeviceAddress(address, secrets.token_hex(DEVICE_ID_BYTES))
    certificate = DeviceCertificate.issue(
        identity,
        device,
        device_key.public,
        now_s - CLOCK_SLACK_S,
        now_s + CERTIFICATE_LIFETIME_S,
    )
    device_list = DeviceList.issue(identity, address, [(device.device, device_key.public)], now_s)
    return Own(
        server_url,
        device,
        kind,
        identity,
        device_key,
        certificate,
        device_list,
        registered=False,
        mailbox=0,
    )


async def register_account(
    vault: Vault, server_url: str, name: str, kind: AccountKind, invitation: str, clock: Clock
) -> Own:
    """Register `name`, or finish what was begun. Raises as `Client.register`."""
    parse_name(name)
    table = OwnTable(vault)
    begun = await table.get()
    if begun is not None and begun.registered:
        raise _taken(vault, begun)
    connection, hello = await connect(socket_url(server_url), _ignore)
    try:
        address = AccountAddress(name, _domain(hello))
        if begun is not None and await _is_registered(connection, hello, begun):
            # The server may have moved since.
            own = await _finish(vault, replace(begun, server_url=server_url))
            if own.device.account != address:
                raise _taken(vault, own)
            return own
        if begun is None or begun.device.account != address:
            begun = make_own(server_url, address, kind, clock.now_ms() // 1000)
        begun = replace(begun, server_url=server_url, kind=kind)
        await vault.write([table.put(begun)])
        await _register(connection, begun, invitation)
        return await _finish(vault, begun)
    finally:
        await connection.disconnect()


async def demand_empty(vault: Vault) -> None:
    """Raises VaultExists when there is an account in the vault."""
    own = await OwnTable(vault).get()
    if own is not None and own.registered:
        raise _taken(vault, own)


def _domain(hello: f.Hello) -> str:
    """Where the server says it is: a vault with an address that is none could not be read."""
    try:
        return parse_domain(hello.domain)
    except NameRefused as error:
        raise ServerMisbehaved(f"The server does not say where accounts live: {error}") from error


async def _register(connection: Connection, own: Own, invitation: str) -> None:
    await connection.ask(
        lambda request_id: f.Register(
            request_id,
            own.device.account.name,
            own.kind,
            invitation,
            own.certificate,
            own.device_list,
        ),
        f.Done,
    )


async def _is_registered(connection: Connection, hello: f.Hello, own: Own) -> bool:
    """Whether the server knows the device of a registration whose answer was lost."""
    if hello.domain != own.device.account.domain:
        return False
    try:
        await log_in(connection, hello, own)
    except ServerRefused as error:
        if error.code != "unknown_device":  # it does not say: these keys may be an account's
            raise
        return False
    return True


async def _finish(vault: Vault, own: Own) -> Own:
    registered = replace(own, registered=True)
    await vault.write([OwnTable(vault).put(registered)])
    return registered


def _taken(vault: Vault, own: Own) -> VaultExists:
    return VaultExists(
        f"There is already an account in {vault.home}: {own.device.account}. Use another "
        "folder for another account."
    )


def _ignore(push: Push) -> None:
    """Nothing is pushed before Resume."""

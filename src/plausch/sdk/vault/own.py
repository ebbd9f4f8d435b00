"""Table `own`: whose device this is, and its two keys."""

from dataclasses import dataclass
from typing import Literal, cast

from plausch.base.ids import DeviceAddress
from plausch.identity.keys import SigningKey
from plausch.sdk.vault.vault import Vault, Write

AccountKind = Literal["person", "business"]

_IDENTITY = "own.identity_secret"
_DEVICE = "own.device_secret"
_ROW = b"own"


@dataclass(frozen=True, slots=True)
class Own:
    """This device. `identity` is None on a device that was linked and cannot sign lists."""

    server_url: str
    device: DeviceAddress
    kind: AccountKind
    identity: SigningKey | None
    device_key: SigningKey
    certificate: bytes
    device_list: bytes
    registered: bool
    mailbox: int


class OwnTable:
    """The one row."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def get(self) -> Own | None:
        """The row; None in a new vault. Raises VaultDamaged."""
        rows = await self._vault.fetch(
            "SELECT server_url, uri, kind, identity_secret, device_secret, certificate, "
            "device_list, registered, mailbox FROM own"
        )
        if not rows:
            return None
        url, uri, kind, identity, device, certificate, device_list, registered, mailbox = rows[0]
        seal = self._vault.seal
        identity_secret = seal.open(_IDENTITY, _ROW, identity)
        return Own(
            url,
            DeviceAddress.parse_uri(uri),
            cast(AccountKind, kind),
            SigningKey.from_bytes(identity_secret) if identity_secret else None,
            SigningKey.from_bytes(seal.open(_DEVICE, _ROW, device)),
            certificate,
            device_list,
            bool(registered),
            mailbox,
        )

    def put(self, own: Own) -> Write:
        """Write the whole row."""
        seal = self._vault.seal
        secret = own.identity.to_bytes() if own.identity is not None else b""
        return Write(
            "INSERT INTO own (slot, server_url, uri, kind, identity_secret, device_secret, "
            "certificate, device_list, registered, mailbox) "
            "VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9) "
            "ON CONFLICT (slot) DO UPDATE SET server_url = $1, uri = $2, kind = $3, "
            "identity_secret = $4, device_secret = $5, certificate = $6, device_list = $7, "
            "registered = $8, mailbox = $9",
            (
                own.server_url,
                own.device.uri,
                own.kind,
                seal.close(_IDENTITY, _ROW, secret),
                seal.close(_DEVICE, _ROW, own.device_key.to_bytes()),
                own.certificate,
                own.device_list,
                int(own.registered),
                own.mailbox,
            ),
        )

    def set_mailbox(self, item: int) -> Write:
        """Welcomes up to `item` were dealt with."""
        return Write("UPDATE own SET mailbox = $1", (item,))

    def forget(self) -> Write:
        """The server refused this registration: begin anew."""
        return Write("DELETE FROM own", ())

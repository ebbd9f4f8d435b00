"""Table `profile`: the newest public profile that was seen of each business, as it was signed."""

from plausch.base.ids import AccountAddress
from plausch.sdk.vault.vault import Vault, Write


class ProfileTable:
    """The vault's profiles."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def get(self, address: AccountAddress) -> bytes:
        """The signed bytes; empty when none was ever seen."""
        rows = await self._vault.fetch("SELECT signed FROM profile WHERE uri = $1", address.uri)
        return bytes(rows[0][0]) if rows else b""

    def put(self, address: AccountAddress, signed: bytes) -> Write:
        """In place of the one before."""
        return Write(
            "INSERT INTO profile (uri, signed) VALUES ($1, $2) "
            "ON CONFLICT (uri) DO UPDATE SET signed = $2",
            (address.uri, signed),
        )

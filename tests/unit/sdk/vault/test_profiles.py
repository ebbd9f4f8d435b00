"""The vault's profiles: the newest one of each business."""

from plausch.base.ids import AccountAddress
from plausch.sdk.vault.profiles import ProfileTable
from plausch.sdk.vault.vault import Vault

LINDE, OTHER = AccountAddress("linde", "example.org"), AccountAddress("other", "example.org")


async def test_the_newest_one_stays(vault: Vault) -> None:
    table = ProfileTable(vault)
    assert await table.get(LINDE) == b""
    await vault.write([table.put(LINDE, b"first"), table.put(OTHER, b"another")])
    await vault.write([table.put(LINDE, b"second")])
    assert await table.get(LINDE) == b"second"
    assert await table.get(OTHER) == b"another"

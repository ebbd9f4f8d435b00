"""Accounts as they are known."""

from dataclasses import replace

from plausch.base.ids import AccountAddress
from plausch.sdk.contacts import ContactState
from plausch.sdk.vault.accounts import Accounts, KeptAccount
from plausch.sdk.vault.vault import Vault

ANNA = KeptAccount(
    AccountAddress("anna", "localhost"), "person", b"i", b"l", ContactState.PINNED, known=False
)
LINDE = KeptAccount(
    AccountAddress("linde", "localhost"), "business", b"j", b"m", ContactState.VERIFIED, known=True
)


async def test_they_come_back_by_address(vault: Vault) -> None:
    table = Accounts(vault)
    assert await table.all() == []
    await vault.write([table.put(LINDE), table.put(ANNA)])
    assert await table.all() == [ANNA, LINDE]


async def test_writing_again_replaces(vault: Vault) -> None:
    table = Accounts(vault)
    changed = replace(
        ANNA, state=ContactState.CHANGED, known=True, offered_key=b"n", offered_list=b"o"
    )
    await vault.write([table.put(ANNA), table.put(changed)])
    assert await table.all() == [changed]

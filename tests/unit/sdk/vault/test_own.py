"""Whose device it is, with its secrets sealed."""

from dataclasses import replace
from pathlib import Path

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.keys import SigningKey
from plausch.sdk.vault.own import Own, OwnTable
from plausch.sdk.vault.vault import DATABASE_FILE, Vault

ANNA = DeviceAddress(AccountAddress("anna", "localhost"), "0123456789abcdef")


def sample() -> Own:
    identity, device_key = SigningKey.generate(), SigningKey.generate()
    return Own("http://127.0.0.1:8080", ANNA, "person", identity, device_key, b"c", b"l", False, 0)


async def test_a_new_vault_has_no_owner(vault: Vault) -> None:
    assert await OwnTable(vault).get() is None


async def test_the_row_comes_back_whole(vault: Vault) -> None:
    table, own = OwnTable(vault), sample()
    await vault.write([table.put(own)])
    found = await table.get()
    assert found is not None
    assert found.identity is not None and own.identity is not None
    assert found.identity.to_bytes() == own.identity.to_bytes()
    assert found.device_key.to_bytes() == own.device_key.to_bytes()
    assert replace(found, identity=None, device_key=own.device_key) == replace(own, identity=None)


async def test_it_can_be_written_again(vault: Vault) -> None:
    table, own = OwnTable(vault), sample()
    await vault.write([table.put(own), table.put(replace(own, registered=True))])
    found = await table.get()
    assert found is not None and found.registered


async def test_a_linked_device_has_no_identity_key(vault: Vault) -> None:
    table = OwnTable(vault)
    await vault.write([table.put(replace(sample(), identity=None))])
    found = await table.get()
    assert found is not None and found.identity is None


async def test_the_place_in_the_mailbox_is_kept_and_may_be_set_back(vault: Vault) -> None:
    """A number that was a lie must not hide what comes after it."""
    table = OwnTable(vault)
    for item in (5, 2**53 - 1, 3):
        await vault.write([table.put(sample()), table.set_mailbox(item)])
        found = await table.get()
        assert found is not None and found.mailbox == item


async def test_a_refused_registration_is_forgotten(vault: Vault) -> None:
    table = OwnTable(vault)
    await vault.write([table.put(sample()), table.forget()])
    assert await table.get() is None


async def test_the_secrets_are_not_in_the_file(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    own = sample()
    await vault.write([OwnTable(vault).put(own)])
    await vault.close()
    raw = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert own.device.uri.encode() in raw
    assert own.identity is not None
    assert own.identity.to_bytes() not in raw
    assert own.device_key.to_bytes() not in raw

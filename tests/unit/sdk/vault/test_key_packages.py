"""Key packages: kept before they are uploaded, deleted when used."""

from pathlib import Path

from plausch.sdk.vault.key_packages import KeptKeyPackage, KeyPackages
from plausch.sdk.vault.vault import DATABASE_FILE, Vault


def kept(
    ref: bytes, *, suite: int = 0xF00D, last_resort: bool = False, at_ms: int = 1
) -> KeptKeyPackage:
    return KeptKeyPackage(
        ref, suite, last_resort, b"private " + ref, b"public " + ref, False, False, at_ms
    )


async def test_found_by_reference(vault: Vault) -> None:
    table = KeyPackages(vault)
    await vault.write([table.put(kept(b"a")), table.put(kept(b"b"))])
    assert await table.find([b"x", b"b"]) == kept(b"b")
    assert await table.find([b"x"]) is None


async def test_waiting_until_uploaded(vault: Vault) -> None:
    table = KeyPackages(vault)
    await vault.write([table.put(kept(b"b", at_ms=2)), table.put(kept(b"a", at_ms=1))])
    assert [one.ref for one in await table.waiting()] == [b"a", b"b"]
    await vault.write([table.mark_uploaded(b"a")])
    assert [one.ref for one in await table.waiting()] == [b"b"]


async def test_a_used_one_is_gone_for_good(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    table = KeyPackages(vault)
    await vault.write([table.put(kept(b"a"))])
    await vault.write([table.spend(kept(b"a"))])
    assert await table.find([b"a"]) is None
    await vault.close()


async def test_a_last_resort_stays_but_is_not_fresh(vault: Vault) -> None:
    table = KeyPackages(vault)
    resort = kept(b"l", last_resort=True)
    await vault.write([table.put(resort), table.put(kept(b"a", suite=1))])
    assert await table.fresh_last_resorts(resort.made_at_ms) == {0xF00D}
    assert await table.fresh_last_resorts(resort.made_at_ms + 1) == set()
    await vault.write([table.spend(resort)])
    assert await table.fresh_last_resorts(0) == set()
    found = await table.find([b"l"])
    assert found is not None and found.used


async def test_old_ones_are_deleted(vault: Vault) -> None:
    table = KeyPackages(vault)
    await vault.write([table.put(kept(b"a", at_ms=1)), table.put(kept(b"b", at_ms=10))])
    await vault.write([table.delete_old(10)])
    assert [one.ref for one in await table.waiting()] == [b"b"]


async def test_private_halves_are_sealed(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    await vault.write([KeyPackages(vault).put(kept(b"a"))])
    await vault.close()
    raw = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert b"public a" in raw
    assert b"private a" not in raw

"""Backups and adoption on both engines: who gets a backup, and whom it brings back in."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery_world import DOMAIN, Player, World
from plausch.base.durations import DAY_MS
from plausch.base.ids import DeviceAddress
from plausch.db.interface import Transaction
from plausch.identity.adoption import sign_adoption
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.server.backups import Backups, Kept, lookup_of
from plausch.server.blobs import Blobs
from plausch.server.devices import ListMoved
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.store import suspension
from wire_device import DAY_S, Person

NONCE = bytes(range(32))


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


@dataclass
class House:
    """A server's backups and blobs, and one account's secrets."""

    world: World
    blobs: Blobs
    backups: Backups
    anna: Player
    capability: bytes
    adoption: SigningKey

    async def blob(self, owner: Player, content: bytes = b"archive") -> bytes:
        name = secrets.token_bytes(32)
        digest = hashlib.sha256(content).digest()
        await self.blobs.begin(owner.record, name, len(content), digest)
        await self.blobs.put(owner.record, name, 0, content)
        return name

    async def keep(
        self,
        owner: Player,
        record: bytes = b"record",
        blob: bytes = b"",
        *,
        believed: bytes = b"",
    ) -> bytes:
        blob = blob or await self.blob(owner)
        kept = Kept(lookup_of(self.capability), self.adoption.public, record, believed)
        await self.backups.keep(owner.record, kept, blob)
        return blob

    def renew(self) -> bytes:
        """Another recovery key from now on; the capability of the one before."""
        before, self.capability = self.capability, secrets.token_bytes(32)
        self.adoption = SigningKey.generate()
        return before

    async def remove(self, *gone: Player) -> bytes:
        """The owner's list with the owner's first device only."""
        owner = self.anna.person
        entries = [(owner.device.device, owner.key.public)]
        without = DeviceList.issue(
            owner.identity, owner.address, entries, self.world.now_s, gone[-1].person.device_list
        )
        await self.world.devices.publish_list(self.anna.record, without, [])
        return without

    def newcomer(self, previous: bytes, *others: Person) -> tuple[Person, bytes]:
        """A device that nobody knows yet, and the account's list with it and these."""
        owner, now_s = self.anna.person, self.world.now_s
        device = DeviceAddress(owner.address, secrets.token_hex(8))
        key = SigningKey.generate()
        certificate = DeviceCertificate.issue(
            owner.identity, device, key.public, now_s - 60, now_s + 90 * DAY_S
        )
        entries = [(one.device.device, one.key.public) for one in others]
        entries.append((device.device, key.public))
        made = DeviceList.issue(owner.identity, owner.address, sorted(entries), now_s, previous)
        return Person(owner.address, owner.identity, device, key, certificate, made), made

    async def adopt(self, person: Person, signer: SigningKey | None = None) -> ListMoved:
        signature = sign_adoption(
            signer or self.adoption, DOMAIN, NONCE, person.address, person.device_list
        )
        return await self.world.devices.adopt(
            person.address.name, NONCE, person.device_list, person.certificate, signature
        )


@pytest.fixture
async def house(world: World, tmp_path: Path) -> AsyncIterator[House]:
    local = LocalBlobs(tmp_path / "blobs")
    local.prepare()
    blobs = Blobs(world.database, local, world.clock, Limits())
    backups = Backups(world.database, world.clock)
    anna = await world.player("anna")
    made = House(world, blobs, backups, anna, secrets.token_bytes(32), SigningKey.generate())
    yield made
    await blobs.close()


# --- keeping and getting -------------------------------------------------------------------


async def test_whoever_has_name_and_capability_gets_the_backup(house: House) -> None:
    await house.keep(house.anna)
    found = await house.backups.get("anna", house.capability)
    assert found.record == b"record"
    assert found.kept_at_ms == house.world.clock.now_ms()
    assert (found.kind, found.device_list) == ("person", house.anna.person.device_list)


async def test_everything_else_has_the_same_answer(house: House) -> None:
    cem = await house.world.player("cem")
    await house.keep(house.anna)
    for name, capability in (
        ("anna", secrets.token_bytes(32)),
        ("anna", lookup_of(house.capability)),
        (cem.person.address.name, house.capability),
        ("nobody", house.capability),
        ("no name at all!", house.capability),
    ):
        with refused("no_backup") as caught:
            await house.backups.get(name, capability)
        assert str(caught.value).startswith("There is no backup of this name")


async def test_a_new_backup_replaces_the_old_one_and_its_key(house: House) -> None:
    await house.keep(house.anna, b"first")
    before = house.renew()
    await house.keep(house.anna, b"second")
    assert (await house.backups.get("anna", house.capability)).record == b"second"
    with refused("no_backup"):
        await house.backups.get("anna", before)


async def test_only_a_whole_file_of_ones_own_can_be_named(house: House) -> None:
    cem = await house.world.player("cem")
    unfinished = secrets.token_bytes(32)
    await house.blobs.begin(house.anna.record, unfinished, 10, bytes(32))
    for blob in (secrets.token_bytes(32), unfinished, await house.blob(cem)):
        with refused("unknown_blob"):
            await house.keep(house.anna, blob=blob)
    with refused("no_backup"):
        await house.backups.get("anna", house.capability)


async def test_a_backup_and_a_new_list_at_once_do_not_wait_for_each_other(house: House) -> None:
    for _ in range(5):
        laptop = await house.anna.link()
        blob = await house.blob(laptop)
        kept, removed = await asyncio.gather(
            house.keep(laptop, blob=blob), house.remove(laptop), return_exceptions=True
        )
        assert isinstance(removed, bytes)
        house.anna.person.device_list = removed
        assert isinstance(kept, bytes) or getattr(kept, "code", "") == "unknown_device"
        with refused("no_backup"):
            await house.backups.get("anna", house.capability)


async def test_a_key_that_everybody_can_sign_for_is_refused(house: House) -> None:
    blob = await house.blob(house.anna)
    with refused("bad_backup"):
        await house.backups.keep(
            house.anna.record, Kept(bytes(32), bytes(32), b"record", b""), blob
        )


async def test_a_backups_file_stays_for_as_long_as_it_is_named(house: House) -> None:
    kept, other = await house.keep(house.anna), await house.blob(house.anna)
    house.world.clock.advance(400 * DAY_MS)
    await house.blobs.sweep(house.world.clock.now_ms())
    assert (await house.blobs.get(house.anna.record, kept, 0, 7)).chunk == b"archive"
    with refused("unknown_blob"):
        await house.blobs.get(house.anna.record, other, 0, 7)
    await house.backups.drop(house.anna.record)
    await house.backups.drop(house.anna.record)
    await house.blobs.sweep(house.world.clock.now_ms())
    with refused("unknown_blob"):
        await house.blobs.get(house.anna.record, kept, 0, 7)


async def test_a_removed_device_keeps_and_drops_nothing(house: House) -> None:
    laptop = await house.anna.link()
    blob = await house.blob(laptop)
    await house.keep(house.anna)
    await house.remove(laptop)
    with refused("unknown_device"):
        await house.keep(laptop, b"a thief's", blob)
    with refused("unknown_device"):
        await house.backups.drop(laptop.record)
    assert (await house.backups.get("anna", house.capability)).record == b"record"


async def test_a_removed_device_takes_the_backup_that_it_kept_with_it(house: House) -> None:
    """Its keys may be a thief's: with them he would come back in."""
    laptop = await house.anna.link()
    await house.keep(laptop)
    await house.remove(laptop)
    with refused("no_backup"):
        await house.backups.get("anna", house.capability)


# --- which recovery key counts -------------------------------------------------------------


async def test_another_device_does_not_bring_a_revoked_key_back(house: House) -> None:
    laptop = await house.anna.link()
    await house.keep(house.anna)
    before = house.renew()
    await house.keep(house.anna, b"second")
    house.capability, counts = before, house.capability
    with refused("backup_moved") as caught:
        await house.keep(laptop, b"daily", believed=lookup_of(before))
    assert "another recovery key" in str(caught.value)
    assert (await house.backups.get("anna", counts)).record == b"second"
    with refused("no_backup"):
        await house.backups.get("anna", before)


async def test_not_even_when_the_newer_backup_went_with_its_device(house: House) -> None:
    laptop = await house.anna.link()
    before = lookup_of(house.capability)
    await house.keep(house.anna)
    revoked = house.renew()
    await house.keep(laptop)
    counts = house.capability
    await house.remove(laptop)
    house.capability = revoked
    with refused("backup_moved"):
        await house.keep(house.anna, believed=before)
    house.capability = counts
    await house.keep(house.anna, believed=lookup_of(counts))
    assert (await house.backups.get("anna", counts)).record == b"record"


async def test_backups_that_were_turned_off_stay_off_until_somebody_sets_them_up(
    house: House,
) -> None:
    laptop = await house.anna.link()
    believed = lookup_of(house.capability)
    await house.keep(house.anna)
    await house.backups.drop(house.anna.record)
    with refused("backup_moved") as caught:
        await house.keep(laptop, believed=believed)
    assert "off" in str(caught.value)
    with refused("no_backup"):
        await house.backups.get("anna", house.capability)
    house.renew()
    await house.keep(laptop)
    await house.keep(house.anna, b"daily", believed=lookup_of(house.capability))
    assert (await house.backups.get("anna", house.capability)).record == b"daily"


async def test_a_set_up_whose_answer_was_lost_is_taken_back(house: House) -> None:
    """The device names the key that it tried, and keeps the one that its person has."""
    await house.keep(house.anna)
    before = house.renew()
    await house.keep(house.anna)
    tried, house.capability = house.capability, before
    await house.keep(house.anna, b"again", believed=lookup_of(tried))
    assert (await house.backups.get("anna", before)).record == b"again"


async def test_what_a_server_does_not_remember_does_not_stop_backups(house: House) -> None:
    await house.keep(house.anna, believed=lookup_of(house.capability))
    assert (await house.backups.get("anna", house.capability)).record == b"record"


# --- adoption ------------------------------------------------------------------------------


async def test_the_recovery_key_brings_a_device_in_and_the_lost_ones_out(house: House) -> None:
    cem = await house.world.player("cem")
    await house.anna.conversation_with(cem)
    await house.keep(house.anna)
    person, _ = house.newcomer(house.anna.person.device_list)
    moved = await house.adopt(person)
    assert moved.removed == (house.anna.record.uri,)
    assert cem.record.uri in moved.interested
    assert (await house.world.login(person)).uri == person.device.uri
    with refused("device_removed"):
        await house.world.login(house.anna.person)


async def test_the_lost_devices_may_stay(house: House) -> None:
    await house.keep(house.anna)
    person, _ = house.newcomer(house.anna.person.device_list, house.anna.person)
    assert (await house.adopt(person)).removed == ()
    for one in (person, house.anna.person):
        await house.world.login(one)


async def test_the_backup_outlives_the_device_that_kept_it(house: House) -> None:
    """Else a lost answer could not be asked for again."""
    await house.keep(house.anna)
    person, _ = house.newcomer(house.anna.person.device_list)
    first, again = await house.adopt(person), await house.adopt(person)
    assert (first.removed, again.interested) == ((house.anna.record.uri,), ())
    assert (await house.backups.get("anna", house.capability)).record == b"record"


async def test_nobody_comes_in_without_the_adoption_key(house: House) -> None:
    """Not even with the identity key, which every removed device has had."""
    person, _ = house.newcomer(house.anna.person.device_list)
    with refused("no_backup"):
        await house.adopt(person)
    await house.keep(house.anna)
    for signer in (SigningKey.generate(), house.anna.person.identity, house.anna.person.key):
        with refused("no_backup"):  # nor is it said that there is a backup
            await house.adopt(person, signer)
    with refused("unknown_device"):
        await house.world.login(person)


async def test_adoptions_count_as_lists_of_the_account_for_who_proves_them(house: House) -> None:
    await house.keep(house.anna)
    first, made = house.newcomer(house.anna.person.device_list)
    limits = Limits(device_lists_per_hour=2)
    house.world = World(house.world.database, clock=house.world.clock, limits=limits)
    for _ in range(4):
        with refused("no_backup"):
            await house.adopt(first, SigningKey.generate())
    for _ in range(4):  # the same again is not counted again
        await house.adopt(first)
    second, made = house.newcomer(made, first)
    await house.adopt(second)
    third, _ = house.newcomer(made, second)
    with refused("rate_limited"):
        await house.adopt(third)
    house.world.clock.advance(3_600_000)
    await house.adopt(third)


async def test_a_suspended_account_adopts_nobody(house: House) -> None:
    await house.keep(house.anna)
    person, _ = house.newcomer(house.anna.person.device_list)

    async def suspend(tx: Transaction) -> None:
        await suspension.add(tx, house.anna.record.account_key, 1, is_removed=False)

    await house.world.database.transact(suspend)
    with refused("no_backup"):
        await house.adopt(person, SigningKey.generate())
    with refused("account_suspended"):
        await house.adopt(person)


async def test_a_signature_is_worth_nothing_on_another_connection(house: House) -> None:
    await house.keep(house.anna)
    person, _ = house.newcomer(house.anna.person.device_list)
    signature = sign_adoption(house.adoption, DOMAIN, NONCE, person.address, person.device_list)
    with refused("no_backup"):
        await house.world.devices.adopt(
            "anna", bytes(32), person.device_list, person.certificate, signature
        )


async def test_the_list_follows_the_newest_one(house: House) -> None:
    await house.keep(house.anna)
    old = house.anna.person.device_list
    await house.anna.link()
    person, _ = house.newcomer(old)
    with refused("bad_device_list"):
        await house.adopt(person)


async def test_an_account_that_there_is_not_has_no_backup(house: House) -> None:
    nobody = Person.new("nobody", now_s=house.world.now_s)
    with refused("no_backup"):
        await house.adopt(nobody)
    with refused("no_backup"):
        await house.world.devices.adopt("!", NONCE, nobody.device_list, b"", bytes(64))


async def test_the_list_is_signed_by_the_accounts_identity_key(house: House) -> None:
    await house.keep(house.anna)
    impostor = Person.new("anna", now_s=house.world.now_s)
    with refused("bad_device_list"):
        await house.adopt(impostor)


async def test_one_device_is_adopted_at_a_time(house: House) -> None:
    await house.keep(house.anna)
    other, _ = house.newcomer(house.anna.person.device_list)
    person, _ = house.newcomer(house.anna.person.device_list, other)
    with refused("bad_device_list"):
        await house.adopt(person)


async def test_a_list_without_a_newcomer_is_no_adoption(house: House) -> None:
    laptop = await house.anna.link()
    await house.keep(house.anna)
    owner = house.anna.person
    entries = [(owner.device.device, owner.key.public)]
    without = DeviceList.issue(
        owner.identity, owner.address, entries, house.world.now_s, laptop.person.device_list
    )
    for device_list, certificate in (
        (without, owner.certificate),
        (house.newcomer(laptop.person.device_list, owner)[1], owner.certificate),
    ):
        signature = sign_adoption(house.adoption, DOMAIN, NONCE, owner.address, device_list)
        with refused("bad_device_list"):
            await house.world.devices.adopt("anna", NONCE, device_list, certificate, signature)
    assert (await house.world.login(laptop.person)).uri == laptop.record.uri


async def test_a_thief_who_adopts_what_is_listed_is_gone_when_he_is_removed(house: House) -> None:
    """The current list again, under his own adoption key, would have made the backup nobody's: it
    would have stayed, and brought him back in alone."""
    thief = await house.anna.link()
    await house.keep(thief)
    listed = thief.person.device_list
    signature = sign_adoption(house.adoption, DOMAIN, NONCE, thief.person.address, listed)
    moved = await house.world.devices.adopt(
        "anna", NONCE, listed, thief.person.certificate, signature
    )
    assert (moved.removed, moved.interested) == ((), ())
    person, _ = house.newcomer(await house.remove(thief))
    with refused("no_backup"):
        await house.adopt(person)
    await house.world.login(house.anna.person)


async def test_a_backup_goes_with_the_device_that_was_adopted_by_it(house: House) -> None:
    thief = await house.anna.link()
    await house.keep(thief)
    person, adopted = house.newcomer(thief.person.device_list, house.anna.person, thief.person)
    await house.adopt(person)
    await house.remove(Player(house.world, person, await house.world.login(person)))
    other, _ = house.newcomer(house.anna.person.device_list)
    with refused("no_backup"):
        await house.adopt(other)
    assert adopted == person.device_list


async def test_staff_neither_makes_a_backup_nor_turns_them_off(house: House) -> None:
    """Else who was let in to answer guests could see to it that the account does not come back."""
    await house.keep(house.anna, b"the owner's")
    waiter = await house.anna.link()
    person = house.anna.person
    devices = [(one.device.device, one.key.public) for one in (person, waiter.person)]
    now_s = house.world.now_s
    staff = [(waiter.person.device.device, now_s + DAY_S)]
    known = waiter.person.device_list
    listed = DeviceList.issue(person.identity, person.address, devices, now_s, known, staff)
    await house.world.devices.publish_list(house.anna.record, listed, [])
    with refused("not_owner"):
        await house.keep(waiter, b"the waiter's")
    with refused("not_owner"):
        await house.backups.drop(waiter.record)
    assert (await house.backups.get("anna", house.capability)).record == b"the owner's"
    await house.keep(house.anna, b"the next")

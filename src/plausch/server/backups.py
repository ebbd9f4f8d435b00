"""Backups: what an account leaves for the day on which all its devices are lost.

The server holds a sealed record, and the encrypted file that the record leads to, for as long as
the account wants. A device without an account may ask for it: by the account's name and a
capability of 32 bytes, of which the server keeps a hash. Asking is counted by address.
"""

import hashlib
import hmac
from typing import NamedTuple

from plausch.base.clock import Clock
from plausch.base.ids import NameRefused, parse_name
from plausch.db.interface import Database, Transaction
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import check_public_key
from plausch.server.blobs import name_of, unknown_blob
from plausch.server.errors import Refusal, unlisted
from plausch.server.owners import demand_owner
from plausch.server.records import AccountRecord, DeviceRecord
from plausch.server.store import account, backup, blob, device
from plausch.server.store.backup import BackupRow


class Found(NamedTuple):
    """A backup, and the account as it is now."""

    kept_at_ms: int
    record: bytes
    kind: str
    device_list: bytes


class Kept(NamedTuple):
    """A backup as a device hands it in. `believed`: the lookup of the recovery key that counts, as
    far as the device knows; empty when a person has just made the one of this backup."""

    lookup: bytes
    adoption_key: bytes
    record: bytes
    believed: bytes


class Backups:
    """The backups of one server's accounts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def keep(self, owner: DeviceRecord, kept: Kept, blob_id: bytes) -> None:
        """The account's backup, in place of the one before, which goes only now.

        Raises Refusal `unknown_blob`, `bad_backup`, `backup_moved`, `unknown_device`, `not_owner`;
        StorageUnavailable.
        """
        lookup, adoption_key, record, believed = kept
        try:
            check_public_key(adoption_key)
        except IdentityRefused as error:
            raise Refusal("bad_backup", f"The adoption key cannot be used: {error}") from error
        name, now_ms = name_of(blob_id), self._clock.now_ms()

        async def body(tx: Transaction) -> None:
            locked = await account.lock(tx, owner.account_key)
            if not await device.hold(tx, owner.key):
                raise unlisted()
            demand_owner(locked, owner)
            current = await backup.current(tx, owner.account_key)
            if believed and current not in (None, lookup, believed):
                raise _moved(current)
            found = await blob.find(tx, name)
            if found is None or not found.whole or found.account_key != owner.account_key:
                raise unknown_blob()
            row = BackupRow(lookup, adoption_key, record, name, now_ms)
            await backup.keep(tx, owner.account_key, owner.key, row)

        await self._database.transact(body, repeatable=True)

    async def drop(self, owner: DeviceRecord) -> None:
        """The account has no backup any more, and makes none before somebody sets up a recovery
        key. Raises Refusal `unknown_device`, `not_owner`."""

        async def body(tx: Transaction) -> None:
            locked = await account.lock(tx, owner.account_key)
            if not await device.hold(tx, owner.key):
                raise unlisted()
            demand_owner(locked, owner)
            await backup.stop(tx, owner.account_key)

        await self._database.transact(body, repeatable=True)

    async def get(self, name: str, capability: bytes) -> Found:
        """The backup of the account of that name.

        Raises Refusal `no_backup`: whether the account, its backup or the capability is missing is
        not said.
        """
        try:
            parse_name(name)
        except NameRefused as error:
            raise no_backup() from error

        async def look(tx: Transaction) -> tuple[AccountRecord, BackupRow] | None:
            owner = await account.by_name(tx, name)
            row = None if owner is None else await backup.of_account(tx, owner.key)
            return None if owner is None or row is None else (owner, row)

        found = await self._database.read(look)
        if found is None:
            raise no_backup()
        owner, row = found
        if not hmac.compare_digest(row.lookup, lookup_of(capability)):
            raise no_backup()
        return Found(row.kept_at_ms, row.record, owner.kind, owner.device_list)


def lookup_of(capability: bytes) -> bytes:
    """What the server keeps of a capability: who reads its disk still cannot ask with it."""
    return hashlib.sha256(capability).digest()


def no_backup() -> Refusal:
    """The answer to every question that leads to no backup."""
    return Refusal(
        "no_backup",
        "There is no backup of this name and recovery key on the server: check both, and the "
        "passphrase if there is one.",
    )


def _moved(current: bytes | None) -> Refusal:
    done = "made another recovery key" if current else "turned backups off"
    return Refusal(
        "backup_moved",
        f"Another device of this account has {done}: make a new recovery key on this device if it "
        "is to go on making backups.",
    )

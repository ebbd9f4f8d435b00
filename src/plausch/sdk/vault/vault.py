"""A device's vault: opens the folder, owns it, seals what is secret, writes in one transaction.

Tables hand out `Write`s that are prepared (sealed, encoded) before the transaction begins; the
caller collects all that belongs together and writes it at once.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from plausch.base.file_lock import FileLock
from plausch.db.file import open_file
from plausch.db.interface import Database, Row, StorageDamaged, Transaction, Value
from plausch.sdk.errors import VaultDamaged, VaultError, VaultMissing
from plausch.sdk.vault.key import KEY_FILE, make_vault_key, read_vault_key
from plausch.sdk.vault.lock import lock_vault
from plausch.sdk.vault.schema import STEPS
from plausch.sdk.vault.seal import Seal
from plausch.sdk.whole import whole

DATABASE_FILE = "vault.db"

_PRAGMAS = ("secure_delete = ON",)
"""Forward secrecy on disk: deleted and replaced keys are overwritten with zeros."""


@dataclass(frozen=True, slots=True)
class Write:
    """One prepared statement."""

    sql: str
    values: tuple[Value, ...]


class Vault:
    """An open vault. Made by `open`; must be closed."""

    def __init__(self, home: Path, lock: FileLock, database: Database, seal: Seal) -> None:
        self.home = home
        self.seal = seal
        self._lock = lock
        self._database = database

    @classmethod
    async def open(cls, home: Path, passphrase: str | None = None, *, make: bool = False) -> Self:
        """Open the vault in `home`; `make`: create folder, key and database if they are absent.

        Raises VaultMissing, VaultBusy, WrongPassphrase, VaultDamaged, VaultError,
        StorageUnavailable.
        """
        _demand_whole(home, make=make)
        if make:
            _make_folder(home)
        lock = lock_vault(home)
        try:
            if make and not (home / KEY_FILE).exists():
                key = make_vault_key(home, passphrase)
            else:
                key = read_vault_key(home, passphrase)
            database = await _open_database(home / DATABASE_FILE)
        except BaseException:
            lock.release()
            raise
        return cls(home, lock, database, Seal(key))

    @whole
    async def write(self, writes: Iterable[Write]) -> None:
        """All of it in one transaction, on disk when this returns. Raises StorageUnavailable."""
        prepared = tuple(writes)

        async def body(transaction: Transaction) -> None:
            for write in prepared:
                await transaction.execute(write.sql, *write.values)

        if prepared:
            await self._database.transact(body)

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        """Rows as of everything written so far. Raises StorageUnavailable."""

        async def body(transaction: Transaction) -> list[Row]:
            return await transaction.fetch(sql, *values)

        return await self._database.read(body)

    async def close(self) -> None:
        """Finish what is being written, close, let another process have it."""
        await self._database.close()
        self._lock.release()


async def _open_database(path: Path) -> Database:
    """Raises VaultDamaged, SchemaRefused, StorageUnavailable."""
    try:
        return await open_file(path, STEPS, pragmas=_PRAGMAS)
    except StorageDamaged as error:
        raise VaultDamaged(str(error)) from error


def _demand_whole(home: Path, *, make: bool) -> None:
    """Look before anything is written. Raises VaultMissing, VaultDamaged (half is missing)."""
    database = home / DATABASE_FILE
    begun = database.exists() and database.stat().st_size > 0
    if (home / KEY_FILE).exists():
        if not (begun or make):
            raise VaultMissing(
                f"There is a key in {home} but no vault: if a registration was interrupted, "
                f"register again (plausch register); else restore {DATABASE_FILE} from your backup."
            )
    elif begun:
        raise VaultDamaged(
            f"The vault in {home} has lost its key: restore {KEY_FILE} from your backup; without "
            "it nothing in the vault can be read, and a new account needs another folder.",
            code="vault_key_missing",
        )
    elif not make:
        raise VaultMissing(f"There is no account in {home}: register one first (plausch register).")


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise VaultError(f"The folder {home} cannot be made: {error.strerror}.") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise VaultError(f"The folder {home} is not writable by this user.")

"""One process owns a vault: two would encrypt with the same key and nonce."""

from pathlib import Path

from plausch.base.file_lock import FileLock, LockTaken
from plausch.sdk.errors import VaultBusy, VaultError

LOCK_FILE = "vault.lock"


def lock_vault(home: Path) -> FileLock:
    """The lock on a vault's folder. Raises VaultBusy, VaultError (folder not writable)."""
    try:
        return FileLock(home / LOCK_FILE)
    except LockTaken as taken:
        raise VaultBusy(
            f"The vault {home} is in use by process {taken.owner}: end it first, or use another "
            "folder."
        ) from taken
    except OSError as error:
        raise VaultError(
            f"The vault {home} cannot be locked ({error.strerror}): check that the folder exists "
            "and is writable."
        ) from error

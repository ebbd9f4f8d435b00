"""One process owns a vault: two would encrypt with the same key and nonce."""

import fcntl
import os
from pathlib import Path

from plausch.sdk.errors import VaultBusy, VaultError

LOCK_FILE = "vault.lock"


class VaultLock:
    """An exclusive lock on a vault's folder; the operating system frees it when the process ends.

    The file keeps the owner's process id, for the sentence that the second process is given.
    """

    def __init__(self, home: Path) -> None:
        """Take the lock. Raises VaultBusy, VaultError (folder not writable)."""
        path = home / LOCK_FILE
        try:
            self._descriptor: int | None = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise VaultError(
                f"The vault {home} cannot be locked ({error.strerror}): check that the folder "
                "exists and is writable."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise VaultBusy(
                f"The vault {home} is in use by process {owner or 'unknown'}: end it first, or "
                "use another folder."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes hold different files."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

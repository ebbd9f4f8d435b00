"""The vault's key: random, kept in a file of mode 0600, either plainly or under a passphrase.

With a passphrase the file holds the key encrypted with AES-256-GCM under Argon2id (RFC 9106,
second recommended option: 64 MiB, 3 passes), so that the passphrase can be changed without
touching the vault.
"""

import os
import secrets
from pathlib import Path

import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plausch.base.durable import sync_folder
from plausch.sdk.errors import VaultDamaged, VaultError, VaultMissing, WrongPassphrase

KEY_FILE = "vault.key"
KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
VERSION = 1

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 4
MEMORY_KIB_LIMIT = 1024 * 1024
PASSES_LIMIT = 64
LANES_LIMIT = 16

_AAD = b"plausch vault key 1"


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    """`salt` is empty for a key without a passphrase, whose `key` is then in the clear."""

    version: int
    key: bytes
    salt: bytes = b""
    memory_kib: int = 0
    passes: int = 0
    lanes: int = 0


def make_vault_key(home: Path, passphrase: str | None) -> bytes:
    """A new key and its file, which must not exist yet. Raises VaultError."""
    key = secrets.token_bytes(KEY_BYTES)
    if passphrase is None:
        _write(home / KEY_FILE, _KeyFile(VERSION, key))
        return key
    salt = secrets.token_bytes(SALT_BYTES)
    wrapping = _derive(passphrase, salt, MEMORY_KIB, PASSES, LANES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    wrapped = nonce + AESGCM(wrapping).encrypt(nonce, key, _AAD)
    _write(home / KEY_FILE, _KeyFile(VERSION, wrapped, salt, MEMORY_KIB, PASSES, LANES))
    return key


def read_vault_key(home: Path, passphrase: str | None) -> bytes:
    """The key of an existing vault.

    Raises VaultMissing, WrongPassphrase, VaultDamaged, VaultError (unreadable).
    """
    path = home / KEY_FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    except FileNotFoundError as error:
        raise VaultMissing(
            f"There is no account in {home}: register one first (plausch register)."
        ) from error
    except OSError as error:
        raise VaultError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise VaultDamaged(f"{path} is damaged ({error}): restore it from a backup.") from error
    if kept.version != VERSION:
        raise VaultDamaged(
            f"{path} has version {kept.version}, and this program knows {VERSION}: update it."
        )
    return _unwrap(path, kept, passphrase)


def _unwrap(path: Path, kept: _KeyFile, passphrase: str | None) -> bytes:
    if not kept.salt:
        if len(kept.key) != KEY_BYTES:
            raise VaultDamaged(f"{path} holds no key of {KEY_BYTES} bytes: restore a backup.")
        return kept.key
    if passphrase is None:
        raise WrongPassphrase(f"The vault {path.parent} needs its passphrase; none was given.")
    if not (
        8 <= kept.memory_kib <= MEMORY_KIB_LIMIT
        and 1 <= kept.passes <= PASSES_LIMIT
        and 1 <= kept.lanes <= LANES_LIMIT
    ):
        raise VaultDamaged(f"{path} asks for an impossible key derivation: restore a backup.")
    wrapping = _derive(passphrase, kept.salt, kept.memory_kib, kept.passes, kept.lanes)
    nonce, wrapped = kept.key[:NONCE_BYTES], kept.key[NONCE_BYTES:]
    try:
        return AESGCM(wrapping).decrypt(nonce, wrapped, _AAD)
    except (InvalidTag, ValueError) as error:
        raise WrongPassphrase(
            f"The passphrase does not open the vault {path.parent}: check it and try again."
        ) from error


def _derive(passphrase: str, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, passes, memory_kib, lanes, KEY_BYTES, Type.ID)


def _write(path: Path, kept: _KeyFile) -> None:
    """Write a file that did not exist, mode 0600 from its first moment, and sync it.

    It gets its name when all of it is on disk: half a key could not be told from a damaged one.
    """
    if path.exists():
        raise VaultError(f"{path} cannot be written: there is one already.")
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise VaultError(f"{path} cannot be written: {error.strerror}.") from error

"""Sealing of single values: AES-256-GCM, bound to the table, column and row they belong to.

A random 96-bit nonce for each value: one vault key stays far below the 2^32 values at which
NIST SP 800-38D (section 8.3) wants a new key.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plausch.sdk.errors import VaultDamaged

NONCE_BYTES = 12


class Seal:
    """Seals and opens values of one vault."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def close(self, place: str, row: bytes, plaintext: bytes) -> bytes:
        """Seal a value. `place` is "table.column"; `row` the row's key, which must not change."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plaintext, _bound(place, row))

    def open(self, place: str, row: bytes, sealed: bytes) -> bytes:
        """The value. Raises VaultDamaged when it is not what was sealed in this very place."""
        try:
            return self._aead.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(place, row)
            )
        except (InvalidTag, ValueError) as error:
            raise VaultDamaged(
                f"A value in {place} of the vault was altered or is damaged: restore the vault "
                "from a backup, or link this device anew."
            ) from error


def _bound(place: str, row: bytes) -> bytes:
    return place.encode() + b"\0" + row

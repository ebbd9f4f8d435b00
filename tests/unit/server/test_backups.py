"""Backups: what needs no second engine. The rest is in tests/contract."""

import hashlib

from plausch.server.backups import lookup_of, no_backup


def test_the_server_keeps_a_hash_of_the_capability() -> None:
    capability = bytes(range(32))
    assert lookup_of(capability) == hashlib.sha256(capability).digest()


def test_the_refusal_says_what_can_be_wrong() -> None:
    refusal = no_backup()
    assert refusal.code == "no_backup"
    for word in ("name", "recovery key", "passphrase"):
        assert word in str(refusal)

"""Backups: what needs no second engine. The rest is in tests/contract."""

import hashlib

import pytest

from delivery_world import World
from plausch.server.backups import Backups, lookup_of, no_backup
from plausch.server.errors import Refusal
from plausch.server.limits import Limits


def test_the_server_keeps_a_hash_of_the_capability() -> None:
    capability = bytes(range(32))
    assert lookup_of(capability) == hashlib.sha256(capability).digest()


def test_the_refusal_says_what_can_be_wrong() -> None:
    refusal = no_backup()
    assert refusal.code == "no_backup"
    for word in ("name", "recovery key", "passphrase"):
        assert word in str(refusal)


async def test_without_a_limit_nobody_may_ask(world: World) -> None:
    """0 in the operator's configuration is "none of it"."""
    backups = Backups(world.database, world.clock, Limits(recoveries_per_address_per_hour=0))
    with pytest.raises(Refusal, match="too often"):
        backups.count("192.0.2.1")

"""Accounts: the parts that need no second engine."""

import pytest

from delivery_world import World
from plausch.db.interface import Transaction
from plausch.server.accounts import Accounts
from plausch.server.errors import Refusal


def test_registration_has_three_modes(world: World) -> None:
    with pytest.raises(ValueError, match="registration"):
        Accounts(world.database, world.clock, world.limits, "localhost", "sometimes")


async def test_codes_are_not_stored(world: World) -> None:
    codes = {await world.accounts.invite() for _ in range(5)}
    assert len(codes) == 5

    async def body(tx: Transaction) -> bytes:
        return b"".join([row[0] for row in await tx.fetch("SELECT code_hash FROM invitation")])

    stored = await world.database.read(body)
    assert len(stored) == 5 * 32
    assert not any(code.encode() in stored for code in codes)


@pytest.mark.parametrize("name", ["", "A", "a" * 33, "anna@localhost", "../x", "a b", "ä"])
async def test_names_are_checked_before_anything_else(world: World, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        await world.accounts.get(name)
    assert caught.value.code == "bad_name"

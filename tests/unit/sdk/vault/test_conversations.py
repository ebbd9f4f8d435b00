"""Conversations and the sealed states of their groups."""

from dataclasses import replace
from pathlib import Path

import pytest

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.sdk.errors import VaultDamaged
from plausch.sdk.vault.conversations import Conversations, KeptConversation
from plausch.sdk.vault.vault import DATABASE_FILE, Vault, Write

ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")
ROOM = ConversationId(b"r" * 16)
OTHER = ConversationId(b"s" * 16)


def sample(room: ConversationId = ROOM) -> KeptConversation:
    members = (DeviceAddress(ANNA, "0" * 16), DeviceAddress(ANNA, "1" * 16))
    return KeptConversation(
        room, "opening", request=True, title="Geheim", members=members, invited=(CEM,), cursor=3
    )


def test_participants_are_accounts() -> None:
    kept = sample()
    assert kept.participants == (ANNA, CEM)
    kept.set_members(kept.members)
    assert kept.participants == (ANNA,)


async def test_they_come_back(vault: Vault) -> None:
    table = Conversations(vault)
    await vault.write([table.put(sample(OTHER)), table.put(sample())])
    assert await table.all() == [sample(), sample(OTHER)]


async def test_writing_again_keeps_the_group(vault: Vault) -> None:
    table = Conversations(vault)
    await vault.write(
        [
            table.put(sample()),
            table.put_epoch(ROOM, b"epoch"),
            table.put_ratchet(ROOM, b"ratchet"),
            table.put(replace(sample(), state="open", cursor=9)),
        ]
    )
    assert await table.group(ROOM) == (b"epoch", b"ratchet")
    assert (await table.all())[0].cursor == 9


async def test_without_a_group_there_is_none(vault: Vault) -> None:
    table = Conversations(vault)
    assert await table.group(ROOM) is None
    await vault.write([table.put(sample())])
    assert await table.group(ROOM) is None


async def test_forgetting_deletes_the_keys(vault: Vault) -> None:
    table = Conversations(vault)
    await vault.write(
        [table.put(sample()), table.put_epoch(ROOM, b"e"), table.put_ratchet(ROOM, b"r")]
    )
    await vault.write([table.forget_group(ROOM)])
    assert await table.group(ROOM) is None


async def test_a_state_moved_to_another_row_does_not_open(vault: Vault) -> None:
    table = Conversations(vault)
    for room in (ROOM, OTHER):
        await vault.write(
            [
                table.put(sample(room)),
                table.put_epoch(room, b"e"),
                table.put_ratchet(room, b"r" + room),
            ]
        )
    swap = (
        "UPDATE conversation SET ratchet_state = "
        "(SELECT ratchet_state FROM conversation WHERE id = $1) WHERE id = $2"
    )
    await vault.write([Write(swap, (OTHER, ROOM))])
    with pytest.raises(VaultDamaged):
        await table.group(ROOM)


async def test_titles_and_states_are_sealed(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    table = Conversations(vault)
    await vault.write([table.put(sample()), table.put_epoch(ROOM, b"the epoch secret")])
    await vault.close()
    raw = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert b"Geheim" not in raw
    assert b"the epoch secret" not in raw


async def test_how_far_a_log_is_read_a_second_time_comes_back(vault: Vault) -> None:
    table = Conversations(vault)
    await vault.write([table.put(sample())])
    await vault.write([table.put(replace(sample(), cursor=1, known=7))])
    assert await table.get(ROOM) == replace(sample(), cursor=1, known=7)

"""What waits for the program that deals with it."""

import pytest

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.sdk.vault import spoken
from plausch.sdk.vault.spoken import Spoken, SpokenRow
from plausch.sdk.vault.vault import Vault

DEVICE = DeviceAddress(AccountAddress("linde", "localhost"), "e" * 16)
TEAM = ConversationId(bytes(16))


def row(seq: int) -> SpokenRow:
    return SpokenRow(TEAM, seq, DEVICE, b"content %d" % seq, 1_000 + seq)


async def test_rows_wait_in_their_order_until_they_are_dealt_with(vault: Vault) -> None:
    table = Spoken(vault)
    await vault.write([*table.add(row(3)), *table.add(row(5))])
    first, second = await table.oldest(10)
    assert (first.seq, first.device, first.content, first.accepted_at_ms) == (
        3,
        DEVICE,
        b"content 3",
        1_003,
    )
    await vault.write([table.forget_until(first.position)])
    assert await table.oldest(10) == [second]


async def test_one_place_of_the_log_is_one_row(vault: Vault) -> None:
    table = Spoken(vault)
    await vault.write([*table.add(row(3)), *table.add(row(3))])
    assert len(await table.oldest(10)) == 1


async def test_the_oldest_are_let_go_of(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "KEPT", 2)
    table = Spoken(vault)
    for seq in range(1, 6):
        await vault.write(table.add(row(seq)))
    assert [one.seq for one in await table.oldest(10)] == [4, 5]


async def test_what_was_said_is_sealed_on_the_disk(vault: Vault) -> None:
    await vault.write(Spoken(vault).add(row(3)))
    ((raw,),) = await vault.fetch("SELECT content FROM spoken")
    assert b"content" not in raw

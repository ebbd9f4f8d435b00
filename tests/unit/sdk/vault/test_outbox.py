"""Debts in order, each with its own idempotency id, contents sealed."""

from pathlib import Path

from plausch.base.ids import ConversationId, MessageId
from plausch.sdk.vault.outbox import EntryKind, OutboxTable, new_idempotency_id
from plausch.sdk.vault.vault import DATABASE_FILE, Vault

ROOM = ConversationId(b"r" * 16)
OTHER = ConversationId(b"o" * 16)
FIRST = MessageId(b"1" * 32)


async def test_first_in_first_out_in_each_conversation(vault: Vault) -> None:
    table = OutboxTable(vault)
    for number, room in enumerate((ROOM, OTHER, ROOM)):
        await vault.write(
            [
                table.add(
                    room,
                    EntryKind.MESSAGE,
                    f"text {number}".encode(),
                    idempotency_id=new_idempotency_id(),
                )
            ]
        )
    assert set(await table.conversations()) == {ROOM, OTHER}
    assert [entry.intent for entry in await table.of(ROOM)] == [b"text 0", b"text 2"]
    first = await table.first(ROOM)
    assert first is not None and first.intent == b"text 0"
    await vault.write([table.delete(first.idempotency_id)])
    second = await table.first(ROOM)
    assert second is not None and second.intent == b"text 2"
    assert await table.get(first.idempotency_id) is None


async def test_a_payload_is_bound_to_an_epoch(vault: Vault) -> None:
    table = OutboxTable(vault)
    identifier = new_idempotency_id()
    await vault.write(
        [table.add(ROOM, EntryKind.MESSAGE, b"x", idempotency_id=identifier, message_id=FIRST)]
    )
    entry = await table.for_message(FIRST)
    assert entry is not None
    assert (entry.epoch, entry.payload, entry.idempotency_id) == (-1, b"", identifier)
    await vault.write([table.set_payload(entry.idempotency_id, 3, b"ciphertext")])
    again = await table.get(entry.idempotency_id)
    assert again is not None and (again.epoch, again.payload) == (3, b"ciphertext")


async def test_a_payload_may_be_given_at_once(vault: Vault) -> None:
    table = OutboxTable(vault)
    await vault.write(
        [
            table.add(
                ROOM,
                EntryKind.CREATE,
                b"",
                idempotency_id=new_idempotency_id(),
                payload=b"group info",
            )
        ]
    )
    entry = await table.first(ROOM)
    assert entry is not None and entry.kind is EntryKind.CREATE
    assert entry.payload == b"group info"


def test_idempotency_ids_are_random() -> None:
    assert len({new_idempotency_id() for _ in range(100)}) == 100
    assert len(new_idempotency_id()) == 16


async def test_what_is_to_be_said_is_sealed(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    await vault.write(
        [
            OutboxTable(vault).add(
                ROOM, EntryKind.MESSAGE, b"Tisch fuer vier", idempotency_id=new_idempotency_id()
            )
        ]
    )
    await vault.close()
    raw = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert b"Tisch" not in raw

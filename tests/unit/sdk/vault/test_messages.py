"""Messages: once each, in the order of the log, sealed."""

from dataclasses import replace
from pathlib import Path

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.sdk.franked import Stamped
from plausch.sdk.message import Kind
from plausch.sdk.vault.messages import MessageRow, Messages
from plausch.sdk.vault.vault import DATABASE_FILE, Vault

ROOM = ConversationId(b"r" * 16)
OTHER = ConversationId(b"s" * 16)
ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")


def identifier(number: int) -> MessageId:
    return MessageId(bytes([1]) + number.to_bytes(31, "big"))


def incoming(number: int, *, kind: Kind = Kind.TEXT, room: ConversationId = ROOM) -> MessageRow:
    return MessageRow(
        room,
        identifier(number),
        number,
        CEM,
        False,
        kind,
        None,
        f"content {number}".encode(),
        1000 + number,
        1000 + number,
        handled=False,
    )


def outgoing(number: int, at_ms: int) -> MessageRow:
    return replace(
        incoming(number),
        seq=None,
        sender=ANNA,
        outgoing=True,
        ordinal_ms=at_ms,
        sent_at_ms=at_ms,
        handled=True,
    )


def numbers(rows: list[MessageRow]) -> list[int]:
    return [int.from_bytes(row.message_id[1:], "big") for row in rows]


async def test_a_stamp_comes_back_with_its_message(vault: Vault) -> None:
    table = Messages(vault)
    stamped = Stamped("mimi://localhost/d/cem/0", 2**52, b"S" * 32)
    await vault.write([table.add(replace(incoming(1), stamped=stamped)), table.add(incoming(2))])
    for number, kept in ((1, stamped), (2, None)):
        row = await table.get(identifier(number))
        assert row is not None
        assert row.stamped == kept


async def test_what_some_devices_of_the_account_said_does_not_count(vault: Vault) -> None:
    table = Messages(vault)
    kim, machine = "mimi://localhost/d/cem/1", "mimi://localhost/d/cem/2"
    said = [(1, Stamped(kim, 1, b"S" * 32)), (2, None), (3, Stamped(machine, 3, b"S" * 32))]
    rows = [
        replace(incoming(number), outgoing=True, sent_at_ms=number, stamped=stamped)
        for number, stamped in said
    ]
    await vault.write([table.add(row) for row in rows])
    assert await table.last_of_siblings_ms([ROOM]) == 3
    assert await table.last_of_siblings_ms([ROOM], [machine]) == 2
    assert await table.last_of_siblings_ms([ROOM], [machine, kim]) == 2
    assert await table.last_of_siblings_ms([OTHER], [machine]) == 0


async def test_a_message_is_kept_once(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(incoming(1)), table.add(replace(incoming(1), content=b"other"))])
    row = await table.get(identifier(1))
    assert row is not None and row.content == b"content 1"
    assert replace(row, position=0) == incoming(1)


async def test_pages_go_backwards_and_read_forwards(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(incoming(number)) for number in range(1, 11)])
    last = await table.page([ROOM], 4, None)
    assert numbers(last) == [7, 8, 9, 10]
    before = await table.page([ROOM], 4, last[0])
    assert numbers(before) == [3, 4, 5, 6]
    assert numbers(await table.page([ROOM], 50, before[0])) == [1, 2]


async def test_at_the_same_moment_the_log_decides(vault: Vault) -> None:
    table = Messages(vault)
    rows = [replace(incoming(number), ordinal_ms=5) for number in (3, 1, 2)]
    await vault.write([table.add(row) for row in rows])
    assert numbers(await table.page([ROOM], 10, None)) == [1, 2, 3]
    (third,) = [row for row in await table.page([ROOM], 10, None) if row.seq == 3]
    assert numbers(await table.page([ROOM], 10, third)) == [1, 2]


async def test_what_waits_comes_last_at_its_moment(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(outgoing(9, 1002)), table.add(incoming(2))])
    assert numbers(await table.page([ROOM], 10, None)) == [2, 9]


async def test_two_logs_read_as_one(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write(
        [table.add(incoming(number, room=(ROOM, OTHER)[number % 2])) for number in range(1, 7)]
    )
    assert numbers(await table.page([ROOM, OTHER], 4, None)) == [3, 4, 5, 6]


async def test_changes_are_not_shown_but_found(vault: Vault) -> None:
    table = Messages(vault)
    edit = replace(incoming(2, kind=Kind.EDIT), target=identifier(1))
    reaction = replace(incoming(3, kind=Kind.REACTION), target=identifier(1))
    await vault.write([table.add(reaction), table.add(edit), table.add(incoming(1))])
    assert numbers(await table.page([ROOM], 10, None)) == [1]
    assert numbers(await table.about([ROOM], [identifier(1)])) == [2, 3]


async def test_a_change_counts_only_where_it_was_said(vault: Vault) -> None:
    table = Messages(vault)
    here = replace(incoming(2, kind=Kind.EDIT), target=identifier(1))
    elsewhere = replace(incoming(3, kind=Kind.EDIT, room=OTHER), target=identifier(1))
    await vault.write([table.add(one) for one in (incoming(1), here, elsewhere)])
    assert numbers(await table.about([ROOM], [identifier(1)])) == [2]
    assert numbers(await table.about([ROOM, OTHER], [identifier(1)])) == [2, 3]


async def test_acceptance_gives_place_and_time_once(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(outgoing(1, 50)), table.accepted(identifier(1), 4, 2000)])
    await vault.write([table.accepted(identifier(1), 5, 3000)])
    row = await table.get(identifier(1))
    assert row is not None and (row.seq, row.ordinal_ms, row.sent_at_ms) == (4, 2000, 2000)


async def test_a_sent_message_does_not_fail_afterwards(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(outgoing(1, 50)), table.add(outgoing(2, 51))])
    await vault.write([table.accepted(identifier(1), 4, 2000)])
    await vault.write([table.fail(identifier(number), "refused") for number in (1, 2)])
    first, second = await table.get(identifier(1)), await table.get(identifier(2))
    assert first is not None and first.failure == ""
    assert second is not None and second.failure == "refused"


async def test_recognised_by_its_ciphertext(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(outgoing(1, 50)), table.travels_as(identifier(1), b"h" * 32)])
    row = await table.sent_as(b"h" * 32)
    assert row is not None and row.message_id == identifier(1)
    assert await table.sent_as(b"x" * 32) is None


async def test_unhandled_until_dealt_with(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(incoming(number)) for number in (1, 2, 3)])
    await vault.write([table.add(outgoing(4, 5))])
    waiting = await table.unhandled(10)
    assert numbers(waiting) == [1, 2, 3]
    await vault.write([table.handle_until(waiting[1].position)])
    assert numbers(await table.unhandled(10)) == [3]


async def test_stretches_of_the_log(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write([table.add(incoming(number)) for number in (1, 2, 3)])
    await vault.write([table.add(outgoing(9, 5)), table.accepted(identifier(9), 4, 9)])
    assert numbers(await table.incoming([ROOM, OTHER], 1, 3)) == [2, 3]
    assert numbers(await table.outgoing(ROOM, 3, 9)) == [9]


async def test_expired_messages_are_deleted(vault: Vault) -> None:
    table = Messages(vault)
    await vault.write(
        [
            table.add(replace(incoming(1), expires_at_ms=100)),
            table.add(replace(incoming(2), expires_at_ms=200)),
            table.add(incoming(3)),
        ]
    )
    await vault.write([table.read_begins(identifier(3), 90), table.read_begins(identifier(2), 90)])
    await vault.write([table.expire(100)])
    assert numbers(await table.page([ROOM], 10, None)) == [2]


async def test_contents_are_sealed(home: Path) -> None:
    vault = await Vault.open(home, make=True)
    await vault.write([Messages(vault).add(incoming(1))])
    await vault.close()
    raw = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert b"content 1" not in raw

"""The member table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.records import Member
from plausch.server.store import device, member


async def test_members_come_and_go(rows) -> None:  # type: ignore[no-untyped-def]
    phone = Member(rows.phone, "uri:phone", rows.anna, 1, b"K" * 32)
    till = Member(rows.till, "uri:till", rows.cem, 0, b"L" * 32)

    async def body(tx: Transaction) -> list[object]:
        await member.add(tx, rows.conversation, [phone, till])
        both = await member.of(tx, rows.conversation)
        await member.remove(tx, rows.conversation, [rows.till])
        return [both, await member.of(tx, rows.conversation)]

    assert await rows.run(body) == [[till, phone], [phone]]


async def test_a_device_is_a_member_once(rows) -> None:  # type: ignore[no-untyped-def]
    twice = [Member(rows.phone, "uri:phone", rows.anna, leaf, b"") for leaf in (0, 1)]

    async def body(tx: Transaction) -> None:
        await member.add(tx, rows.conversation, twice)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)


async def test_who_shares_a_conversation(rows) -> None:  # type: ignore[no-untyped-def]
    members = [
        Member(rows.phone, "uri:phone", rows.anna, 0, b""),
        Member(rows.till, "uri:till", rows.cem, 1, b""),
    ]

    async def body(tx: Transaction) -> list[object]:
        nobody = await member.sharing_with(tx, rows.anna)
        await member.add(tx, rows.conversation, members)
        both = await member.sharing_with(tx, rows.anna)
        await device.unlist(tx, rows.till)
        return [nobody, both, await member.sharing_with(tx, rows.anna)]

    assert await rows.run(body) == [[], ["uri:phone", "uri:till"], ["uri:phone"]]


async def test_a_member_says_whether_it_is_listed(rows) -> None:  # type: ignore[no-untyped-def]
    phone = Member(rows.phone, "uri:phone", rows.anna, 1, b"K" * 32)

    async def body(tx: Transaction) -> list[Member]:
        await member.add(tx, rows.conversation, [phone])
        await device.unlist(tx, rows.phone)
        return await member.of(tx, rows.conversation)

    (found,) = await rows.run(body)
    assert not found.listed
    assert phone.listed

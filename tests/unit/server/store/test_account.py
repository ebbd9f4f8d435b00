"""The account table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.records import AccountRecord
from plausch.server.store import account


async def test_an_account_is_found_by_its_name(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> tuple[AccountRecord | None, AccountRecord | None]:
        return await account.by_name(tx, "anna"), await account.by_name(tx, "nobody")

    found, missing = await rows.run(body)
    assert found == AccountRecord(rows.anna, "anna", "person", b"I" * 32, b"list")
    assert missing is None


async def test_a_new_list_replaces_the_old_one(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> AccountRecord:
        await account.publish(tx, rows.anna, b"newer")
        return await account.lock(tx, rows.anna)

    assert (await rows.run(body)).device_list == b"newer"


@pytest.mark.parametrize(("name", "kind"), [("anna", "person"), ("new", "robot")])
async def test_names_are_unique_and_kinds_known(rows, name: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> int:
        return await account.add(tx, name, kind, b"", b"", 1)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)

"""What an operator sees: numbers, pages of accounts."""

from plausch.db.interface import Transaction
from plausch.server.store import blob, device, overview, suspension
from plausch.server.store.overview import AccountRow


async def test_an_account_with_what_it_has(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> AccountRow | None:
        await blob.add(tx, b"n" * 32, rows.anna, 300, b"d", 1)
        await blob.add(tx, b"m" * 32, rows.anna, 20, b"d", 1)
        gone = await device.add(tx, rows.anna, "uri:lost", b"K" * 32, b"c", 900)
        await device.unlist(tx, gone)
        await suspension.add(tx, rows.anna, 70, is_removed=False)
        assert await overview.account(tx, "nobody") is None
        return await overview.account(tx, "anna")

    assert await rows.run(body) == AccountRow(
        rows.anna, "anna", "person", 1, 1, 3, 2, 320, False, 70, False
    )


async def test_pages_in_order_by_kind_and_suspended(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[list[str]]:
        await suspension.add(tx, rows.cem, 70, is_removed=True)
        pages = [
            await overview.accounts(tx, 0, 1),
            await overview.accounts(tx, rows.anna, 5),
            await overview.accounts(tx, rows.cem, 5),
            await overview.accounts(tx, 0, 5, "person"),
            await overview.accounts(tx, 0, 5, only_suspended=True),
        ]
        return [[one.name for one in page] for page in pages]

    assert await rows.run(body) == [["anna"], ["cem"], [], ["anna"], ["cem"]]


async def test_the_newest_by_a_part_of_their_names(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[list[str]]:
        pages = [
            await overview.newest(tx, "", rows.cem + 1, 5),
            await overview.newest(tx, "", rows.cem + 1, 1),
            await overview.newest(tx, "", rows.cem, 5),
            await overview.newest(tx, "nn", rows.cem + 1, 5),
            *[await overview.newest(tx, part, rows.cem + 1, 5) for part in "%_!\\'"],
        ]
        return [[one.name for one in page] for page in pages]

    found = await rows.run(body)
    assert found == [["cem", "anna"], ["cem"], ["anna"], ["anna"], [], [], [], [], []]


async def test_totals(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> overview.Totals:
        await blob.add(tx, b"n" * 32, rows.anna, 300, b"d", 1)
        return await overview.totals(tx, 3, 10, 0)

    found = (await rows.run(body))._asdict()
    assert {key: value for key, value in found.items() if value} == {
        "people": 1,
        "businesses": 1,
        "devices": 2,
        "new_accounts": 2,
        "active_devices": 1,
        "conversations": 1,
        "blobs": 1,
        "blob_bytes": 300,
        "unfinished_uploads": 1,
    }

"""Draws of allowances, and what becomes of them."""

from plausch.db.interface import Transaction
from plausch.server.store import allowance
from plausch.server.store.allowance import Kind, Want


def want(piece: int, holder: bytes = b"anna", ends_at_ms: int = 100, most: int = 10) -> Want:
    return Want(Kind.SENDS, holder, ends_at_ms, most, piece)


async def test_pieces_are_granted_until_nothing_is_left(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[dict[bytes, int]]:
        found = [await allowance.draw(tx, [want(4)]) for _ in range(4)]
        found.append(await allowance.draw(tx, [want(3, b"cem"), want(1)]))
        return found

    granted = await rows.run(body)
    assert [one[b"anna"] for one in granted] == [4, 4, 2, 0, 0]
    assert granted[-1][b"cem"] == 3


async def test_windows_and_kinds_are_counted_apart(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[int]:
        other = want(10)._replace(kind=Kind.COMMITS)
        asked = [want(10), want(10, ends_at_ms=200), other]
        return [(await allowance.draw(tx, [one]))[b"anna"] for one in asked]

    assert await rows.run(body) == [10, 10, 10]


async def test_another_limit_counts_from_then_on(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[int]:
        asked = [want(10), want(10, most=4), want(10, most=15)]
        return [(await allowance.draw(tx, [one]))[b"anna"] for one in asked]

    assert await rows.run(body) == [10, 0, 5]


async def test_what_is_given_back_can_be_drawn_again(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> int:
        await allowance.draw(tx, [want(10)])
        await allowance.give_back(tx, [(Kind.SENDS, b"anna", 100, 7)])
        return (await allowance.draw(tx, [want(9)]))[b"anna"]

    assert await rows.run(body) == 7


async def test_an_accounts_own_are_those_under_way(rows) -> None:  # type: ignore[no-untyped-def]
    anna, cem = (7).to_bytes(8, "big"), (8).to_bytes(8, "big")

    async def body(tx: Transaction) -> list[allowance.Drawn]:
        for kind in Kind:  # a device's key, or a hash, may look like an account's
            await allowance.draw(tx, [want(4, anna)._replace(kind=kind)])
        await allowance.draw(tx, [want(9, anna, ends_at_ms=50)._replace(kind=Kind.SEARCHES)])
        await allowance.draw(tx, [want(9, cem)._replace(kind=Kind.SEARCHES)])
        await allowance.give_back(tx, [(Kind.CLAIMS, anna, 100, 4)])
        return await allowance.of_account(tx, 7, 50)

    found = await rows.run(body)
    wanted = [kind for kind in allowance.OF_ACCOUNTS if kind is not Kind.CLAIMS]
    assert found == [(kind, 4, 10, 100) for kind in wanted]


async def test_windows_that_are_over_are_forgotten_a_few_at_a_time(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[int]:
        await allowance.draw(tx, [want(1, bytes([n])) for n in range(5)])
        await allowance.draw(tx, [want(1, ends_at_ms=200)])
        gone = [await allowance.forget(tx, 101, 3) for _ in range(3)]
        ((left,),) = await tx.fetch("SELECT count(*) FROM allowance")
        return [*gone, left]

    assert await rows.run(body) == [3, 2, 0, 1]

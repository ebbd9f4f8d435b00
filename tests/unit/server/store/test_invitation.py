"""The invitation table."""

from plausch.db.interface import Transaction
from plausch.server.store import invitation


async def test_an_invitation_is_used_once_and_in_time(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        await invitation.add(tx, b"one", 10, 100)
        await invitation.add(tx, b"two", 20, 200)
        return [
            await invitation.unused(tx, 99),
            await invitation.unused(tx, 100),
            await invitation.use(tx, b"none", 50),
            await invitation.use(tx, b"one", 99),
            await invitation.use(tx, b"one", 99),
            await invitation.use(tx, b"two", 200),
        ]

    assert await rows.run(body) == [
        [(10, 100), (20, 200)],
        [(20, 200)],
        False,
        True,
        False,
        False,
    ]


async def test_expired_ones_are_forgotten(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> tuple[int, int]:
        await invitation.add(tx, b"one", 10, 100)
        return await invitation.forget_expired(tx, 99), await invitation.forget_expired(tx, 100)

    assert await rows.run(body) == (0, 1)

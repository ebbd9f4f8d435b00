"""The last sweep."""

from plausch.db.interface import Transaction
from plausch.server.store import sweep


async def test_the_last_sweep_is_remembered_and_earlier_ones_are_not(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> list[object]:
        found: list[object] = [await sweep.last(tx)]
        for at_ms in (7, 9, 3):  # a clock that was set back is the clock
            await sweep.note(tx, at_ms)
            found.append(await sweep.last(tx))
        return found

    assert await rows.run(body) == [None, 7, 9, 3]

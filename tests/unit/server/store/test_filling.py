"""The mark of a store that is not complete."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.store import filling


async def test_the_mark_is_set_once_and_taken_away(rows) -> None:  # type: ignore[no-untyped-def]
    async def begin(tx: Transaction) -> None:
        await filling.begin(tx, "somewhere")

    assert await rows.run(filling.origin) is None
    await rows.run(begin)
    assert await rows.run(filling.origin) == "somewhere"
    with pytest.raises(ConstraintViolated):
        await rows.run(begin)
    await rows.run(filling.end)
    await rows.run(filling.end)
    assert await rows.run(filling.origin) is None

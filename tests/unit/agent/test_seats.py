"""Seats: what is taken, what counts towards the pace, and the last guard in the database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from counter import Clerk
from ledger import audit
from linde import TUESDAY, at
from plausch.agent.closures import Closure
from plausch.agent.desk import Desk
from plausch.agent.rows import Source
from plausch.db.interface import ConstraintViolated
from plausch.domain.booking import BookingState, By, Cancel
from plausch.domain.service import QUANTUM_S
from plausch.domain.slots import Occupancy

SEVEN = at(TUESDAY, "19:00")
QUANTUM = SEVEN // QUANTUM_S


@pytest.fixture(autouse=True)
async def audited(clerk: Clerk, tmp_path: Path) -> AsyncIterator[None]:
    yield
    audit(tmp_path / "book.db", clerk.business)


async def taken(clerk: Clerk, left_out: str = "") -> Occupancy:
    service = clerk.business.service()
    return await clerk.at_desk(
        lambda desk: desk.seats.occupancy(service, QUANTUM, QUANTUM + 1, left_out)
    )


async def test_who_sits_and_how_many_begin(clerk: Clerk) -> None:
    first = await clerk.books(SEVEN, 2)
    second = await clerk.books(SEVEN, 4, resources=("5",))
    found = await taken(clerk)
    by_uid = {one.uid: one for one in found.placements}
    assert by_uid[first.booking.uid].resources == ("1",)
    assert not by_uid[first.booking.uid].pinned
    assert by_uid[second.booking.uid].pinned
    assert found.covers == {SEVEN // 1800: 6}
    without = await taken(clerk, second.booking.uid)
    assert [one.uid for one in without.placements] == [first.booking.uid]
    assert without.covers == {SEVEN // 1800: 2}


async def test_closed_tables_are_placements_without_guests(clerk: Clerk) -> None:
    await clerk.does(lambda staff: staff.close(Closure("", (), SEVEN + 60, SEVEN + 120)))
    (closed,) = (await taken(clerk)).placements
    assert (closed.party, closed.pinned) == (0, True)
    assert closed.resources == ("1", "2", "3", "4", "5")
    assert closed.quanta == range(QUANTUM, QUANTUM + 1)


async def test_who_walks_in_is_in_no_window(clerk: Clerk) -> None:
    clerk.clock.at_ms = SEVEN * 1000
    entry = await clerk.books(SEVEN, 2, source=Source.WALK_IN)
    found = await taken(clerk)
    assert found.covers == {}
    assert found.placements[0].pinned
    await clerk.does(lambda staff: staff.attend(entry.booking.uid, 2, BookingState.COMPLETED))
    assert (await taken(clerk)).placements == ()


async def test_what_becomes_free_is_noted_by_date(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)

    async def cancel(desk: Desk) -> set[object]:
        after = desk.decided(entry.booking, Cancel(By.BUSINESS, 0))
        await desk.seats.update(entry.booking, after)
        return set(desk.seats.freed)

    assert await clerk.at_desk(cancel) == {TUESDAY}


async def test_the_database_itself_refuses_a_second_party_at_a_table(clerk: Clerk) -> None:
    entry = await clerk.books(SEVEN, 2)

    async def force(desk: Desk) -> None:
        await desk.transaction.execute(
            "INSERT INTO claim (resource, quantum, uid) VALUES ($1, $2, $3)",
            entry.tables[0],
            QUANTUM,
            entry.booking.uid,
        )

    with pytest.raises(ConstraintViolated):
        await clerk.at_desk(force)


async def test_the_database_itself_refuses_too_many_covers(clerk: Clerk) -> None:
    await clerk.books(SEVEN, 6)

    async def force(desk: Desk) -> None:
        await desk.transaction.execute("UPDATE pace SET covers = covers + 7")

    with pytest.raises(ConstraintViolated):
        await clerk.at_desk(force)

"""The queue at the door: numbers, states, guesses, another day, nonsense."""

import pytest

from counter import Clerk
from plausch.agent.tickets import Queue, Ticket, TicketRefused, TicketState


async def add(clerk: Clerk, party: int = 2, name: str = "") -> Ticket:
    return await clerk.at_desk(lambda desk: Queue(desk).add(party, name))


async def mark(clerk: Clerk, ticket: Ticket, state: TicketState) -> Ticket:
    return await clerk.at_desk(lambda desk: Queue(desk).mark(ticket.identifier, state))


async def listed(clerk: Clerk) -> list[Ticket]:
    return await clerk.at_desk(lambda desk: Queue(desk).tickets())


async def test_numbers_count_from_one(clerk: Clerk) -> None:
    first, second = await add(clerk), await add(clerk, 4, "Berta")
    assert (first.number, second.number) == (1, 2)
    assert (second.party, second.under_name, second.state) == (4, "Berta", TicketState.WAITING)
    assert await listed(clerk) == [first, second]


async def test_who_is_later_waits_longer(clerk: Clerk) -> None:
    waits = [(await add(clerk)).estimated_wait_s for _ in range(3)]
    assert waits == sorted(waits)
    assert waits[0] > 0


async def test_called_then_seated(clerk: Clerk) -> None:
    ticket = await add(clerk)
    assert (await mark(clerk, ticket, TicketState.CALLED)).state is TicketState.CALLED
    assert [one.state for one in await listed(clerk)] == [TicketState.CALLED]
    await mark(clerk, ticket, TicketState.SEATED)
    assert await listed(clerk) == []
    with pytest.raises(TicketRefused, match="seated ticket cannot become called"):
        await mark(clerk, ticket, TicketState.CALLED)


async def test_gone_twice_is_gone(clerk: Clerk) -> None:
    ticket = await add(clerk)
    for _ in range(2):
        assert (await mark(clerk, ticket, TicketState.GONE)).state is TicketState.GONE


async def test_a_number_is_not_given_twice_a_day(clerk: Clerk) -> None:
    ticket = await add(clerk)
    await mark(clerk, ticket, TicketState.GONE)
    assert (await add(clerk)).number == 2


async def test_another_day_begins_at_one(clerk: Clerk) -> None:
    await add(clerk)
    clerk.clock.advance(86_400_000)
    assert await listed(clerk) == []
    assert (await add(clerk)).number == 1


@pytest.mark.parametrize(
    ("party", "name"), [(0, ""), (-1, ""), (1001, ""), (2, "x" * 81), (2, "\n")]
)
async def test_nonsense_gets_no_ticket(clerk: Clerk, party: int, name: str) -> None:
    with pytest.raises(TicketRefused):
        await add(clerk, party, name)
    assert await listed(clerk) == []


async def test_a_ticket_that_is_none(clerk: Clerk) -> None:
    with pytest.raises(TicketRefused) as refused:
        await clerk.at_desk(lambda desk: Queue(desk).mark("t-x", TicketState.CALLED))
    assert refused.value.code == "unknown"
    ticket = await add(clerk)
    with pytest.raises(TicketRefused, match="cannot become waiting"):
        await mark(clerk, ticket, TicketState.WAITING)

"""The queue at the door: numbered tickets of guests who walked in while everything was taken."""

import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

from plausch.agent.desk import Desk
from plausch.base.errors import LocalError
from plausch.db.interface import Row
from plausch.domain.booking import MAX_NAME_CHARACTERS, MAX_PARTY

MAX_WAITING = 500

_COLUMNS = "id, number, party, under_name, state, added_at_s"
_OF_DAY = f"SELECT {_COLUMNS} FROM ticket WHERE day = $1 ORDER BY number"  # nosec B608: names of ours
_BY_ID = f"SELECT {_COLUMNS} FROM ticket WHERE id = $1"  # nosec B608: names of ours
_ADD = """INSERT INTO ticket (id, day, number, party, under_name, state, added_at_s)
    VALUES ($1, $2, $3, $4, $5, $6, $7)"""


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SEATED = "seated"
    GONE = "gone"


_FROM = {
    TicketState.CALLED: frozenset({TicketState.WAITING, TicketState.CALLED}),
    TicketState.SEATED: frozenset({TicketState.WAITING, TicketState.CALLED}),
    TicketState.GONE: frozenset({TicketState.WAITING, TicketState.CALLED, TicketState.GONE}),
}


class TicketRefused(LocalError):
    """The queue cannot do that; nothing changed."""

    code = "wrong_state"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A party at the door. Numbers begin at 1 each day; `estimated_wait_s` is a guess."""

    identifier: str
    number: int
    party: int
    under_name: str
    state: TicketState
    added_at_s: int
    estimated_wait_s: int = 0


class Queue:
    """The tickets of today, at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._day = desk.business.calendar.today(desk.now_s).isoformat()

    async def tickets(self) -> list[Ticket]:
        """Those who wait or were called, by number, with a guess how long each will wait."""
        found = [_ticket(row) for row in await self._desk.transaction.fetch(_OF_DAY, self._day)]
        open_tickets = [
            one for one in found if one.state in (TicketState.WAITING, TicketState.CALLED)
        ]
        return [
            replace(one, estimated_wait_s=self._wait_s(one, place))
            for place, one in enumerate(open_tickets)
        ]

    def _wait_s(self, ticket: Ticket, place: int) -> int:
        """Each party ahead gets a table after its share of an ordinary stay."""
        service = self._desk.business.service()
        fitting = len(self._desk.business.floor_for(service).seatings(ticket.party)) or 1
        return service.duration_s(ticket.party) * (place + 1) // (fitting + 1)

    async def add(self, party: int, under_name: str = "") -> Ticket:
        """A ticket with the next number. Raises TicketRefused."""
        if not 1 <= party <= MAX_PARTY:
            raise TicketRefused(f"A party has 1 to {MAX_PARTY} guests.", code="bad_request")
        if len(under_name) > MAX_NAME_CHARACTERS or not under_name.isprintable():
            raise TicketRefused(
                f"A name has at most {MAX_NAME_CHARACTERS} printable characters.",
                code="bad_request",
            )
        found = await self._desk.transaction.fetch(_OF_DAY, self._day)
        if len(found) >= MAX_WAITING:
            raise TicketRefused("The queue is full for today.", code="full")
        number = found[-1][1] + 1 if found else 1
        ticket = Ticket(
            f"t-{secrets.token_hex(12)}",
            number,
            party,
            under_name,
            TicketState.WAITING,
            self._desk.now_s,
        )
        await self._desk.transaction.execute(
            _ADD,
            ticket.identifier,
            self._day,
            number,
            party,
            under_name,
            ticket.state.value,
            ticket.added_at_s,
        )
        waiting = await self.tickets()
        return waiting[-1]

    async def mark(self, identifier: str, state: TicketState) -> Ticket:
        """Call, seat or let go a party. Raises TicketRefused."""
        found = await self._desk.transaction.fetch(_BY_ID, identifier)
        if not found:
            raise TicketRefused("There is no such ticket: load the queue again.", code="unknown")
        ticket = _ticket(found[0])
        if ticket.state not in _FROM.get(state, frozenset()):
            raise TicketRefused(f"A {ticket.state} ticket cannot become {state}.")
        await self._desk.transaction.execute(
            "UPDATE ticket SET state = $2 WHERE id = $1", identifier, state.value
        )
        return replace(ticket, state=state)


def _ticket(row: Row) -> Ticket:
    return replace(Ticket(*row), state=TicketState(row[4]))

"""Operations on closed times, the waiting list, and the queue at the door."""

from plausch.agent.closures import Closure
from plausch.agent.operations import params as p
from plausch.agent.operations.business_form import date_of
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.shown import block_view, ticket_view, waiting_view
from plausch.agent.operations.views import BlockView, Nothing, TicketView, WaitingView
from plausch.agent.staff import StaffDesk
from plausch.agent.tickets import Queue, TicketState
from plausch.agent.waiting import WaitingList, WaitingWish


async def add_block(scene: Scene, wanted: p.AddBlock) -> BlockView:
    """Keep new bookings away from resources for a while; bookings that are there stay."""
    closure = Closure("", wanted.resources, wanted.starts_at_s, wanted.ends_at_s, wanted.note)
    return block_view(await StaffDesk(scene.desk).close(closure))


async def remove_block(scene: Scene, wanted: p.One) -> Nothing:
    """Open what was closed."""
    await StaffDesk(scene.desk).reopen(wanted.id)
    return Nothing()


async def waiting(scene: Scene, wanted: p.Days) -> tuple[WaitingView, ...]:
    """Who waits for a place on so many dates, longest first."""
    found = await WaitingList(scene.desk).between(date_of(wanted.from_), wanted.days)
    return tuple(waiting_view(one) for one in found)


async def add_waiting(scene: Scene, wanted: p.AddWaiting) -> WaitingView:
    """Somebody would come if a place became free."""
    wish = WaitingWish(
        date_of(wanted.date), wanted.party, wanted.from_s, wanted.until_s, wanted.under_name
    )
    return waiting_view(await WaitingList(scene.desk).add(wish))


async def remove_waiting(scene: Scene, wanted: p.One) -> Nothing:
    """Take somebody off the waiting list, with what was offered."""
    if await WaitingList(scene.desk).remove(wanted.id) is None:
        raise OperationRefused("There is nobody of that id on the waiting list.", code="unknown")
    return Nothing()


async def queue(scene: Scene, _: p.Empty) -> tuple[TicketView, ...]:
    """Who stands at the door, by number."""
    return tuple(ticket_view(one) for one in await Queue(scene.desk).tickets())


async def add_ticket(scene: Scene, wanted: p.AddTicket) -> TicketView:
    """Somebody stands at the door and gets the next number."""
    return ticket_view(await Queue(scene.desk).add(wanted.party, wanted.under_name))


async def call_ticket(scene: Scene, wanted: p.One) -> TicketView:
    """Their place is ready."""
    return ticket_view(await Queue(scene.desk).mark(wanted.id, TicketState.CALLED))


async def seat_ticket(scene: Scene, wanted: p.One) -> TicketView:
    """They sit."""
    return ticket_view(await Queue(scene.desk).mark(wanted.id, TicketState.SEATED))


async def remove_ticket(scene: Scene, wanted: p.One) -> Nothing:
    """They are gone."""
    await Queue(scene.desk).mark(wanted.id, TicketState.GONE)
    return Nothing()

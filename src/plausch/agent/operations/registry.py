"""All operations by name. The interface's one list: both doors and openapi.json come from it."""

from typing import Any

from plausch.agent.operations import bookings, figures, guests, places, settings
from plausch.agent.operations import params as p
from plausch.agent.operations import views as v
from plausch.agent.operations.executor import Operation, Work

OWNERS = frozenset(
    {
        "business.setHours",
        "business.setTables",
        "business.setServices",
        "business.setWords",
        "customers.export",
        "customers.erase",
        "customers.merge",
    }
)
"""What staff's devices may not: set the business, carry its customers away, lose or mix them."""


WITH_EDITS = frozenset({"customers.export", "customers.erase"})
"""What looks at what people wrote into the business's calendar."""


def _one(name: str, params: type[v.View], result: Any, work: Work, *, reads: bool) -> Operation:
    meaning = " ".join((work.__doc__ or "").split())
    return Operation(name, params, result, meaning, work, reads, name in OWNERS, name in WITH_EDITS)


def _all() -> tuple[Operation, ...]:
    def reads(name: str, params: type[v.View], result: Any, work: Work) -> Operation:
        return _one(name, params, result, work, reads=True)

    def changes(name: str, params: type[v.View], result: Any, work: Work) -> Operation:
        return _one(name, params, result, work, reads=False)

    openings = tuple[v.OpeningView, ...]
    return (
        reads("agent.status", p.Empty, v.StatusView, figures.status),
        reads("business.get", p.Empty, v.BusinessView, settings.get),
        reads("business.previewHours", p.PreviewHours, openings, settings.preview_hours),
        changes("business.setHours", p.SetHours, v.BusinessView, settings.set_hours),
        changes("business.setTables", p.SetTables, v.BusinessView, settings.set_tables),
        changes("business.setServices", p.SetServices, v.BusinessView, settings.set_services),
        changes("business.setWords", p.SetWords, v.BusinessView, settings.set_words),
        reads("bookings.plan", p.Days, tuple[v.DayPlan, ...], bookings.plan),
        reads("bookings.available", p.Available, v.SlotsView, bookings.available),
        changes("bookings.book", p.Book, v.BookingView, bookings.book),
        changes("bookings.move", p.Move, v.BookingView, bookings.move),
        changes("bookings.confirm", p.Booked, v.BookingView, bookings.confirm),
        changes("bookings.decline", p.Booked, v.BookingView, bookings.decline),
        changes("bookings.cancel", p.Booked, v.BookingView, bookings.cancel),
        changes("bookings.counter", p.Counter, v.BookingView, bookings.counter),
        changes("bookings.attend", p.Attend, v.BookingView, bookings.attend),
        changes("bookings.note", p.SetNote, v.BookingView, bookings.note),
        changes("blocks.add", p.AddBlock, v.BlockView, places.add_block),
        changes("blocks.remove", p.One, v.Nothing, places.remove_block),
        reads("waiting.list", p.Days, tuple[v.WaitingView, ...], places.waiting),
        changes("waiting.add", p.AddWaiting, v.WaitingView, places.add_waiting),
        changes("waiting.remove", p.One, v.Nothing, places.remove_waiting),
        reads("queue.list", p.Empty, tuple[v.TicketView, ...], places.queue),
        changes("queue.add", p.AddTicket, v.TicketView, places.add_ticket),
        changes("queue.call", p.One, v.TicketView, places.call_ticket),
        changes("queue.seat", p.One, v.TicketView, places.seat_ticket),
        changes("queue.remove", p.One, v.Nothing, places.remove_ticket),
        reads("customers.list", p.FindCustomers, v.CustomersView, guests.listed),
        reads("customers.get", p.One, v.CustomerView, guests.get),
        changes("customers.note", p.NoteCustomer, v.CustomerView, guests.note),
        changes("customers.merge", p.MergeCustomers, v.CustomerView, guests.merge),
        reads("customers.export", p.One, v.FileView, guests.export),
        changes("customers.erase", p.One, v.ErasedView, guests.erase),
        reads("figures.get", p.GetFigures, v.FiguresView, figures.get),
    )


OPERATIONS = {operation.name: operation for operation in _all()}

"""Operations on customers: who they are, what is noted, giving out and forgetting all of it."""

from plausch.agent import customers, merging, retention
from plausch.agent.customers import Customer
from plausch.agent.operations import params as p
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.refusal import OperationRefused
from plausch.agent.operations.shown import customer_view
from plausch.agent.operations.views import CustomersView, CustomerView, ErasedView, FileView

_UPCOMING = """SELECT COUNT(*) FROM booking WHERE customer = $1 AND starts_at_s > $2
    AND state IN ('confirmed', 'pending', 'held')"""


async def listed(scene: Scene, wanted: p.FindCustomers) -> CustomersView:
    """Customers whose name or telephone number contains the query."""
    found = await customers.listed(scene.transaction, wanted.query, wanted.limit, wanted.after)
    views = tuple([await _view(scene, one) for one in found])
    return CustomersView(views, found[-1].identifier if len(found) == wanted.limit else "")


async def get(scene: Scene, wanted: p.One) -> CustomerView:
    """One customer."""
    return await _view(scene, await _known(scene, wanted.id))


async def note(scene: Scene, wanted: p.NoteCustomer) -> CustomerView:
    """What the staff wants to remember of a customer."""
    await _known(scene, wanted.id)
    await customers.annotate(scene.transaction, wanted.id, wanted.note)
    return await get(scene, p.One(wanted.id))


async def merge(scene: Scene, wanted: p.MergeCustomers) -> CustomerView:
    """Two records are of one person: all of the one goes over to the other, for good."""
    gone, kept = await _known(scene, wanted.id), await _known(scene, wanted.into)
    await merging.merge(scene.transaction, gone, kept)
    return await get(scene, p.One(wanted.into))


async def export(scene: Scene, wanted: p.One) -> FileView:
    """Everything that is kept of a customer, in the book and of the calendar, as a file."""
    file = await customers.exported(scene.transaction, wanted.id, scene.edits)
    if file is None:
        raise _unknown()
    return FileView(file, "application/json")


async def erase(scene: Scene, wanted: p.One) -> ErasedView:
    """Forget a customer: what stands is cancelled, the guest told, every record deleted."""
    await _known(scene, wanted.id)
    erased = await retention.erase(scene.desk, wanted.id)
    return ErasedView(
        {
            "customers": erased.customers,
            "bookings": len(erased.bookings),
            "waiting": erased.waiting,
            "talks": erased.talks,
            "letters": erased.letters,
            "calendarEdits": sum(one.uid in erased.bookings for one in scene.edits),
        }
    )


async def _known(scene: Scene, identifier: str) -> Customer:
    found = await customers.find(scene.transaction, identifier)
    if found is None:
        raise _unknown()
    return found


async def _view(scene: Scene, customer: Customer) -> CustomerView:
    rows = await scene.transaction.fetch(_UPCOMING, customer.identifier, scene.now_s)
    return customer_view(customer, rows[0][0])


def _unknown() -> OperationRefused:
    return OperationRefused("There is no such customer in the book.", code="unknown")

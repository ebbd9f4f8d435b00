"""Operations that count: figures of the days, and how the agent is. Computed here and nowhere
else: nothing of it leaves the business's devices."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version

from plausch.agent.operations import params as p
from plausch.agent.operations.business_form import dates_from
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.views import DayFigures, FiguresView, StatusView
from plausch.agent.tickets import Queue
from plausch.domain.calendar import instant_s

COMES = frozenset({"confirmed", "seated", "completed"})
"""The states in which guests came, or are expected."""

_BOOKED = """SELECT state, party, starts_at_s, customer, source FROM booking
    WHERE starts_at_s >= $1 AND starts_at_s < $2"""
_BEFORE = """SELECT DISTINCT customer FROM booking
    WHERE starts_at_s < $1 AND state IN ('confirmed', 'seated', 'completed')"""


async def get(scene: Scene, wanted: p.GetFigures) -> FiguresView:
    """Figures of so many dates. A guest is new whose first visit lies in them."""
    days = dates_from(wanted.from_, wanted.days)
    calendar = scene.business.calendar
    first_s = instant_s(calendar.zone, days[0], 0)
    end_s = instant_s(calendar.zone, days[-1] + timedelta(days=1), 0)
    counted = {day.isoformat(): Counter[str]() for day in days}
    guests: set[str] = set()
    for state, party, starts_at_s, customer, source in await scene.transaction.fetch(
        _BOOKED, first_s, end_s
    ):
        on_day = counted[calendar.today(starts_at_s).isoformat()]
        if state in COMES:
            on_day["covers"] += party
            on_day["bookings"] += 1
            on_day["walk_ins"] += source == "walk_in"
            guests.add(customer)
        elif state in ("cancelled", "no_show"):
            on_day[state] += 1
    known = {row[0] for row in await scene.transaction.fetch(_BEFORE, first_s)}
    guests.discard("")
    took = await scene.transaction.fetch(
        "SELECT took_ms FROM answer_time WHERE at_s >= $1 AND at_s < $2 ORDER BY took_ms",
        first_s,
        end_s,
    )
    answers = [row[0] for row in took]
    return FiguresView(
        days=tuple(
            DayFigures(
                day, of["covers"], of["bookings"], of["cancelled"], of["no_show"], of["walk_ins"]
            )
            for day, of in counted.items()
        ),
        new_guests=len(guests - known),
        returning_guests=len(guests & known),
        answer_median_s=quantile(answers, 0.5) / 1000,
        answer_p95_s=quantile(answers, 0.95) / 1000,
    )


def quantile(ascending: Sequence[int], part: float) -> int:
    """The smallest of the values that is not exceeded by that part of them; 0 of none."""
    if not ascending:
        return 0
    return ascending[min(len(ascending) - 1, max(0, -int(-len(ascending) * part // 1) - 1))]


async def status(scene: Scene, _: p.Empty) -> StatusView:
    """How the agent is, and how much it keeps."""
    ((bookings, customers),) = await scene.transaction.fetch(
        "SELECT (SELECT COUNT(*) FROM booking), (SELECT COUNT(*) FROM customer)"
    )
    return StatusView(
        version=version("plausch"),
        started_at_s=scene.started_at_s,
        bookings=bookings,
        customers=customers,
        queue_length=len(await Queue(scene.desk).tickets()),
    )

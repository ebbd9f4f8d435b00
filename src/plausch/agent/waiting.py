"""The waiting list: who wants a day that is full; what becomes free is offered to the next at once.

An offer is a hold in the guest's conversation, made in the transaction in which the place became
free. It obeys tables, pacing and notice as every booking does. When it runs out or is refused, the
next transaction offers the place to the next.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from plausch.agent import customers
from plausch.agent.desk import Desk
from plausch.agent.rows import NO_CONVERSATION
from plausch.agent.showing import described
from plausch.base.errors import LocalError
from plausch.base.ids import ConversationId
from plausch.content.cards import Option
from plausch.db.interface import Row
from plausch.domain.booking import LIVE, MAX_NAME_CHARACTERS, Booking, BookingState, By
from plausch.domain.slots import Slot, Unavailable

MAX_A_DAY = 200
MAX_OF_ONE = 4

_COLUMNS = (
    "id, day, service, party, from_s, until_s, under_name, conversation, customer, state, uid, "
    "offered_until_s, added_at_s"
)


def _reading(where: str, columns: str = _COLUMNS, order: str = "added_at_s, id") -> str:
    return " ".join(("SELECT", columns, "FROM waiting WHERE", where, "ORDER BY", order))


_WAITS = "state IN ('waiting', 'offered')"
IS_OVER = "state = 'waiting' AND until_s <= $1"
OVER_IDS = _reading(IS_OVER, "id")
IDS = _reading(_WAITS, "id", "day, added_at_s, id")
_OF_DAY = _reading(f"day = $1 AND {_WAITS}")
_BETWEEN = _reading("day >= $1 AND day < $2")
_OF_CONVERSATION = _reading(f"conversation = $1 AND {_WAITS}")
_BY_ID = _reading("id = $1")
_OVER = _reading(IS_OVER)
_ONE_OVER = _reading(f"{IS_OVER} AND id = $2")
_DAYS = _reading(_WAITS, "DISTINCT day", "day")
_INSERT = f"""INSERT INTO waiting ({_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""  # nosec B608: names of ours
_DAY_S = 86_400
_UPDATE = "UPDATE waiting SET state = $2, uid = $3, offered_until_s = $4 WHERE id = $1"


class WaitingState(StrEnum):
    """Where somebody on the waiting list stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    EXPIRED = "expired"


class WaitingRefused(LocalError):
    """The waiting list does not take that; nothing changed."""

    code = "bad_request"


@dataclass(frozen=True, slots=True)
class WaitingWish:
    """A party that would come on a day, if it can begin between two instants, these included."""

    day: date
    party: int
    from_s: int
    until_s: int
    under_name: str
    service: str = ""
    conversation: ConversationId = NO_CONVERSATION


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wish on the list. `uid` is the booking that was offered, `offered_until_s` its hold."""

    identifier: str
    wish: WaitingWish
    state: WaitingState
    uid: str
    offered_until_s: int
    added_at_s: int


class WaitingList:
    """The waiting list at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def add(self, wish: WaitingWish) -> Waiting:
        """Put a party at the end of the line; a guest waits once a day. Raises WaitingRefused."""
        desk = self._desk
        service = desk.business.service(wish.service)
        if not desk.business.floor_for(service).seatings(wish.party):
            raise WaitingRefused(f"No table seats {wish.party}.", code="too_large")
        if not max(wish.from_s, desk.now_s) < wish.until_s:
            raise WaitingRefused("That time is over: choose a later one.", code="past")
        if len(wish.under_name) > MAX_NAME_CHARACTERS or not wish.under_name.isprintable():
            raise WaitingRefused(f"A name has at most {MAX_NAME_CHARACTERS} printable characters.")
        waiting = await self._select(_OF_DAY, wish.day.isoformat())
        if wish.conversation:
            same = [one for one in waiting if one.wish.conversation == wish.conversation]
            if same:
                return same[0]
            if len(await self.of_conversation(wish.conversation)) >= MAX_OF_ONE:
                raise WaitingRefused("A guest waits for a few days only.", code="too_many")
        if len(waiting) >= MAX_A_DAY:
            raise WaitingRefused("The waiting list of that day is full.", code="full")
        entry = Waiting(
            f"w-{secrets.token_hex(12)}",
            replace(wish, service=service.identifier),
            WaitingState.WAITING,
            "",
            0,
            desk.now_s,
        )
        await desk.transaction.execute(_INSERT, *_values(entry))
        desk.seats.freed.add(wish.day)  # perhaps there is a place already
        return entry

    async def between(self, first: date, days: int) -> list[Waiting]:
        """Everybody of some days, also those whose wait is over."""
        end = first + timedelta(days=days)
        return await self._select(_BETWEEN, first.isoformat(), end.isoformat())

    async def of_conversation(self, conversation: ConversationId) -> list[Waiting]:
        """What a guest waits for."""
        return await self._select(_OF_CONVERSATION, conversation)

    async def remove(
        self, identifier: str, conversation: ConversationId | None = None
    ) -> Waiting | None:
        """Take a party off the list, with its offer; None if it is not there, or another's."""
        found = await self._select(_BY_ID, identifier)
        if not found or conversation not in (None, found[0].wish.conversation):
            return None
        if found[0].state is WaitingState.OFFERED:
            await self._let_go(found[0])
        if found[0].state in (WaitingState.WAITING, WaitingState.OFFERED):
            await self._mark(found[0], WaitingState.EXPIRED)
        return found[0]

    async def _let_go(self, entry: Waiting) -> None:
        booking = await self._booking(entry)
        if booking is not None and booking.state is BookingState.HELD:
            await self._desk.cancel(booking, By.BUSINESS)

    async def promote(self) -> None:
        """Offer what has become free in this transaction, to those who wait longest first."""
        desk = self._desk
        if desk.seats.reopened:
            rows = await desk.transaction.fetch(_DAYS)
            desk.seats.freed |= {date.fromisoformat(row[0]) for row in rows}
            desk.seats.reopened = False
        if not desk.seats.freed:
            return
        await desk.expire_holds()
        # What begins after midnight belongs to the day before.
        freed = desk.seats.freed | {day - timedelta(days=1) for day in desk.seats.freed}
        desk.seats.freed = set()
        for day in sorted(freed):
            await self._promote_day(await self._select(_OF_DAY, day.isoformat()))

    async def _promote_day(self, entries: Iterable[Waiting]) -> None:
        free: dict[tuple[str, int], tuple[Slot, ...]] = {}  # until an offer changes it
        for entry in entries:
            if entry.state is WaitingState.OFFERED:
                await self._follow(entry)
            elif entry.wish.until_s < self._desk.now_s:
                await self._mark(entry, WaitingState.EXPIRED)
            else:
                alike = (entry.wish.service, entry.wish.party)
                if alike not in free:
                    free[alike] = await self._free(entry.wish)
                if await self._offer(entry, free[alike]):
                    # Fewer times are free now; who found none before finds none.
                    free = {key: slots for key, slots in free.items() if not slots}

    async def _follow(self, entry: Waiting) -> None:
        """What has become of an offer."""
        booking = await self._booking(entry)
        if booking is not None and booking.state is BookingState.HELD:
            return
        if booking is not None and (booking.state in LIVE or booking.state in _CAME):
            await self._mark(entry, WaitingState.TAKEN)
            return
        await self._mark(entry, WaitingState.EXPIRED)
        conversation = entry.wish.conversation
        if conversation and entry.offered_until_s <= self._desk.now_s:
            phrases = await self._desk.phrases(conversation)
            text = phrases.say("waiting_lapsed", day=phrases.on(entry.wish.day))
            self._desk.say(conversation, text, phrases.language)

    async def _free(self, wish: WaitingWish) -> tuple[Slot, ...]:
        return (await self._desk.available(wish.day, wish.party, service=wish.service)).slots

    async def _offer(self, entry: Waiting, slots: tuple[Slot, ...]) -> bool:
        """Whether one of the times suits; then it is held for the guest, who is told."""
        desk, wish = self._desk, entry.wish
        start_s = _best(wish, slots)
        if start_s is None:
            return False
        minutes = desk.business.service(wish.service).offer_minutes
        token = f"waiting {entry.identifier}".encode()
        booking = await desk.hold(
            wish.conversation,
            token,
            start_s,
            wish.party,
            wish.under_name,
            wish.service,
            hold_s=min(minutes * 60, start_s - desk.now_s),
        )
        if isinstance(booking, Unavailable):
            return False
        offered = replace(entry, uid=booking.uid, offered_until_s=booking.hold_until_s)
        await self._mark(offered, WaitingState.OFFERED)
        await self._tell(offered, booking)
        return True

    async def _tell(self, entry: Waiting, booking: Booking) -> None:
        conversation = entry.wish.conversation
        if not conversation:
            return
        phrases = await self._desk.phrases(conversation)
        until = self._desk.business.calendar.local(booking.hold_until_s)
        text = phrases.say(
            "waiting_offer",
            what=described(phrases, self._desk.business, booking),
            until=phrases.time(until),
        )
        options = [
            Option(f"take:{booking.uid}", phrases.say("option_take")),
            Option(f"cancel:{booking.uid}", phrases.say("option_no")),
        ]
        await self._desk.ask(conversation, text, options)

    async def expire(self) -> None:
        """Those whose time is over wait no longer."""
        for entry in await self._select(_OVER, self._desk.now_s):
            await self._mark(entry, WaitingState.EXPIRED)

    async def expire_one(self, identifier: str) -> None:
        """One of them."""
        for entry in await self._select(_ONE_OVER, self._desk.now_s, identifier):
            await self._mark(entry, WaitingState.EXPIRED)

    async def promote_one(self, identifier: str) -> None:
        """As `promote`, for one party alone."""
        found = await self._select(_BY_ID, identifier)
        waits = (WaitingState.WAITING, WaitingState.OFFERED)
        await self._promote_day([entry for entry in found if entry.state in waits])

    async def _booking(self, entry: Waiting) -> Booking | None:
        found = await self._desk.entry(entry.uid) if entry.uid else None
        return found.booking if found is not None else None

    async def _mark(self, entry: Waiting, state: WaitingState) -> None:
        await self._desk.transaction.execute(
            _UPDATE, entry.identifier, state.value, entry.uid, entry.offered_until_s
        )

    async def _select(self, query: str, *values: int | str | bytes) -> list[Waiting]:
        return [_waiting(row) for row in await self._desk.transaction.fetch(query, *values)]


_CAME = frozenset({BookingState.COMPLETED, BookingState.NO_SHOW})


def _best(wish: WaitingWish, slots: Iterable[Slot]) -> int | None:
    """The begin that suits a wish best: who named a time has it in the middle of theirs; who would
    come at any time of the day comes first of all."""
    fitting = [one.starts_at_s for one in slots if wish.from_s <= one.starts_at_s <= wish.until_s]
    if wish.until_s - wish.from_s >= _DAY_S:
        return min(fitting, default=None)
    middle_s = (wish.from_s + wish.until_s) // 2
    return min(fitting, key=lambda start_s: (abs(start_s - middle_s), start_s), default=None)


def _values(entry: Waiting) -> tuple[int | str | bytes, ...]:
    wish = entry.wish
    return (
        entry.identifier,
        wish.day.isoformat(),
        wish.service,
        wish.party,
        wish.from_s,
        wish.until_s,
        wish.under_name,
        wish.conversation,
        customers.of_conversation(wish.conversation),
        entry.state.value,
        entry.uid,
        entry.offered_until_s,
        entry.added_at_s,
    )


def _waiting(row: Row) -> Waiting:
    identifier, day, service, party, from_s, until_s, under_name, conversation = row[:8]
    state, uid, offered_until_s, added_at_s = row[9:]
    wish = WaitingWish(
        date.fromisoformat(day),
        party,
        from_s,
        until_s,
        under_name,
        service,
        ConversationId(conversation),
    )
    return Waiting(identifier, wish, WaitingState(state), uid, offered_until_s, added_at_s)

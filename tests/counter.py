"""A member of staff at the counter: each act is a transaction of its own on the book."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.rows import TableBooking
from plausch.agent.staff import StaffDesk, StaffWish
from plausch.base.clock import ManualClock
from plausch.domain.business import Business

T = TypeVar("T")


@dataclass
class Clerk:
    """Staff of a business."""

    book: Book
    business: Business
    clock: ManualClock
    tokens: int = 0

    @property
    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    async def at_desk(self, body: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
        """Do something at the desk, now."""
        return await self.book.at_desk(self.business, self.now_s, body)

    async def does(self, act: Callable[[StaffDesk], Coroutine[Any, Any, T]]) -> T:
        """Do something as staff, now."""
        return await self.at_desk(lambda desk: act(StaffDesk(desk)))

    async def books(self, starts_at_s: int, party: int = 2, **more: Any) -> TableBooking:
        """Write a booking of one who rang up."""
        self.tokens += 1
        token = more.pop("token", f"token {self.tokens}".encode())
        wish = StaffWish(token, starts_at_s, party, **{"under_name": "Berta", **more})
        return await self.does(lambda staff: staff.book(wish))

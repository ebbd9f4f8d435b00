"""A few places for work, for which those who want much of it take turns.

In the order of coming, whoever asks for hundreds at once has everybody else wait behind all of
them. Here each holder has a queue of its own, so that who comes with one waits for one of each of
the others at most.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many places, given to holders in rotation. Used from the event loop only."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._queues: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, holder: int) -> AsyncIterator[None]:
        """A place, when it is this holder's turn; it is free again at the end."""
        await self._come(holder)
        try:
            yield
        finally:
            self._go()

    async def _come(self, holder: int) -> None:
        if self._free:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(holder, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it had come, and is given on
                self._go()
            raise

    def _go(self) -> None:
        while self._queues:
            holder, queue = next(iter(self._queues.items()))
            place = queue.popleft()
            if queue:
                self._queues.move_to_end(holder)
            else:
                del self._queues[holder]
            if not place.done():  # who was cancelled waits no more
                place.set_result(None)
                return
        self._free += 1

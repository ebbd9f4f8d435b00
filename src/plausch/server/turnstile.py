"""Where connections wait that ask to become a WebSocket, until it is their turn.

After another server process has died, all of its devices come at once. Whoever lets all in who wait
spends the next turns of the loop on greetings and logins, and everybody who is connected waits for
seconds. So a few are let in at a time, then the loop has a pause for the others, and the number
follows from how late it comes back; a loop that is always late still lets FEWEST in for each
PAUSE_S that has passed, or they would all give up before it is their turn. Nor is it of use to let
them in faster than logins are carried out: the places of those who are not logged in yet would run
out, and whoever came next would be turned away after all that an upgrade costs. So no more are let
in than there is room for logins; without any, one for each PAUSE_S. Those whose login is still
on its way are not in that count: with a slow network it goes up and down, and evens out.

Addresses take turns: one that sends thousands stands in its own way. When all places are taken,
whoever came last of the longest queue goes.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

PAUSE_S = 0.01
LATE_S = 0.025
"""A loop that comes back later than this has too much to do."""

FEWEST, MOST = 4, 16
"""Connections let in for each pause."""

AT_ONCE = 64
"""Most of them after a pause that was much too long."""


class Visitor(Protocol):
    """Who waits for its turn (Door)."""

    def enter(self) -> None:
        """It is its turn."""
        ...

    def turn_away(self) -> None:
        """There is no room to wait."""
        ...


class Pace:
    """How many connections are let in at a time: one more after each pause that was in time,
    half as many after one that was not, but never fewer than FEWEST for each PAUSE_S; `least` when
    there is no room for more logins."""

    def __init__(self) -> None:
        self._each = self.quota = FEWEST
        self.least = 1

    def paused(self, late_s: float) -> None:
        """A pause has ended so much later than it was to end."""
        is_late = late_s > LATE_S
        self._each = max(FEWEST, self._each // 2) if is_late else min(MOST, self._each + 1)
        pauses = 1 + max(0.0, late_s) / PAUSE_S
        self.quota = max(self._each, min(AT_ONCE, int(FEWEST * pauses)))
        self.least = min(AT_ONCE // FEWEST, int(pauses))


class Turnstile:
    """Lets visitors enter: at once when nobody waits, else a few after each pause, by address in
    rotation, and in order within an address."""

    def __init__(self, most: int, room: Callable[[], int]) -> None:
        """At most `most` may wait; `room` says for how many more logins there is room now."""
        self._most = most
        self._room = room
        self._pace = Pace()
        self._queues: OrderedDict[str, OrderedDict[Visitor, None]] = OrderedDict()
        self._left = self._pace.quota
        self._pause: asyncio.TimerHandle | None = None
        self.waiting = 0

    def admit(self, address: str, visitor: Visitor) -> None:
        """Let it enter when it is its turn, or turn it or another one away."""
        if self._pause is None:
            self._rest()
        if self._left and not self.waiting:
            self._left -= 1
            visitor.enter()
            return
        away = self._who_goes(address, visitor) if self.waiting >= self._most else None
        if away is not visitor:
            self._queues.setdefault(address, OrderedDict())[visitor] = None
            self.waiting += 1
        if away is not None:
            away.turn_away()

    def forget(self, address: str, visitor: Visitor) -> None:
        """It waits no longer, if it did."""
        queue = self._queues.get(address)
        if queue is not None and visitor in queue:
            del queue[visitor]
            self._shorter(address, queue)

    def _who_goes(self, address: str, newcomer: Visitor) -> Visitor:
        longest = max(self._queues, key=lambda name: len(self._queues[name]))
        queue = self._queues[longest]
        if len(queue) <= len(self._queues.get(address, ())) + 1:
            return newcomer
        last, _ = queue.popitem()
        self._shorter(longest, queue)
        return last

    def _shorter(self, address: str, queue: OrderedDict[Visitor, None]) -> None:
        self.waiting -= 1
        if not queue:
            del self._queues[address]

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + PAUSE_S
        self._pause = loop.call_at(due_s, self._go_on, due_s)

    def _go_on(self, due_s: float) -> None:
        self._pause = None
        self._pace.paused(asyncio.get_running_loop().time() - due_s)
        self._left = max(self._pace.least, min(self._pace.quota, self._room()))
        if self.waiting:
            self._rest()
        while self._left and self.waiting:
            self._left -= 1
            address, queue = next(iter(self._queues.items()))
            visitor, _ = queue.popitem(last=False)
            self._queues.move_to_end(address)
            self._shorter(address, queue)
            visitor.enter()

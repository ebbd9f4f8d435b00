"""NATS of the simulation: signals between gateways, as real NATS and its client lose them.

Each gateway has a connection of its own. On it, and on the way from one gateway to another, order
holds while it lasts; what is under way when it breaks is lost, on both sides, and what is published
before the client has noticed the break is lost as well. Then the client comes back by itself, with
all its subscriptions, and may hear what others published in the meantime before it hears of it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from simulation.virtual_loop import NOBODY, Process, VirtualLoop
from simulation.weather import Dice, Weather

RETRY_S = 1.0
PONG_WITHIN_S = 2.0


class Broker:
    """The NATS server. `cut_off` are gateways that cannot reach it."""

    def __init__(self, loop: VirtualLoop, weather: Weather, dice: Dice) -> None:
        self.loop, self.weather, self.dice = loop, weather, dice
        self.is_up = True
        self.cut_off: set[str] = set()
        self.lines: list[SimulatedLine] = []

    def reaches(self, line: "SimulatedLine") -> bool:
        return self.is_up and line.name not in self.cut_off

    def stop(self, dice: Dice) -> None:
        """The server goes: every connection breaks."""
        self.is_up = False
        for line in list(self.lines):
            line.break_off(dice.uniform(0.0, 0.3))

    def calm(self) -> None:
        self.is_up = True
        self.cut_off.clear()
        for line in self.lines:
            line.slow_s = 0.0

    def route(self, sender: "SimulatedLine", subject: str, payload: bytes) -> None:
        for line in self.lines:
            if line is not sender and subject in line.subscribed:
                line.arrive(payload)

    def route_to_one(self, sender: "SimulatedLine", subject: str, payload: bytes) -> None:
        self.route(sender, subject, payload)
        if not any(subject in line.subscribed for line in self.lines if line is not sender):
            sender.miss(subject)


class SimulatedLine:
    """As NatsLine behaves (server/nats_line.py), without its client."""

    def __init__(self, broker: Broker, process: Process) -> None:
        self.name = process.name
        self.slow_s = 0.0
        """What this line takes longer than others on the way to NATS."""

        self.subscribed: set[str] = set()
        """What the broker knows of."""
        self._broker, self._process, self._loop = broker, process, broker.loop
        self._wanted: dict[str, None] = {}
        self._link = 0  # another number for each connection; negative: there is none
        self._told_up = False
        self._sent_s = self._heard_s = 0.0
        self._pings: list[asyncio.Future[None]] = []
        self._is_closed = False

    def begin(
        self,
        take: Callable[[bytes], None],
        back: Callable[[], None],
        lost: Callable[[], None],
        unheard: Callable[[str], None],
    ) -> None:
        self._take, self._back, self._lost, self._unheard = take, back, lost, unheard
        self._link = -1
        self._loop.call_later(0.005, self._connect)

    @property
    def is_up(self) -> bool:
        return self._told_up

    def publish(self, subject: str, payload: bytes) -> None:
        if self._told_up:
            self._send(self._broker.route, self, subject, payload)

    def send_to(self, subject: str, payload: bytes) -> None:
        if self._told_up:
            self._send(self._broker.route_to_one, self, subject, payload)

    def subscribe(self, subject: str) -> None:
        self._wanted[subject] = None
        if self._told_up:
            self._send(self.subscribed.add, subject)

    def unsubscribe(self, subject: str) -> None:
        self._wanted.pop(subject, None)
        if self._told_up:
            self._send(self.subscribed.discard, subject)

    async def flush(self) -> None:
        """Raises TimeoutError."""
        if not self._told_up:
            raise TimeoutError
        pong: asyncio.Future[None] = self._loop.create_future()
        self._send(self._pong, pong)
        await asyncio.wait((pong,), timeout=PONG_WITHIN_S)
        if not pong.done():
            raise TimeoutError

    async def close(self) -> None:
        if self._told_up:
            with suppress(TimeoutError):
                await self.flush()
        self.hang_up()

    # --- what the network does ---------------------------------------------------------------

    def hang_up(self) -> None:
        """The process is gone."""
        self._is_closed = True
        self._link, self._told_up = -abs(self._link) - 1, False
        if self in self._broker.lines:
            self._broker.lines.remove(self)

    def break_off(self, noticed_after_s: float) -> None:
        """The connection ends; the client notices some time later."""
        if self._link <= 0:
            return
        self._link = -self._link - 1
        self._broker.lines.remove(self)
        self.subscribed = set()
        context = self._process.context
        self._loop.call_later(noticed_after_s, self._notice, self._link, context=context)

    def arrive(self, payload: bytes) -> None:
        """The broker has this for the gateway."""
        self._come(self._deliver, payload)

    def miss(self, subject: str) -> None:
        """Nobody listens where the gateway has sent something."""
        self._come(self._tell_unheard, subject)

    # --- within ------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._is_closed:
            return
        if not self._broker.reaches(self):
            self._loop.call_later(RETRY_S, self._connect)
            return
        self._link = abs(self._link) + 1
        self._sent_s = self._heard_s = self._loop.now_s
        self.subscribed = set(self._wanted)
        self._broker.lines.append(self)
        wait_s = self._broker.dice.about_s(self._broker.weather.line_s)
        self._loop.call_later(wait_s, self._come_up, self._link)

    def _come_up(self, link: int) -> None:
        if link == self._link:
            self.subscribed.update(self._wanted)
            self._told_up = True
            self._back()

    def _notice(self, link: int) -> None:
        if link == self._link:
            self._told_up = False
            self._connect()

    def _send(self, what: Callable[..., None], *values: object) -> None:
        if self._link <= 0:
            return  # broken, and the client does not know it yet
        broker = self._broker
        at_s = self._loop.now_s + broker.dice.about_s(broker.weather.line_s + self.slow_s)
        self._sent_s = max(self._sent_s, at_s)
        self._loop.call_at(self._sent_s, self._take_in, self._link, what, values, context=NOBODY)

    def _take_in(self, link: int, what: Callable[..., None], values: tuple[object, ...]) -> None:
        if link == self._link:
            what(*values)

    def _pong(self, pong: "asyncio.Future[None]") -> None:
        self._come(self._answer, pong)

    def _come(self, what: Callable[..., None], value: object) -> None:
        at_s = self._loop.now_s + self._broker.dice.about_s(self._broker.weather.line_s)
        self._heard_s = max(self._heard_s, at_s)
        context = self._process.context
        self._loop.call_at(self._heard_s, what, self._link, value, context=context)

    def _tell_unheard(self, link: int, subject: str) -> None:
        if link == self._link:
            self._unheard(subject)

    def _answer(self, link: int, pong: "asyncio.Future[None]") -> None:
        if link == self._link and not pong.done():
            pong.set_result(None)

    def _deliver(self, link: int, payload: bytes) -> None:
        if link != self._link:
            return
        if self._broker.dice.chance(self._broker.weather.line_drops):
            self._lost()
        else:
            self._take(payload)

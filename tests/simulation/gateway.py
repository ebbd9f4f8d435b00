"""A server process of the simulation: the real services, hub, bus, edge and connections.

What is not here: the socket and picows' parsing (wire.py stands for them), blobs, wake-ups by push
services, the web app. main.py wires the same parts in the same way.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.server.accounts import Accounts
from plausch.server.backups import Backups
from plausch.server.bus import Bus
from plausch.server.callers import Callers
from plausch.server.config import ServerConfig
from plausch.server.connection import Connection
from plausch.server.conversations import Conversations
from plausch.server.delivery import Delivery
from plausch.server.devices import Devices
from plausch.server.dispatch import Dispatch
from plausch.server.edge import Edge
from plausch.server.figures import Figures
from plausch.server.franking import KEY_BYTES, Franking
from plausch.server.health import Health
from plausch.server.hub import Hub
from plausch.server.key_packages import KeyPackages
from plausch.server.pairings import Pairings
from plausch.server.profiles import Profiles
from plausch.server.regime import Regime
from plausch.server.repairs import Repairs
from plausch.server.reports import Reports
from plausch.server.retention import Retention
from plausch.server.rosters import Rosters
from plausch.server.services import Services
from plausch.server.wake_ups import WakeUps
from simulation.line import Broker, SimulatedLine
from simulation.shared_store import Store
from simulation.virtual_loop import Process, VirtualLoop
from simulation.wire import Wire

BEGAN_MS = 1_800_000_000_000
ABSENT = cast(Any, None)


class MachineClock:
    """A gateway's wall clock, which may be wrong and may be set."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.wrong_by_ms = 0

    def now_ms(self) -> int:
        return BEGAN_MS + int(self._loop.now_s * 1000) + self.wrong_by_ms

    def ticks_ms(self) -> int:
        """Time that passes, whatever the clock is set to."""
        return BEGAN_MS + int(self._loop.now_s * 1000)


class NumberedConnection(Connection):
    """Sets of connections are gone through in an order that is the same in every run."""

    def __init__(self, edge: Edge, number: int) -> None:
        super().__init__(edge)
        self.number = number

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class NoEntrance:
    """Nobody listens on a socket: gateways are called by their names."""

    async def open(self, host: str, port: int, *, shares_port: bool = False) -> int:
        return 1

    async def close(self) -> None:
        """Nobody waits to be let in."""


class NobodyToWake:
    """Devices are sought, and found at other gateways; nobody is woken by a push service."""

    def wake(self, devices: Iterable[str]) -> None:
        """No device of the simulation wants to be woken."""

    def came(self, device: str) -> None:
        """It is connected."""


class Gateway:
    """One process from its start to its death. The next one of the same place is another one."""

    def __init__(
        self,
        name: str,
        config: ServerConfig,
        loop: VirtualLoop,
        store: Store,
        broker: Broker | None,
        clock: MachineClock,
    ) -> None:
        self.process = Process(name)
        self.wires: list[Wire] = []
        self.is_stopped = False
        self._loop, self._store, self._broker, self._clock = loop, store, broker, clock
        self._config = config
        self.line: SimulatedLine | None = None
        self.bus: Bus | None = None
        self.has_started = False
        self.process.context.run(self._build, config, clock)
        loop.call_soon(self._begin, context=self.process.context)

    @property
    def accepts(self) -> bool:
        """Whether a new connection may become a WebSocket here (routes.socket_refusal)."""
        return self.has_started and not self.process.is_dead and not self.edge.leaving

    @property
    def is_there(self) -> bool:
        return not self.process.is_dead

    def accept(self, wire: Wire) -> bool:
        """A device has connected."""
        if not self.accepts:
            return False
        self.wires.append(wire)
        wire.attach(NumberedConnection(self.edge, wire.number), self.process)
        return True

    def die(self) -> None:
        """kill -9: no step of it runs any more, and its connections break."""
        if self.process.is_dead:
            return
        self.process.is_dead = True
        if self.line is not None:
            self.line.break_off(0.0)
            self.line.hang_up()
        if self._broker is None:
            self._store.undo()
        for wire in self.wires:
            if not wire.device_gone and not wire.is_vanished:
                wire.cut()

    def stop(self) -> None:
        """SIGTERM."""
        if self.is_there and self.has_started:
            context = self.process.context.copy()
            self._loop.call_soon(lambda: self._loop.create_task(self._stop()), context=context)

    def sweep_soon(self) -> None:
        """What main.py does every few minutes."""
        if self.is_there and self.has_started:
            context = self.process.context.copy()
            self._loop.call_soon(lambda: self._loop.create_task(self._sweep()), context=context)

    # --- within ------------------------------------------------------------------------------

    def _build(self, config: ServerConfig, clock: Clock) -> None:
        limits, domain = config.limits, config.domain
        alone = self._broker is None
        database = self._store.open(self.process.name, self.die, alone=alone)
        self.database = database
        if self._broker is not None:
            self.line = SimulatedLine(self._broker, self.process)
            self.bus = Bus(self.line, domain, self._loop.time)
            self.bus.gateway = self.process.name
        rosters = Rosters(database)
        waking = None if self.bus is None else NobodyToWake()
        self.hub = Hub(rosters, limits.inline_bytes, limits.cursor_members, waking, self.bus)
        franking = Franking(bytes(KEY_BYTES))
        self.delivery = Delivery(database, clock, limits, rosters, franking, self.hub)
        services = Services(
            Accounts(database, clock, limits, domain, config.registration),
            Devices(database, clock, limits, domain),
            KeyPackages(database, clock, limits, domain),
            Conversations(database, clock, limits, rosters),
            self.delivery,
            ABSENT,
            WakeUps(database, clock, limits, b""),
            Backups(database, clock),
            Reports(database, clock, limits, franking),
            Profiles(database, clock, limits, domain),
            Pairings(clock, limits, self.bus),
            Callers(database, clock, limits),
            Regime(database, clock, limits),
        )
        self.dispatch = Dispatch(services, self.hub, clock, limits)
        self.repairs = Repairs(self.hub, self.delivery)
        self.retention = Retention(database, clock, limits, self._clock.ticks_ms)
        self.edge = Edge(
            config,
            self.hub,
            self.dispatch,
            None,
            ABSENT,
            self.repairs,
            Health(database),
            Figures(),
        )
        self.edge._entrance = cast(Any, NoEntrance())

    def _begin(self) -> None:
        if self.bus is not None and self.line is not None:
            self.line.begin(self.bus.take, self.bus.line_is_back, self.bus.lost, self.bus.unheard)
            self.bus.begin(self.hub, self.dispatch.pairings)
        self._loop.create_task(self._start())

    async def _start(self) -> None:
        await self.edge.start()
        self.has_started = True

    async def _sweep(self) -> None:
        with suppress(PlauschError):
            await self.retention.sweep()

    async def _stop(self) -> None:
        await self.edge.stop()
        if self.bus is not None:
            await self.bus.close()
        await self.database.close()
        self.is_stopped = True
        self.die()

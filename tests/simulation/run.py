"""One run: a seed becomes a small world, its bad days, a calm, and a verdict.

First comes a stretch in which devices talk and things break. Then everything that is broken is
whole again, and within the bound that spec/delivery.md states (Gateways) every device must have
everything. The verdict reads the store past the server and compares it with what every device was
told and shown.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from plausch.server.config import ServerConfig
from simulation import faults, verdict
from simulation.device import Device
from simulation.gateway import Gateway, MachineClock
from simulation.history import BEGINNING, COMES_AND_GOES, COMMITTERS, FIRST, history
from simulation.line import Broker
from simulation.shared_store import FarDatabase, Store
from simulation.view import Owed, first_view
from simulation.virtual_loop import NOBODY, Violation, VirtualLoop
from simulation.weather import Dice, Trace, Weather
from simulation.wire import Wire

NOTICED_S = 20.0
ROUND_S = 45.0
BACK_S = 12.0
"""A device and a gateway's last try of the database are back within this after the faults."""

BOUND_S = NOTICED_S + ROUND_S + BACK_S
SIZES = (96, 96, 96, 96, 400, 5_000, 40_000)


@dataclass
class Outcome:
    """What became of a seed."""

    seed: int
    problems: list[str] = field(default_factory=list)
    converged_s: float = 0.0
    """After the faults, until every device had everything."""

    acknowledged: int = 0
    steps: int = 0
    trace: Trace = field(default_factory=Trace)

    @property
    def is_good(self) -> bool:
        return not self.problems


class _Ear(logging.Handler):
    """Hears what the server says went wrong unexpectedly."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.defects: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            self.defects.append(f"{record.getMessage()} {type(error).__name__}: {error}")


class Run:
    """The world of one seed."""

    def __init__(self, seed: int) -> None:
        self.loop = VirtualLoop()
        self.weather, self.fine = Weather(), Weather()
        self.trace = Trace()
        self.dice = Dice("plan", seed)
        self.history = history()
        self.is_calm = False
        self.hours_ahead = 0
        self.may_leap = self.dice.chance(0.2)
        """All clocks may jump by a month; then nobody comes: key packages would be too old."""

        self.vanished: list[Wire] = []
        self.graveyard: list[Gateway] = []
        self.devices: list[Device] = []
        self.clocks: list[MachineClock] = []
        self.gateways: list[Gateway] = []
        self.names = 0
        random.seed(seed)  # the edge's own dice
        self.store = Store(
            self.history.image, self.loop, self.weather, Dice("store", seed), self.note
        )
        count = self.dice.choice((1, 2, 2, 2, 3))
        line_dice = Dice("line", seed)
        self.broker = Broker(self.loop, self.weather, line_dice) if count > 1 else None
        drain_ms = self.dice.choice((0, 0, 1_500))
        self.config = ServerConfig(Path("nowhere"), domain="localhost", drain_ms=drain_ms)
        for _ in range(count):
            clock = MachineClock(self.loop)
            clock.wrong_by_ms = self.dice.randint(-faults.SKEW_MS, faults.SKEW_MS) // 2
            self.clocks.append(clock)
            self.gateways.append(self._gateway(len(self.gateways)))
        for name in self._who():
            self.devices.append(self._device(name, Dice("device", name, seed)))

    # --- what others ask ---------------------------------------------------------------------

    def note(self, who: str, *what: object) -> None:
        """Something happened."""
        self.trace.events.append((self.loop.now_s, who, *what))

    def later(self, after_s: float, what: Callable[[], None]) -> None:
        self.loop.call_later(after_s, what, context=NOBODY)

    def fault(self, sentence: str) -> None:
        """A promise is broken. Raises Violation."""
        raise Violation(sentence)

    # --- a run ---------------------------------------------------------------------------------

    def play(self) -> float:
        """Bad days and calm; how long after the faults everybody had everything.

        Raises Violation.
        """
        bad_s = self.dice.uniform(12.0, 30.0)
        self._plan_talk(bad_s)
        faults.schedule(self, bad_s)
        for device in self.devices:
            self.later(self.dice.uniform(0.0, 0.5), device.come)
        self._watch()
        self.loop.run_until(bad_s)
        self._calm()
        while not self.has_everything:
            if self.loop.now_s > bad_s + BOUND_S:
                missing = "; ".join(verdict.missing(self))
                raise Violation(f"{BOUND_S} s after the last fault: {missing}")
            self.loop.run_until(self.loop.now_s + 0.5)
        converged_s = self.loop.now_s - bad_s
        self._leave()
        verdict.check(self)
        return converged_s

    @property
    def has_everything(self) -> bool:
        """Whether every device is connected, owes nothing, and has acknowledged every head."""
        return all(device.is_settled for device in self.devices) and not verdict.missing(self)

    def _calm(self) -> None:
        self.note("weather", "is fine from now on")
        self.is_calm = True
        self.weather.calm()
        if self.broker is not None:
            self.broker.calm()
        for wire in self.vanished:
            wire.cut()
        for gateway in self.gateways:
            self.loop.go_on(gateway.process)
            if isinstance(gateway.database, FarDatabase):
                gateway.database.is_cut_off = False
        for device in self.devices:
            device.come()
            if device.wire is not None:
                device.wire.frozen_until_s = 0.0

    def _leave(self) -> None:
        """Everybody goes; after a moment the gateways have nobody in memory."""
        for device in self.devices:
            device.has_left = True
            device.go()
        self.loop.run_until(self.loop.now_s + 8.0)

    # --- plan ------------------------------------------------------------------------------------

    def _who(self) -> list[str]:
        always = ["anna1", "cem1", "olga1"]
        return always + [one for one in ("dora1", "olga2", "anna2") if self.dice.chance(0.5)]

    def _plan_talk(self, until_s: float) -> None:
        for device in self.devices:
            for number in range(self.dice.randint(1, 6)):
                conversation = self.dice.choice((FIRST, FIRST, *BEGINNING))
                name = f"{device.name}-{number}"
                owed = Owed(name, self.dice.randbytes(16), self.dice.choice(SIZES))
                at_s = self.dice.uniform(1.0, until_s)
                self.loop.call_at(at_s, device.say, conversation, owed, context=NOBODY)
        present = {device.name: device for device in self.devices}
        guests = ("", *(name for name in COMES_AND_GOES if name in present))
        if self.may_leap:
            guests = ("",)
        for number in range(self.dice.choice((0, 1, 2, 2, 3))):
            at_s = self.dice.uniform(1.0, until_s)
            target = self.dice.choice(guests)
            for name in self.dice.sample(COMMITTERS, self.dice.choice((1, 1, 2))):
                owed = Owed(f"commit-{number}", self.dice.randbytes(16), target=target)
                near_s = at_s + self.dice.uniform(0.0, 0.05)
                self.loop.call_at(near_s, present[name].say, FIRST, owed, context=NOBODY)
        self.weather.repeats = self.fine.repeats = self.dice.choice((0.0, 0.1, 0.5))
        self.weather.pieces = self.fine.pieces = self.dice.choice((0.0, 0.2))

    # --- processes -------------------------------------------------------------------------------

    def _gateway(self, place: int) -> Gateway:
        self.names += 1
        name = f"gateway{self.names}"
        self.note(name, "starts")
        return Gateway(name, self.config, self.loop, self.store, self.broker, self.clocks[place])

    def _watch(self) -> None:
        """Start again what has stopped or died, some time later."""
        for place, gateway in enumerate(self.gateways):
            if not gateway.is_there and gateway not in self.graveyard:
                self.note(gateway.process.name, "is gone")
                self.graveyard.append(gateway)
                wait_s = 0.0 if self.is_calm else self.dice.uniform(0.0, 6.0)
                self.later(wait_s, lambda place=place: self._replace(place))
        self.later(0.25, self._watch)

    def _replace(self, place: int) -> None:
        self.gateways[place] = self._gateway(place)

    # --- devices -------------------------------------------------------------------------------

    def _device(self, name: str, dice: Dice) -> Device:
        device = Device(
            name,
            self.loop,
            self.history,
            self.weather,
            dice,
            lambda wire: self._connect(wire, dice),
            self.note,
            self.fault,
            lambda uri, conversation, seq: verdict.check_mark(self, uri, conversation, seq),
        )
        for conversation, members in BEGINNING.items():
            if name in members:
                view = first_view(name, conversation, self.history)
                view.fault = self.fault
                device.views[conversation] = view
        return device

    def _connect(self, wire: Wire, dice: Dice) -> bool:
        """The load balancer: any gateway that accepts."""
        open_ones = [one for one in self.gateways if one.accepts]
        if not open_ones:
            return False
        gateway = dice.choice(open_ones)
        self.note(gateway.process.name, "is connected to by wire", wire.number)
        return gateway.accept(wire)


def play(seed: int) -> Outcome:
    """Play a seed; everything that was wrong is in the outcome."""
    outcome = Outcome(seed)
    ear = _Ear()
    log = logging.getLogger("plausch.server")
    propagates, log.propagate = log.propagate, False
    log.addHandler(ear)
    run = Run(seed)
    try:
        outcome.converged_s = run.play()
    except Violation as violation:
        outcome.problems.append(str(violation))
    finally:
        log.removeHandler(ear)
        log.propagate = propagates
        outcome.problems += ear.defects
        outcome.problems += [_sentence(one) for one in run.loop.defects]
        outcome.trace, outcome.steps = run.trace, run.loop.steps
        outcome.acknowledged = sum(len(device.promises) for device in run.devices)
        run.loop.close()
    return outcome


def _sentence(context: dict[str, object]) -> str:
    error = context.get("exception")
    if isinstance(error, asyncio.CancelledError):
        return ""
    return f"{context.get('message')}: {type(error).__name__}: {error}"

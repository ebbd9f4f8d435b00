"""What may go wrong in a run, each with its dice. Every fault ends by itself or at the calm."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from plausch.base.durations import HOUR_MS
from simulation.gateway import Gateway
from simulation.history import FIRST
from simulation.shared_store import FarDatabase
from simulation.view import Owed
from simulation.virtual_loop import NOBODY

if TYPE_CHECKING:
    from simulation.run import Run

SKEW_MS = 100
"""Clocks of gateways agree within this much: less than the time in which a device is back."""


def cut_a_wire(run: "Run") -> None:
    device = run.dice.choice(run.devices)
    if device.wire is not None:
        run.note("network", "cuts", device.name)
        device.wire.cut()


def lose_a_wire(run: "Run") -> None:
    device = run.dice.choice(run.devices)
    if device.wire is not None:
        run.note("network", "forgets", device.name)
        device.wire.vanish()
        run.vanished.append(device.wire)


def freeze_a_device(run: "Run") -> None:
    device = run.dice.choice(run.devices)
    if device.wire is not None:
        device.wire.frozen_until_s = run.loop.now_s + run.dice.uniform(1.0, 8.0)
        run.note(device.name, "reads nothing until", round(device.wire.frozen_until_s, 2))


def device_goes(run: "Run") -> None:
    device = run.dice.choice(run.devices)
    run.note(device.name, "goes offline")
    device.go()
    run.later(run.dice.uniform(0.5, 20.0), device.come)


def kill_a_gateway(run: "Run") -> None:
    gateway = _gateway(run)
    run.note(gateway.process.name, "is killed")
    gateway.die()


def pause_a_gateway(run: "Run") -> None:
    """It stands still, as if the machine were asleep, and then goes on as if nothing were."""
    process = _gateway(run).process
    for_s = run.dice.choice((0.5, 3.0, 8.0, 20.0))
    run.note(process.name, "stands still for", for_s)
    run.loop.stand_still(process, for_s)


def cut_a_database(run: "Run") -> None:
    database = _gateway(run).database
    if isinstance(database, FarDatabase):
        database.is_cut_off = True
        run.note("network", "cuts a gateway from the database")
        run.later(run.dice.uniform(0.5, 10.0), lambda: setattr(database, "is_cut_off", False))


def talk_while_one_returns(run: "Run") -> None:
    """A device comes back at the very moment at which others speak to it."""
    device = run.dice.choice(run.devices)
    run.note(device.name, "goes offline for a moment")
    device.go()
    run.later(0.4, device.come)
    for other in run.devices:
        owed = Owed(f"{other.name}-at-{run.loop.now_s:.3f}", run.dice.randbytes(16))
        run.later(run.dice.uniform(0.6, 1.2), partial(other.say, FIRST, owed))


def leap_a_month(run: "Run") -> None:
    """All clocks jump, and the logs are swept at once: nothing may be believed to be old."""
    if run.may_leap:
        sweep(run)
        run.later(0.5, partial(_leap, run))


def _leap(run: "Run") -> None:
    run.may_leap = False
    run.hours_ahead += 31 * 24
    for clock in run.clocks:
        clock.wrong_by_ms += 31 * 24 * HOUR_MS
    run.note("clocks", "are a month ahead")
    for gateway in run.gateways:
        gateway.sweep_soon()


def stop_a_gateway(run: "Run") -> None:
    gateway = _gateway(run)
    run.note(gateway.process.name, "is told to stop")
    gateway.stop()


def break_a_line(run: "Run") -> None:
    line = _gateway(run).line
    if line is not None:
        noticed_s = run.dice.choice((0.01, 0.5, 3.0, 10.0))
        run.note(line.name, "loses its line, noticed after", noticed_s)
        line.break_off(noticed_s)


def slow_a_line(run: "Run") -> None:
    """What one gateway says, and what it wants to hear, comes late."""
    line = _gateway(run).line
    if line is not None:
        line.slow_s = run.dice.choice((0.1, 0.5))
        run.note(line.name, "has a slow line")
        run.later(run.dice.uniform(1.0, 10.0), partial(setattr, line, "slow_s", 0.0))


def cut_a_line(run: "Run") -> None:
    line = _gateway(run).line
    if line is not None and run.broker is not None:
        broker, noticed_s = run.broker, run.dice.choice((0.01, 0.5, 3.0, 10.0))
        run.note(line.name, "cannot reach NATS, noticed after", noticed_s)
        broker.cut_off.add(line.name)
        line.break_off(noticed_s)
        run.later(run.dice.uniform(1.0, 20.0), lambda: broker.cut_off.discard(line.name))


def stop_the_broker(run: "Run") -> None:
    broker = run.broker
    if broker is not None:
        run.note("NATS", "is away")
        broker.stop(run.dice)
        run.later(run.dice.uniform(0.5, 15.0), lambda: setattr(broker, "is_up", True))


def set_a_clock(run: "Run") -> None:
    clock = run.dice.choice(run.clocks)
    clock.wrong_by_ms = run.hours_ahead * HOUR_MS + run.dice.randint(-SKEW_MS, SKEW_MS) // 2
    run.note("clock", run.clocks.index(clock), "is wrong by", clock.wrong_by_ms)


def set_all_clocks(run: "Run") -> None:
    run.hours_ahead += 1
    for clock in run.clocks:
        clock.wrong_by_ms += HOUR_MS
    run.note("clocks", "are an hour ahead")


def sweep(run: "Run") -> None:
    gateway = _gateway(run)
    run.note(gateway.process.name, "sweeps")
    gateway.sweep_soon()


def _for_a_while(**changes: Any) -> Callable[["Run"], None]:
    """The weather is like this for some seconds."""

    def begin(run: "Run") -> None:
        before = {name: getattr(run.fine, name) for name in changes}
        _set(run, changes)
        run.later(run.dice.uniform(0.5, 10.0), lambda: _set(run, before))

    return begin


def _set(run: "Run", changes: dict[str, Any]) -> None:
    if run.is_calm:
        return
    for name, value in changes.items():
        run.note("weather", name, value)
        setattr(run.weather, name, value)


def _gateway(run: "Run") -> Gateway:
    return run.dice.choice(run.gateways)


FAULTS: tuple[tuple[int, Callable[["Run"], None]], ...] = (
    (4, cut_a_wire),
    (3, lose_a_wire),
    (2, freeze_a_device),
    (4, device_goes),
    (4, kill_a_gateway),
    (2, pause_a_gateway),
    (2, cut_a_database),
    (3, talk_while_one_returns),
    (2, leap_a_month),
    (3, stop_a_gateway),
    (3, break_a_line),
    (2, cut_a_line),
    (4, slow_a_line),
    (2, stop_the_broker),
    (1, set_a_clock),
    (1, set_all_clocks),
    (1, sweep),
    (2, _for_a_while(database_away=True)),
    (2, _for_a_while(disk_full=True)),
    (2, _for_a_while(database_s=0.2)),
    (2, _for_a_while(commit_fails=0.2)),
    (3, _for_a_while(answer_lost=0.3)),
    (2, _for_a_while(dies_before=0.1)),
    (3, _for_a_while(dies_after=0.1)),
    (2, _for_a_while(network_s=0.5)),
    (3, _for_a_while(line_s=0.3)),
    (1, _for_a_while(line_drops=0.2)),
)


def schedule(run: "Run", until_s: float) -> None:
    """Some faults at some moments."""
    weights = [weight for weight, _ in FAULTS]
    count = run.dice.randint(2, 9)
    for _, fault in run.dice.choices(FAULTS, weights, k=count):
        at_s = run.dice.uniform(0.5, until_s)
        run.loop.call_at(at_s, fault, run, context=NOBODY)

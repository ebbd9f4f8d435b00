"""When devices are compared with their logs, and what they are told then."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from plausch.db.interface import StorageUnavailable
from plausch.server.delivery import Resumption
from plausch.server.repairs import EVERY_ROUNDS, Repairs
from plausch.wire import frames as f
from plausch.wire.codec import decode_server
from plausch.wire.session import State

TURNS = 5


@dataclass
class Logs:
    """What resuming answers."""

    standing: Resumption = field(default_factory=lambda: Resumption([], 0, False))
    asked: list[str] = field(default_factory=list)
    fails: bool = False

    async def resume(self, device: Any) -> Resumption:
        self.asked.append(device.uri)
        if self.fails:
            raise StorageUnavailable("The database is gone.")
        return self.standing


@dataclass
class Link:
    """A connection."""

    device: Any
    session: Any = field(default_factory=lambda: SimpleNamespace(state=State.RESUMED))
    got: list[f.ServerFrame] = field(default_factory=list)

    def push(self, message: bytes) -> None:
        self.got.append(decode_server(message[2:]))


def repairs(doubts: int | None, logs: Logs | None = None) -> tuple[Repairs, SimpleNamespace]:
    hub = SimpleNamespace(doubts=doubts)
    return Repairs(cast(Any, hub), cast(Any, logs or Logs())), hub


def a_round(one: Repairs) -> list[bool]:
    return [one.due(turn, TURNS) for turn in range(TURNS)]


def test_a_single_process_never_looks() -> None:
    one, _ = repairs(None)
    for _ in range(3 * EVERY_ROUNDS):
        assert not any(a_round(one))


def test_a_doubt_lasts_for_one_round_wherever_it_begins() -> None:
    one, hub = repairs(0)
    assert not any(a_round(one))
    assert [one.due(turn, TURNS) for turn in (0, 1)] == [False, False]
    hub.doubts = 3
    seen = [one.due(turn % TURNS, TURNS) for turn in range(2, 2 + 2 * TURNS)]
    assert seen == [True] * TURNS + [False] * TURNS


def test_now_and_then_it_looks_without_a_doubt() -> None:
    one, _ = repairs(0)
    rounds = [a_round(one) for _ in range(2 * EVERY_ROUNDS)]
    assert [all(each) for each in rounds].count(True) == 2
    assert sum(any(each) for each in rounds) == 2


def link(name: str, state: State = State.RESUMED) -> Link:
    return Link(SimpleNamespace(uri=name), SimpleNamespace(state=state))


async def test_devices_are_told_what_moved(logs: Logs | None = None) -> None:
    logs = Logs(Resumption([f.Moved(bytes(16), 3, 9, 1)], 2, False))
    one, _ = repairs(0, logs)
    anna, opening, nobody = link("anna"), link("opening", State.OPENING), Link(None)
    await one.run(cast(Any, [anna, opening, nobody]))
    assert anna.got == [f.Delivery(bytes(16), 9, []), f.MailboxMoved(2)]
    assert opening.got == nobody.got == []
    assert logs.asked == ["anna"]


async def test_a_database_that_is_away_ends_the_look_and_not_the_next_one() -> None:
    logs = Logs(fails=True)
    one, hub = repairs(0, logs)
    await one.run(cast(Any, [link("anna"), link("ben")]))
    assert logs.asked == ["anna"]
    hub.doubts = 1
    assert one.due(0, TURNS)

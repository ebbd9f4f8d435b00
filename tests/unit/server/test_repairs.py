"""When devices are compared with their logs, and what they are told then."""

import asyncio
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
    gate: asyncio.Event | None = None

    async def resume(self, device: Any, after: bytes) -> Resumption:
        self.asked.append(device.uri)
        if self.gate is not None:
            await self.gate.wait()
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


def repairs(logs: Logs | None = None, *, alone: bool = False) -> tuple[Repairs, SimpleNamespace]:
    hub = SimpleNamespace(doubts=0, has_others=not alone, missed=set(), connected=lambda uris: [])

    def take_missed() -> set[str]:
        missed, hub.missed = hub.missed, set()
        return missed

    hub.take_missed = take_missed
    return Repairs(cast(Any, hub), cast(Any, logs or Logs())), hub


async def a_round(one: Repairs) -> list[int]:
    """A round of the wheel; the turns that were compared."""
    compared = []
    for turn in range(TURNS):
        if one.due(turn, TURNS):
            await one.run(turn, [])
            compared.append(turn)
    return compared


async def test_a_single_process_looks_only_after_a_doubt() -> None:
    one, hub = repairs(alone=True)
    for _ in range(3 * EVERY_ROUNDS):
        assert await a_round(one) == []
    hub.doubts = 1
    assert await a_round(one) == list(range(TURNS))
    assert await a_round(one) == []


async def test_a_doubt_lasts_for_one_round_wherever_it_begins() -> None:
    one, hub = repairs()
    assert await a_round(one) == []
    hub.doubts = 3
    seen = []
    for turn in (2, 3, 4, 0, 1, 2, 3, 4):
        if one.due(turn, TURNS):
            await one.run(turn, [])
            seen.append(turn)
    assert seen == [2, 3, 4, 0, 1]


async def test_now_and_then_it_looks_without_a_doubt() -> None:
    one, _ = repairs()
    rounds = [await a_round(one) for _ in range(2 * EVERY_ROUNDS)]
    assert [turns for turns in rounds if turns] == [list(range(TURNS))] * 2


async def test_a_slow_database_leaves_nobody_out() -> None:
    """Every comparison takes two and a half turns; each turn gets its own all the same."""
    logs = Logs(gate=asyncio.Event())
    one, hub = repairs(logs, alone=True)
    hub.doubts = 1
    compared: list[int] = []
    under_way: list[tuple[int, asyncio.Task[None]]] = []
    for tick in range(40 * TURNS):
        if under_way and tick >= under_way[0][0]:
            logs.gate.set()
            await under_way.pop()[1]
            logs.gate.clear()
        if one.due(tick % TURNS, TURNS):
            compared.append(tick % TURNS)
            running = one.run(tick % TURNS, cast(Any, [link("anna")]))
            under_way.append((tick + 3, asyncio.create_task(running)))
            await asyncio.sleep(0)
    assert sorted(compared) == list(range(TURNS))


def link(name: str, state: State = State.RESUMED) -> Link:
    return Link(SimpleNamespace(uri=name), SimpleNamespace(state=state))


async def test_devices_are_told_what_moved() -> None:
    logs = Logs(Resumption([f.Moved(bytes(16), 3, 9, 1)], 2, False))
    one, hub = repairs(logs)
    hub.doubts = 1
    anna, opening, nobody = link("anna"), link("opening", State.OPENING), Link(None)
    assert one.due(0, TURNS)
    await one.run(0, cast(Any, [anna, opening, nobody]))
    assert anna.got == [f.Delivery(bytes(16), 9, []), f.MailboxMoved(2)]
    assert opening.got == nobody.got == []
    assert logs.asked == ["anna"]


async def test_all_pages_of_what_moved_are_told() -> None:
    pages = {
        b"": Resumption([f.Moved(bytes(16), 3, 9, 1)], 0, True),
        bytes(16): Resumption([f.Moved(b"\x01" * 16, 0, 2, 1)], 0, False),
    }

    class Paged(Logs):
        async def resume(self, device: Any, after: bytes) -> Resumption:
            return pages[after]

    one, hub = repairs(Paged())
    hub.doubts = 1
    anna = link("anna")
    assert one.due(0, TURNS)
    await one.run(0, cast(Any, [anna]))
    assert [got.head for got in anna.got if isinstance(got, f.Delivery)] == [9, 2]


async def test_who_missed_something_is_compared_at_once_and_until_it_succeeds() -> None:
    logs = Logs(fails=True)
    one, hub = repairs(logs)
    ben = link("ben")
    hub.connected = lambda uris: [ben for uri in uris if uri == "ben"]
    hub.missed = {"ben", "gone"}
    assert one.due(3, TURNS)
    await one.run(3, cast(Any, [link("anna")]))
    logs.fails = False
    assert one.due(4, TURNS)
    await one.run(4, [])
    assert logs.asked == ["ben", "ben"], "and nobody who is not owed it"
    assert not one.due(3, TURNS)


async def test_a_turn_stays_owed_until_the_database_answers() -> None:
    logs = Logs(fails=True)
    one, hub = repairs(logs)
    hub.doubts = 1
    for _ in range(2):
        assert one.due(0, TURNS)
        await one.run(0, cast(Any, [link("anna")]))
    logs.fails = False
    assert one.due(0, TURNS)
    await one.run(0, cast(Any, [link("anna")]))
    assert not one.due(0, TURNS)
    assert logs.asked == ["anna"] * 3

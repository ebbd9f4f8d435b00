"""Who hears what, and when a gateway has to doubt; over a line in memory."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from plausch.server.bus import BEAT_S, DOUBTED_S, MOST_BYTES, SILENT_S, Bus, bucket_of
from plausch.server.signals import (
    NEWEST,
    Beat,
    Ended,
    Entered,
    Here,
    HereAt,
    PairingHas,
    PairingOver,
    Signal,
    Sought,
    Spread,
    Told,
    encode,
)
from plausch.server.whereabouts import Astray

ANNA, ANNAS_PHONE = "mimi://localhost/d/anna/01", "mimi://localhost/d/anna/02"
BEN = "mimi://localhost/d/ben/01"


class Air:
    """Through which all lines of a test go."""

    def __init__(self) -> None:
        self.lines: list[Wire] = []
        self.published: Counter[str] = Counter()

    def carry(self, source: "Wire", subject: str, payload: bytes) -> None:
        self.published[subject] += 1
        for line in self.listeners(source, subject):
            line.take(payload)

    def listeners(self, source: "Wire", subject: str) -> list["Wire"]:
        others = [line for line in self.lines if line is not source and line.is_up]
        return [line for line in others if subject in line.heard]


@dataclass(eq=False)
class Wire:
    """One gateway's line. `slow` flushes wait until they are let go."""

    air: Air
    is_up: bool = True
    heard: set[str] = field(default_factory=set)
    take: Callable[[bytes], None] = lambda payload: None
    unheard: Callable[[str], None] = lambda subject: None
    slow: asyncio.Event | None = None
    flushes: int = 0
    closed: bool = False

    def publish(self, subject: str, payload: bytes) -> None:
        if self.is_up:
            self.air.carry(self, subject, payload)

    def send_to(self, subject: str, payload: bytes) -> None:
        if self.is_up and not self.air.listeners(self, subject):
            self.unheard(subject)
        self.publish(subject, payload)

    def subscribe(self, subject: str) -> None:
        self.heard.add(subject)

    def unsubscribe(self, subject: str) -> None:
        self.heard.discard(subject)

    async def flush(self) -> None:
        self.flushes += 1
        if self.slow is not None:
            await self.slow.wait()

    async def close(self) -> None:
        self.closed = True


@dataclass
class Gateway:
    """A bus, its line, and what came to its ear."""

    bus: Bus
    line: Wire
    ear: list[Signal] = field(default_factory=list)
    """Of devices and of pairings."""
    astray: list[Astray] = field(default_factory=list)

    def hear(self, signal: Signal) -> None:
        self.ear.append(signal)

    def gone_astray(self, what: Astray) -> None:
        self.astray.append(what)


@dataclass
class Clock:
    now_s: float = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def gateways(clock: Clock) -> tuple[Gateway, Gateway]:
    air = Air()
    made = []
    for _ in range(2):
        line = Wire(air)
        bus = Bus(line, "example.org", lambda: clock.now_s)
        line.take, line.unheard = bus.take, bus.unheard
        air.lines.append(line)
        gateway = Gateway(bus, line)
        bus.begin(gateway, gateway)
        made.append(gateway)
    await turn()
    one, two = made
    two.bus.line_is_back()  # so that both know each other before their second beat
    one.bus.line_is_back()
    await turn()
    return one, two


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_all_devices_of_an_account_are_in_one_bucket() -> None:
    assert bucket_of(ANNA) == bucket_of(ANNAS_PHONE) != bucket_of(BEN)


async def test_only_who_has_the_account_hears(gateways: tuple[Gateway, Gateway]) -> None:
    one, two = gateways
    one.bus.tell([ANNA], b"nobody")
    await turn()
    two.bus.enter(ANNA, 5)
    await two.bus.settled()
    one.bus.tell([ANNA, ANNAS_PHONE, BEN], b"for Anna")
    await turn()
    assert two.ear == [Told([ANNA, ANNAS_PHONE], b"for Anna")]
    two.bus.leave(ANNA)
    one.bus.tell([ANNA], b"too late")
    await turn()
    assert len(two.ear) == 1


async def test_a_bucket_is_heard_until_the_last_device_has_left(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    two.bus.enter(ANNA, 1)
    two.bus.enter(ANNAS_PHONE, 2)
    two.bus.leave(ANNA)
    one.bus.end(ANNAS_PHONE, "device_removed", "Gone.")
    await turn()
    assert two.ear == [Ended(ANNAS_PHONE, "device_removed", "Gone.")]


async def test_what_is_said_in_one_turn_travels_together(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    two.bus.enter(ANNA, 1)
    await turn()
    before = sum(one.line.air.published.values())
    for number in range(10):
        one.bus.tell([ANNA], bytes([number]))
    await turn()
    assert sum(one.line.air.published.values()) == before + 1
    assert [one.message for one in two.ear if isinstance(one, Told)] == [
        bytes([number]) for number in range(10)
    ]


async def test_no_payload_grows_beyond_what_the_network_takes(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    two.bus.enter(ANNA, 1)
    await turn()
    sizes: list[int] = []
    take = two.line.take

    def weigh(payload: bytes) -> None:
        sizes.append(len(payload))
        take(payload)

    two.line.take = weigh
    for _ in range(10):
        one.bus.tell([ANNA], bytes(200_000))
    await turn()
    assert len(two.ear) == 10
    assert max(sizes) < MOST_BYTES + 1000


async def test_devices_are_weighed_too(gateways: tuple[Gateway, Gateway]) -> None:
    one, two = gateways
    devices = [f"mimi://localhost/d/business/{number:016x}" for number in range(50)]
    two.bus.enter(devices[0], 1)
    await turn()
    sizes: list[int] = []
    take = two.line.take
    two.line.take = lambda payload: (sizes.append(len(payload)), take(payload))[1]
    for _ in range(1000):
        one.bus.tell(devices, bytes(500))
    await turn()
    assert sum(isinstance(one, Told) for one in two.ear) == 1000
    assert max(sizes) < MOST_BYTES + 10_000


async def test_who_is_sought_is_found(gateways: tuple[Gateway, Gateway]) -> None:
    one, two = gateways
    two.bus.enter(ANNA, 1)
    one.bus.seek([ANNA, BEN])
    await turn()
    assert two.ear == [Sought(one.bus.gateway, [ANNA])]
    two.bus.answer(one.bus.gateway, [ANNA])
    await turn()
    assert one.ear == [Here([ANNA], two.bus.gateway)]


async def test_a_large_conversation_is_one_signal_to_everybody(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    signal = Spread(one.bus.gateway, b"c", 4, 9, "", b"a message", True)
    one.bus.spread(signal)
    await turn()
    assert two.ear == [signal], "although no device is here"
    found = HereAt(b"c", 4, 9, b"\x01\x01")
    two.bus.answer_spread(one.bus.gateway, found)
    await turn()
    assert one.ear == [found]


async def test_spread_is_for_those_who_all_said_that_they_understand_it(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    one, _ = gateways
    assert not one.bus.takes_spreads, "an older gateway may not have said anything yet"
    clock.now_s += 2 * BEAT_S
    assert one.bus.takes_spreads
    one.bus.take(encode([Beat("old")]))
    assert not one.bus.takes_spreads
    one.bus.take(encode([Beat("new", newest=NEWEST)]))
    assert not one.bus.takes_spreads
    one.bus.take(encode([Beat("old", leaves=True)]))
    assert one.bus.takes_spreads
    one.bus.line_is_back()
    assert not one.bus.takes_spreads, "others may have come meanwhile"


async def test_an_older_gateway_that_fell_silent_may_still_be_there(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    one, _ = gateways
    one.bus.take(encode([Beat("old")]))
    clock.now_s += SILENT_S + 1
    one.bus.look_round()
    assert not one.bus.takes_spreads
    clock.now_s += DOUBTED_S + 1
    one.bus.look_round()
    assert one.bus.takes_spreads


async def test_the_others_hear_who_has_come(gateways: tuple[Gateway, Gateway]) -> None:
    one, two = gateways
    one.bus.enter(ANNA, 1)
    two.bus.enter(ANNAS_PHONE, 7)
    await turn()
    assert one.ear == [Entered(two.bus.gateway, ANNAS_PHONE, 7)]
    assert two.ear == [Entered(one.bus.gateway, ANNA, 1)]


async def test_settled_waits_until_the_network_listens(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, _ = gateways
    one.line.slow = asyncio.Event()
    one.bus.enter(ANNA, 1)
    waiting = [asyncio.create_task(one.bus.settled()) for _ in range(5)]
    await turn()
    assert not any(task.done() for task in waiting)
    one.bus.enter(BEN, 1)  # while the flush for Anna is under way
    bens = asyncio.create_task(one.bus.settled())
    await turn()
    one.line.slow.set()
    await asyncio.gather(*waiting, bens)
    assert one.line.flushes == 2, "all of one flush wait for it together"
    await one.bus.settled()
    assert one.line.flushes == 2


async def test_a_line_that_is_down_holds_nobody_up(gateways: tuple[Gateway, Gateway]) -> None:
    one, _ = gateways
    one.line.is_up = False
    one.bus.enter(ANNA, 1)
    await asyncio.wait_for(one.bus.settled(), 5)
    first = one.bus.doubts
    one.bus.look_round()
    assert one.bus.doubts != first, "it doubts for as long as it hears nothing"


async def test_who_may_not_have_been_heard_says_so_and_who_said_nothing_does_not(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    await one.bus.make_sure()
    calm = two.bus.doubts
    one.bus.line_is_back()
    await turn()
    assert two.bus.doubts == calm
    one.bus.tell([ANNA], b"taken by the line before it broke, and gone with it")
    await turn()
    one.bus.line_is_back()
    await turn()
    assert two.bus.doubts == calm + 1
    one.bus.tell([ANNA], b"arrived")
    await turn()
    await one.bus.make_sure()
    one.bus.line_is_back()
    await turn()
    assert two.bus.doubts == calm + 1


async def test_a_network_that_does_not_say_that_it_has_it_is_doubted(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = gateways
    monkeypatch.setattr("plausch.server.bus.FLUSH_TIMEOUT_S", 0.01)
    one.line.slow = asyncio.Event()
    one.bus.tell([ANNA], b"?")
    await turn()
    calm = one.bus.doubts
    await one.bus.make_sure()
    assert one.bus.doubts == calm + 1


async def test_a_gateway_that_falls_silent_is_doubted_for_a_while_and_when_it_is_back(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    one, two = gateways
    assert one.bus.others == two.bus.others == 1
    calm = two.bus.doubts
    clock.now_s += BEAT_S
    two.bus.look_round()
    assert two.bus.doubts == calm
    clock.now_s += SILENT_S
    for looks in range(1, 4):
        two.bus.look_round()
        assert (two.bus.doubts, two.bus.others) == (calm + looks, 0), "it may live, unheard"
    one.bus.line_is_back()
    await turn()
    heard_again = two.bus.doubts
    assert heard_again > calm + 3
    two.bus.look_round()
    assert two.bus.doubts == heard_again
    clock.now_s += SILENT_S + 1
    two.bus.look_round()
    clock.now_s += DOUBTED_S + 1
    two.bus.look_round()
    at_last = two.bus.doubts
    two.bus.look_round()
    assert two.bus.doubts == at_last, "not for ever"


async def test_a_good_bye_leaves_none(gateways: tuple[Gateway, Gateway], clock: Clock) -> None:
    one, two = gateways
    calm = two.bus.doubts
    await one.bus.close()
    assert one.line.closed
    assert two.bus.others == 0
    clock.now_s += 10 * SILENT_S
    two.bus.look_round()
    assert two.bus.doubts == calm


async def test_what_was_told_to_nobody_is_doubted_at_the_good_bye(
    gateways: tuple[Gateway, Gateway],
) -> None:
    one, two = gateways
    calm = two.bus.doubts
    one.bus.lost()
    await one.bus.close()
    await turn()
    assert (two.bus.doubts, two.bus.others) == (calm + 1, 0)


async def test_what_was_dropped_on_the_way_is_doubted(gateways: tuple[Gateway, Gateway]) -> None:
    one, _ = gateways
    calm = one.bus.doubts
    one.bus.lost()
    assert one.bus.doubts == calm + 1
    one.bus.take(b"\xff noise")
    assert one.ear == []


async def test_a_pairing_is_heard_of_where_it_is(gateways: tuple[Gateway, Gateway]) -> None:
    one, two = gateways
    one.bus.pass_on(PairingOver(b"early"))
    two.bus.join(b"early")
    one.bus.pass_on(PairingHas(b"early", (1, 0)))
    await turn()
    assert two.ear == [PairingOver(b"early"), PairingHas(b"early", (1, 0))]
    two.bus.part(b"early")
    one.bus.pass_on(PairingOver(b"early"))
    await turn()
    assert len(two.ear) == 2


async def test_servers_of_other_domains_are_not_heard() -> None:
    air = Air()
    ours, theirs = Wire(air), Wire(air)
    bus, other = (
        Bus(line, domain, lambda: 0.0)
        for line, domain in ((ours, "example.org"), (theirs, "example.com"))
    )
    air.lines += [ours, theirs]
    ours.take, theirs.take = bus.take, other.take
    gateway = Gateway(bus, ours)
    bus.begin(gateway, gateway)
    bus.enter(ANNA, 1)
    other.tell([ANNA], b"not yours")
    await turn()
    assert gateway.ear == []
    await bus.close()

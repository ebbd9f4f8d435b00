"""The hub of one of several gateways: what it tells the others, and what it does when told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from plausch.server.hub import Hub, websocket_message
from plausch.server.signals import Ended, Entered, Here, Replaced, Sought, Told
from plausch.wire import frames as f
from plausch.wire.codec import decode_server, encode

from .test_hub import (
    ANNA,
    BEN,
    CEM,
    CONVERSATION,
    INLINE_BYTES,
    Members,
    Socket,
    Wakes,
    a_while,
    envelope,
    hub,
    members,
    online,
    payload,
    wakes,
)

__all__ = ["hub", "members", "wakes"]


@dataclass
class Neighbours:
    """The other gateways, as far as the hub has told them anything."""

    gateway: str = "here"
    doubts: int = 0
    said: list[tuple[object, ...]] = field(default_factory=list)

    def tell(self, devices: Iterable[str], message: bytes) -> None:
        self.said.append(("tell", list(devices), decode_server(payload(message))))

    def seek(self, devices: Iterable[str]) -> None:
        self.said.append(("seek", list(devices)))

    def answer(self, gateway: str, devices: Iterable[str]) -> None:
        self.said.append(("answer", gateway, list(devices)))

    def end(self, device: str, code: str, sentence: str) -> None:
        self.said.append(("end", device, code))

    def enter(self, device: str, at_ms: int) -> None:
        self.said.append(("enter", device, at_ms))

    def leave(self, device: str) -> None:
        self.said.append(("leave", device))

    async def settled(self) -> None:
        self.said.append(("settled",))

    def replaced(self, device: str) -> None:
        self.said.append(("replaced", device))

    def lost(self) -> None:
        self.said.append(("lost",))


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest.fixture
def gateway(members: Members, wakes: Wakes, neighbours: Neighbours) -> Hub:
    return Hub(members, INLINE_BYTES, 8, wakes, neighbours)


def test_who_is_not_here_may_be_elsewhere(gateway: Hub, neighbours: Neighbours) -> None:
    (ben,) = online(gateway, BEN)
    neighbours.said.clear()
    gateway.appended(CONVERSATION, [envelope(1, ANNA)])
    delivery = f.Delivery(CONVERSATION, 1, [envelope(1, ANNA)])
    assert ben.received == [delivery]
    assert neighbours.said == [("seek", [CEM.uri]), ("tell", [CEM.uri], delivery)]


def test_what_comes_from_elsewhere_goes_to_who_is_here(
    gateway: Hub, neighbours: Neighbours, wakes: Wakes
) -> None:
    (ben,) = online(gateway, BEN)
    neighbours.said.clear()
    moved = f.MailboxMoved(3)
    gateway.hear(Told([BEN.uri, CEM.uri], websocket_message(encode(moved))))
    assert ben.received == [moved]
    gateway.hear(Sought("there", [BEN.uri, CEM.uri]))
    gateway.hear(Sought("there", [CEM.uri]))
    assert neighbours.said == [("answer", "there", [BEN.uri])]
    gateway.leave(BEN.uri, ben)
    assert wakes.woken == [BEN.uri], "its connection may have been dead when that came"
    gateway.hear(Here([CEM.uri]))
    assert wakes.here[-1] == CEM.uri


def test_of_two_connections_the_younger_one_stays(gateway: Hub, neighbours: Neighbours) -> None:
    sockets = [Socket(), Socket(), Socket()]
    for socket, one, at_ms in zip(sockets, (ANNA, BEN, CEM), (5, 7, 9), strict=True):
        gateway.enter(one.uri, socket, at_ms)
    for one in (ANNA, BEN, CEM):
        gateway.hear(Entered("a gateway", one.uri, 7))
    assert [one.closed for one in sockets] == ["replaced", "", ""]
    assert neighbours.said[-1] == ("replaced", ANNA.uri), "it may have missed the last push"
    gateway.hear(Entered("zzz", BEN.uri, 7))
    assert sockets[1].closed == "replaced", "both decide alike at the same moment"


def test_a_removed_device_is_disconnected_wherever_it_is(
    gateway: Hub, neighbours: Neighbours
) -> None:
    (ben,) = online(gateway, BEN)
    gateway.disconnect(CEM.uri, "device_removed", "Gone.")
    assert neighbours.said[-1] == ("end", CEM.uri, "device_removed")
    gateway.hear(Ended(BEN.uri, "device_removed", "Gone."))
    gateway.hear(Ended(ANNA.uri, "device_removed", "Gone."))
    assert ben.closed == "device_removed"


async def test_coming_and_going_is_told(gateway: Hub, neighbours: Neighbours) -> None:
    first, second = Socket(), Socket()
    gateway.enter(BEN.uri, first, 1)
    gateway.enter(BEN.uri, second, 2)
    await gateway.settled()
    gateway.leave(BEN.uri, first)
    gateway.leave(BEN.uri, second)
    assert neighbours.said == [
        ("enter", BEN.uri, 1),
        ("leave", BEN.uri),
        ("enter", BEN.uri, 2),
        ("settled",),
        ("leave", BEN.uri),
    ]
    assert gateway.doubts == 0
    assert gateway.has_others


async def test_alone_there_is_nobody_to_wait_for_or_to_doubt(hub: Hub) -> None:
    await hub.settled()
    assert (hub.doubts, hub.has_others, hub.take_missed()) == (0, False, set())


def test_delivery_marks_go_to_who_may_be_elsewhere(gateway: Hub, neighbours: Neighbours) -> None:
    gateway.appended(CONVERSATION, [envelope(1, ANNA)])
    neighbours.said.clear()
    gateway.cursor_moved(CONVERSATION, BEN.uri, 1)
    moved = f.CursorMoved(CONVERSATION, BEN.uri, 1)
    assert neighbours.said == [("tell", [ANNA.uri, CEM.uri], moved)]


def test_who_was_replaced_elsewhere_is_compared_once(gateway: Hub) -> None:
    (ben,) = online(gateway, BEN)
    gateway.hear(Replaced(BEN.uri))
    gateway.hear(Replaced(CEM.uri))
    assert gateway.take_missed() == {BEN.uri}
    assert gateway.take_missed() == set()
    assert gateway.connected([BEN.uri, CEM.uri]) == [ben]


async def test_a_push_that_nobody_could_be_named_for_is_doubted(
    gateway: Hub, neighbours: Neighbours, members: Members
) -> None:
    members.in_memory, members.failing = False, True
    gateway.appended(CONVERSATION, [envelope(1, ANNA)])
    await a_while()
    assert gateway.doubts == 1
    assert neighbours.said == [("lost",)]

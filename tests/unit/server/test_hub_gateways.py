"""The hub of one of several gateways: what it tells the others, and what it does when told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from plausch.server import hub as hub_module
from plausch.server.hub import Hub
from plausch.server.pushes import websocket_message
from plausch.server.records import DeviceRecord
from plausch.server.signals import (
    Ended,
    Entered,
    Handed,
    Here,
    HereAt,
    Minded,
    Replaced,
    Sought,
    Spread,
    Told,
    bits_of,
)
from plausch.server.whereabouts import Astray
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
    device,
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
    takes_spreads: bool = True
    said: list[tuple[object, ...]] = field(default_factory=list)
    minding: set[str] = field(default_factory=set)
    """Devices that were found elsewhere."""

    def tell_all(self, devices: Iterable[str], message: bytes) -> None:
        self.said.append(("tell all", list(devices), decode_server(payload(message))))

    def mind(self, devices: Iterable[str]) -> list[str]:
        found = [one for one in devices if one in self.minding]
        if found:
            self.said.append(("mind", found))
        return [one for one in devices if one not in self.minding]

    def pass_back(self, gateway: str, devices: Iterable[str]) -> None:
        self.said.append(("pass back", gateway, list(devices)))

    def tell(self, devices: Iterable[str], message: bytes) -> None:
        self.said.append(("tell", list(devices), decode_server(payload(message))))

    def seek(self, devices: Iterable[str]) -> None:
        self.said.append(("seek", list(devices)))

    def answer(self, gateway: str, devices: Iterable[str]) -> None:
        self.said.append(("answer", gateway, list(devices)))

    def spread(self, signal: Spread) -> None:
        self.said.append(("spread", signal))

    def answer_spread(self, gateway: str, found: HereAt) -> None:
        self.said.append(("answer", gateway, found))

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

    def untold(self) -> None:
        self.said.append(("untold",))


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


def test_who_is_minded_elsewhere_is_neither_woken_nor_sought(
    gateway: Hub, neighbours: Neighbours, wakes: Wakes
) -> None:
    neighbours.minding = {CEM.uri}
    gateway.appended(CONVERSATION, [envelope(1, ANNA)])
    delivery = f.Delivery(CONVERSATION, 1, [envelope(1, ANNA)])
    assert neighbours.said == [
        ("mind", [CEM.uri]),
        ("seek", [BEN.uri]),
        ("tell", [BEN.uri, CEM.uri], delivery),
    ]
    assert wakes.woken == [BEN.uri]


def test_what_is_handed_over_for_who_has_left_is_passed_on(
    gateway: Hub, neighbours: Neighbours, wakes: Wakes
) -> None:
    (ben,) = online(gateway, BEN)
    neighbours.said.clear()
    moved = f.MailboxMoved(3)
    gateway.hear(Handed("there", [BEN.uri, CEM.uri], websocket_message(encode(moved))))
    assert ben.received == [moved]
    assert neighbours.said == [
        ("pass back", "there", [CEM.uri]),
        ("tell all", [CEM.uri], moved),
    ]
    neighbours.said.clear()
    gateway.hear(Minded("there", [BEN.uri, CEM.uri]))
    assert neighbours.said == [("pass back", "there", [CEM.uri]), ("seek", [CEM.uri])]
    assert wakes.woken == [CEM.uri]
    gateway.leave(BEN.uri, ben)
    assert wakes.woken == [CEM.uri, BEN.uri], "its connection may have been dead when that came"


async def test_what_was_handed_to_a_connection_that_was_dead_is_looked_for_elsewhere(
    gateway: Hub, neighbours: Neighbours
) -> None:
    """The device may have come back to another gateway while neither heard of the other."""
    ben, cem, anna = online(gateway, BEN, CEM, ANNA)
    moved = websocket_message(encode(f.MailboxMoved(3)))
    gateway.hear(Handed("there", [BEN.uri, CEM.uri], moved))
    gateway.cursor_moved(CONVERSATION, CEM.uri, 4)
    neighbours.said.clear()
    gateway.leave(BEN.uri, ben)
    gateway.leave(CEM.uri, cem)
    gateway.leave(ANNA.uri, anna)
    assert ("replaced", BEN.uri) in neighbours.said
    assert ("replaced", CEM.uri) not in neighbours.said, "it has acknowledged since"
    assert ("replaced", ANNA.uri) not in neighbours.said, "nothing was handed to it"


def test_of_two_connections_that_both_stay_both_are_served(
    gateway: Hub, neighbours: Neighbours
) -> None:
    """The other gateway's clock is behind: its connection is the younger one all the same."""
    ben = Socket()
    gateway.enter(BEN.uri, ben, 9)
    gateway.hear(Entered("there", BEN.uri, 7))
    assert ben.closed == ""
    neighbours.said.clear()
    moved = f.MailboxMoved(3)
    gateway.hear(Handed("elsewhere", [BEN.uri], websocket_message(encode(moved))))
    assert ben.received == [moved]
    assert neighbours.said == [
        ("pass back", "elsewhere", [BEN.uri]),
        ("tell all", [BEN.uri], moved),
    ]
    gateway.enter(BEN.uri, Socket(), 11)
    neighbours.said.clear()
    gateway.hear(Handed("elsewhere", [BEN.uri], websocket_message(encode(moved))))
    assert neighbours.said == []


def test_a_device_list_is_told_to_all_whatever_is_known(
    gateway: Hub, neighbours: Neighbours
) -> None:
    (ben,) = online(gateway, BEN)
    neighbours.said.clear()
    gateway.device_list_moved("anna", [BEN.uri, CEM.uri])
    assert ben.received == [f.DeviceListMoved("anna")]
    assert neighbours.said == [("tell all", [CEM.uri], f.DeviceListMoved("anna"))]


def test_what_went_astray_is_compared_where_the_device_is_and_who_is_nowhere_is_woken(
    gateway: Hub, neighbours: Neighbours, wakes: Wakes
) -> None:
    online(gateway, BEN)
    neighbours.said.clear()
    gateway.gone_astray(Astray([ANNA.uri, BEN.uri, CEM.uri], [BEN.uri, CEM.uri]))
    assert gateway.take_missed() == {BEN.uri}
    assert neighbours.said == [
        ("replaced", ANNA.uri),
        ("replaced", CEM.uri),
        ("seek", [CEM.uri]),
    ]
    assert wakes.woken == [CEM.uri]


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
    assert neighbours.said == [("untold",)]


# --- large conversations -------------------------------------------------------------------

MANY = 8
CROWD = tuple(device(100 + number) for number in range(2 * MANY))


@dataclass
class Large:
    """A gateway with a large conversation, of which some members are here."""

    hub: Hub
    members: Members
    wakes: Wakes
    neighbours: Neighbours

    def spread(self, **changes: object) -> Spread:
        """What another gateway says of a message by Anna."""
        message = websocket_message(encode(f.Delivery(CONVERSATION, 7, [envelope(7, ANNA)])))
        own = ANNA.uri.rpartition("/")[0] + "/"
        plain = {"head": 7, "author": ANNA.uri, "message": message, "wakes": True, "own": own}
        return Spread(
            **{"gateway": "there", "conversation": CONVERSATION, "epoch": 0, **plain, **changes}
        )  # type: ignore[arg-type]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, wakes: Wakes, neighbours: Neighbours) -> Large:
    monkeypatch.setattr(hub_module, "MANY", MANY)
    members = Members((ANNA, BEN, *CROWD))
    return Large(Hub(members, INLINE_BYTES, 8, wakes, neighbours), members, wakes, neighbours)


def test_a_large_conversation_is_told_by_one_signal(large: Large) -> None:
    anna, ben = online(large.hub, ANNA, BEN)
    large.neighbours.said.clear()
    large.hub.appended(CONVERSATION, [envelope(7, ANNA)])
    assert anna.received == []
    assert ben.received == [f.Delivery(CONVERSATION, 7, [envelope(7, ANNA)])]
    assert large.neighbours.said == [("spread", large.spread(gateway="here"))]
    assert set(large.wakes.woken) == {one.uri for one in CROWD}


def test_beside_an_older_gateway_buckets_are_told_and_names_sought(large: Large) -> None:
    large.neighbours.takes_spreads = False
    large.hub.appended(CONVERSATION, [envelope(7, ANNA)])
    names = [one.uri for one in (BEN, *CROWD)]
    delivery = f.Delivery(CONVERSATION, 7, [envelope(7, ANNA)])
    assert large.neighbours.said == [("seek", names), ("tell", names, delivery)]
    assert large.wakes.woken == names


def test_what_wakes_nobody_says_so(large: Large) -> None:
    large.hub.appended(CONVERSATION, [envelope(7, ANNA)], quiet={7})
    ((_, signal),) = large.neighbours.said
    assert isinstance(signal, Spread)
    assert (signal.wakes, signal.own) == (False, "")
    assert large.wakes.woken == []


def test_of_several_frames_the_first_one_seeks(large: Large) -> None:
    size = INLINE_BYTES // 2
    large.hub.appended(CONVERSATION, [envelope(seq, ANNA, size) for seq in (1, 2, 3)])
    signals = [one for _, one in large.neighbours.said if isinstance(one, Spread)]
    assert [one.wakes for one in signals] == [True, False, False]
    assert {one.head for one in signals} == {3}


def test_with_few_members_elsewhere_their_buckets_are_told(large: Large) -> None:
    online(large.hub, *CROWD[MANY:])
    online(large.hub, CROWD[0], CROWD[1])
    large.neighbours.said.clear()
    large.hub.appended(CONVERSATION, [envelope(7, ANNA)])
    assert [said[0] for said in large.neighbours.said] == ["seek", "tell"]


def test_each_gateway_knows_the_members(large: Large) -> None:
    anna, ben, one = online(large.hub, ANNA, BEN, CROWD[3])
    outside = online(large.hub, CEM)[0]
    large.neighbours.said.clear()
    large.hub.hear(large.spread())
    delivery = f.Delivery(CONVERSATION, 7, [envelope(7, ANNA)])
    assert [who.received for who in (anna, ben, one, outside)] == [[], [delivery], [delivery], []]
    count = 2 + len(CROWD)
    found = HereAt(CONVERSATION, 0, count, bits_of((1, 5), count))
    assert large.neighbours.said == [("answer", "there", found)]
    large.hub.leave(BEN.uri, ben)
    assert large.wakes.woken == [BEN.uri], "its connection may have been dead when that came"


def test_who_has_nobody_here_does_not_answer(large: Large) -> None:
    large.hub.hear(large.spread())
    assert large.neighbours.said == []


def test_what_is_not_worth_a_wake_up_is_not_answered(large: Large) -> None:
    (ben,) = online(large.hub, BEN)
    large.neighbours.said.clear()
    large.hub.hear(large.spread(wakes=False))
    assert len(ben.received) == 1
    assert large.neighbours.said == []


def test_who_is_connected_elsewhere_is_not_woken(large: Large) -> None:
    count = 2 + len(CROWD)
    large.hub.hear(HereAt(CONVERSATION, 0, count, bits_of((1, 4), count)))
    assert large.wakes.here == [BEN.uri, CROWD[2].uri]


@pytest.mark.parametrize(
    ("epoch", "count", "bits"),
    [(1, 18, bytes(3)), (0, 17, b"\xff\xff\xff"), (0, 18, b"\xff"), (0, 18, b""), (0, 0, b"")],
)
def test_an_answer_about_other_members_says_nothing(
    large: Large, epoch: int, count: int, bits: bytes
) -> None:
    large.hub.hear(HereAt(CONVERSATION, epoch, count, bits))
    assert large.wakes.here == []


def test_places_beyond_the_roster_are_nobody(large: Large) -> None:
    large.hub.hear(HereAt(CONVERSATION, 0, 18, b"\x00\x00\xfc"))
    assert large.wakes.here == []


async def test_members_who_are_not_in_memory_are_looked_up_in_order(large: Large) -> None:
    (ben,) = online(large.hub, BEN)
    large.members.in_memory = False
    second = websocket_message(encode(f.Delivery(CONVERSATION, 8, [envelope(8, ANNA)])))
    large.hub.hear(large.spread())
    large.hub.hear(large.spread(head=8, message=second))
    assert ben.received == []
    await a_while()
    assert [one.head for one in ben.received if isinstance(one, f.Delivery)] == [7, 8]
    assert large.members.looked_up == 1


async def test_of_a_younger_epoch_the_members_are_looked_up(large: Large) -> None:
    newcomer = DeviceRecord(7, "mimi://localhost/d/n/07", 7, "n", "person", bytes(32), bytes(32))
    (new,) = online(large.hub, newcomer)
    large.members.elsewhere = (ANNA, BEN, *CROWD, newcomer)
    large.hub.hear(large.spread(epoch=1))
    await a_while()
    assert len(new.received) == 1


def test_members_of_another_epoch_read_what_is_their_own(large: Large) -> None:
    (ben,) = online(large.hub, BEN)
    large.members.epoch = 3
    large.hub.hear(large.spread(epoch=2))
    assert ben.received == [f.Delivery(CONVERSATION, 7, [])]
    large.hub.hear(large.spread(epoch=2, head=0))  # of what is in no log there is nothing to read
    assert len(ben.received) == 1


def test_what_is_stored_nowhere_is_spread_too(large: Large) -> None:
    roster = large.members.known(CONVERSATION)
    assert roster is not None
    large.hub.ephemeral(roster, ANNA, b"typing")
    ((_, signal),) = large.neighbours.said
    assert isinstance(signal, Spread)
    assert (signal.head, signal.author, signal.wakes) == (0, ANNA.uri, False)

"""The hub: the same bytes for all, in order, to those who are online."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import pytest

from plausch.base.ids import ConversationId
from plausch.db.interface import StorageUnavailable
from plausch.server.hub import Hub
from plausch.server.records import DeviceRecord, Member, Roster
from plausch.server.rosters import roster_of
from plausch.wire import frames as f
from plausch.wire.codec import decode_server

CONVERSATION = ConversationId(bytes(16))
INLINE_BYTES = 1024


@dataclass(eq=False)
class Socket:
    """A connection that remembers what it was told."""

    received: list[f.ServerFrame] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    closed: str = ""

    def push(self, message: bytes) -> None:
        self.raw.append(message)
        self.received.append(decode_server(payload(message)))

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        self.closed = code


@dataclass
class Members:
    """Membership in memory; `in_memory` False: it has to be looked up first. `elsewhere` is what
    the database has when another process has changed it."""

    devices: tuple[DeviceRecord, ...]
    in_memory: bool = True
    looked_up: int = 0
    epoch: int = 0
    elsewhere: tuple[DeviceRecord, ...] | None = None
    failing: bool = False

    def known(self, public_id: bytes) -> Roster | None:
        return self._roster() if self.in_memory else None

    async def load(self, public_id: bytes) -> Roster | None:
        self.looked_up += 1
        await asyncio.sleep(0)
        if self.failing:
            raise StorageUnavailable("The disk is gone.")
        if self.elsewhere is not None:
            self.devices, self.elsewhere = self.elsewhere, None
            self.epoch += 1
        return self._roster() if self.devices else None

    def _roster(self) -> Roster:
        members = [
            Member(one.key, one.uri, one.account_key, place, bytes(32))
            for place, one in enumerate(self.devices)
        ]
        return roster_of(1, CONVERSATION, self.epoch, 1, members)


def payload(message: bytes) -> bytes:
    assert message[0] == 0x82
    start = {126: 4, 127: 10}.get(message[1], 2)
    return message[start:]


def device(key: int, account: int | None = None) -> DeviceRecord:
    account = key if account is None else account
    uri = f"mimi://localhost/d/a{account}/{key:016x}"
    return DeviceRecord(key, uri, account, f"a{account}", "person", bytes(32), bytes(32))


async def a_while() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def envelope(seq: int, sender: DeviceRecord, size: int = 10, epoch: int = 0) -> f.Envelope:
    return f.Envelope(seq, epoch, f.APPLICATION, 5, sender.uri, bytes(size), b"")


ANNA, BEN, CEM = device(1), device(2), device(3)


@pytest.fixture
def members() -> Members:
    return Members((ANNA, BEN, CEM))


@pytest.fixture
def hub(members: Members) -> Hub:
    return Hub(members, INLINE_BYTES, cursor_members=8)


@dataclass
class Wakes:
    """Who was to be woken, and who came."""

    woken: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)

    def wake(self, devices: Iterable[str]) -> None:
        self.woken += devices

    def came(self, device: str) -> None:
        self.here.append(device)


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
def waking_hub(members: Members, wakes: Wakes) -> Hub:
    return Hub(members, INLINE_BYTES, 8, wakes)


def online(hub: Hub, *devices: DeviceRecord) -> list[Socket]:
    sockets = [Socket() for _ in devices]
    for one, socket in zip(devices, sockets, strict=True):
        hub.enter(one.uri, socket, 0)
    return sockets


def test_the_others_get_the_same_bytes_and_a_lone_sender_nothing(hub: Hub) -> None:
    anna, ben, cem = online(hub, ANNA, BEN, CEM)
    hub.appended(CONVERSATION, [envelope(1, ANNA), envelope(2, ANNA)])
    assert anna.received == []
    assert ben.received == [f.Delivery(CONVERSATION, 2, [envelope(1, ANNA), envelope(2, ANNA)])]
    assert ben.raw[0] is cem.raw[0]


def test_with_two_senders_all_get_all(hub: Hub) -> None:
    sockets = online(hub, ANNA, BEN, CEM)
    hub.appended(CONVERSATION, [envelope(1, ANNA), envelope(2, BEN)])
    assert all(len(one.received) == 1 for one in sockets)


def test_who_is_offline_is_passed_over(hub: Hub) -> None:
    (ben,) = online(hub, BEN)
    hub.appended(CONVERSATION, [envelope(1, ANNA)])
    hub.leave(BEN.uri, ben)
    hub.appended(CONVERSATION, [envelope(2, ANNA)])
    assert len(ben.received) == 1


def test_a_large_envelope_stays_in_the_log(hub: Hub) -> None:
    _, ben, _ = online(hub, ANNA, BEN, CEM)
    hub.appended(CONVERSATION, [envelope(4, ANNA, INLINE_BYTES)])
    assert ben.received == [f.Delivery(CONVERSATION, 4, [])]


def test_a_long_batch_is_cut_and_nothing_is_left_out(hub: Hub) -> None:
    (ben,) = online(hub, BEN)
    envelopes = [envelope(seq, ANNA, size) for seq, size in enumerate([300, 300, 300, 2000, 5], 1)]
    hub.appended(CONVERSATION, envelopes)
    frames = [one for one in ben.received if isinstance(one, f.Delivery)]
    assert [one.head for one in frames] == [2, 3, 4, 5]
    assert [[e.seq for e in one.envelopes] for one in frames] == [[1, 2], [3], [], [5]]


async def test_a_roster_that_must_be_looked_up_keeps_the_order(hub: Hub, members: Members) -> None:
    (ben,) = online(hub, BEN)
    members.in_memory = False
    hub.appended(CONVERSATION, [envelope(1, ANNA)])
    hub.appended(CONVERSATION, [envelope(2, ANNA)])
    members.in_memory = True
    hub.appended(CONVERSATION, [envelope(3, ANNA)])
    assert ben.received == []
    await a_while()
    assert [one.head for one in ben.received if isinstance(one, f.Delivery)] == [1, 2, 3]
    assert members.looked_up == 1


async def test_a_roster_that_cannot_be_found_loses_a_push_only(hub: Hub, members: Members) -> None:
    (ben,) = online(hub, BEN)
    members.in_memory = False
    members.failing = True
    hub.appended(CONVERSATION, [envelope(1, ANNA)])
    await a_while()
    members.failing = False
    found, members.devices = members.devices, ()
    hub.appended(CONVERSATION, [envelope(1, ANNA)])
    await a_while()
    members.devices, members.in_memory = found, True
    hub.appended(CONVERSATION, [envelope(2, ANNA)])
    assert [one.head for one in ben.received if isinstance(one, f.Delivery)] == [2]


def test_the_newer_connection_wins(hub: Hub) -> None:
    (older,) = online(hub, BEN)
    (newer,) = online(hub, BEN)
    assert older.closed == "replaced"
    assert newer.closed == ""
    hub.leave(BEN.uri, older)  # its end comes later and must not take the newer one along
    hub.mailbox_moved(BEN.uri, 4)
    assert newer.received == [f.MailboxMoved(4)]
    assert older.received == []


def test_a_commit_reaches_those_before_and_after_it(hub: Hub) -> None:
    gone = device(9)
    anna, ben, old = online(hub, ANNA, BEN, gone)
    commit = f.Envelope(5, 0, f.COMMIT, 5, ANNA.uri, b"commit", b"")
    hub.committed(CONVERSATION, commit, {ANNA.uri, BEN.uri, gone.uri})
    assert anna.received == []
    assert ben.received == old.received == [f.Delivery(CONVERSATION, 5, [commit])]


async def test_delivery_marks_go_to_other_accounts_only(members: Members, hub: Hub) -> None:
    second = device(4, account=BEN.account_key)
    members.devices = (ANNA, BEN, second)
    anna, ben, own = online(hub, ANNA, BEN, second)
    hub.cursor_moved(CONVERSATION, BEN.uri, 7)
    await a_while()
    assert anna.received == [f.CursorMoved(CONVERSATION, BEN.uri, 7)]
    assert ben.received == own.received == []


async def test_large_conversations_have_no_delivery_marks(members: Members, hub: Hub) -> None:
    members.devices = tuple(device(key) for key in range(1, 10))
    (anna,) = online(hub, ANNA)
    hub.cursor_moved(CONVERSATION, BEN.uri, 7)
    await a_while()
    assert anna.received == []


def test_ephemeral_messages_and_device_lists(hub: Hub, members: Members) -> None:
    anna, ben, _ = online(hub, ANNA, BEN, CEM)
    hub.ephemeral(members._roster(), ANNA, b"typing")
    hub.device_list_moved("a3", [ANNA.uri, "mimi://localhost/d/x/0"])
    assert ben.received == [f.Ephemeral(CONVERSATION, ANNA.uri, b"typing")]
    assert anna.received == [f.DeviceListMoved("a3")]


def test_a_device_that_is_listed_no_more_is_disconnected(hub: Hub) -> None:
    anna, ben = online(hub, ANNA, BEN)
    hub.disconnect(ANNA.uri, "device_removed", "No longer listed.")
    hub.disconnect("nobody", "device_removed", "Unknown.")
    assert (anna.closed, ben.closed) == ("device_removed", "")


# --- another process has changed the members -----------------------------------------------


async def test_what_belongs_to_no_epoch_goes_to_the_members_of_the_database(
    hub: Hub, members: Members
) -> None:
    """cem was removed through another process: he learns nothing of ben's reading."""
    anna, _, cem = online(hub, ANNA, BEN, CEM)
    members.elsewhere = (ANNA, BEN)
    hub.cursor_moved(CONVERSATION, BEN.uri, 7)
    hub.cursor_moved(CONVERSATION, BEN.uri, 8)
    assert hub.roster(CONVERSATION) is None
    await a_while()
    assert [one.seq for one in anna.received if isinstance(one, f.CursorMoved)] == [7, 8]
    assert cem.received == []
    assert members.looked_up == 1


async def test_members_are_compared_once_until_time_has_passed(hub: Hub, members: Members) -> None:
    online(hub, ANNA, BEN, CEM)
    for looked_up in (1, 2):
        for seq in range(5):
            hub.cursor_moved(CONVERSATION, BEN.uri, seq)
            await a_while()
        assert members.looked_up == looked_up
        assert hub.roster(CONVERSATION) is not None
        hub.doubt()
        assert hub.roster(CONVERSATION) is None


async def test_an_append_has_compared_them_already(hub: Hub, members: Members) -> None:
    anna, _, _ = online(hub, ANNA, BEN, CEM)
    hub.appended(CONVERSATION, [envelope(1, BEN)])
    hub.cursor_moved(CONVERSATION, BEN.uri, 1)
    assert [type(one) for one in anna.received] == [f.Delivery, f.CursorMoved]
    assert members.looked_up == 0


async def test_a_newcomer_is_not_given_what_was_sent_before_it_came(
    hub: Hub, members: Members
) -> None:
    """The Commit that added cem was answered before the append it followed."""
    _, ben, cem = online(hub, ANNA, BEN, CEM)
    members.epoch = 1
    hub.appended(CONVERSATION, [envelope(4, ANNA, epoch=0)])
    members.in_memory = False
    hub.appended(CONVERSATION, [envelope(5, ANNA, epoch=0)])
    await a_while()
    wakes: list[f.ServerFrame] = [f.Delivery(CONVERSATION, seq, []) for seq in (4, 5)]
    assert ben.received == cem.received == wakes


async def test_nobody_is_told_of_what_does_not_exist(hub: Hub, members: Members) -> None:
    (anna,) = online(hub, ANNA)
    members.in_memory, members.devices = False, ()
    hub.cursor_moved(CONVERSATION, BEN.uri, 7)
    await a_while()
    assert await hub.look_up(CONVERSATION) is None
    assert (anna.received, hub.roster(CONVERSATION)) == ([], None)


# --- waking who is not connected ---------------------------------------------------------


def test_who_is_not_connected_is_woken_for_a_message(waking_hub: Hub, wakes: Wakes) -> None:
    online(waking_hub, BEN)
    waking_hub.appended(CONVERSATION, [envelope(1, BEN)])
    assert wakes.woken == [ANNA.uri, CEM.uri]
    assert wakes.here == [BEN.uri]


def test_nobody_is_woken_for_what_is_quiet(waking_hub: Hub, wakes: Wakes) -> None:
    waking_hub.appended(CONVERSATION, [envelope(1, BEN)], {1})
    assert wakes.woken == []
    waking_hub.appended(CONVERSATION, [envelope(2, BEN), envelope(3, BEN)], {2})
    assert wakes.woken == [ANNA.uri, CEM.uri]


@pytest.mark.parametrize("kind", [f.PROPOSAL, f.COMMIT])
def test_nor_for_what_devices_do_among_themselves(waking_hub: Hub, wakes: Wakes, kind: int) -> None:
    waking_hub.appended(CONVERSATION, [msgspec.structs.replace(envelope(1, BEN), kind=kind)])
    waking_hub.committed(CONVERSATION, envelope(2, BEN), [ANNA.uri, BEN.uri])
    waking_hub.cursor_moved(CONVERSATION, BEN.uri, 1)
    waking_hub.device_list_moved("cem", [ANNA.uri])
    assert wakes.woken == []


def test_an_authors_other_devices_sleep_on(members: Members, wakes: Wakes) -> None:
    tablet = device(9, BEN.account_key)
    members.devices = (ANNA, BEN, tablet)
    hub = Hub(members, INLINE_BYTES, 8, wakes)
    hub.appended(CONVERSATION, [envelope(1, BEN)])
    assert wakes.woken == [ANNA.uri]
    hub.appended(CONVERSATION, [envelope(2, BEN), envelope(3, ANNA)])  # for each
    assert wakes.woken == [ANNA.uri, ANNA.uri, BEN.uri, tablet.uri]


def test_a_welcome_wakes(waking_hub: Hub, wakes: Wakes) -> None:
    online(waking_hub, BEN)
    waking_hub.mailbox_moved(BEN.uri, 1)
    waking_hub.mailbox_moved(CEM.uri, 1)
    assert wakes.woken == [CEM.uri]


def test_members_of_an_epoch_that_is_over_are_woken_too(
    members: Members, waking_hub: Hub, wakes: Wakes
) -> None:
    members.epoch = 4
    waking_hub.appended(CONVERSATION, [envelope(1, ANNA, epoch=3)])
    assert wakes.woken == [BEN.uri, CEM.uri]


def test_a_device_whose_connection_was_dead_is_woken_when_that_shows(
    waking_hub: Hub, wakes: Wakes
) -> None:
    [socket] = online(waking_hub, BEN)
    waking_hub.appended(CONVERSATION, [envelope(1, ANNA)])
    wakes.woken.clear()
    waking_hub.leave(BEN.uri, socket)
    assert wakes.woken == [BEN.uri]
    [socket] = online(waking_hub, BEN)
    waking_hub.leave(BEN.uri, socket)
    assert wakes.woken == [BEN.uri]  # nothing came this time


def test_a_device_that_has_acknowledged_is_not(waking_hub: Hub, wakes: Wakes) -> None:
    [socket] = online(waking_hub, BEN)
    waking_hub.appended(CONVERSATION, [envelope(1, ANNA)])
    wakes.woken.clear()
    waking_hub.cursor_moved(CONVERSATION, BEN.uri, 1)
    waking_hub.leave(BEN.uri, socket)
    assert wakes.woken == []


async def test_members_that_have_to_be_looked_up_are_woken_then(
    members: Members, waking_hub: Hub, wakes: Wakes
) -> None:
    members.in_memory = False
    waking_hub.appended(CONVERSATION, [envelope(1, ANNA)], {1})
    waking_hub.appended(CONVERSATION, [envelope(2, ANNA)])
    assert wakes.woken == []
    await asyncio.sleep(0.01)
    assert wakes.woken == [BEN.uri, CEM.uri]

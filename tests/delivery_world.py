"""Accounts, devices and real MLS groups around the server's services, without a network."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from plausch.base.clock import ManualClock
from plausch.base.ids import DeviceAddress
from plausch.db.interface import Database, Transaction
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.identity.login import sign_login
from plausch.mls.group import Group, PendingCommit, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_128_X25519_AES128
from plausch.server.accounts import Accounts
from plausch.server.conversations import Conversations
from plausch.server.delivery import Delivery
from plausch.server.devices import Devices
from plausch.server.franking import KEY_BYTES, Franking
from plausch.server.key_packages import KeyPackages
from plausch.server.limits import Limits
from plausch.server.profiles import Profiles
from plausch.server.records import Accepted, DeviceRecord
from plausch.server.reports import Reports
from plausch.server.retention import Retention
from plausch.server.rosters import Rosters
from plausch.server.store import key_package
from plausch.server.store.schema import prepare
from plausch.wire import frames as f
from plausch.wire.franking import FRANKING_KEY_BYTES, MARK_BYTES, frank
from wire_device import DAY_S, Person, accept_anyone

DOMAIN = "localhost"
REPORTING_KEY = bytes(range(KEY_BYTES))
SUITE = MLS_128_X25519_AES128


@dataclass
class Recorder:
    """A hub that only notes what it is told."""

    envelopes: list[tuple[bytes, f.Envelope]] = field(default_factory=list)
    commits: list[tuple[bytes, f.Envelope, tuple[str, ...]]] = field(default_factory=list)
    mailboxes: list[tuple[str, int]] = field(default_factory=list)
    cursors: list[tuple[bytes, str, int]] = field(default_factory=list)
    quiet: list[tuple[bytes, int]] = field(default_factory=list)

    def appended(
        self,
        conversation: bytes,
        envelopes: Sequence[f.Envelope],
        quiet: Collection[int] = (),
    ) -> None:
        self.envelopes += [(conversation, one) for one in envelopes]
        self.quiet += [(conversation, seq) for seq in sorted(quiet)]

    def committed(self, conversation: bytes, envelope: f.Envelope, devices: Sequence[str]) -> None:
        self.commits.append((conversation, envelope, tuple(devices)))

    def mailbox_moved(self, device: str, item: int) -> None:
        self.mailboxes.append((device, item))

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        self.cursors.append((conversation, device, seq))


class World:
    """One server's services over one database. A second World over it is a second process."""

    def __init__(
        self,
        database: Database,
        *,
        limits: Limits | None = None,
        clock: ManualClock | None = None,
        registration: str = "open",
    ) -> None:
        self.database = database
        self.limits = limits or Limits()
        self.clock = clock or ManualClock()
        self.clock_wrong_by_ms = 0
        self.told = Recorder()
        self.rosters = Rosters(database)
        self.accounts = Accounts(database, self.clock, self.limits, DOMAIN, registration)
        self.devices = Devices(database, self.clock, self.limits, DOMAIN)
        self.key_packages = KeyPackages(database, self.clock, self.limits, DOMAIN)
        self.conversations = Conversations(database, self.clock, self.limits, self.rosters)
        self.franking = Franking(REPORTING_KEY)
        self.delivery = Delivery(
            database, self.clock, self.limits, self.rosters, self.franking, self.told
        )
        self.reports = Reports(database, self.clock, self.limits, self.franking)
        self.profiles = Profiles(database, self.clock, self.limits, DOMAIN)
        self.retention = Retention(database, self.clock, self.limits, self.ticks_ms)

    @property
    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    def ticks_ms(self) -> int:
        """Time that passes; a clock that is set wrong does not change it."""
        return self.clock.now_ms() - self.clock_wrong_by_ms

    def set_clock(self, by_ms: int) -> None:
        """Somebody sets the clock, while no time passes."""
        self.clock.advance(by_ms)
        self.clock_wrong_by_ms += by_ms

    async def allowed(self, *players: "Player") -> None:
        """What they may send today is drawn: their appends wait for nothing."""
        appends = self.delivery._appends
        for player in players:
            for allowance, holder in (
                (appends._sent, player.record.key),
                (appends._stored, player.record.account_key),
            ):
                await allowance.demand(holder, 200)
                allowance.give_back(holder, 200)

    async def supply(self, device: DeviceRecord) -> tuple[int, bool]:
        """The key packages that the device has left, and whether there is a last resort."""

        async def body(tx: Transaction) -> tuple[int, int]:
            return await key_package.count(tx, device.key, self.now_s)

        single, last = await self.database.read(body)
        return single, last > 0

    async def members(self, public_id: bytes) -> tuple[str, ...]:
        """The member devices' URIs; none when there is no such conversation."""
        roster = await self.rosters.get(public_id)
        return () if roster is None else roster.uris

    async def prepare(self) -> "World":
        await prepare(self.database)
        return self

    def person(self, name: str) -> Person:
        return Person.new(name, DOMAIN, self.now_s)

    async def player(self, name: str, kind: str = "person") -> "Player":
        """A registered account with its first device, logged in."""
        person = self.person(name)
        await self.accounts.register(name, kind, "", person.certificate, person.device_list)
        return Player(self, person, await self.login(person))

    async def login(self, person: Person) -> DeviceRecord:
        nonce = secrets.token_bytes(32)
        signature = sign_login(person.key, DOMAIN, nonce, person.device)
        return await self.devices.login(person.device.uri, nonce, signature)


class Player:
    """A device with its groups."""

    def __init__(self, world: World, person: Person, record: DeviceRecord) -> None:
        self.world, self.person, self.record = world, person, record
        self.groups: dict[bytes, Group] = {}
        self.bundles: list[KeyPackageBundle] = []

    # --- devices ---------------------------------------------------------------------------

    def second_device(self) -> tuple[Person, bytes]:
        """Another device of the account, and the device list that names both."""
        person, now_s = self.person, self.world.now_s
        device = DeviceAddress(person.address, secrets.token_hex(8))
        key = SigningKey.generate()
        certificate = DeviceCertificate.issue(
            person.identity, device, key.public, now_s - 60, now_s + 90 * DAY_S
        )
        devices = [(person.device.device, person.key.public), (device.device, key.public)]
        device_list = DeviceList.issue(
            person.identity, person.address, devices, now_s, person.device_list
        )
        second = Person(person.address, person.identity, device, key, certificate, device_list)
        return second, device_list

    async def link(self) -> "Player":
        """Link a second device and log it in."""
        second, device_list = self.second_device()
        await self.world.devices.publish_list(self.record, device_list, [second.certificate])
        return Player(self.world, second, await self.world.login(second))

    # --- key packages ----------------------------------------------------------------------

    def bundle(self, suite: int = SUITE, *, last_resort: bool = False) -> KeyPackageBundle:
        return KeyPackageBundle.create(
            suite,
            self.person.credential,
            self.person.key.to_bytes(),
            self.world.now_s,
            28 * DAY_S,
            last_resort,
        )

    async def upload(self, count: int = 1) -> None:
        made = [self.bundle() for _ in range(count)]
        self.bundles += made
        await self.world.key_packages.upload(self.record, [one.message for one in made], b"")

    # --- conversations ---------------------------------------------------------------------

    def new_group(self, conversation: bytes | None = None) -> Group:
        group = Group.create(
            SUITE,
            conversation or secrets.token_bytes(16),
            self.person.credential,
            self.person.key.to_bytes(),
            accept_anyone,
            now_s=self.world.now_s,
        )
        self.groups[group.group_id] = group
        return group

    async def create(self) -> Group:
        group = self.new_group()
        await self.world.conversations.create(self.record, group.group_id, group.group_info())
        return group

    async def conversation_with(self, *others: "Player") -> Group:
        """A new conversation with these devices in it."""
        group = await self.create()
        await self.add(group, *others)
        return group

    async def add(self, group: Group, *others: "Player") -> Accepted:
        """Add devices; each of them joins."""
        bundles = [one.bundle() for one in others]
        pending = group.commit(
            accept_anyone, self.world.now_s, adds=[one.message for one in bundles]
        )
        accepted = await self.send_commit(group, pending, [one.record.uri for one in others])
        for other, bundle in zip(others, bundles, strict=True):
            joined = join(pending.welcome, bundle, accept_anyone, self.world.now_s).accept()
            other.groups[group.group_id] = joined
        return accepted

    async def update(self, group: Group) -> Accepted:
        """An empty Commit."""
        return await self.send_commit(group, group.commit(accept_anyone, self.world.now_s))

    async def remove(self, group: Group, *others: "Player") -> Accepted:
        keys = {one.record.signature_key for one in others}
        leaves = [one.leaf_index for one in group.members() if one.signature_key in keys]
        pending = group.commit(accept_anyone, self.world.now_s, removes=leaves)
        return await self.send_commit(group, pending)

    async def send_commit(
        self, group: Group, pending: PendingCommit, welcome_to: Sequence[str] = ()
    ) -> Accepted:
        """Append it; accept it in the group when the server has."""
        try:
            accepted = await self.world.delivery.append_commit(
                self.record, self.commit_request(group, pending, welcome_to)
            )
        except BaseException:
            pending.drop()
            raise
        pending.accept()
        return accepted

    def commit_request(
        self, group: Group, pending: PendingCommit, welcome_to: Sequence[str] = ()
    ) -> f.AppendCommit:
        return f.AppendCommit(
            1,
            group.group_id,
            group.epoch,
            pending.commit,
            secrets.token_bytes(16),
            pending.group_info,
            pending.welcome,
            list(welcome_to),
        )

    def message(self, group: Group, text: bytes = b"hello") -> f.Append:
        """An append request with a real ciphertext."""
        return f.Append(
            1,
            group.group_id,
            group.epoch,
            f.APPLICATION,
            group.encrypt(text),
            secrets.token_bytes(16),
        )

    async def send(self, group: Group, text: bytes = b"hello") -> Accepted:
        return await self.world.delivery.append(self.record, self.message(group, text))

    async def say(self, group: Group, content: bytes = b"Buy now!") -> f.ReportedMessage:
        """Send a message with a frank; what a receiver keeps of it for a report."""
        key = secrets.token_bytes(FRANKING_KEY_BYTES)
        beside = bytes(MARK_BYTES) + frank(key, content)
        request = msgspec.structs.replace(
            self.message(group), message=group.encrypt(content, beside)
        )
        accepted = await self.world.delivery.append(self.record, request)
        (sent,) = (
            await self.world.delivery.read(self.record, group.group_id, accepted.seq - 1, 1)
        ).envelopes
        return f.ReportedMessage(
            group.group_id, sent.sender, sent.accepted_at_ms, sent.stamp, key, content
        )

    async def read(self, group: Group, after: int = 0, limit: int = 500) -> list[int]:
        """The seqs that this device may read."""
        stretch = await self.world.delivery.read(self.record, group.group_id, after, limit)
        return [one.seq for one in stretch.envelopes]

    async def acknowledge(self, group: Group, seq: int) -> None:
        await acknowledged(self.world, self.record, group.group_id, seq)
        await self.world.delivery.resume(self.record)


async def acknowledged(world: World, device: DeviceRecord, public_id: bytes, seq: int) -> None:
    """As the dispatcher does it: at once if that can be, else after a look in the database."""
    if not world.delivery.acknowledge(device, public_id, seq):
        await world.delivery.look_up_and_acknowledge(device, public_id, seq)


def opaque_message(conversation: bytes, epoch: int, size: int = 400) -> bytes:
    """What the server takes for an application message: the right outside, random inside."""
    outside = b"\x00\x01\x00\x02\x10" + conversation + epoch.to_bytes(8, "big") + b"\x01"
    return outside + secrets.token_bytes(size - len(outside))


def opaque_append(conversation: bytes, epoch: int, size: int = 400) -> f.Append:
    return f.Append(
        1,
        conversation,
        epoch,
        f.APPLICATION,
        opaque_message(conversation, epoch, size),
        secrets.token_bytes(16),
    )

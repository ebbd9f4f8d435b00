"""What is there before a run begins, and real MLS Commits for it; made once in a process.

The keys, certificates and groups are real, because the server checks Commits down to the last
signature. They are the same in every run, and so are the Commits: a Commit follows from the ones
before it, so a *branch* of the first conversation's history is kept, and gone on from, by any run
whose devices happen to commit in the same order. Names, ids and their order are fixed; what is
random in keys and signatures decides nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from delivery_world import DOMAIN, SUITE, World
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.group import Group, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.wire import frames as f
from simulation.gateway import BEGAN_MS
from simulation.shared_store import Store
from simulation.virtual_loop import VirtualLoop
from simulation.weather import Dice, Weather
from wire_device import DAY_S, Person, accept_anyone

NOW_S = BEGAN_MS // 1000
CAST = (("anna", 2), ("cem", 1), ("olga", 2), ("dora", 1))
"""Accounts, and how many devices each has."""

FIRST, SECOND, THIRD = (bytes([number]) * 16 for number in (1, 2, 3))
BEGINNING = {
    FIRST: ("anna1", "anna2", "cem1", "olga1"),
    SECOND: ("anna1", "cem1"),
    THIRD: ("olga1", "anna1", "dora1", "cem1"),
}
"""Who is in which conversation at first. Only the first one's members change."""

COMES_AND_GOES = ("olga2", "dora1")
COMMITTERS = ("anna1", "cem1", "olga1")


@dataclass(frozen=True)
class Step:
    """A Commit, all that belongs to it, and where it leads. `target` is who comes or goes."""

    committer: str
    target: str
    commit: bytes
    group_info: bytes
    welcome: bytes
    after: "Branch"


@dataclass
class Branch:
    """The first conversation in one epoch, after particular Commits."""

    epoch: int
    members: frozenset[str]
    groups: dict[str, tuple[bytes, bytes]]
    """What a member's device has saved; filled in when it is needed."""
    before: "tuple[Branch, Step] | None" = None
    steps: dict[tuple[str, str], Step] = field(default_factory=dict)


class History:
    """Everybody, and the store in which they have begun to talk."""

    def __init__(self) -> None:
        self.people = {f"{name}{n}": one for name, n, one in _people()}
        self.uris = {name: one.device.uri for name, one in self.people.items()}
        self.names = {uri: name for name, uri in self.uris.items()}
        self.by_commit: dict[bytes, Step] = {}
        self.by_welcome: dict[bytes, tuple[str, Step]] = {}
        self._bundles: dict[bytes, KeyPackageBundle] = {}
        loop = VirtualLoop()
        store = Store(b"", loop, Weather(), Dice("history"), lambda *_: None)
        groups = loop.finish(self._begin(store), 60.0)
        self.image = store.connection.serialize()
        loop.close()
        saved = {name: _saved(group) for name, group in groups.items()}
        self.root = Branch(1, frozenset(BEGINNING[FIRST]), saved)

    def step(self, branch: Branch, committer: str, target: str) -> Step:
        """The Commit by which a member adds or removes `target`, or changes nobody (no name)."""
        found = branch.steps.get((committer, target))
        if found is None:
            found = branch.steps[committer, target] = self._new_step(branch, committer, target)
        return found

    # --- within ------------------------------------------------------------------------------

    async def _begin(self, store: Store) -> dict[str, Group]:
        world = await World(store.open("history", lambda: None, alone=True)).prepare()
        for name, _ in CAST:
            first, *more = [one for key, one in self.people.items() if key[:-1] == name]
            await world.accounts.register(name, "person", "", first.certificate, first.device_list)
            for second in more:
                record = await world.login(first)
                await world.devices.publish_list(record, second.device_list, [second.certificate])
        kept: dict[str, Group] = {}
        for conversation, members in BEGINNING.items():
            groups = await self._converse(world, conversation, members)
            kept = groups if conversation == FIRST else kept
        return kept

    async def _converse(
        self, world: World, conversation: bytes, members: tuple[str, ...]
    ) -> dict[str, Group]:
        creator = self.people[members[0]]
        group = _new_group(creator, conversation)
        record = await world.login(creator)
        await world.conversations.create(record, conversation, group.group_info())
        bundles = [self._bundle(name) for name in members[1:]]
        pending = group.commit(accept_anyone, NOW_S, adds=[one.message for one in bundles])
        await world.delivery.append_commit(
            record,
            f.AppendCommit(
                1,
                conversation,
                0,
                pending.commit,
                conversation,
                pending.group_info,
                pending.welcome,
                [self.uris[name] for name in members[1:]],
            ),
        )
        pending.accept()
        groups = {members[0]: group}
        for name, bundle in zip(members[1:], bundles, strict=True):
            groups[name] = join(pending.welcome, bundle, accept_anyone, NOW_S).accept()
            device = await world.login(self.people[name])
            await world.delivery.acknowledge_mailbox(device, 1_000)
        for name in members:
            device = await world.login(self.people[name])
            world.delivery.acknowledge(device, conversation, 1)
            await world.delivery.resume(device)
        return groups

    def _bundle(self, name: str) -> KeyPackageBundle:
        person = self.people[name]
        return KeyPackageBundle.create(
            SUITE, person.credential, person.key.to_bytes(), NOW_S, 28 * DAY_S
        )

    def _new_step(self, branch: Branch, committer: str, target: str) -> Step:
        group = self._group(branch, committer)
        adds, removes, bundle = [], [], None
        if target and target in branch.members:
            key = self.people[target].key.public
            removes = [one.leaf_index for one in group.members() if one.signature_key == key]
        elif target:
            bundle = self._bundle(target)
            adds = [bundle.message]
        pending = group.commit(accept_anyone, NOW_S, adds=adds, removes=removes)
        commit, info_raw, welcome = pending.commit, pending.group_info, pending.welcome
        pending.accept()
        after = Branch(branch.epoch + 1, branch.members ^ ({target} - {""}), {})
        after.groups[committer] = _saved(group)
        step = Step(committer, target, commit, info_raw, welcome, after)
        after.before = (branch, step)
        self.by_commit[commit] = step
        if bundle is not None:
            self.by_welcome[welcome] = (target, step)
            self._bundles[welcome] = bundle
        return step

    def _group(self, branch: Branch, name: str) -> Group:
        """A fresh copy of the member's group in that epoch."""
        if name not in branch.groups:
            assert branch.before is not None
            earlier, step = branch.before
            if step.target == name:
                bundle = self._bundles[step.welcome]
                group = join(step.welcome, bundle, accept_anyone, NOW_S).accept()
            else:
                group = self._group(earlier, name)
                group.process(step.commit, accept_anyone, NOW_S).accept()
            branch.groups[name] = _saved(group)
        return Group.load(*branch.groups[name])


@cache
def history() -> History:
    """The one of this process."""
    return History()


def _people() -> Iterator[tuple[str, int, Person]]:
    for number, (name, count) in enumerate(CAST):
        address = AccountAddress(name, DOMAIN)
        identity = SigningKey.generate()
        entries: list[tuple[str, bytes]] = []
        device_list: bytes | None = None
        for n in range(1, count + 1):
            device, key = DeviceAddress(address, f"{number:08x}{n:08x}"), SigningKey.generate()
            certificate = DeviceCertificate.issue(
                identity, device, key.public, NOW_S - 60, NOW_S + 90 * DAY_S
            )
            entries.append((device.device, key.public))
            device_list = DeviceList.issue(identity, address, entries, NOW_S, device_list)
            yield name, n, Person(address, identity, device, key, certificate, device_list)


def _new_group(creator: Person, conversation: bytes) -> Group:
    return Group.create(
        SUITE,
        conversation,
        creator.credential,
        creator.key.to_bytes(),
        accept_anyone,
        now_s=NOW_S,
    )


def _saved(group: Group) -> tuple[bytes, bytes]:
    saved = group.save()
    return saved.epoch_state, saved.ratchet_state

"""Random lives of groups, against themselves: after every commit all members agree.

Each case prints its seed; run one again with PLAUSCH_SEED=<seed>. Lost and reordered messages,
races between committers, restarts from what was saved, both framings, every suite.
"""

import os
import random
from collections.abc import Callable

import pytest

from plausch.mls.commit import Identity
from plausch.mls.errors import ValidationError
from plausch.mls.extension import RequiredCapabilities
from plausch.mls.group import PendingCommit, external_join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.psk import KnownPsks
from plausch.mls.suite import suite
from unit.mls.group_players import ALL_SUITES, NOW_S, Player, Scene, welcome_anybody

STEPS = 60
MOST_MEMBERS = 11
PSKS = KnownPsks({b"shared": b"secret of everybody"})
CHOSEN = os.environ.get("PLAUSCH_SEED")
SEEDS = [int(CHOSEN)] if CHOSEN else [1, 2, 3]


class Life:
    """One group's random life."""

    def __init__(self, suite_id: int, seed: int) -> None:
        self.dice = random.Random(f"{suite_id}-{seed}")
        self.scene = Scene.of("d0", "d1", "d2", suite_id=suite_id)
        self.made = 3
        self.late: list[tuple[Player, bytes, int]] = []
        """Messages in the network: the receiver, the bytes, the sender's serial number."""
        self.said: dict[bytes, bytes] = {}
        self.seen: set[tuple[str, bytes]] = set()
        self.waiting: dict[str, tuple[Player, KeyPackageBundle]] = {}
        """Devices that somebody has proposed to add, by name."""
        self.commits = 0

    # -- who and what

    def anybody(self) -> Player:
        return self.dice.choice(list(self.scene.players.values()))

    def newcomer(self) -> Player:
        self.made += 1
        return self.scene.newcomer(f"d{self.made}")

    def maybe(self) -> bool:
        return self.dice.random() < 0.5

    def step(self) -> None:
        size = len(self.scene.players)
        acts: list[tuple[int, Callable[[], None]]] = [
            (4, self.update),
            (4 if size < MOST_MEMBERS else 0, self.add),
            (2 if size > 2 else 0, self.remove),
            (3, self.propose_and_commit),
            (2, self.race),
            (1 if size < MOST_MEMBERS else 0, self.external),
            (1, self.resync),
            (1, self.psk),
            (1, self.rekey),
            (1, self.context),
            (4, self.talk),
            (3, self.network),
            (3, self.restart),
        ]
        weights = [weight for weight, _ in acts]
        self.dice.choices([act for _, act in acts], weights)[0]()

    # -- commits

    def finish(self, committer: Player, pending: PendingCommit) -> None:
        """Everybody follows, some of them after a restart."""
        if self.maybe():
            committer.restart()
            restored = committer.group.pending
            assert restored is not None
            pending = restored
        for other in self.scene.others(committer):
            if self.dice.random() < 0.2:
                other.restart()
            other.follow(pending.commit, psks=PSKS)
        if self.maybe():
            pending.accept()
        else:
            committer.follow(pending.commit)
        for name in [one.name for one in self.scene.players.values() if not one.group.is_active]:
            del self.scene.players[name]
        self.committed()

    def committed(self) -> None:
        self.commits += 1
        self.late = [item for item in self.late if item[0].name in self.scene.players]
        self.scene.agree()

    def update(self) -> None:
        player = self.anybody()
        self.finish(player, player.commit(private=self.maybe()))

    def add(self) -> None:
        by = self.anybody()
        newcomers = [self.newcomer() for _ in range(self.dice.randint(1, 3))]
        bundles = [one.bundle() for one in newcomers]
        with_tree = self.maybe()
        pending = by.commit(
            adds=[item.message for item in bundles],
            force_path=self.maybe(),
            private=self.maybe(),
            tree_in_welcome=with_tree,
        )
        welcome = pending.welcome
        following = pending._state.following.epoch.tree.to_bytes()
        for one, bundle in zip(newcomers, bundles, strict=True):
            one.join(welcome, bundle, ratchet_tree=None if with_tree else following)
        joined = {one.name: one for one in newcomers}
        self.finish_before(by, pending, joined)

    def finish_before(self, by: Player, pending: PendingCommit, joined: dict[str, Player]) -> None:
        """Newcomers are in the new epoch already; they do not follow the commit."""
        for other in self.scene.others(by):
            other.follow(pending.commit, psks=PSKS)
        pending.accept()
        self.scene.players.update(joined)
        self.committed()

    def remove(self) -> None:
        by = self.anybody()
        others = self.scene.others(by)
        count = self.dice.randint(1, min(3, len(others)))
        leaving = [one.group.own_leaf for one in self.dice.sample(others, count)]
        self.finish(by, by.commit(removes=leaving, private=self.maybe()))

    def propose_and_commit(self) -> None:
        for _ in range(self.dice.randint(1, 4)):
            self.propose(self.anybody())
        committer = self.anybody()
        pending = committer.commit(private=self.maybe(), psks=PSKS)
        added = {item.credential.body.decode() for item in pending.added}
        welcome, commit = pending.welcome, pending.commit
        for other in self.scene.others(committer):
            other.follow(commit, psks=PSKS)
        pending.accept()
        for name in [one.name for one in self.scene.players.values() if not one.group.is_active]:
            del self.scene.players[name]
        for name in added:
            player, bundle = self.waiting.pop(name)
            player.join(welcome, bundle, psks=PSKS)
            self.scene.players[name] = player
        self.committed()

    def propose(self, player: Player) -> None:
        group, private = player.group, self.maybe()
        chosen = self.dice.randrange(5)
        if chosen == 0 and len(self.scene.players) < MOST_MEMBERS:
            newcomer = self.newcomer()
            bundle = newcomer.bundle()
            self.waiting[newcomer.name] = (newcomer, bundle)
            raw = group.propose_add(bundle.message, private=private)
        elif chosen == 1 and len(self.scene.players) > 4:
            raw = group.propose_remove(self.anybody().group.own_leaf, private=private)
        elif chosen == 2:
            raw = group.propose_psk(group.external_psk(b"shared"), private=private)
        else:
            raw = group.propose_update(private=private)
        if self.maybe():
            player.restart()
        self.scene.deliver(player, raw)

    def race(self) -> None:
        """Two commit; the server takes one, in an order of its own."""
        if len(self.scene.players) < 3:
            return
        one, two = self.dice.sample(list(self.scene.players.values()), 2)
        lost, won = one.commit(), two.commit()
        if self.maybe():
            lost.drop()
        for other in self.scene.others(two):
            other.follow(won.commit)
        won.accept()
        assert one.group.pending is None
        self.committed()

    def external(self) -> None:
        newcomer = self.newcomer()
        group_info = self.anybody().group.group_info()
        joining = external_join(
            group_info, newcomer.credential, newcomer.signer, self.scene.judge, NOW_S
        )
        for other in self.scene.players.values():
            other.follow(joining.commit, allow_external=welcome_anybody)
        newcomer.group = joining.accept()
        self.scene.players[newcomer.name] = newcomer
        self.committed()

    def resync(self) -> None:
        """A device that has lost its state takes its own place again."""
        lost = self.anybody()
        others = self.scene.others(lost)
        if not others:
            return
        joining = external_join(
            self.dice.choice(others).group.group_info(),
            lost.credential,
            lost.signer,
            self.scene.judge,
            NOW_S,
            resync_leaf=lost.group.own_leaf,
        )
        for other in others:
            other.follow(joining.commit, allow_external=welcome_anybody)
        lost.group = joining.accept()
        self.late = [item for item in self.late if item[0] is not lost]
        self.committed()

    def psk(self) -> None:
        by = self.anybody()
        inject = [by.group.external_psk(b"shared")]
        self.finish(by, by.commit(inject=inject, psks=PSKS, force_path=self.maybe()))

    def rekey(self) -> None:
        by = self.anybody()
        signer, signature_key = suite(by.suite_id).signature_generate()
        self.scene.judge.learn(by.credential, signature_key)
        self.finish(by, by.commit(identity=Identity(signer, by.credential)))
        by.signer, by.signature_key = signer, signature_key

    def context(self) -> None:
        by = self.anybody()
        required = RequiredCapabilities(credentials=(0xF0A1,)).to_extension()
        self.finish(by, by.commit(extensions=(required,) if self.maybe() else ()))

    # -- messages

    def talk(self) -> None:
        player = self.anybody()
        for _ in range(self.dice.randint(1, 5)):
            text = self.dice.randbytes(self.dice.randint(0, 400))
            raw = player.group.encrypt(text)
            self.said[raw] = text
            for other in self.scene.others(player):
                if self.dice.random() < 0.9:
                    self.late.append((other, raw, player.group.epoch))

    def network(self) -> None:
        """Some of what is under way arrives, in any order, some of it twice."""
        self.dice.shuffle(self.late)
        arriving, self.late = self.late[:20], self.late[20:]
        for receiver, raw, epoch in arriving:
            where = (receiver.name, raw)
            if (
                where in self.seen
                or receiver.group.epoch - epoch > 4
                or not self.joined(receiver, epoch)
            ):
                before = receiver.group.save()
                with pytest.raises(ValidationError):
                    receiver.read(raw)
                assert receiver.group.save() == before
                continue
            self.seen.add(where)
            assert receiver.read(raw).plaintext == self.said[raw]
            if self.dice.random() < 0.1:
                self.late.append((receiver, raw, epoch))

    def joined(self, receiver: Player, epoch: int) -> bool:
        state = receiver.group.state
        known = {state.epoch.number, *[item.context.epoch for item in state.past]}
        return epoch in known

    def restart(self) -> None:
        self.anybody().restart()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_everybody_agrees_after_every_commit(suite_id: int, seed: int) -> None:
    print(f"suite {suite_id:#06x}, seed {seed}")
    life = Life(suite_id, seed)
    for _ in range(STEPS):
        life.step()
    assert life.commits > STEPS // 4
    life.scene.chat()

"""A group of members of different implementations, and random things that happen to it.

A seed decides everything but the keys. After each operation every member must agree with every
other on what it tells: exporter, epoch authenticator, epoch, members.
"""

import os
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from interop.peers import Committed, External, Peer, Target, Wanted

MAX_BURST = 6
LOST = 0.2
LONG_SILENCE = 25
LATEST_EPOCHS = 3
"""All implementations keep at least three past epochs."""
HIDDEN_HANDSHAKES = 0.2
TREE_BESIDE = 0.3


@dataclass(frozen=True, slots=True)
class Late:
    """An application message still under way while epochs pass, for the members of its epoch."""

    arrives_in_epoch: int
    sender: str
    raw: bytes
    plaintext: bytes
    receivers: frozenset[str]


@dataclass(slots=True)
class Cast:
    """How new members come into being, and how large the group may grow."""

    make: Callable[[str, str], Peer]
    kinds: Sequence[str]
    own_kinds: Sequence[str]
    """Those of them that are Plausch's own."""
    psk_nonce_bytes: int
    refuses_to_join: Callable[[Peer, Peer], bool]
    """Whether the newcomer's implementation is known to refuse the group's valid tree."""
    disagrees: Callable[[Collection[int], Sequence[Peer]], bool]
    """Whether somebody among these peers is known to go wrong in a tree of these leaves."""
    max_members: int = 9


@dataclass(slots=True)
class World:
    """One group. One of ours is always among its members, so that somebody can be asked."""

    seed: int
    cast: Cast
    rng: random.Random = field(init=False)
    active: dict[str, Peer] = field(default_factory=dict)
    ghosts: set[str] = field(default_factory=set)
    """In the tree, but their implementation refused to join it; they are removed soon."""
    late: list[Late] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    taught: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Pre-shared keys of this epoch, which its newcomers have to know."""
    names: int = 0
    epochs: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        founder = self.new_peer(self.rng.choice(self.cast.kinds))
        founder.create(b"interop %d" % self.seed)
        self.active[founder.name] = founder
        first = founder if founder.is_ours else self.new_own()
        if first is not founder:
            self.add_by(founder, [first])

    # --- who is who ----------------------------------------------------------------------------

    def new_peer(self, kind: str) -> Peer:
        self.names += 1
        return self.cast.make(kind, f"m{self.names}")

    def new_own(self) -> Peer:
        return self.new_peer(self.rng.choice(self.cast.own_kinds))

    @property
    def ours(self) -> Peer:
        return next(peer for peer in self.active.values() if peer.is_ours)

    def roster(self) -> tuple[tuple[int, str], ...]:
        members = self.ours.look().members
        assert members is not None
        return members

    def target(self, name: str) -> Target:
        leaf = next(leaf for leaf, member in self.roster() if member == name)
        return Target(leaf, name)

    def pick(self, among: Sequence[Peer] | None = None) -> Peer:
        return self.rng.choice(list(self.active.values()) if among is None else among)

    def others(self, *but: Peer) -> list[Peer]:
        return [peer for peer in self.active.values() if peer not in but]

    def everybody_can(self, ability: str) -> bool:
        return all(getattr(peer, ability) for peer in self.active.values())

    def removable(self) -> list[str]:
        """Members who may go: never the last of ours."""
        last_of_ours = sum(peer.is_ours for peer in self.active.values()) == 1
        return [
            name for name, peer in self.active.items() if not (last_of_ours and peer.is_ours)
        ] + sorted(self.ghosts)

    def leaves_trouble(self, gone: Sequence[str]) -> bool:
        """Whether the tree without these members is one that a peer is known to get wrong."""
        leaves = [leaf for leaf, name in self.roster() if name not in gone]
        return self.cast.disagrees(leaves, list(self.active.values()))

    # --- one operation -------------------------------------------------------------------------

    def step(self) -> None:
        """One random operation, and agreement after it."""
        operation = self._choose()
        self.story.append(operation.__name__.removeprefix("op_"))
        operation()
        self.check()

    def _choose(self) -> Callable[[], None]:
        room = len(self.roster()) < self.cast.max_members
        weighted: list[tuple[int, Callable[[], None]]] = [
            (6, self.op_messages),
            (2, self.op_late),
            (4, self.op_update),
            (2, self.op_race),
            (2, self.op_restart),
            (2, self.op_reenter),
            (1, self.op_extensions),
        ]
        if room:
            weighted += [(5, self.op_add), (2, self.op_external)]
        if self.removable() and len(self.roster()) > 2:
            weighted += [(4, self.op_remove), (2, self.op_leave)]
        if self.ghosts:
            weighted += [(20, self.op_remove)]
        if len(self.active) > 1:
            weighted += [(4, self.op_proposals)]
        if self.everybody_can("can_psk"):
            weighted += [(2, self.op_psk)]
        if any(peer.can_move for peer in self.active.values()):
            weighted += [(3, self.op_move)]
        if room and self.mixers() and self.removable() and len(self.roster()) > 2:
            weighted += [(3, self.op_mixed)]
        weights, operations = zip(*weighted, strict=True)
        return self.rng.choices(operations, weights)[0]  # type: ignore[no-any-return]

    def check(self) -> None:
        """Everybody agrees on everything that they tell."""
        views = {name: peer.look() for name, peer in self.active.items()}
        for what in ("exported", "authenticator", "epoch", "members"):
            told = {name: getattr(view, what) for name, view in views.items()}
            distinct = {value for value in told.values() if value is not None}
            assert len(distinct) <= 1, f"{what} differs: {told}"

    # --- application messages --------------------------------------------------------------------

    def op_messages(self) -> None:
        """A burst of one sender; each receiver gets it in another order, some of it never."""
        sender = self.pick()
        count = self.rng.randint(1, MAX_BURST)
        # ts-mls keeps the keys of ten skipped generations: none may still be under way.
        for _ in range(self.rng.choice((0, 0, 0, 0 if self.late else LONG_SILENCE))):
            sender.encrypt(b"nobody ever gets this")
        burst = [self.text() for _ in range(count)]
        sent = [sender.encrypt(text) for text in burst]
        for receiver in self.others(sender):
            order = [i for i in range(count) if self.rng.random() > LOST]
            self.rng.shuffle(order)
            for i in order:
                self.deliver(sender, receiver, sent[i], burst[i])

    def op_late(self) -> None:
        """A message goes on its way, and arrives one to three epochs later."""
        sender, text = self.pick(), self.text()
        receivers = frozenset(peer.name for peer in self.others(sender))
        arrives = self.epochs + self.rng.randint(1, LATEST_EPOCHS)
        self.late.append(Late(arrives, sender.name, sender.encrypt(text), text, receivers))

    def new_epoch(self) -> None:
        """Everybody has entered the next epoch; messages of earlier ones arrive."""
        self.epochs += 1
        for message in [late for late in self.late if late.arrives_in_epoch == self.epochs]:
            for name in sorted(message.receivers & self.active.keys()):
                receiver = self.active[name]
                # mls-rs looks the sender up among the members of now.
                if receiver.kind != "mls-rs" or message.sender in self.active:
                    self.expect(receiver, message.raw, message.plaintext)
            self.late.remove(message)

    def deliver(self, sender: Peer, receiver: Peer, raw: bytes, plaintext: bytes) -> None:
        learn = getattr(receiver, "process_from", None)
        if learn is not None:
            assert learn(sender.name, raw) == plaintext
            return
        self.expect(receiver, raw, plaintext)

    def expect(self, receiver: Peer, raw: bytes, plaintext: bytes) -> None:
        assert receiver.process(raw) == plaintext, f"{receiver} read something else"
        refuses_replay = getattr(receiver, "refuses", None)
        if refuses_replay is not None and self.rng.random() < 0.3:
            assert refuses_replay(raw), f"{receiver} read a message twice"

    def text(self) -> bytes:
        return self.rng.randbytes(self.rng.choice((0, 1, 60, 300, 2000)))

    # --- commits ---------------------------------------------------------------------------------

    def op_add(self) -> None:
        free = self.cast.max_members - len(self.roster())
        kinds = [self.rng.choice(self.cast.kinds) for _ in range(self.rng.randint(1, min(2, free)))]
        self.add_by(self.pick(), [self.new_peer(kind) for kind in kinds])

    def add_by(self, committer: Peer, newcomers: list[Peer]) -> None:
        packages = tuple(peer.key_package() for peer in newcomers)
        self.commit(committer, Wanted(adds=packages), newcomers=newcomers)
        self.greet(newcomers)

    def greet(self, newcomers: Sequence[Peer]) -> None:
        """Each newcomer says something, so that everybody knows it."""
        for newcomer in newcomers:
            if newcomer.name in self.active:
                text = self.text()
                raw = newcomer.encrypt(text)
                for receiver in self.others(newcomer):
                    self.deliver(newcomer, receiver, raw, text)

    def op_remove(self) -> None:
        name = self.rng.choice(sorted(self.ghosts) or self.removable())
        able = self.able_to_remove([name])
        if not able or self.leaves_trouble([name]):
            self.op_update()
            return
        target = self.target(name)
        self.commit(self.pick(able), Wanted(removes=(target,)), gone=[name])

    def able_to_remove(self, names: Sequence[str]) -> list[Peer]:
        targets = [self.target(name) for name in names]
        return [
            peer
            for peer in self.active.values()
            if peer.name not in names and all(peer.can_remove(target) for target in targets)
        ]

    def op_update(self) -> None:
        self.commit(self.pick(), Wanted())

    def mixers(self) -> list[Peer]:
        """Those who commit several kinds of proposal by value."""
        return [peer for peer in self.active.values() if peer.kind != "mls-rs"]

    def op_mixed(self) -> None:
        """One commit that removes one and adds one, with a pre-shared key where all know it."""
        gone = self.rng.choice(self.removable())
        able = [peer for peer in self.mixers() if peer.name != gone]
        if not able:
            self.op_update()
            return
        newcomer = self.new_peer(self.rng.choice(self.cast.kinds))
        psks: tuple[External, ...] = ()
        if self.everybody_can("can_psk") and newcomer.can_psk and self.rng.random() < 0.5:
            psks = (self.teach_psk(),)
        wanted = Wanted((newcomer.key_package(),), (self.target(gone),), psks)
        self.commit(self.pick(able), wanted, newcomers=[newcomer], gone=[gone])
        self.greet([newcomer])

    def op_psk(self) -> None:
        """A commit with an external key, or with the resumption secret of this epoch."""
        if self.everybody_can("is_ours") and self.rng.random() < 0.5:
            self.commit(self.pick(), Wanted(resumption=True))
        else:
            self.commit(self.pick(), Wanted(psks=(self.teach_psk(),)))

    def teach_psk(self) -> External:
        psk_id, secret = self.rng.randbytes(12), self.rng.randbytes(32)
        for peer in self.active.values():
            peer.learn_psk(psk_id, secret)
        self.taught.append((psk_id, secret))
        return External(psk_id, self.rng.randbytes(self.cast.psk_nonce_bytes))

    def op_race(self) -> None:
        """Two commit in the same epoch; one comes second and takes the other's."""
        if len(self.active) < 2:
            self.op_update()
            return
        first, second = self.rng.sample(list(self.active.values()), 2)
        lost = second.commit(Wanted())
        won = first.commit(Wanted())
        second.drop()
        assert lost.commit != won.commit
        self.take(first, won, [], [])

    def op_leave(self) -> None:
        """A member asks to go; another one commits it."""
        names = [name for name in self.removable() if name in self.active]
        leaving = [n for n in names if self.active[n].kind != "mls-rs"]
        if not leaving or len(self.active) < 2:
            self.op_update()
            return
        leaver = self.active[self.rng.choice(leaving)]
        if self.leaves_trouble([leaver.name]):
            self.op_update()
            return
        proposal = leaver.propose_remove(self.target(leaver.name), publicly=self.publicly())
        for peer in self.others(leaver):
            peer.process(proposal)
        self.commit(self.pick(self.others(leaver)), Wanted(), gone=[leaver.name])

    def op_proposals(self) -> None:
        """Several propose, each something else; another one commits it all by reference."""
        committer = self.pick()
        newcomers: list[Peer] = []
        gone: list[str] = []
        proposers = self.rng.sample(
            self.others(committer), min(len(self.active) - 1, self.rng.randint(1, 3))
        )
        for proposer in proposers:
            made = self.propose(proposer, committer, [p.name for p in proposers], newcomers, gone)
            for peer in self.others(proposer) if made else []:
                peer.process(made)
        self.commit(committer, Wanted(), newcomers=newcomers, gone=gone)
        self.greet(newcomers)
        # An update may have brought a new signature key.
        self.greet([peer for peer in proposers if peer.can_update_proposal])

    def propose(
        self,
        proposer: Peer,
        committer: Peer,
        busy: Sequence[str],
        newcomers: list[Peer],
        gone: list[str],
    ) -> bytes:
        """One proposal that contradicts none made so far; empty when there is nothing to do."""
        choices = ["add"] if len(self.roster()) + len(newcomers) < self.cast.max_members else []
        victims = [
            name
            for name in self.removable()
            if name not in (*busy, *gone, committer.name)
            and proposer.can_remove(self.target(name))
            and not (name in self.active and self.active[name].is_ours and not committer.is_ours)
            and not self.leaves_trouble([*gone, name])
        ]
        choices += ["remove"] if victims else []
        choices += ["update"] if proposer.can_update_proposal else []
        choices += ["psk"] if "mls-rs" not in self.cast.kinds else []
        # ts-mls commits these without a path, and without heeding them.
        choices += ["extensions"] if proposer.can_extend and committer.kind != "ts-mls" else []
        if not choices:
            return b""
        choice, publicly = self.rng.choice(choices), self.publicly()
        self.tell(f"{proposer} proposes {choice}{'' if publicly else ' hidden'}")
        if choice == "add":
            newcomer = self.new_peer(self.rng.choice(self.cast.kinds))
            newcomers.append(newcomer)
            return proposer.propose_add(newcomer.key_package(), publicly=publicly)
        if choice == "remove":
            gone.append(self.rng.choice(victims))
            return proposer.propose_remove(self.target(gone[-1]), publicly=publicly)
        if choice == "psk":
            return proposer.propose_psk(self.teach_psk(), publicly=publicly)
        if choice == "extensions":
            required = self.rng.choice(((), (1,)))
            return proposer.propose_extensions(required, publicly=publicly)
        return proposer.propose_update(publicly=publicly)

    def op_external(self) -> None:
        """Somebody enters by an external commit on a member's GroupInfo."""
        publishers = [peer for peer in self.active.values() if peer.can_group_info]
        newcomer = self.new_peer(self.rng.choice(self.cast.kinds))
        if not newcomer.can_external or (
            not newcomer.is_ours and self.cast.refuses_to_join(newcomer, self.ours)
        ):
            newcomer.close()
            newcomer = self.new_own()
        publisher = self.pick(publishers)
        both_ours = newcomer.is_ours and publisher.is_ours
        if both_ours and self.rng.random() < TREE_BESIDE:
            commit = newcomer.external(publisher.group_info(with_tree=False), publisher.tree())
        else:
            commit = newcomer.external(publisher.group_info())
        for peer in self.active.values():
            peer.process(commit)
        newcomer.accept()
        self.active[newcomer.name] = newcomer
        self.new_epoch()
        self.greet([newcomer])

    def op_reenter(self) -> None:
        """One of ours has lost everything but its keys, and takes its own old place."""
        lost = self.ours
        publishers = [peer for peer in self.others(lost) if peer.can_group_info]
        if not publishers:
            self.op_update()
            return
        published = self.pick(publishers).group_info()
        leaf = self.target(lost.name).leaf
        self.late.clear()  # it has lost the keys of those, too
        commit = lost.reenter(published, leaf)
        for peer in self.others(lost):
            peer.process(commit)
        lost.accept()
        self.new_epoch()
        self.greet([lost])

    def op_extensions(self) -> None:
        """The GroupContext's extensions are replaced."""
        able = [peer for peer in self.active.values() if peer.can_extend]
        required = self.rng.choice(((), (1,)))
        self.commit(self.pick(able), Wanted(required_credentials=required))

    def op_restart(self) -> None:
        for peer in self.active.values():
            if self.rng.random() < 0.7:
                peer.restart()

    def op_move(self) -> None:
        """Devices go on with another implementation, from what theirs has saved."""
        for peer in self.active.values():
            if peer.can_move and self.rng.random() < 0.5:
                peer.move()

    def publicly(self) -> bool:
        """How the next handshake travels: now and then hidden, where all can read it so."""
        hidden = self.everybody_can("can_hide_handshakes")
        return not (hidden and self.rng.random() < HIDDEN_HANDSHAKES)

    def commit(
        self,
        committer: Peer,
        wanted: Wanted,
        *,
        newcomers: Sequence[Peer] = (),
        gone: Sequence[str] = (),
    ) -> None:
        """A commit that everybody takes, those who go included."""
        publicly = self.publicly()
        kinds = [peer.kind for peer in newcomers]
        self.tell(f"{committer} commits {'publicly' if publicly else 'hidden'} +{kinds} -{gone}")
        self.take(committer, committer.commit(wanted, publicly=publicly), newcomers, gone)

    def take(
        self,
        committer: Peer,
        made: Committed,
        newcomers: Sequence[Peer],
        gone: Sequence[str],
    ) -> None:
        committer.accept()
        for peer in self.others(committer):
            # ts-mls takes a leaf that is removed and given away in one commit for its own still.
            if not (peer.name in gone and newcomers and peer.kind == "ts-mls"):
                peer.process(made.commit)
        for name in gone:
            self.ghosts.discard(name)
            if name in self.active:
                self.active.pop(name).close()
        self.new_epoch()
        for newcomer in newcomers:
            if not newcomer.is_ours and self.cast.refuses_to_join(newcomer, self.ours):
                self.ghosts.add(newcomer.name)
                newcomer.close()
                continue
            for psk_id, secret in self.taught:
                newcomer.learn_psk(psk_id, secret)
            newcomer.join(made.welcome, committer.tree() if made.tree_beside else None)
            self.active[newcomer.name] = newcomer
        self.taught.clear()
        if made.renewed:
            self.greet([committer])

    def tell(self, what: str) -> None:
        """Add to the story of the operation under way."""
        self.story[-1:] = ["; ".join([*self.story[-1:], what])]

    def told(self) -> str:
        """What has happened so far."""
        lines = [f"{number}. {line}" for number, line in enumerate(self.story, 1)]
        return "\n".join([*lines, f"members: {self.active}, ghosts: {sorted(self.ghosts)}"])

    def close(self) -> None:
        for peer in self.active.values():
            peer.close()


def seeds(count: int) -> list[int]:
    """PLAUSCH_INTEROP_SEED, else the same seeds in every run."""
    first = int(os.environ.get("PLAUSCH_INTEROP_SEED", "9420"))
    return [first + i for i in range(count)]

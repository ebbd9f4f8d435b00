"""A device of Plausch: restarted from its saved state, or moved to another core, as dice fall."""

import random
from collections.abc import Mapping

from interop.core import Core, MakeCore, Manner, Place
from interop.peers import Committed, External, Peer, Target, View, Wanted
from interop.python_core import PythonCore
from plausch.mls.suite import MLS_256_XWING, SUITES, Suite

TS_MLS_XWING = 83
"""The number by which ts-mls 1.6.4 calls our suite 0xF00D."""

RESTARTS = 0.15
MOVES = 0.4
"""How many of the restarts are in the other core, where there are two."""
JUNK = 0.3
TWINS = 0.15
"""How often the other core does the same with the same state, for comparison."""
NEW_KEYS = 0.15
ONLY_PYTHON: Mapping[str, MakeCore] = {"ours": PythonCore}


def xwing_by_another_number() -> Suite:
    """X-Wing as the suite that ts-mls knows: the number goes into everything that is hashed."""
    xwing = SUITES[MLS_256_XWING]
    return Suite(TS_MLS_XWING, xwing.name, xwing.kem, xwing._kdf, xwing._aead, xwing.signature)


class OurPeer(Peer):
    """One device with at most one group, on one of the cores at a time."""

    is_ours = True
    can_psk = True
    can_external = True
    can_group_info = True
    can_update_proposal = True
    can_hide_handshakes = True
    can_extend = True

    def __init__(
        self,
        name: str,
        suite_id: int,
        rng: random.Random,
        cores: Mapping[str, MakeCore] = ONLY_PYTHON,
        kind: str = "ours",
    ) -> None:
        super().__init__(name)
        self.suite_id = suite_id
        self.rng = rng
        self.moves = 0
        self._cores = cores
        self._core = cores[kind](name, suite_id)
        self._is_entering = False

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self._core.kind

    @property
    def can_move(self) -> bool:  # type: ignore[override]
        return len(self._cores) > 1

    def key_package(self) -> bytes:
        made = self._core.key_package()
        self._maybe_move()
        return made

    def create(self, group_id: bytes) -> None:
        self._core.create(group_id)

    def join(self, welcome: bytes, tree: bytes | None) -> None:
        self._compare(welcome, "welcome", tree)
        self._core.join(welcome, tree)
        self._maybe_restart()

    def external(self, group_info: bytes, tree: bytes | None = None) -> bytes:
        return self._enter(group_info, tree, None)

    def reenter(self, group_info: bytes, leaf: int) -> bytes:
        return self._enter(group_info, None, leaf)

    def _enter(self, group_info: bytes, tree: bytes | None, leaf: int | None) -> bytes:
        self._compare(group_info, "groupInfo", tree)
        commit = self._core.enter(group_info, tree, leaf)
        self._is_entering = True
        return commit

    def commit(self, wanted: Wanted, *, publicly: bool = True) -> Committed:
        for key_package in wanted.adds:
            self._compare(key_package, "keyPackage")
        renewed = self.rng.random() < NEW_KEYS
        if renewed:
            self._core.renew()
        tree_in_welcome = self.rng.random() < 0.7
        manner = Manner(publicly, renewed, self.rng.random() < 0.5, tree_in_welcome)
        commit, welcome = self._core.commit(wanted, manner)
        self._maybe_restart()
        return Committed(commit, welcome, not tree_in_welcome, renewed)

    def accept(self) -> None:
        self._core.accept()
        if self._is_entering:
            self._is_entering = False
            return
        self._maybe_restart()

    def drop(self) -> None:
        self._core.drop(now=self.rng.random() < 0.5)

    def process(self, message: bytes) -> bytes | None:
        self._maybe_restart()
        twin = self._twin() if self.can_move and self.rng.random() < TWINS else None
        if twin is not None or self.rng.random() < JUNK:
            self._feed_junk(message, twin)
        plaintext = self._core.process(message)
        if twin is not None:
            assert twin.process(message) == plaintext
            if self._core.is_active:
                assert twin.save() == self._core.save(), f"{self!r} and {twin.kind} disagree"
            twin.close()
        self._maybe_restart()
        return plaintext

    def refuses(self, message: bytes) -> bool:
        """Whether a message that was taken already is refused now."""
        return bool(self._core.refusal(message, "message", None))

    def encrypt(self, plaintext: bytes) -> bytes:
        raw = self._core.encrypt(plaintext, self.rng.randbytes(self.rng.choice((0, 40))))
        self._maybe_restart()
        return raw

    def look(self) -> View:
        return self._core.look()

    def propose_add(self, key_package: bytes, *, publicly: bool = True) -> bytes:
        return self._core.propose_add(key_package, publicly=publicly)

    def propose_remove(self, target: Target, *, publicly: bool = True) -> bytes:
        return self._core.propose_remove(target.leaf, publicly=publicly)

    def propose_update(self, *, publicly: bool = True) -> bytes:
        renewed = self.rng.random() < NEW_KEYS
        if renewed:
            self._core.renew()
        raw = self._core.propose_update(publicly=publicly, renewed=renewed)
        self._maybe_restart()
        return raw

    def propose_psk(self, psk: External, *, publicly: bool = True) -> bytes:
        return self._core.propose_psk(psk, publicly=publicly)

    def propose_extensions(self, required: tuple[int, ...], *, publicly: bool = True) -> bytes:
        return self._core.propose_extensions(required, publicly=publicly)

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        self._core.learn_psk(psk_id, secret)

    def group_info(self, *, with_tree: bool = True) -> bytes:
        return self._core.group_info(with_tree=with_tree)

    def tree(self) -> bytes:
        return self._core.tree()

    def restart(self) -> None:
        self._core.restart()

    def move(self) -> None:
        """Go on with another core, from what this one has saved."""
        twin = self._twin()
        self._core.close()
        self._core = twin
        self.moves += 1

    def _twin(self) -> Core:
        """Another core with the very same state, which it has saved again byte for byte."""
        kind = self.rng.choice([other for other in self._cores if other != self.kind])
        twin, belongings = self._cores[kind](self.name, self.suite_id), self._core.save()
        twin.load(belongings)
        return twin

    def close(self) -> None:
        self._core.close()

    def _maybe_restart(self) -> None:
        if self._core.is_active and self.rng.random() < RESTARTS:
            if self.can_move and self.rng.random() < MOVES:
                self.move()
            else:
                self.restart()

    def _maybe_move(self) -> None:
        if self.can_move and self.rng.random() < RESTARTS:
            self.move()

    def _feed_junk(self, message: bytes, twin: Core | None) -> None:
        """A damaged message must be refused, for the same reason by both, and leave no trace."""
        damaged = self._damaged(message)
        if twin is not None:
            assert self._told_by_both(damaged, "message", None, twin)
        elif not self.refuses(damaged):
            raise AssertionError(f"{self!r} took a damaged message: {damaged.hex()}")

    def _compare(self, raw: bytes, place: Place, tree: bytes | None = None) -> None:
        """Both say the same to what is damaged. Of a Welcome, parts are for others only."""
        if self.can_move and self.rng.random() < 2 * TWINS:
            twin = self._twin()
            self._told_by_both(self._damaged(raw), place, tree, twin)
            twin.close()

    def _told_by_both(self, raw: bytes, place: Place, tree: bytes | None, twin: Core) -> bool:
        """Whether it is refused; by both or none."""
        reasons = {core.kind: core.refusal(raw, place, tree) for core in (self._core, twin)}
        assert _agree(reasons), f"{self!r} says {reasons} to the {place} {raw.hex()}"
        return all(reasons.values())

    def _damaged(self, message: bytes) -> bytes:
        """One bit changed, the end lost, or something added."""
        damaged, at = bytearray(message), self.rng.randrange(len(message))
        dice = self.rng.random()
        if dice < 0.8:
            damaged[at] ^= 1 << self.rng.randrange(8)
        elif dice < 0.9:
            del damaged[at:]
        else:
            damaged += self.rng.randbytes(self.rng.randint(1, 40))
        return bytes(damaged)


def _agree(reasons: Mapping[str, str]) -> bool:
    """Whether both cores refuse for the same reason.

    The TypeScript core verifies signatures last (decision 0005): where Python's first finding is
    a signature, it may have come upon something else before.
    """
    by_python = reasons.get("ours", "")
    if by_python.split(":")[0].endswith("signature"):
        return all(reasons.values())
    return len(set(reasons.values())) == 1

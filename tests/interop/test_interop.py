"""Live groups of plausch.mls with independent implementations, from printed seeds.

PLAUSCH_INTEROP_OPERATIONS raises the number of random operations (1,200 by default, over all
tests), PLAUSCH_INTEROP_SEED chooses other sequences. A failure prints its seed and story.
"""

import os
import random
from collections.abc import Collection, Iterator, Sequence

import pytest

from interop.mls_rs import MlsRsPeer
from interop.ours import TS_MLS_XWING, OurPeer, xwing_by_another_number
from interop.peers import Peer
from interop.tree_of_ts_mls import misderives_commit_secret, refuses_tree
from interop.ts_mls import FOLDER, Node, TsMlsPeer
from interop.world import Cast, World, seeds
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import (
    MLS_128_P256_AES128,
    MLS_128_X25519_AES128,
    MLS_128_X25519_CHACHA,
    SUITES,
    suite,
)

OPERATIONS = int(os.environ.get("PLAUSCH_INTEROP_OPERATIONS", "1200"))
SHARES = {"mls-rs": 10, "ts-mls": 10, "all": 4}
"""Seeds of each kind of group; every seed plays the same number of operations."""
STEPS = -(-OPERATIONS // sum(SHARES.values()))
TS_SUITES = (
    TS_MLS_XWING,
    MLS_128_X25519_AES128,
    MLS_128_P256_AES128,
    MLS_128_X25519_CHACHA,
)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    if not (FOLDER / "node_modules" / "ts-mls").is_dir():
        pytest.skip(
            "ts-mls is not installed: run `make test`, or `npm ci --ignore-scripts` in "
            "tests/interop"
        )
    process = Node()
    yield process
    process.close()


def refuses_to_join(newcomer: Peer, reference: Peer) -> bool:
    """The one known fault of a peer that decides whether it can join (see tree_of_ts_mls)."""
    assert isinstance(reference, OurPeer)
    tree = RatchetTree.from_bytes(suite(reference.suite_id), reference.tree())
    return newcomer.kind == "ts-mls" and refuses_tree(tree)


def disagrees(leaves: Collection[int], peers: Sequence[Peer]) -> bool:
    """The other known fault: see tree_of_ts_mls."""
    return any(peer.kind == "ts-mls" for peer in peers) and misderives_commit_secret(leaves)


def play(seed: int, kinds: tuple[str, ...], suite_id: int, node: Node | None) -> World:
    """One group's life. The seed decides all but the keys."""
    rng = random.Random(seed)
    by_name: dict[str, MlsRsPeer] = {}

    def make(kind: str, name: str) -> Peer:
        if kind == "mls-rs":
            return MlsRsPeer(name, by_name)
        if kind == "ts-mls":
            assert node is not None
            return TsMlsPeer(name, node, suite_id)
        return OurPeer(name, suite_id, rng)

    world = World(seed, Cast(make, kinds, suite(suite_id).hash_length, refuses_to_join, disagrees))
    try:
        for _ in range(STEPS):
            world.step()
    except Exception as error:
        error.add_note(f"seed {seed}, suite {suite_id}, {' '.join(kinds)}:\n{world.told()}")
        raise
    world.close()
    print(f"seed {seed}: {STEPS} operations, {world.epochs} epochs")
    return world


@pytest.mark.parametrize("seed", seeds(SHARES["mls-rs"]))
def test_with_mls_rs(seed: int) -> None:
    world = play(seed, ("ours", "mls-rs"), MLS_128_X25519_AES128, None)
    assert world.epochs > STEPS // 4


@pytest.mark.parametrize("seed", seeds(SHARES["ts-mls"]))
def test_with_ts_mls(seed: int, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, TS_MLS_XWING, xwing_by_another_number())
    world = play(seed, ("ours", "ts-mls"), TS_SUITES[seed % len(TS_SUITES)], node)
    assert world.epochs > STEPS // 4


@pytest.mark.parametrize("seed", seeds(SHARES["all"]))
def test_with_all_three(seed: int, node: Node) -> None:
    world = play(seed, ("ours", "mls-rs", "ts-mls"), MLS_128_X25519_AES128, node)
    assert world.epochs > STEPS // 4

"""One group's life with a cast, and the programs that the cast needs."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from interop.core import MakeCore
from interop.mls_rs import MlsRsPeer
from interop.ours import OurPeer
from interop.peers import Peer
from interop.programs import Program
from interop.python_core import PythonCore
from interop.tree_of_ts_mls import misderives_commit_secret, refuses_tree
from interop.ts_mls import TsMlsPeer
from interop.typescript_core import TypeScriptCore
from interop.world import Cast, World
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite

OWN_KINDS = ("ours", "browser-node", "browser-chromium")


@dataclass(frozen=True, slots=True)
class Programs:
    """Who answers for the members that do not live in this process."""

    ts_mls: Program | None = None
    browser_node: Program | None = None
    browser_chromium: Program | None = None


def refuses_to_join(newcomer: Peer, reference: Peer) -> bool:
    """The one known fault of a peer that decides whether it can join (see tree_of_ts_mls)."""
    assert isinstance(reference, OurPeer)
    tree = RatchetTree.from_bytes(suite(reference.suite_id), reference.tree())
    return newcomer.kind == "ts-mls" and refuses_tree(tree)


def disagrees(leaves: Collection[int], peers: Sequence[Peer]) -> bool:
    """The other known fault: see tree_of_ts_mls."""
    return any(peer.kind == "ts-mls" for peer in peers) and misderives_commit_secret(leaves)


def cores(kinds: Sequence[str], programs: Programs, rng: random.Random) -> dict[str, MakeCore]:
    """The cores among these kinds. Under Node the dice say who verifies signatures."""
    made: dict[str, MakeCore] = {}
    for kind in kinds:
        if kind == "ours":
            made[kind] = PythonCore
        if kind == "browser-node":
            assert programs.browser_node is not None
            node, verifies = programs.browser_node, rng.random() < 0.5
            made[kind] = partial(TypeScriptCore, node, web_crypto=verifies)
        if kind == "browser-chromium":
            assert programs.browser_chromium is not None
            made[kind] = partial(TypeScriptCore, programs.browser_chromium, web_crypto=True)
    return made


def play(
    seed: int,
    kinds: tuple[str, ...],
    suite_id: int,
    steps: int,
    programs: Programs | None = None,
) -> World:
    """One group's life. The seed decides all but the keys."""
    rng = random.Random(seed)
    programs = programs or Programs()
    own, own_peers = cores(kinds, programs, rng), list[OurPeer]()
    by_name: dict[str, MlsRsPeer] = {}

    def make(kind: str, name: str) -> Peer:
        if kind == "mls-rs":
            return MlsRsPeer(name, by_name)
        if kind == "ts-mls":
            assert programs.ts_mls is not None
            return TsMlsPeer(name, programs.ts_mls, suite_id)
        own_peers.append(OurPeer(name, suite_id, rng, own, kind))
        return own_peers[-1]

    nonce_bytes = suite(suite_id).hash_length
    cast = Cast(make, kinds, tuple(own), nonce_bytes, refuses_to_join, disagrees)
    world = World(seed, cast)
    try:
        for _ in range(steps):
            world.step()
    except Exception as error:
        error.add_note(f"seed {seed}, suite {suite_id}, {' '.join(kinds)}:\n{world.told()}")
        raise
    world.close()
    moves = sum(peer.moves for peer in own_peers)
    print(
        f"seed {seed}, suite {suite_id}, {' '.join(kinds)}: "
        f"{steps} operations, {world.epochs} epochs, {moves} moves"
    )
    return world

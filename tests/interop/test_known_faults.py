"""The faults of ts-mls 1.6.4 that the scenes steer around are really there, and are not ours.

When one of these tests fails, the peer was mended: then its restriction can go.
"""

import random

import pytest

from interop.mls_rs import MlsRsPeer
from interop.ours import OurPeer
from interop.peers import Peer, PeerFailed, Target, Wanted
from interop.programs import Program
from interop.tree_of_ts_mls import misderives_commit_secret, refuses_tree
from interop.ts_mls import TsMlsPeer
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import MLS_128_X25519_AES128 as SUITE
from plausch.mls.suite import suite


class Quiet(random.Random):
    """Dice that do nothing of their own accord: no restarts, junk, new keys, forced paths."""

    def random(self) -> float:
        return 0.99


class Party:
    """A group whose members are known by their leaves."""

    def __init__(self) -> None:
        self.members: dict[int, Peer] = {0: ours("m0")}
        self.members[0].create(b"known faults")

    def commit(self, by: int, wanted: Wanted) -> bytes:
        """Everybody who stays enters the next epoch; the Welcome's bytes."""
        made = self.members[by].commit(wanted)
        for target in wanted.removes:
            del self.members[target.leaf]
        self.members[by].accept()
        for leaf, peer in self.members.items():
            if leaf != by:
                peer.process(made.commit)
        return made.welcome

    def update(self, by: int) -> None:
        self.commit(by, Wanted())

    def remove(self, leaf: int, by: int) -> None:
        self.commit(by, Wanted(removes=(Target(leaf, f"m{leaf}"),)))

    def add(self, leaf: int, peer: Peer) -> None:
        welcome = self.commit(0, Wanted(adds=(peer.key_package(),)))
        peer.join(welcome, self.members[0].tree())
        self.members[leaf] = peer

    def agree(self) -> bool:
        return len({peer.look().exported for peer in self.members.values()}) == 1

    @property
    def tree(self) -> RatchetTree:
        anybody = next(peer for peer in self.members.values() if peer.kind == "ours")
        return RatchetTree.from_bytes(suite(SUITE), anybody.tree())


def ours(name: str) -> OurPeer:
    return OurPeer(name, SUITE, Quiet(0))


def uneven_party() -> Party:
    """Leaf 3 is unmerged at node 3, and not at the root above it, where leaf 5 will be."""
    party = Party()
    for leaf in range(1, 5):
        party.add(leaf, ours(f"m{leaf}"))
    party.remove(3, by=2)
    party.update(by=0)
    party.add(3, ours("m3"))
    party.update(by=4)
    return party


def test_ts_mls_refuses_a_tree_with_different_unmerged_leaves(node: Program) -> None:
    party, newcomer = uneven_party(), TsMlsPeer("m5", node, SUITE)
    with pytest.raises(PeerFailed, match="must list leaf node in its unmerged_leaves"):
        party.add(5, newcomer)
    assert refuses_tree(party.tree)


def test_mls_rs_joins_the_same_tree() -> None:
    party = uneven_party()
    party.add(5, MlsRsPeer("m5", {}))
    assert refuses_tree(party.tree)
    assert party.agree()


def hollow(third: Peer) -> Party:
    """Members 2 (the third) and 3 remain of four: the left half of the tree is blank."""
    party = Party()
    party.add(1, ours("m1"))
    party.add(2, third)
    party.add(3, ours("m3"))
    party.remove(0, by=3)
    assert not misderives_commit_secret([1, 2, 3])
    assert misderives_commit_secret([2, 3])
    party.remove(1, by=3)
    return party


def test_ts_mls_derives_another_commit_secret_beside_a_blank_half(node: Program) -> None:
    with pytest.raises(PeerFailed, match="Could not verify confirmation tag"):
        hollow(TsMlsPeer("m2", node, SUITE))


def test_mls_rs_derives_the_same_beside_a_blank_half() -> None:
    assert hollow(MlsRsPeer("m2", {})).agree()


def test_which_halves_are_blank() -> None:
    assert [misderives_commit_secret(leaves) for leaves in ([], [0], [0, 1], [1])] == [
        False,
        False,
        False,
        True,
    ]
    assert misderives_commit_secret([4, 7])
    assert not misderives_commit_secret([3, 4])


def with_ts_mls_as_committer(node: Program) -> Party:
    """Ours at 0 and 2, ts-mls at 1; a change of the GroupContext's extensions is proposed."""
    party = Party()
    party.add(1, TsMlsPeer("m1", node, SUITE))
    party.add(2, ours("m2"))
    proposal = party.members[0].propose_extensions((1,))
    party.members[1].process(proposal)
    party.members[2].process(proposal)
    return party


def test_ts_mls_commits_a_change_of_the_extensions_without_a_path(node: Program) -> None:
    party = with_ts_mls_as_committer(node)
    with pytest.raises(PeerFailed, match="path-required"):
        party.update(by=1)


def test_ts_mls_encrypts_its_path_to_the_extensions_of_before(node: Program) -> None:
    party = with_ts_mls_as_committer(node)
    with pytest.raises(PeerFailed, match="mls_decryption"):
        party.remove(2, by=1)

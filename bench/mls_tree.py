"""How long trees take: `python bench/mls_tree.py [members]` (1,000 unless told).

What is claimed, on one core: a device parses, hashes and checks the tree of a group of 1,000 in
X-Wing in under 0.4 s; in a group of 256 that is in use, a path is made and encrypted in under
10 ms, and applied and opened by another member in under 10 ms.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from plausch.mls.credential import Credential, Role
from plausch.mls.leaf_node import Capabilities, LeafContent, Lifetime
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import MLS_256_XWING, suite
from plausch.mls.tree_kem import NewPath, TreePrivate, UpdatePath, apply_path, new_path
from plausch.mls.tree_validation import validate_tree

T = TypeVar("T")

CRYPTO = suite(MLS_256_XWING)
GROUP_ID = b"a group to measure"
CONTEXT = bytes(200)
CERTIFICATE_BYTES = 300


def anybody(credential: Credential, signature_key: bytes, role: Role) -> None:
    """Judging certificates is not measured here."""


def timed(name: str, run: Callable[[], T], rounds: int = 5) -> T:
    """Run a few times and print the median in milliseconds."""
    took_ms = []
    for _ in range(rounds):
        began = time.perf_counter()
        result = run()
        took_ms.append((time.perf_counter() - began) * 1000)
    print(f"{name:<44}{sorted(took_ms)[rounds // 2]:8.1f} ms")
    return result


def leaf(number: int) -> tuple[bytes, bytes, LeafContent]:
    """Signer's key, leaf's private key and content of a member."""
    signer, signature_key = CRYPTO.signature_generate()
    private, public = CRYPTO.kem_generate()
    credential = Credential(0xF0A1, number.to_bytes(4, "big") + bytes(CERTIFICATE_BYTES))
    able = Capabilities((1,), (CRYPTO.id,), credentials=(0xF0A1,))
    return signer, private, LeafContent(public, signature_key, credential, able, Lifetime(0, 1))


def warm_group(size: int) -> tuple[RatchetTree, list[bytes], list[TreePrivate]]:
    """A group in which every member has committed once since it joined."""
    signer, private, content = leaf(0)
    tree = RatchetTree.of_one(CRYPTO, content.sign(CRYPTO, signer))
    signers, privates = [signer], [TreePrivate.of_leaf(0, private)]
    for number in range(1, size):
        signer, private, content = leaf(number)
        place = tree.add_leaf(content.sign(CRYPTO, signer))
        signers.append(signer)
        privates.append(TreePrivate.of_leaf(place, private))
    for number in range(size):
        privates[number] = path_of(tree, number, signers[number]).private
    return tree, signers, privates


def path_of(tree: RatchetTree, number: int, signer: bytes) -> NewPath:
    """A new path of one member, put into `tree`."""
    member = tree.leaf(number)
    assert member is not None
    return new_path(tree, number, member.content(), signer, GROUP_ID)


def measure_join(size: int) -> None:
    """Parse, hash and check a whole tree."""
    tree, _, _ = warm_group(size)
    raw, expected = tree.to_bytes(), tree.tree_hash()
    print(f"group of {size}: a tree of {len(raw):,} bytes")

    def join() -> None:
        joined = RatchetTree.from_bytes(CRYPTO, raw)
        validate_tree(joined, GroupDemands(CRYPTO), GROUP_ID, expected, anybody)

    timed("  parse and check on joining", join)


def measure_path(size: int) -> None:
    """Make, encrypt, apply and open one path."""
    tree, signers, privates = warm_group(size)

    def commit() -> UpdatePath:
        mine = tree.copy()
        made = path_of(mine, 0, signers[0])
        mine.tree_hash()
        return made.encrypt(mine, CONTEXT)

    path = timed(f"group of {size}: make and encrypt a path", commit)
    raw = path.to_bytes()

    def process() -> None:
        theirs = tree.copy()
        received = UpdatePath.from_bytes(raw)
        apply_path(theirs, 0, received)
        theirs.tree_hash()
        privates[-1].open_path(theirs, 0, received, CONTEXT)

    timed(f"group of {size}: apply and open it ({len(raw):,} bytes)", process)


if __name__ == "__main__":
    measure_join(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    measure_path(256)

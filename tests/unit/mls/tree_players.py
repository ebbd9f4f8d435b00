"""Players for the tests of trees: devices with all their secrets, and groups of them."""

from dataclasses import dataclass, field

from plausch.mls.credential import BASIC, Credential, Role
from plausch.mls.extension import Extensions
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import Capabilities, LeafContent, LeafNode, Lifetime
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import SUITES, Suite, suite
from plausch.mls.tree_kem import TreePrivate, new_path

NOW_S = 1_800_000_000
GROUP_ID = b"sixteen byte grp"
ALL_SUITES = sorted(SUITES)
CRYPTO = suite(1)


def anybody(credential: Credential, signature_key: bytes, role: Role) -> None:
    """The judge of tests that are not about judging."""


def able(crypto: Suite, **changes: tuple[int, ...]) -> Capabilities:
    """What an ordinary device supports, with changes."""
    lists = {
        "versions": (1,),
        "cipher_suites": (crypto.id,),
        "extensions": (),
        "proposals": (),
        "credentials": (BASIC, 0xF0A1),
    }
    return Capabilities(**{**lists, **changes})


@dataclass
class Device:
    """One device: keys, and the leaf it would bring."""

    crypto: Suite
    name: bytes
    signer: bytes
    signature_key: bytes
    encryption_private: bytes
    encryption_key: bytes
    private: TreePrivate = field(init=False)

    @classmethod
    def make(cls, name: bytes, crypto: Suite = CRYPTO) -> "Device":
        signer, signature_key = crypto.signature_generate()
        return cls(crypto, name, signer, signature_key, *crypto.kem_generate())

    def content(self, **changes: object) -> LeafContent:
        fields: dict[str, object] = {
            "encryption_key": self.encryption_key,
            "signature_key": self.signature_key,
            "credential": Credential.basic(self.name),
            "capabilities": able(self.crypto),
            "lifetime": Lifetime(NOW_S - 3600, NOW_S + 86_400),
        }
        return LeafContent(**{**fields, **changes})  # type: ignore[arg-type]

    def leaf(self, **changes: object) -> LeafNode:
        return self.content(**changes).sign(self.crypto, self.signer)

    def key_package(self, extensions: Extensions = (), **changes: object) -> KeyPackage:
        _, init_key = self.crypto.kem_generate()
        return KeyPackage.sign(self.crypto, self.signer, init_key, self.leaf(**changes), extensions)


@dataclass
class Circle:
    """A tree and its members by leaf index."""

    tree: RatchetTree
    devices: dict[int, Device]

    def add(self, name: bytes) -> int:
        device = Device.make(name, self.tree.suite)
        leaf_index = self.tree.add_leaf(device.leaf())
        device.private = TreePrivate.of_leaf(leaf_index, device.encryption_private)
        self.devices[leaf_index] = device
        return leaf_index

    def commit(self, leaf_index: int) -> None:
        """New keys on a member's path; nobody else learns them (public half only)."""
        leaf = self.tree.leaf(leaf_index)
        assert leaf is not None
        device = self.devices[leaf_index]
        made = new_path(self.tree, leaf_index, leaf.content(), device.signer, GROUP_ID)
        device.private = made.private


def circle(size: int, crypto: Suite = CRYPTO, commits: bool = True) -> Circle:
    """A group of `size`; with `commits`, every member has committed once, from the left."""
    first = Device.make(b"member 0", crypto)
    group = Circle(RatchetTree.of_one(crypto, first.leaf()), {0: first})
    first.private = TreePrivate.of_leaf(0, first.encryption_private)
    for number in range(1, size):
        group.add(b"member %d" % number)
    if commits:
        for leaf_index in list(group.devices):
            group.commit(leaf_index)
    return group

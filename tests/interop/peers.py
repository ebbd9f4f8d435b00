"""One member of an MLS group, whoever implements it: what the scenes of this folder play with."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

EXPORT_LABEL = "plausch interop"
EXPORT_CONTEXT = b"context"
EXPORT_LENGTH = 48


class PeerFailed(AssertionError):
    """A peer refused what it should have accepted; the text is the peer's own."""


@dataclass(frozen=True, slots=True)
class Target:
    """A member to remove: the leaf, and the name in its basic credential."""

    leaf: int
    name: str


@dataclass(frozen=True, slots=True)
class External:
    """An external pre-shared key (RFC 9420 section 8.4)."""

    id: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """The proposals that a commit carries by value, beside all pending ones by reference."""

    adds: tuple[bytes, ...] = ()
    removes: tuple[Target, ...] = ()
    psks: tuple[External, ...] = ()
    resumption: bool = False
    """Mix the resumption secret of the current epoch in; only ours can."""
    required_credentials: tuple[int, ...] | None = None
    """Replace the GroupContext's extensions by required_capabilities with these."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that nobody has accepted yet, and the Welcome for those it adds (or empty)."""

    commit: bytes
    welcome: bytes
    tree_beside: bool = False
    """The Welcome was made without the tree: it travels beside it."""
    renewed: bool = False
    """The committer has a new signature key from now on."""


@dataclass(frozen=True, slots=True)
class View:
    """What a member believes; None where its implementation does not tell."""

    exported: bytes
    epoch: int | None = None
    authenticator: bytes | None = None
    members: tuple[tuple[int, str], ...] | None = None


class Peer(ABC):
    """A member, or somebody about to become one."""

    kind: str
    is_ours = False
    """Plausch's own, in whichever language: it does everything and tells everything."""
    can_move = False
    can_psk = False
    can_external = False
    can_group_info = False
    can_update_proposal = False
    can_hide_handshakes = False
    can_extend = False

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{self.name}({self.kind})"

    @abstractmethod
    def key_package(self) -> bytes:
        """A new key package; the secrets of the last one are the ones that count."""

    @abstractmethod
    def create(self, group_id: bytes) -> None:
        """A group of one."""

    @abstractmethod
    def join(self, welcome: bytes, tree: bytes | None) -> None:
        """Enter by Welcome; the tree is in it or given."""

    @abstractmethod
    def commit(self, wanted: Wanted, *, publicly: bool = True) -> Committed:
        """Commit all pending proposals and these; `accept` or `drop` follows."""

    @abstractmethod
    def accept(self) -> None:
        """The commit just made (or the external join) is in the log: enter its epoch."""

    @abstractmethod
    def drop(self) -> None:
        """Another commit came first."""

    @abstractmethod
    def process(self, message: bytes) -> bytes | None:
        """Take a message of another member in; the plaintext if it is an application message."""

    @abstractmethod
    def encrypt(self, plaintext: bytes) -> bytes:
        """An application message."""

    @abstractmethod
    def look(self) -> View:
        """What this member believes now."""

    @abstractmethod
    def propose_add(self, key_package: bytes, *, publicly: bool = True) -> bytes:
        """A proposal for everybody; pending here, too."""

    @abstractmethod
    def propose_remove(self, target: Target, *, publicly: bool = True) -> bytes:
        """A proposal for everybody; pending here, too."""

    def propose_update(self, *, publicly: bool = True) -> bytes:
        """A proposal for everybody; pending here, too."""
        raise NotImplementedError(f"{self.kind} cannot propose its own update")

    def propose_psk(self, psk: External, *, publicly: bool = True) -> bytes:
        """A proposal for everybody; pending here, too."""
        raise NotImplementedError(f"{self.kind} has no pre-shared keys")

    def propose_extensions(self, required: tuple[int, ...], *, publicly: bool = True) -> bytes:
        """A proposal for everybody, to require these credentials; pending here, too."""
        raise NotImplementedError(f"{self.kind} cannot change the GroupContext's extensions")

    def can_remove(self, target: Target) -> bool:
        """Whether this implementation is able to name the target."""
        return target.name != self.name

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        """Take an external pre-shared key in."""
        raise NotImplementedError(f"{self.kind} has no pre-shared keys")

    def external(self, group_info: bytes, tree: bytes | None = None) -> bytes:
        """The commit that enters without being added; `accept` follows. Ours take the tree."""
        raise NotImplementedError(f"{self.kind} cannot join from outside")

    def reenter(self, group_info: bytes, leaf: int) -> bytes:
        """As `external`, in place of one's own old leaf, having lost everything else."""
        raise NotImplementedError(f"{self.kind} cannot resynchronise")

    def tree(self) -> bytes:
        """The public tree, as in the ratchet_tree extension."""
        raise NotImplementedError(f"{self.kind} does not show the tree")

    def group_info(self, *, with_tree: bool = True) -> bytes:
        """For somebody who enters from outside. Ours leave the tree away."""
        raise NotImplementedError(f"{self.kind} publishes no GroupInfo")

    def move(self) -> None:
        """Go on with another implementation, from the saved state."""
        raise NotImplementedError(f"{self.kind} has no other implementation")

    @abstractmethod
    def restart(self) -> None:
        """Go through the saved state, as far as the implementation has one."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind."""

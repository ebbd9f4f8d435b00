"""A core of Plausch, in either language, under one device: what `ours.py` throws its dice for."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from interop.peers import External, View, Wanted

LIFETIME_S = 14 * 86_400

Place = Literal["message", "welcome", "groupInfo", "keyPackage"]
"""As what bytes from outside come in."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that a device has, as one core saves it and the other loads it."""

    signer: bytes
    next_signer: bytes
    """The signature key that it has offered the group, or the same."""
    psks: dict[bytes, bytes] = field(default_factory=dict)
    bundle: bytes | None = None
    """Its key package with the secrets, until it has joined."""
    epoch_state: bytes | None = None
    ratchet_state: bytes | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a commit is made, beside what it contains."""

    publicly: bool
    renewed: bool
    """With the signature key of the last `renew`."""
    force_path: bool
    tree_in_welcome: bool


class Core(ABC):
    """One device's keys, and at most one group. What others send may raise PeerFailed."""

    kind: str
    is_active = False
    """In a group, and not removed from it."""

    @abstractmethod
    def key_package(self) -> bytes:
        """A new one, saved and loaded once."""

    @abstractmethod
    def create(self, group_id: bytes) -> None:
        """A group of one."""

    @abstractmethod
    def join(self, welcome: bytes, tree: bytes | None) -> None:
        """By the last key package."""

    @abstractmethod
    def enter(self, group_info: bytes, tree: bytes | None, leaf: int | None) -> bytes:
        """The external commit, in place of the own old leaf if one is given; `accept` follows."""

    @abstractmethod
    def renew(self) -> None:
        """A new signature key, for the next commit or update."""

    @abstractmethod
    def commit(self, wanted: Wanted, manner: Manner) -> tuple[bytes, bytes]:
        """The commit, and the Welcome or nothing."""

    @abstractmethod
    def accept(self) -> None:
        """The pending commit, or the external join."""

    @abstractmethod
    def drop(self, *, now: bool) -> None:
        """The pending commit; unless `now`, it goes when another one is accepted."""

    @abstractmethod
    def process(self, message: bytes) -> bytes | None:
        """Take a message in; the plaintext if it is an application message."""

    @abstractmethod
    def refusal(self, raw: bytes, place: Place, tree: bytes | None) -> str:
        """Why this is refused, code and sentence, or nothing. Asserts that it leaves no trace."""

    @abstractmethod
    def encrypt(self, plaintext: bytes, authenticated: bytes) -> bytes:
        """An application message."""

    @abstractmethod
    def look(self) -> View:
        """What this core believes."""

    @abstractmethod
    def propose_add(self, key_package: bytes, *, publicly: bool) -> bytes:
        """A proposal."""

    @abstractmethod
    def propose_remove(self, leaf: int, *, publicly: bool) -> bytes:
        """A proposal."""

    @abstractmethod
    def propose_update(self, *, publicly: bool, renewed: bool) -> bytes:
        """A proposal; `renewed`: with the signature key of the last `renew`."""

    @abstractmethod
    def propose_psk(self, psk: External, *, publicly: bool) -> bytes:
        """A proposal."""

    @abstractmethod
    def propose_extensions(self, required: tuple[int, ...], *, publicly: bool) -> bytes:
        """A proposal to require these credentials."""

    @abstractmethod
    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        """An external pre-shared key."""

    @abstractmethod
    def group_info(self, *, with_tree: bool) -> bytes:
        """For somebody who enters from outside."""

    @abstractmethod
    def tree(self) -> bytes:
        """The public tree."""

    @abstractmethod
    def restart(self) -> None:
        """Through the saved state."""

    @abstractmethod
    def save(self) -> Belongings:
        """All there is, an external join under way excepted."""

    @abstractmethod
    def load(self, belongings: Belongings) -> None:
        """Go on as that device. Asserts that the group is saved again as it was."""

    @abstractmethod
    def close(self) -> None:
        """Forget the device."""


MakeCore = Callable[[str, int], Core]
"""A new core for the device of this name, with this cipher suite."""

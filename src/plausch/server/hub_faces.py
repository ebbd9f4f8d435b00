"""What the hub needs of those around it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from plausch.server.records import Roster
from plausch.server.signals import HereAt, Spread


class Listening(Protocol):
    """What the hub needs of a logged-in connection."""

    def push(self, message: bytes) -> None:
        """Send a prepared WebSocket message, if the device has resumed and keeps up."""
        ...

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close."""
        ...


class Membership(Protocol):
    """Where the hub learns the member devices of a conversation (Rosters)."""

    def known(self, public_id: bytes) -> Roster | None:
        """The roster, if it is in memory."""
        ...

    async def load(self, public_id: bytes) -> Roster | None:
        """The roster as the database has it now; None: there is no such conversation.

        Raises StorageUnavailable.
        """
        ...


class Waking(Protocol):
    """Who wakes devices that are not connected (Waker)."""

    def wake(self, devices: Iterable[str]) -> None:
        """Something came for these devices."""
        ...

    def came(self, device: str) -> None:
        """The device is connected."""
        ...


class Others(Protocol):
    """The other gateways (Bus)."""

    gateway: str

    def tell(self, devices: Iterable[str], message: bytes) -> None:
        """Pass a prepared message on to devices that are not connected here."""
        ...

    def tell_all(self, devices: Iterable[str], message: bytes) -> None:
        """As `tell`, whatever is known of where they are."""
        ...

    def mind(self, devices: Sequence[str]) -> list[str]:
        """Let the others see to it that these are woken; those of whom nobody has any."""
        ...

    def pass_back(self, gateway: str, devices: Sequence[str]) -> None:
        """These, for which that gateway has handed something over, are not connected here."""
        ...

    def seek(self, devices: Iterable[str]) -> None:
        """Ask which of them are connected elsewhere."""
        ...

    def answer(self, gateway: str, devices: Sequence[str]) -> None:
        """These are connected here."""
        ...

    @property
    def takes_spreads(self) -> bool:
        """Whether all of them understand `spread`."""
        ...

    def spread(self, signal: Spread) -> None:
        """Tell the members of a large conversation."""
        ...

    def answer_spread(self, gateway: str, found: HereAt) -> None:
        """These of its members are connected here."""
        ...

    def end(self, device: str, code: str, sentence: str) -> None:
        """End a device's connection, wherever it is."""
        ...

    def enter(self, device: str, at_ms: int) -> None:
        """A device is connected here."""
        ...

    async def settled(self) -> None:
        """Return when what is for the devices that have entered comes here."""
        ...

    def replaced(self, device: str) -> None:
        """A device may not have got what was pushed to it last."""
        ...

    def untold(self) -> None:
        """Something was never told to anybody."""
        ...

    @property
    def doubts(self) -> int:
        """Another number whenever something for devices here may have been lost."""
        ...

    def leave(self, device: str) -> None:
        """A device is not connected here any more."""
        ...

"""What the bus needs of those around it."""

from typing import Protocol

from plausch.server.signals import DeviceSignal, PairingSignal
from plausch.server.whereabouts import Astray


class Line(Protocol):
    """Publish and subscribe, best effort. What it is asked for takes effect in order."""

    @property
    def is_up(self) -> bool:
        """Whether what is published now has somewhere to go."""
        ...

    def publish(self, subject: str, payload: bytes) -> None:
        """Send it to whoever listens now."""
        ...

    def send_to(self, subject: str, payload: bytes) -> None:
        """As `publish`, to one listener: if there is none, that is said (`unheard`)."""
        ...

    def subscribe(self, subject: str) -> None:
        """Hear what is published there from now on."""
        ...

    def unsubscribe(self, subject: str) -> None:
        """Do not hear it any more."""
        ...

    async def flush(self) -> None:
        """Return when what was asked for before is in force."""
        ...

    async def close(self) -> None:
        """Send what waits, and hang up."""
        ...


class Ear(Protocol):
    """Who acts on signals about devices (Hub)."""

    def hear(self, signal: DeviceSignal) -> None:
        """Another gateway has said this."""
        ...

    def gone_astray(self, what: Astray) -> None:
        """What was handed over for these devices may have come to nobody."""
        ...


class PairingEar(Protocol):
    """Who acts on signals about pairings (Pairings)."""

    def hear(self, signal: PairingSignal) -> None:
        """Another gateway has said this."""
        ...

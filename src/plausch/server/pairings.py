"""Pairings: two devices that know the same number meet and pass each other a few messages.

Nobody has logged in on these connections, so everything is counted: by address, and in all. What
is passed on lies in memory for some minutes and is written nowhere. A pairing that nobody has begun
looks like one that somebody waits in: numbers cannot be probed.

The two may have come to different server processes (gateways). Each gateway that has one of them
keeps all it knows of the pairing, and says what another one lacks; what got lost between them is
said again a moment later.
"""

import hmac
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from plausch.base.clock import Clock
from plausch.base.durations import MINUTE_MS
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.places import Places
from plausch.server.signals import PairingHas, PairingOver, PairingPart, PairingSignal
from plausch.wire import frames as f
from plausch.wire.linking import PAIRING_MESSAGES

_OVER = ("pairing_over", "This pairing is over: begin it again, with a new code.")
_TAKEN = (
    "pairing_taken",
    "Another device is pairing by this code already: show a new code and use it once.",
)
_REPLACED = ("replaced", "The device has connected again.")


ASK_PAUSE_MS = 2_000
"""How often a gateway asks the others for what it may have missed of its pairings."""


class Attendee(Protocol):
    """What a pairing needs of a connection."""

    address: str

    def send(self, frame: f.ServerFrame) -> None:
        """Send a frame to this connection, if the device keeps up."""
        ...

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close."""
        ...


class Elsewhere(Protocol):
    """The other gateways (Bus)."""

    def join(self, pairing: bytes) -> None:
        """Hear of a pairing from now on."""
        ...

    def part(self, pairing: bytes) -> None:
        """Do not hear of it any more."""
        ...

    def pass_on(self, signal: PairingSignal) -> None:
        """Say this to whoever has the same pairing."""
        ...


@dataclass(slots=True)
class _Side:
    """One of the two devices: its token, its connection if there is one, what it has sent. `ahead`
    has what it sent here before what it had sent to another gateway came from there."""

    token: bytes = b""
    attendee: Attendee | None = None
    messages: list[bytes] = field(default_factory=list)
    ahead: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Pairing:
    """A meeting. Its place is counted for the address that began it."""

    name: bytes
    address: str
    ends_at_ms: int
    sides: tuple[_Side, _Side] = field(default_factory=lambda: (_Side(), _Side()))

    @property
    def size_bytes(self) -> int:
        kept = (*self.sides[0].messages, *self.sides[1].messages)
        waiting = (*self.sides[0].ahead.values(), *self.sides[1].ahead.values())
        return sum(map(len, (*kept, *waiting)))

    @property
    def has(self) -> PairingHas:
        """What is known of it here."""
        first, second = self.sides
        return PairingHas(self.name, (len(first.messages), len(second.messages)))


class Pairings:
    """The pairings of one server process."""

    def __init__(self, clock: Clock, limits: Limits, elsewhere: Elsewhere | None = None) -> None:
        self._clock, self._limits, self._elsewhere = clock, limits, elsewhere
        self._asked_ms = 0
        self._places = Places(limits.pairings_per_address, limits.pairings)
        self._pairings: dict[bytes, _Pairing] = {}  # in the order in which they end
        self._of: dict[Attendee, tuple[_Pairing, int]] = {}
        self._size_bytes = 0
        self._size_bytes_of: Counter[str] = Counter()  # by the address that began the pairing

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._pairings)

    def has(self, name: bytes) -> bool:
        """Whether there is a pairing of that number here."""
        return name in self._pairings

    def open(self, attendee: Attendee, name: bytes, side: int, token: bytes, after: int) -> None:
        """Take a side, or come back to it; the other side's messages after number `after` follow.

        Raises Refusal `pairing_taken`, `too_many_pairings`.
        """
        self.sweep()
        pairing = self._pairings.get(name)
        if pairing is None:
            pairing = self._begin(attendee.address, name)
        mine, other = pairing.sides[side], pairing.sides[1 - side]
        if not mine.token:
            mine.token = token
        elif not hmac.compare_digest(mine.token, token):
            raise Refusal(*_TAKEN)
        if mine.attendee is not None:
            del self._of[mine.attendee]
            mine.attendee.close(*_REPLACED)
        mine.attendee = attendee
        self._of[attendee] = (pairing, side)
        for number, message in enumerate(other.messages, start=1):
            if number > after:
                attendee.send(f.PairingMessage(number, message))
        self._pass_on(PairingPart(name, side, token, 1, []))
        self._pass_on(pairing.has)

    def send(self, attendee: Attendee, number: int, message: bytes) -> None:
        """Take a message of this side, and pass it on if the other one is here.

        One that was taken before is passed over. Raises Refusal `pairing_over`, `too_large`,
        `bad_request` (one before it is missing), `too_many_pairings` (no room for it).
        """
        pairing, side = self._found(attendee)
        mine, other = pairing.sides[side], pairing.sides[1 - side]
        if number <= len(mine.messages):
            return
        is_early = number > len(mine.messages) + 1
        if number > PAIRING_MESSAGES or (is_early and self._elsewhere is None):
            raise Refusal("bad_request", "A message before this one is missing: send that first.")
        if len(message) > self._limits.pairing_message_bytes:
            raise Refusal(
                "too_large",
                f"The message has {len(message)} bytes, and at most "
                f"{self._limits.pairing_message_bytes} are passed on between two devices.",
            )
        if not self._has_room(pairing, message):
            raise _too_many()
        if is_early:
            if number not in mine.ahead:
                self._weigh(pairing, len(message))
                mine.ahead[number] = message
            return
        self._weigh(pairing, len(message))
        _take(mine, other, message)
        self._pass_on(PairingPart(pairing.name, side, mine.token, number, [message]))

    def _has_room(self, pairing: _Pairing, message: bytes) -> bool:
        most, each = self._limits.pairing_bytes, self._limits.pairing_bytes_per_address
        of_address = self._size_bytes_of[pairing.address]
        return self._size_bytes + len(message) <= most and of_address + len(message) <= each

    def _weigh(self, pairing: _Pairing, size_bytes: int) -> None:
        self._size_bytes += size_bytes
        self._size_bytes_of[pairing.address] += size_bytes

    def end(self, attendee: Attendee) -> None:
        """Forget the pairing; the other side's connection ends. Raises Refusal `pairing_over`."""
        pairing, side = self._found(attendee)
        self._pass_on(PairingOver(pairing.name))
        pairing.sides[side].attendee = None
        del self._of[attendee]
        self._forget(pairing)

    def attends(self, attendee: Attendee) -> bool:
        """Whether the connection is one half of a pairing that goes on."""
        return attendee in self._of

    def leave(self, attendee: Attendee) -> None:
        """The connection is gone: its side may come back."""
        found = self._of.pop(attendee, None)
        if found is not None:
            pairing, side = found
            pairing.sides[side].attendee = None

    def sweep(self) -> None:
        """End what has lasted long enough."""
        now_ms = self._clock.now_ms()
        for pairing in list(self._pairings.values()):
            if pairing.ends_at_ms > now_ms:
                break
            self._forget(pairing)
        if self._elsewhere is not None and abs(now_ms - self._asked_ms) >= ASK_PAUSE_MS:
            self._asked_ms = now_ms
            for pairing, side in list(self._of.values()):
                if pairing.sides[1 - side].attendee is None:
                    self._elsewhere.pass_on(pairing.has)

    # --- other gateways ------------------------------------------------------------------

    def hear(self, signal: PairingSignal) -> None:
        """What another gateway knows of a pairing, or wants to know."""
        pairing = self._pairings.get(signal.pairing)
        if pairing is None:
            return
        match signal:
            case PairingHas(_, counts):
                self._say_more(pairing, counts)
            case PairingPart():
                self._learn(pairing, signal)
            case PairingOver():
                self._forget(pairing)

    def _say_more(self, pairing: _Pairing, counts: tuple[int, int]) -> None:
        for place, (side, count) in enumerate(zip(pairing.sides, counts, strict=True)):
            more = side.messages[max(0, count) :]
            if side.attendee is not None or more:
                self._pass_on(PairingPart(pairing.name, place, side.token, max(0, count) + 1, more))

    def _learn(self, pairing: _Pairing, part: PairingPart) -> None:
        if part.side not in (0, 1) or part.first < 1:
            return
        mine, other = pairing.sides[part.side], pairing.sides[1 - part.side]
        if mine.token and not hmac.compare_digest(mine.token, part.token):
            self._settle(pairing, part)
            return
        mine.token = part.token
        for number, message in enumerate(part.messages, start=part.first):
            if number > PAIRING_MESSAGES or len(message) > self._limits.pairing_message_bytes:
                return
            if number != len(mine.messages) + 1:
                continue
            if not self._has_room(pairing, message):
                return
            self._weigh(pairing, len(message))
            _take(mine, other, message)
        while (early := mine.ahead.pop(len(mine.messages) + 1, None)) is not None:
            _take(mine, other, early)
            number = len(mine.messages)
            self._pass_on(PairingPart(pairing.name, part.side, mine.token, number, [early]))

    def _settle(self, pairing: _Pairing, part: PairingPart) -> None:
        """Two devices took the same side at the same moment, at two gateways: both decide for the
        same one, and the other one's pairing is over."""
        mine = pairing.sides[part.side]
        if mine.token > part.token:
            if mine.attendee is not None:
                mine.attendee.close(*_TAKEN)
            self._forget(pairing)

    def _pass_on(self, signal: PairingSignal) -> None:
        if self._elsewhere is not None:
            self._elsewhere.pass_on(signal)

    # --- within --------------------------------------------------------------------------

    def _begin(self, address: str, name: bytes) -> _Pairing:
        if not self._places.take(address):
            raise _too_many()
        ends_at_ms = self._clock.now_ms() + self._limits.pairing_ms
        pairing = self._pairings[name] = _Pairing(name, address, ends_at_ms)
        if self._elsewhere is not None:
            self._elsewhere.join(name)
        return pairing

    def _found(self, attendee: Attendee) -> tuple[_Pairing, int]:
        found = self._of.get(attendee)
        if found is None:
            raise Refusal(*_OVER)
        return found

    def _forget(self, pairing: _Pairing) -> None:
        del self._pairings[pairing.name]
        if self._elsewhere is not None:
            self._elsewhere.part(pairing.name)
        self._places.give_back(pairing.address)
        self._size_bytes -= pairing.size_bytes
        self._size_bytes_of[pairing.address] -= pairing.size_bytes
        if not self._size_bytes_of[pairing.address]:
            del self._size_bytes_of[pairing.address]
        for side in pairing.sides:
            if side.attendee is not None:
                del self._of[side.attendee]
                side.attendee.close(*_OVER)


def _take(side: _Side, other: _Side, message: bytes) -> None:
    """The side's next message, passed on if the other one is here."""
    side.messages.append(message)
    if other.attendee is not None:
        other.attendee.send(f.PairingMessage(len(side.messages), message))


def _too_many() -> Refusal:
    return Refusal(
        "too_many_pairings",
        "Too many devices are being linked on this server or from this address at this moment: "
        "try again in a few minutes.",
        retry_after_ms=MINUTE_MS,
    )

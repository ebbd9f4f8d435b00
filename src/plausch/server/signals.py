"""What the gateways (server processes) of one database tell each other, as bytes on a bus.

A signal is never the truth: whoever misses one reads the log (habit 7). Several travel together. A
signal of a kind that this version does not know is passed over, so that old and new gateways work
side by side while a server is upgraded.
"""

from collections.abc import Iterable, Iterator

import msgspec


class Told(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A prepared WebSocket message for those of the devices that are connected there."""

    devices: list[str]
    message: bytes


class Sought(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Something came for these devices; `gateway` is about to wake those that are connected
    nowhere, and wants to hear who is connected there."""

    gateway: str
    devices: list[str]


class Here(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The answer to Sought: these are connected here, to `gateway`. Versions that do not say which
    one take nothing that is handed to them."""

    devices: list[str]
    gateway: str = ""


class Entered(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The device has connected to `gateway`: an older connection elsewhere ends."""

    gateway: str
    device: str
    at_ms: int


class Ended(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """The device's connection is to end, with this reason."""

    device: str
    code: str
    sentence: str


class Beat(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """The gateway is there; `leaves`: it says good-bye, and owes nobody a signal. `newest`: signals
    of kinds up to this tag are understood there; versions that do not say it know no Spread.
    `backs`: how often its line came up: what it was told around the last time, it may not have
    heard."""

    gateway: str
    leaves: bool = False
    newest: int = 0
    backs: int = 0


class Doubtful(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Signals of this gateway may have been lost: whoever listens has to look for itself."""

    gateway: str


class PairingHas(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """A pairing is going on there, and so many messages of each side are known: whoever has more
    says them."""

    pairing: bytes
    counts: tuple[int, int]


class PairingPart(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """Messages of one side, from number `first` on; `token` is who has that side."""

    pairing: bytes
    side: int
    token: bytes
    first: int
    messages: list[bytes]


class PairingOver(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """One side has ended the pairing."""

    pairing: bytes


class Replaced(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """What was pushed to the device last it may not have got: its gateway has ended an older
    connection of it, or is gone."""

    device: str


class Spread(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """A prepared WebSocket message for the members of a large conversation's epoch: each gateway
    knows by itself who they are. `author`: the device that is spared, or "". `head`: up to where
    the log has grown, 0 of what is in no log. `wakes`: for all but the devices whose URIs begin
    with `own` it is worth a wake-up, and `gateway` wants to hear who is connected (HereAt)."""

    gateway: str
    conversation: bytes
    epoch: int
    head: int
    author: str
    message: bytes
    wakes: bool = False
    own: str = ""


class HereAt(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """The answer to Spread: connected here are the members at these places of the roster, as bits
    (place 0 is the lowest bit of the first byte). Within an epoch a roster can only lose devices,
    so that two of the same `count` are the same."""

    conversation: bytes
    epoch: int
    count: int
    bits: bytes


class Handed(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """As Told, to the one gateway to which these devices are said to be connected: for those that
    are not (any more) it tells the others, and `gateway` that they are Missing."""

    gateway: str
    devices: list[str]
    message: bytes


class Minded(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """As Sought, to the one gateway to which these devices are said to be connected: it sees to it
    that those who are not are woken, and tells `gateway` that they are Missing."""

    gateway: str
    devices: list[str]


class Missing(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """What was handed to `gateway` for these devices, it had to pass on: they are not there."""

    gateway: str
    devices: list[str]


NEWEST = 16
"""The highest tag above, which each Beat says."""


def bits_of(places: Iterable[int], count: int) -> bytes:
    """Places from 0 to `count` - 1 as bits."""
    bits = bytearray((count + 7) // 8)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def places_of(bits: bytes) -> Iterator[int]:
    """The places that `bits_of` was given, in order."""
    for start, byte in enumerate(bits):
        place = start * 8
        while byte:
            if byte & 1:
                yield place
            byte >>= 1
            place += 1


DeviceSignal = Told | Sought | Here | Entered | Ended | Replaced | Spread | HereAt | Handed | Minded
PairingSignal = PairingHas | PairingPart | PairingOver
Signal = DeviceSignal | Beat | Doubtful | Missing | PairingSignal

_encoder = msgspec.msgpack.Encoder()
_signals = msgspec.msgpack.Decoder(list[Signal])
_raws = msgspec.msgpack.Decoder(list[msgspec.Raw])
_signal = msgspec.msgpack.Decoder(Signal)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def encode(signals: Iterable[Signal]) -> bytes:
    """Several signals, in order."""
    return _encoder.encode(list(signals))


def decode(payload: bytes) -> Iterator[Signal]:
    """The signals of a payload that this version can read; anything else yields nothing."""
    try:
        yield from _signals.decode(payload)
    except _UNREADABLE:
        yield from _readable(payload)


def _readable(payload: bytes) -> Iterator[Signal]:
    """One by one: among them are some that this version does not know."""
    try:
        raws = _raws.decode(payload)
    except _UNREADABLE:
        return
    for raw in raws:
        try:
            yield _signal.decode(raw)
        except _UNREADABLE:
            continue

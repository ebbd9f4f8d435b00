"""A gateway's place among the others: what it tells them, what it hears, and when it must doubt.

Each account belongs to one of a fixed number of buckets, each bucket is a subject: a gateway hears
the buckets of its connected devices, and nothing of the others. Once a device was found at a
gateway, what is for it is handed to that one alone (Whereabouts). Signals of one turn of the event
loop that go to the same subject travel together.

The network below (`Line`) may lose anything. What this gateway cannot have heard it doubts: after
its own line was down, after another gateway said that it could not be heard, and after one fell
silent without a good-bye, because it may have died between a COMMIT and its signal. While it
doubts, the edge compares its devices with the log (Edge), so that a lost wake-up is made good in
bounded time ([spec/delivery.md], Gateways).
"""

import asyncio
import secrets
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from plausch.server.bus_faces import Ear, Line, PairingEar
from plausch.server.signals import (
    NEWEST,
    Beat,
    DeviceSignal,
    Doubtful,
    Ended,
    Entered,
    Handed,
    Here,
    HereAt,
    Minded,
    Missing,
    PairingSignal,
    Replaced,
    Signal,
    Sought,
    Spread,
    Told,
    decode,
    encode,
)
from plausch.server.whereabouts import Astray, Whereabouts

BUCKETS = 1024
BEAT_S = 5.0
SILENT_S = 3 * BEAT_S
DOUBTED_S = 900.0
"""So long a gateway that fell silent may still be taking what it tells nobody of."""

MOST_BYTES = 512 * 1024
"""Of signals that travel together; NATS takes 1 MiB."""

SPREAD_SINCE = 13
"""Gateways that know signals up to this tag know Spread and its answer."""

HANDED_SINCE = 16
"""Gateways that know signals up to this tag know Handed, Minded and Missing."""

NAMED_AT_ONCE = 1_000
"""Devices named in one signal at most: NATS takes no more than 1 MiB."""

RETURNED_S = 45.0
"""So long after a gateway's good-bye its devices are elsewhere, if they come back at all."""

SPREAD_BYTES = 256
"""Of a signal about a large conversation, beside its message."""

FLUSH_TIMEOUT_S = 2.0


def root_of(realm: str) -> str:
    """What all subjects of a realm begin with. A domain is letters, digits, hyphens and dots; the
    dot divides subjects."""
    return f"plausch.1.{realm.replace('.', '_')}"


def bucket_of(device: str) -> int:
    """The bucket of a device's account; all devices of an account are in one."""
    return _bucket_of(device.rpartition("/")[0].encode())


def _bucket_of(name: bytes) -> int:
    return zlib.crc32(name) % BUCKETS


class Bus:
    """Signals to and from the other gateways. Used from the event loop only."""

    def __init__(self, line: Line, realm: str, now_s: Callable[[], float]) -> None:
        """`realm` sets servers apart that share a network: the domain."""
        self.gateway = secrets.token_hex(8)
        self._line, self._now_s = line, now_s
        self._root = root_of(realm)
        self._own_root = f"{self._root}.g."
        self._ear: Ear | None = None
        self._pairing_ear: PairingEar | None = None
        self._listeners: Counter[int] = Counter()
        self._outgoing: defaultdict[str, list[Signal]] = defaultdict(list)
        self._sizes: dict[str, int] = {}
        self._minding: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._asked = self._in_force = 0
        self._flushing: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._seen_s: dict[str, float] = {}
        self._silent_s: dict[str, float] = {}
        self._older: set[str] = set()
        self._takers: set[str] = set()
        self._backs: dict[str, int] = {}
        self._whereabouts = Whereabouts(now_s)
        self._parted: list[tuple[float, list[str]]] = []
        self._dropped = False
        self._own_backs = 0
        self._all_known_s = 0.0
        self._doubts = 0
        self._said = self._arrived = 0  # signals; and those that the network surely has
        self._owes_doubt = False
        self.sent = self.heard = 0
        """Signals, for the operator's figures."""

    # --- beginning and end ---------------------------------------------------------------

    def begin(self, ear: Ear, pairing_ear: PairingEar) -> None:
        """Hear, and be heard of."""
        self._ear, self._pairing_ear = ear, pairing_ear
        self._meet()
        self._line.subscribe(self._everybody)
        self._line.subscribe(self._own(self.gateway))
        self._beating = asyncio.get_running_loop().create_task(self._beat())

    async def close(self) -> None:
        """Say good-bye: nobody has to doubt because this gateway falls silent. What it owes them of
        doubt is said first."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        self._greet()
        self._post(self._everybody, self._beat_now(leaves=True))
        self._send()
        await self._line.close()

    # --- what this gateway says ----------------------------------------------------------

    def tell(self, devices: Iterable[str], message: bytes) -> None:
        """A prepared message for devices that are not connected here."""
        there, nowhere = self._whereabouts.divided(devices)
        for gateway, some in there.items():
            self._whereabouts.handed(gateway, some)
            for named in _portions(some):
                handed = Handed(self.gateway, named, message)
                self._post(self._own(gateway), handed, len(message) + _weight(named))
        if nowhere:
            self.tell_all(nowhere, message)

    def tell_all(self, devices: Iterable[str], message: bytes) -> None:
        """A prepared message for devices that may be connected to any gateway."""
        for bucket, some in _by_bucket(devices).items():
            for named in _portions(some):
                told = Told(named, message)
                self._post(self._bucket(bucket), told, len(message) + _weight(named))

    def mind(self, devices: Sequence[str]) -> list[str]:
        """Something came for these devices: let the gateways to which they are connected see to it
        that they are woken if they are not there any more. Returns those that are nowhere."""
        if not devices or not self._line.is_up:
            return list(devices)
        there, nowhere = self._whereabouts.divided(devices)
        for gateway, some in there.items():
            if not self._minding and not self._outgoing:
                asyncio.get_running_loop().call_soon(self._send)
            self._minding[gateway].update(dict.fromkeys(some))
        return nowhere

    def pass_back(self, gateway: str, devices: Sequence[str]) -> None:
        """What that gateway has handed over for these devices is passed on: they are not here."""
        for named in _portions(list(devices)):
            self._post(self._own(gateway), Missing(self.gateway, named), _weight(named))

    def seek(self, devices: Iterable[str]) -> None:
        """Which of these are connected elsewhere? The answers come to the ear, as Here."""
        for bucket, some in _by_bucket(devices).items():
            for named in _portions(some):
                self._post(self._bucket(bucket), Sought(self.gateway, named), _weight(named))

    def answer(self, gateway: str, devices: Sequence[str]) -> None:
        """These, which that gateway seeks, are connected here."""
        self._post(self._own(gateway), Here(list(devices), self.gateway), _weight(devices))

    @property
    def takes_spreads(self) -> bool:
        """Whether all other gateways understand `spread`: older ones pass over what they do not
        know. After the line has come up each is given the time to say what it is."""
        return not self._older and self._now_s() >= self._all_known_s

    def spread(self, signal: Spread) -> None:
        """Something for the members of a large conversation, wherever they are: one signal, where
        `tell` would say it to hundreds of buckets."""
        self._post(self._everybody, signal, len(signal.message) + SPREAD_BYTES)

    def answer_spread(self, gateway: str, found: HereAt) -> None:
        """These members are connected here."""
        self._post(self._own(gateway), found, len(found.bits) + SPREAD_BYTES)

    def replaced(self, device: str) -> None:
        """What was pushed to the device last it may not have got: its connection here has ended,
        or that gateway is gone."""
        self._post(self._bucket(bucket_of(device)), Replaced(device))

    def end(self, device: str, code: str, sentence: str) -> None:
        """End the device's connection, wherever it is."""
        self._post(self._bucket(bucket_of(device)), Ended(device, code, sentence))

    def enter(self, device: str, at_ms: int) -> None:
        """The device is connected here: hear its bucket; older connections elsewhere end."""
        bucket = bucket_of(device)
        self._whereabouts.moved(None, device)
        self._listen(bucket)
        self._post(self._bucket(bucket), Entered(self.gateway, device, at_ms))

    def leave(self, device: str) -> None:
        """The device is not connected here any more."""
        self._ignore(bucket_of(device))

    def join(self, pairing: bytes) -> None:
        """A pairing has begun here: hear of it."""
        self._listen(_bucket_of(pairing))

    def part(self, pairing: bytes) -> None:
        """The pairing is over here."""
        self._ignore(_bucket_of(pairing))

    def pass_on(self, signal: PairingSignal) -> None:
        """Say it to whoever has the same pairing."""
        self._post(self._bucket(_bucket_of(signal.pairing)), signal)

    def _listen(self, bucket: int) -> None:
        self._listeners[bucket] += 1
        if self._listeners[bucket] == 1:
            self._asked += 1
            self._line.subscribe(self._bucket(bucket))

    def _ignore(self, bucket: int) -> None:
        self._listeners[bucket] -= 1
        if not self._listeners[bucket]:
            del self._listeners[bucket]
            self._line.unsubscribe(self._bucket(bucket))

    async def settled(self) -> None:
        """Return when the buckets of all who entered are heard: what a device reads after it, and
        what it is told, leave nothing out. Returns also when the line is down; then this gateway
        doubts."""
        wanted = self._asked
        while self._in_force < wanted and self._line.is_up:
            if self._flushing is None:
                self._flushing = asyncio.get_running_loop().create_task(self._flush())
            await asyncio.wait((self._flushing,))

    # --- doubt ---------------------------------------------------------------------------

    @property
    def doubts(self) -> int:
        """Grows whenever signals may have been lost; with every beat while the line is down."""
        return self._doubts

    def line_is_back(self) -> None:
        """The line was down: nothing was heard, and nobody has heard this gateway."""
        self._doubts += 1
        self._own_backs += 1
        self._meet()
        self._dropped = True
        self._owes_doubt |= self._said != self._arrived
        self._greet()

    def untold(self) -> None:
        """Something that is in the log was never told to anybody."""
        self._doubts += 1
        self._owes_doubt = True

    def lost(self) -> None:
        """Something was dropped, on the way here or from here: perhaps what was handed over."""
        self.untold()
        self._dropped = True

    def unheard(self, subject: str) -> None:
        """Nobody listens there any more: a gateway that has died, or lost its line."""
        self._lose(subject.rpartition(".")[2])

    def _lose(self, gateway: str) -> None:
        if gateway in self._takers:  # else it is lost already: each publication to it is unheard
            self._takers.discard(gateway)
            self._astray(self._whereabouts.gone(gateway))

    def _astray(self, what: Astray) -> None:
        if self._ear is not None and (what.devices or what.minded):
            self._ear.gone_astray(what)

    @property
    def others(self) -> int:
        """How many other gateways were heard of lately."""
        return len(self._seen_s)

    # --- what it hears -------------------------------------------------------------------

    def take(self, payload: bytes) -> None:
        """Something came by the line. Anything that is no signal is passed over."""
        for signal in decode(payload):
            self.heard += 1
            if isinstance(signal, Handed):  # the most frequent one by far
                if self._ear is not None:
                    self._ear.hear(signal)
            elif isinstance(signal, Beat):
                self._note(signal)
            elif isinstance(signal, Doubtful):
                if signal.gateway != self.gateway:
                    self._doubts += 1
                    self._astray(self._whereabouts.gone(signal.gateway))
            elif isinstance(signal, Missing):
                self._whereabouts.missing(signal.gateway, signal.devices)
            elif isinstance(signal, PairingSignal):
                if self._pairing_ear is not None:
                    self._pairing_ear.hear(signal)
            elif self._ear is not None:
                self._learn(signal)
                self._ear.hear(signal)

    def _learn(self, signal: DeviceSignal) -> None:
        if isinstance(signal, Here):
            if signal.gateway in self._takers:
                self._whereabouts.found(signal.gateway, signal.devices)
        elif isinstance(signal, Entered):
            taker = signal.gateway if signal.gateway in self._takers else None
            self._whereabouts.moved(taker, signal.device)

    def _note(self, beat: Beat) -> None:
        if beat.gateway == self.gateway:
            return
        if self._silent_s.pop(beat.gateway, None) is not None:
            self._doubts += 1  # what it said while it was not heard
        if beat.leaves:
            self._seen_s.pop(beat.gateway, None)
            self._older.discard(beat.gateway)
            self._backs.pop(beat.gateway, None)
            self._part_from(beat.gateway)
        else:
            if self._backs.setdefault(beat.gateway, beat.backs) != beat.backs:
                self._backs[beat.gateway] = beat.backs
                self._astray(self._whereabouts.gone(beat.gateway))
            if beat.newest < SPREAD_SINCE:
                self._older.add(beat.gateway)
            if beat.newest >= HANDED_SINCE:
                self._takers.add(beat.gateway)
            self._seen_s[beat.gateway] = self._now_s()

    def _part_from(self, gateway: str) -> None:
        """Its devices are coming back to other gateways: who has by then is not woken."""
        if gateway in self._takers:
            self._takers.discard(gateway)
            astray = self._whereabouts.gone(gateway)
            self._astray(Astray(astray.devices, []))
            self._parted.append((self._now_s() + RETURNED_S, astray.minded))

    def _meet(self) -> None:
        self._all_known_s = self._now_s() + 2 * BEAT_S

    async def _beat(self) -> None:
        while True:
            self._greet()
            self.look_round()
            await self.make_sure()
            await asyncio.sleep(BEAT_S)

    def _greet(self) -> None:
        if self._line.is_up:
            if self._dropped:  # made good only now: while the line is down, nobody would hear it
                self._dropped = False
                self._astray(self._whereabouts.all_gone())
            if self._owes_doubt:
                self._owes_doubt = False
                self._post(self._everybody, Doubtful(self.gateway))
        self._post(self._everybody, self._beat_now())

    def _beat_now(self, *, leaves: bool = False) -> Beat:
        return Beat(self.gateway, leaves, NEWEST, self._own_backs)

    async def make_sure(self) -> None:
        """Ask the network whether it has all that was said until now."""
        said = self._said
        if said == self._arrived or not self._line.is_up:
            return
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self._line.flush()
        except TimeoutError:
            self._doubts += 1
        else:
            self._arrived = said

    def look_round(self) -> None:
        """A gateway that fell silent may have died before it told what it had committed; and while
        the line is down nobody is heard."""
        if not self._line.is_up:
            self._doubts += 1
        else:
            self._whereabouts.tidy()
            self._rouse_who_stayed_away()
        long_ago_s = self._now_s() - SILENT_S
        for gateway, seen_s in list(self._seen_s.items()):
            if seen_s < long_ago_s:
                del self._seen_s[gateway]
                self._silent_s[gateway] = self._now_s()
                self._backs.pop(gateway, None)
                if self._line.is_up:
                    self._lose(gateway)
                else:  # nobody is heard; what was handed over is made good when the line is back
                    self._takers.discard(gateway)
        self._doubts += len(self._silent_s)
        for gateway, since_s in list(self._silent_s.items()):
            if since_s < self._now_s() - DOUBTED_S:
                del self._silent_s[gateway]
                self._older.discard(gateway)

    def _rouse_who_stayed_away(self) -> None:
        now_s = self._now_s()
        while self._parted and self._parted[0][0] <= now_s:
            self._astray(Astray([], self._parted.pop(0)[1]))

    # --- sending -------------------------------------------------------------------------

    def _post(self, subject: str, signal: Signal, size_bytes: int = 0) -> None:
        if not self._outgoing and not self._minding:
            asyncio.get_running_loop().call_soon(self._send)
        size_bytes += self._sizes.get(subject, 0)
        if size_bytes > MOST_BYTES and self._outgoing[subject]:
            self._publish(subject, self._outgoing.pop(subject))
            size_bytes -= self._sizes[subject]
        self._outgoing[subject].append(signal)
        self._sizes[subject] = size_bytes

    def _send(self) -> None:
        minding, self._minding = self._minding, defaultdict(dict)
        for gateway, minded in minding.items():
            self._whereabouts.minded(gateway, minded)
            for named in _portions(list(minded)):
                self._post(self._own(gateway), Minded(self.gateway, named), _weight(named))
        outgoing, self._outgoing = self._outgoing, defaultdict(list)
        self._sizes.clear()
        for subject, signals in outgoing.items():
            self._publish(subject, signals)

    def _publish(self, subject: str, signals: list[Signal]) -> None:
        self.sent += len(signals)
        if not all(isinstance(one, Beat) for one in signals):
            self._said += 1
        send = self._line.send_to if subject.startswith(self._own_root) else self._line.publish
        send(subject, encode(signals))

    async def _flush(self) -> None:
        asked = self._asked
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self._line.flush()
        except TimeoutError:
            self._doubts += 1
        finally:
            self._in_force = max(self._in_force, asked)
            self._flushing = None

    # --- subjects ------------------------------------------------------------------------

    @property
    def _everybody(self) -> str:
        return f"{self._root}.all"

    def _bucket(self, bucket: int) -> str:
        return f"{self._root}.b.{bucket}"

    def _own(self, gateway: str) -> str:
        return self._own_root + gateway


def _weight(devices: Sequence[str]) -> int:
    return sum(map(len, devices)) + 8 * len(devices)


def _portions(devices: list[str]) -> Iterable[list[str]]:
    """So many as one signal names, each time."""
    if len(devices) <= NAMED_AT_ONCE:  # nearly always
        return (devices,)
    return [
        devices[start : start + NAMED_AT_ONCE] for start in range(0, len(devices), NAMED_AT_ONCE)
    ]


def _by_bucket(devices: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for device in devices:
        found.setdefault(bucket_of(device), []).append(device)
    return found

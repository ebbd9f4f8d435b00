"""At which other gateway a device was found last: what is for it goes straight there.

This is a hint, never the truth. The gateway that is given something for a device which it does not
have (any more) sees to it itself, and says so; one that is gone gives no answer, so that what was
handed to it lately is remembered here for a while, and is told to everybody then.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST_DEVICES = 200_000
"""Of which a gateway remembers where they are; the one that was found first is forgotten."""

REMEMBERED_S = 30.0
"""What was handed over is remembered for so long: longer than it takes to find out that a gateway
is silent (SILENT_S and a beat), or that the own line is broken."""


@dataclass(frozen=True, slots=True)
class Astray:
    """Devices that may have missed what was handed to a gateway for them; of these the `minded`
    ones were to be woken if they were not there."""

    devices: list[str]
    minded: list[str]


@dataclass(slots=True)
class _Given:
    """What one gateway was given lately: devices, and when it was the last time, in that order."""

    handed_s: OrderedDict[str, float] = field(default_factory=OrderedDict)
    minded_s: OrderedDict[str, float] = field(default_factory=OrderedDict)


class Whereabouts:
    """Where devices are that were found at other gateways. Used from the event loop only."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._at: OrderedDict[str, str] = OrderedDict()
        self._given: defaultdict[str, _Given] = defaultdict(_Given)

    def found(self, gateway: str, devices: Iterable[str]) -> None:
        """They are connected there. Who is elsewhere as well, a dead connection perhaps of which
        that gateway does not know yet, is nowhere: both are told."""
        for device in devices:
            if self._at.setdefault(device, gateway) != gateway:
                del self._at[device]
        while len(self._at) > MOST_DEVICES:
            self._at.popitem(last=False)

    def moved(self, gateway: str | None, device: str) -> None:
        """It is connected there now (None: to nobody who takes what is handed over), if it was
        known to be anywhere."""
        if gateway is None:
            self._at.pop(device, None)
        elif device in self._at:
            self._at[device] = gateway

    def missing(self, gateway: str, devices: Iterable[str]) -> None:
        """They are not there any more."""
        for device in devices:
            if self._at.get(device) == gateway:
                del self._at[device]

    def divided(self, devices: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
        """By gateway, which of these are there; and those that are nowhere."""
        there: dict[str, list[str]] = {}
        nowhere, at = [], self._at.get
        for device in devices:
            gateway = at(device)
            if gateway is None:
                nowhere.append(device)
            else:
                there.setdefault(gateway, []).append(device)
        return there, nowhere

    def handed(self, gateway: str, devices: Iterable[str]) -> None:
        """That gateway is given something for these devices now."""
        self._note(self._given[gateway].handed_s, devices)

    def minded(self, gateway: str, devices: Iterable[str]) -> None:
        """That gateway is to see to it that these devices are woken if they are not there."""
        self._note(self._given[gateway].minded_s, devices)

    def _note(self, when_s: OrderedDict[str, float], devices: Iterable[str]) -> None:
        now_s = self._now_s()
        for device in devices:
            when_s[device] = now_s
            when_s.move_to_end(device)

    def gone(self, gateway: str) -> Astray:
        """That gateway is gone, or may have heard nothing lately."""
        self._at = OrderedDict((device, at) for device, at in self._at.items() if at != gateway)
        given = self._given.pop(gateway, _Given())
        return Astray(list(given.handed_s), list(given.minded_s))

    def all_gone(self) -> Astray:
        """Nobody may have heard anything lately."""
        self._at.clear()
        lost = [self.gone(gateway) for gateway in list(self._given)]
        devices = {device: None for one in lost for device in one.devices}
        return Astray(list(devices), list({device: None for one in lost for device in one.minded}))

    def tidy(self) -> None:
        """Forget what was given long ago."""
        long_ago_s = self._now_s() - REMEMBERED_S
        for given in self._given.values():
            for when_s in (given.handed_s, given.minded_s):
                # An OrderedDict: a dict looks for its first entry behind all that were deleted.
                while when_s and when_s[next(iter(when_s))] < long_ago_s:
                    when_s.popitem(last=False)

"""What goes wrong at this moment, and by whose dice; and the record of what happened."""

import hashlib
import random
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Weather:
    """The faults in force. Chances are those of one step; `calm` ends all of them."""

    commit_fails: float = 0.0
    """A COMMIT is refused by the disk or never arrives: nothing of it is durable."""
    answer_lost: float = 0.0
    """A COMMIT is durable and nobody hears of it."""
    dies_before: float = 0.0
    dies_after: float = 0.0
    """The process dies between the last statement and COMMIT, or right after it."""
    database_away: bool = False
    disk_full: bool = False
    database_s: float = 0.001
    """How long a step of the database takes, about."""
    network_s: float = 0.01
    line_s: float = 0.001
    line_drops: float = 0.0
    """A signal is dropped and its receiver's client says so."""
    repeats: float = 0.0
    """A device sends a request twice."""
    pieces: float = 0.0
    """A device sends a message in several WebSocket frames."""

    def calm(self) -> None:
        """Nothing goes wrong from now on."""
        self.__init__()  # type: ignore[misc]


class Dice(random.Random):
    """Of a name and a seed: the same on every machine, whatever PYTHONHASHSEED says."""

    def __init__(self, *names: object) -> None:
        super().__init__("/".join(map(str, names)))

    def chance(self, of_one: float) -> bool:
        """Whether it happens. Costs no throw when it cannot."""
        return of_one > 0.0 and self.random() < of_one

    def about_s(self, usual_s: float) -> float:
        """A time near this one; now and then a much longer one."""
        return usual_s * (0.5 + self.random() + (10 * self.random() if self.random() < 0.05 else 0))


@dataclass
class Trace:
    """What happened, in order: when, to whom, what."""

    events: list[tuple[Any, ...]] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [
            f"{when_s:10.4f}  {who:<9} {' '.join(map(str, what))}"
            for when_s, who, *what in self.events
        ]

    def digest(self) -> str:
        """One word for all of it."""
        return hashlib.sha256("\n".join(self.lines()).encode()).hexdigest()

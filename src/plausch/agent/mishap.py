"""An error of ours that nobody foresaw: a bug. It ends what was being done, and nothing else.

Here, and nowhere else in the agent, everything is caught
([0021](docs/decisions/0021-a-bug-stops-one-turn.md)). What the machine did (a full disk, a damaged
vault, no connection) is not: it is everybody's.
"""

import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from plausch.base.errors import OperatorError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mishap:
    """What is said of it in the log: the kind of error and its place in the code. Never its text,
    in which a guest's words may stand."""

    kind: str
    place: str

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Of an error that was caught."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return cls(type(error).__name__, place)

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"


async def attempt(work: Awaitable[T]) -> T | Mishap:
    """What comes of the work, or what it broke on. Raises OperatorError."""
    try:
        return await work
    except OperatorError:
        raise
    except Exception as error:
        return Mishap.of(error)

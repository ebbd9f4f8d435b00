"""Appends on their way: what waits, and the queues it waits in."""

import asyncio
import logging
from collections.abc import Callable

from plausch.base.errors import PlauschError
from plausch.server.records import Accepted, DeviceRecord, Roster
from plausch.wire import frames as f

log = logging.getLogger("plausch.server")

Answer = Callable[[Accepted | PlauschError], None]
Key = tuple[int, int, bytes]


class Waiting:
    """An append that waits for its transaction."""

    __slots__ = ("answer", "device", "key", "request", "roster")

    def __init__(self, device: DeviceRecord, request: f.Append, answer: Answer) -> None:
        self.device = device
        self.request = request
        self.answer = answer
        self.roster: Roster | None = None
        self.key: Key = (-1, device.key, request.idempotency_id)
        """What makes it the same append as an earlier one, once the roster is known."""

    @property
    def is_open(self) -> bool:
        """Whether it has no answer yet."""
        return self.answer is not _answered

    def found(self, roster: Roster | None) -> None:
        """Its conversation is known, or not any more."""
        self.roster = roster
        if roster is not None:
            self.key = (roster.conversation_key, self.device.key, self.request.idempotency_id)


class Lane:
    """A queue of appends and the one task that empties it. `aside`: by conversation, what waits
    behind something that is judged or looked up."""

    __slots__ = ("aside", "task", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self.aside: dict[bytes, list[Waiting]] = {}
        self.task: asyncio.Task[None] | None = None


def answer(one: Waiting, result: Accepted | PlauschError) -> None:
    """Tell whoever waits for it, once."""
    answer_to, one.answer = one.answer, _answered
    try:
        answer_to(result)
    except Exception as error:  # a bug of ours in one connection: the others are answered
        log.error("An append could not be answered.", exc_info=error)


def _answered(result: Accepted | PlauschError) -> None:
    """Stands where an answer was: nobody is answered twice."""

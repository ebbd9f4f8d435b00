"""An agent's operations on a book of the test restaurant, asked with plain values."""

import json
from pathlib import Path
from typing import Any

import msgspec

from linde import TUESDAY, ZONE, restaurant
from plausch.agent.book import Book
from plausch.agent.ical.traces import Traces
from plausch.agent.ledger import CallName
from plausch.agent.operations.executor import Executor, Outcome
from plausch.agent.operations.premises import Premises
from plausch.agent.operations.registry import OPERATIONS
from plausch.base.clock import ManualClock
from plausch.domain.calendar import instant_s

DEVICE = "mimi://localhost/d/linde/0123456789abcdef"
AT_SEVEN_S = instant_s(ZONE, TUESDAY, 19 * 60)
TABLES = ("booking", "claim", "pace", "setting", "block", "waiting", "ticket", "customer", "merged")


def wish(**changed: Any) -> dict[str, Any]:
    """What bookings.book takes, for four at seven."""
    fields = {
        "token": "token-0001",
        "startsAtS": AT_SEVEN_S,
        "party": 4,
        "underName": "Meyer",
        "telephone": "+49 89 1",
        "note": "high chair",
    }
    return {**fields, **changed}


class Office:
    """Asks, and answers with plain values or the refusal's code and sentence."""

    def __init__(self, book: Book, clock: ManualClock, premises: Premises) -> None:
        self.book = book
        self.clock = clock
        self.premises = premises
        self.executor = Executor(OPERATIONS, book, premises, clock)

    @classmethod
    async def of(cls, book: Book, clock: ManualClock) -> "Office":
        return cls(book, clock, await Premises.of(book, restaurant(), b"file"))

    def look_beside(self, calendar_store: Path) -> None:
        """From now on what is kept of the calendar counts too."""
        traces = Traces(calendar_store, self.book)
        self.executor = Executor(OPERATIONS, self.book, self.premises, self.clock, traces)

    async def outcome(self, operation: str, call: str = "", **params: Any) -> Outcome:
        name = CallName(DEVICE, call) if call else None
        return await self.executor.execute(operation, json.dumps(params).encode(), name)

    async def ask(self, operation: str, call: str = "", **params: Any) -> Any:
        outcome = await self.outcome(operation, call, **params)
        assert outcome.refusal is msgspec.UNSET, outcome.refusal
        return json.loads(bytes(outcome.result))  # type: ignore[arg-type]

    async def refused(self, operation: str, call: str = "", **params: Any) -> tuple[str, str]:
        outcome = await self.outcome(operation, call, **params)
        assert not isinstance(outcome.refusal, msgspec.UnsetType), outcome
        assert outcome.refusal.sentence.endswith((".", "!")), outcome.refusal.sentence
        return outcome.refusal.code, outcome.refusal.sentence

    async def everything(self) -> dict[str, list[Any]]:
        """All rows of the book but the answers to calls."""

        async def work(transaction: Any) -> dict[str, list[Any]]:
            return {one: await transaction.fetch(f"SELECT * FROM {one}") for one in TABLES}

        return await self.book.read(work)

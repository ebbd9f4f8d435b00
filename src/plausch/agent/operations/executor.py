"""Carries out an operation on the book: params are checked, the work is one transaction.

What is asked for under a name (the device and the id of a call) is done once: its answer is
written in the same transaction, and comes again when the call does. A refusal has changed nothing,
and is remembered just so. What only reads is read anew.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.ical.sync_store import Edit
from plausch.agent.ical.traces import Traces
from plausch.agent.ledger import CallName
from plausch.agent.mishap import Mishap, attempt
from plausch.agent.operations.premises import Premises
from plausch.agent.operations.refusal import OperationRefused, Refusal, refusal_of
from plausch.agent.operations.views import View
from plausch.base.clock import Clock
from plausch.base.errors import LocalError
from plausch.db.interface import StorageUnavailable, Transaction
from plausch.db.migrate import SchemaRefused
from plausch.domain.business import Business

MAX_PARAMS_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an operation works: at a desk, inside one transaction, at one moment.

    `edits` are what people wrote into the business's calendar, for operations `with_edits`.
    """

    desk: Desk
    started_at_s: int
    edits: tuple[Edit, ...] = ()

    @property
    def transaction(self) -> Transaction:
        """The transaction."""
        return self.desk.transaction

    @property
    def business(self) -> Business:
        """The business as it is."""
        return self.desk.business

    @property
    def now_s(self) -> int:
        """The moment."""
        return self.desk.now_s


Work = Callable[[Scene, Any], Coroutine[Any, Any, View | tuple[View, ...]]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, what it answers, what it means. `reads`: it changes nothing;
    `owners_only`: staff's devices may not; `with_edits`: it looks at the calendar's store too."""

    name: str
    params: type[View]
    result: Any
    meaning: str
    work: Work
    reads: bool = False
    owners_only: bool = False
    with_edits: bool = False


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result's JSON, or the refusal."""

    result: Raw | UnsetType = UNSET
    refusal: Refusal | UnsetType = UNSET


_LOG = logging.getLogger("plausch.agent")
_MISHAP_REFUSAL = Refusal(
    "mishap",
    "This did not work because of a fault in the agent, not because of what was asked: look "
    "whether it was done, and do it another way; the agent's log names the place.",
)
MISHAP = Outcome(refusal=_MISHAP_REFUSAL)


class Executor:
    """The operations on one book."""

    def __init__(
        self,
        operations: Mapping[str, Operation],
        book: Book,
        premises: Premises,
        clock: Clock,
        traces: Traces | None = None,
    ) -> None:
        self.operations = operations
        self._book = book
        self._premises = premises
        self._clock = clock
        self._traces = traces
        self._started_at_s = clock.now_ms() // 1000
        self._afterwards: list[Callable[[], Coroutine[Any, Any, None]]] = []

    async def execute(
        self, name: str, params: bytes, call: CallName | None = None, *, is_staff: bool = False
    ) -> Outcome:
        """The outcome of an operation; durable when it is told. `call` names what is asked for;
        `is_staff`: one asks who manages nothing. What breaks on a bug is refused as `mishap`.

        Raises StorageUnavailable: then nothing was done.
        """
        outcome = await attempt(self._execute(name, params, call, is_staff))
        if not isinstance(outcome, Mishap):
            return outcome
        _LOG.error("operation %r broke: %s", name[:64], outcome)
        return MISHAP if call is None else await self.refuse(call, _MISHAP_REFUSAL)

    async def _execute(
        self, name: str, params: bytes, call: CallName | None, is_staff: bool
    ) -> Outcome:
        try:
            operation = self._known(name)
            if operation.owners_only and is_staff:
                raise OperationRefused(
                    "Only an owner's device may do this: ask the owner.", code="not_allowed"
                )
            wanted = _checked(operation, params)
        except OperationRefused as error:
            return Outcome(refusal=refusal_of(error))
        traces = self._traces if operation.with_edits else None
        try:
            edits = await traces.edits() if traces else ()
        except (StorageUnavailable, SchemaRefused) as error:
            return Outcome(refusal=refusal_of(error))
        if operation.reads:
            return await self._read(operation, wanted, edits)
        outcome = await self._change(operation, wanted, call, edits)
        await self._premises.refresh(self._book)
        for step in self._afterwards:
            await step()
        if traces:
            await traces.follow()
        return outcome

    def afterwards(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Done after every operation that changes something, before it is answered."""
        self._afterwards.append(step)

    async def refuse(self, call: CallName, refusal: Refusal) -> Outcome:
        """A call is answered by a refusal, unless it was answered before."""

        async def work(transaction: Transaction) -> bytes:
            known = await ledger.answer_to(transaction, call)
            if known is not None:
                return known
            raw = msgspec.json.encode(Outcome(refusal=refusal))
            await ledger.keep_answer(transaction, call, raw, self._now_s())
            return raw

        return msgspec.json.decode(await self._book.transact(work), type=Outcome)

    def _known(self, name: str) -> Operation:
        operation = self.operations.get(name)
        if operation is None:
            raise OperationRefused(
                f"There is no operation {name[:64]!r}: openapi.json lists those that there are.",
                code="unknown_operation",
            )
        return operation

    async def _read(self, operation: Operation, wanted: View, edits: tuple[Edit, ...]) -> Outcome:
        business, now_s = self._premises.business, self._now_s()

        async def work(transaction: Transaction) -> bytes:
            desk = Desk(transaction, business, now_s)
            scene = Scene(desk, self._started_at_s, edits)
            return _encoded(await operation.work(scene, wanted))

        try:
            return Outcome(result=Raw(await self._book.read(work)))
        except LocalError as error:
            return Outcome(refusal=refusal_of(error))

    async def _change(
        self,
        operation: Operation,
        wanted: View,
        call: CallName | None,
        edits: tuple[Edit, ...],
    ) -> Outcome:
        async def work(desk: Desk) -> bytes:
            known = await ledger.answer_to(desk.transaction, call) if call is not None else None
            if known is not None:
                return known
            scene = Scene(desk, self._started_at_s, edits)
            result = _encoded(await operation.work(scene, wanted))
            raw = msgspec.json.encode(Outcome(result=Raw(result)))
            if call is not None:
                await ledger.keep_answer(desk.transaction, call, raw, desk.now_s)
            return raw

        try:
            raw = await self._book.at_desk(self._premises.business, self._now_s(), work)
            return msgspec.json.decode(raw, type=Outcome)
        except LocalError as error:
            refusal = refusal_of(error)
        return Outcome(refusal=refusal) if call is None else await self.refuse(call, refusal)

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000


def _checked(operation: Operation, params: bytes) -> View:
    """Params as their type. Raises OperationRefused."""
    if len(params) > MAX_PARAMS_BYTES:
        raise OperationRefused(
            f"The params of {operation.name} have more than {MAX_PARAMS_BYTES} bytes.",
            code="bad_params",
        )
    try:
        return msgspec.json.decode(params, type=operation.params)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = str(error).rstrip(".")
        raise OperationRefused(
            f"The params of {operation.name} are not as they should be: {why}.", code="bad_params"
        ) from error


def _encoded(result: View | tuple[View, ...]) -> bytes:
    return msgspec.json.encode(result)

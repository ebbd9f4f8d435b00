"""The first door: calls from the team conversation, by devices of the business's own account.

A call is done once and answered into the conversation; its answer is in the book before it leaves,
so a process that dies in between answers the same at its next start. What waited for longer than
a minute is refused as stale: whoever asked has given up. Of whatever changes in the book, from
whichever side, all devices are told, at most four times a second.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import msgspec
from msgspec import UNSET, Raw

from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.ledger import CallName, Change
from plausch.agent.mishap import Mishap, attempt
from plausch.agent.operations.executor import MISHAP, Executor, Outcome
from plausch.agent.operations.lease import RENEW_S, Lease, claim_in, claim_notice
from plausch.agent.operations.premises import Premises
from plausch.agent.operations.refusal import Refusal
from plausch.agent.operations.views import Changed
from plausch.base.clock import Clock
from plausch.content.mimi import MimiContent
from plausch.content.rpc import (
    Answer,
    Call,
    Fault,
    Notice,
    Rpc,
    RpcRefused,
    answer_messages,
    rpc_message,
)
from plausch.db.interface import Transaction
from plausch.sdk import Client, Said, SentMessage, Team, Unreachable
from plausch.sdk.composing import new_salt

_LOG = logging.getLogger("plausch.agent")

STALE_AFTER_S = 60
FORGOTTEN_AFTER_S = 3_600
"""Whoever asked so long ago does not listen any more."""

LOOK_S = 0.25
"""How often the book is looked at for changes; a look takes some microseconds."""

CLAIM_TIMEOUT_S = 30.0
GOODBYE_TIMEOUT_S = 2.0
MOST_DATES = 62
"""With more dates than these a notice names none: everything may have changed."""

_NUMBERS = {"unknown_operation": -32601, "bad_params": -32602}
_STALE = Refusal(
    "stale",
    "This came while the agent was away, more than a minute ago, and was not done: look at it "
    "again and ask once more.",
)


class TeamDoor:
    """The door of one agent. `client` is inside its `async with` and has caught up."""

    def __init__(
        self,
        client: Client,
        team: Team,
        executor: Executor,
        book: Book,
        premises: Premises,
        clock: Clock,
    ) -> None:
        self._client = client
        self._team = team
        self._executor = executor
        self._book = book
        self._premises = premises
        self._clock = clock
        self._lease = Lease(client.device.uri)
        self._agents: frozenset[str] = frozenset()

    def agents(self) -> frozenset[str]:
        """The devices that have claimed to be the agent, as far as is known (URIs)."""
        return self._agents | self._claimants()

    async def claim(self) -> None:
        """Become the agent, or stay it. Raises AnotherAgent, Unreachable, TimeoutError."""
        await self._hear_claims()
        self._lease.demand_free(self._now_s())
        claim = self._lease.claim(self._now_s())
        async with asyncio.timeout(CLAIM_TIMEOUT_S):
            sent = await self._say(claim_notice(claim))
            seq = await sent.accepted()
            await self._client.synchronize()
        self._lease.hear(seq, claim)
        await self._hear_claims()
        await self._remember_agents()
        self._lease.demand_free(self._now_s())

    async def run(self) -> None:
        """Answer and tell until cancelled. Raises AnotherAgent when another device took over."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._renew())
            tasks.create_task(self._watch())

    async def retire(self) -> None:
        """Say goodbye: the next agent need not wait, and the staff knows at once.

        Raises TimeoutError without a connection: it is said at the next start.
        """
        claim = self._lease.claim(self._now_s())
        goodbye = msgspec.structs.replace(claim, until_s=claim.from_s)
        sent = await self._say(claim_notice(goodbye))
        async with asyncio.timeout(GOODBYE_TIMEOUT_S):
            self._lease.hear(await sent.accepted(), goodbye)

    def _claimants(self) -> frozenset[str]:
        return frozenset(one.claim.device for one in self._lease.heard)

    async def _remember_agents(self) -> None:
        """In the book: a claim that was dealt with is not found again after the next start."""
        self._agents = await self._book.read(ledger.agents)
        new = self._claimants() - self._agents
        if new:
            await self._book.transact(lambda transaction: ledger.keep_agents(transaction, new))

    # --- calls -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async for said in self._team.said():
            if isinstance(said.rpc, Call):
                outcome = await attempt(self._answer(said, said.rpc))
                if isinstance(outcome, Mishap):
                    _LOG.error("a call of %s was not answered: %s", said.device, outcome)
                    await self._answer_broken(said.rpc)
            else:
                self._hear(said)
                self._lease.demand_free(self._now_s())

    async def _answer(self, said: Said, call: Call) -> None:
        name = CallName(said.device.uri, call.id)
        age_s = self._now_s() - said.accepted_at_ms // 1000
        if age_s > FORGOTTEN_AFTER_S:
            return
        if age_s > STALE_AFTER_S:
            outcome = await self._executor.refuse(name, _STALE)
        else:
            outcome = await self._executor.execute(
                call.method, bytes(call.params), name, is_staff=said.is_staff
            )
        await self._say_outcome(call.id, outcome)

    async def _answer_broken(self, call: Call) -> None:
        """Whoever asked need not wait for an answer that does not come, nor ask once more."""
        outcome = await attempt(self._say_outcome(call.id, MISHAP))
        if isinstance(outcome, Mishap):
            _LOG.error("nor could it be refused: %s", outcome)

    async def _say_outcome(self, call_id: str, outcome: Outcome) -> None:
        for message in _messages(call_id, outcome):
            await self._team.say(message)

    # --- the lease ---------------------------------------------------------------------------

    async def _renew(self) -> None:
        """A device that has come cannot read what was said before: it is said again for it."""
        members, waited_s = self._team.members, 0.0
        while True:
            await asyncio.sleep(1)
            waited_s += 1
            if self._team.members != members or (waited_s >= RENEW_S and len(members) > 1):
                try:
                    await self.claim()
                except (TimeoutError, Unreachable):
                    continue  # no connection: again in a second
                members, waited_s = self._team.members, 0.0

    async def _hear_claims(self) -> None:
        """Claims that nobody has dealt with yet; another agent's stay so, and are found again."""
        for said in await self._team.unheard():
            self._hear(said)

    def _hear(self, said: Said) -> None:
        """Claims of owners' devices: staff's cannot put itself in the agent's place."""
        claim = None if said.is_staff else claim_in(said)
        if claim is not None:
            self._lease.hear(said.seq, claim)

    # --- changes -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        told = await self._book.read(ledger.last_change)
        while True:
            await asyncio.sleep(LOOK_S)
            changes = await self._changes_after(told)
            if changes:
                told = changes[-1].number
                await self._tell(changes)

    async def _changes_after(self, told: int) -> list[Change]:
        """What has changed since; what was told long ago is let go of."""

        async def look(transaction: Transaction) -> list[Change]:
            return await ledger.changes_after(transaction, told)

        async def forget(transaction: Transaction) -> None:
            await ledger.forget_changes(transaction, told)

        changes = await self._book.read(look)
        if changes:
            await self._book.transact(forget)
        return changes

    async def _tell(self, changes: Sequence[Change]) -> None:
        if any(change.what == "business" for change in changes):
            await self._premises.refresh(self._book)
        if len(self._team.members) == 1:
            return
        sent: SentMessage | None = None
        for changed in coalesced(changes, self._premises.business.calendar.today):
            notice = Notice("2.0", "changed", Raw(msgspec.json.encode(changed)))
            sent = await self._say(notice)
        if sent is not None:
            await sent.accepted()  # without a connection what changes meanwhile is one notice

    async def _say(self, rpc: Rpc) -> SentMessage:
        return await self._team.say(rpc_message(rpc, salt=new_salt()))

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000


def coalesced(changes: Sequence[Change], day_of: Callable[[int], date]) -> list[Changed]:
    """One notice for each kind of change, with its dates."""
    dates: dict[str, set[str]] = {}
    for change in changes:
        of_kind = dates.setdefault(change.what, set())
        if change.at_s:
            of_kind.add(day_of(change.at_s).isoformat())
    return [
        Changed(what, tuple(sorted(of_kind)) if len(of_kind) <= MOST_DATES else ())  # type: ignore[arg-type]
        for what, of_kind in dates.items()
    ]


def _messages(call_id: str, outcome: Outcome) -> list[MimiContent]:
    try:
        return answer_messages(_answer(call_id, outcome), _salts())
    except RpcRefused as error:
        refusal = Refusal(error.code, str(error))
        return answer_messages(_answer(call_id, Outcome(refusal=refusal)), _salts())


def _answer(call_id: str, outcome: Outcome) -> Answer:
    refusal = outcome.refusal
    if refusal is UNSET or not isinstance(refusal, Refusal):
        return Answer("2.0", call_id, result=outcome.result)
    number = _NUMBERS.get(refusal.code, -32000)
    fault = Fault(number, refusal.sentence[:2_000], {"code": refusal.code})
    return Answer("2.0", call_id, error=fault)


def _salts() -> Iterator[bytes]:
    while True:
        yield new_salt()

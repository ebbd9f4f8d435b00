"""What the parts of a device share: vault, trust, transport, feed, and its live conversations.

A live conversation is the one place where its MLS group is changed. Whoever changes it holds
`Live.lock`, and writes the group's new state and everything that follows from it in one
transaction; only after that is anything sent or told. When the write fails, the group in memory
is dropped, and the vault's is the truth again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.base.ids import (
    AccountAddress,
    ConversationId,
    DeviceAddress,
    conversation_uri,
)
from plausch.content.fork import EpochMark
from plausch.db.interface import StorageUnavailable
from plausch.mls.credential import PLAUSCH, Credential, CredentialJudge
from plausch.mls.group import Group
from plausch.sdk.errors import ConversationBroken, ServerRefused, TrustRefused, Unreachable
from plausch.sdk.events import Event, Feed, ProblemFound
from plausch.sdk.transport import Transport, jittered_delay_s
from plausch.sdk.trust import NeedsAccount, Trust
from plausch.sdk.vault.conversations import Conversations, KeptConversation
from plausch.sdk.vault.key_packages import KeyPackages
from plausch.sdk.vault.marks import Marks
from plausch.sdk.vault.messages import Messages
from plausch.sdk.vault.outbox import OutboxTable
from plausch.sdk.vault.own import Own, OwnTable
from plausch.sdk.vault.problems import Problem, Problems
from plausch.sdk.vault.spoken import Spoken
from plausch.sdk.vault.vault import Vault, Write

EPOCHS_REMEMBERED = 8
"""Epoch authenticators kept to check marks of messages written a little earlier."""

R = TypeVar("R")


@dataclass(eq=False)
class Live:
    """A conversation in memory. `head` is the largest seq that the server spoke of."""

    kept: KeptConversation
    head: int = 0
    told: int = 0
    """The largest seq that was pushed since the log was last asked for."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    group: Group | None = None
    authenticators: dict[int, bytes] = field(default_factory=dict)
    tried: set[tuple[DeviceAddress, int]] = field(default_factory=set)
    """Devices that cannot be added, with the connection on which that was found."""
    leaving: set[DeviceAddress] = field(default_factory=set)
    """Devices that proposed their own removal in an epoch that ended without it; forgotten when
    this device ends, as others have seen it too."""
    accepted: int = 0
    """The largest seq at which the server took a message of ours."""

    @property
    def id(self) -> ConversationId:
        """The conversation's id."""
        return self.kept.id

    def remember_epoch(self, group: Group) -> None:
        """Keep this epoch's authenticator for a while."""
        self.authenticators[group.epoch] = group.epoch_authenticator
        while len(self.authenticators) > EPOCHS_REMEMBERED:
            del self.authenticators[min(self.authenticators)]

    def others(self, own: AccountAddress) -> list[AccountAddress]:
        """The participants without this account."""
        return [address for address in self.kept.participants if address != own]


class Core:
    """The shared parts of one device."""

    def __init__(
        self,
        vault: Vault,
        own: Own,
        transport: Transport,
        trust: Trust,
        feed: Feed,
        clock: Clock,
    ) -> None:
        self.vault = vault
        self.own = own
        self.transport = transport
        self.trust = trust
        self.feed = feed
        self.clock = clock
        self.own_table = OwnTable(vault)
        self.key_packages = KeyPackages(vault)
        self.conversations = Conversations(vault)
        self.messages = Messages(vault)
        self.outbox = OutboxTable(vault)
        self.marks = Marks(vault)
        self.problems = Problems(vault)
        self.spoken = Spoken(vault)
        self.lives: dict[ConversationId, Live] = {}
        self.caught_up_on = 0
        """The connection (`Transport.generation`) on which everything was read that had moved."""
        self.greeted = asyncio.Event()
        """Set once everything that follows a login was done for the first time."""
        self._waiters: dict[bytes, asyncio.Future[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # --- who we are --------------------------------------------------------------------------

    @property
    def address(self) -> AccountAddress:
        """This account."""
        return self.own.device.account

    @property
    def device(self) -> DeviceAddress:
        """This device."""
        return self.own.device

    @property
    def credential(self) -> Credential:
        """What this device's leaves show."""
        return Credential(PLAUSCH, self.own.certificate)

    async def change_own(self, *, certificate: bytes) -> None:
        """This device has another certificate; it is in the vault when this returns."""
        self.own = replace(self.own, certificate=certificate)
        await self.vault.write([self.own_table.put(self.own)])

    def set_mailbox(self, item: int) -> None:
        """Welcomes up to `item` are dealt with (and this is in the vault)."""
        self.own = replace(self.own, mailbox=item)

    def now_s(self) -> int:
        """Seconds since the Unix epoch."""
        return self.clock.now_ms() // 1000

    def room_uri(self, conversation: ConversationId) -> str:
        """The conversation's MIMI URI."""
        return conversation_uri(self.address.domain, conversation)

    # --- conversations -----------------------------------------------------------------------

    async def load(self) -> None:
        """Read the conversations from the vault. Raises VaultDamaged."""
        for kept in await self.conversations.all():
            self.lives[kept.id] = Live(kept)

    async def group(self, live: Live) -> Group:
        """The conversation's group; call it with the lock held.

        Raises ConversationBroken when this device has none, VaultDamaged.
        """
        if live.group is None:
            saved = await self.conversations.group(live.id)
            if saved is None:
                raise ConversationBroken("This device is not a member of the conversation.")
            live.group = Group.load(*saved)
            live.remember_epoch(live.group)
        return live.group

    def save_group(self, live: Live, *, epoch_moved: bool) -> list[Write]:
        """The group's state as it is now; `epoch_moved`: more than one message's keys changed."""
        if live.group is None:
            return []
        saved = live.group.save()
        writes = [self.conversations.put_ratchet(live.id, saved.ratchet_state)]
        if epoch_moved:
            live.remember_epoch(live.group)
            writes.append(self.conversations.put_epoch(live.id, saved.epoch_state))
        return writes

    @asynccontextmanager
    async def changing(self, live: Live) -> AsyncIterator[None]:
        """Hold the conversation; after any error memory is taken back to what the vault holds."""
        async with live.lock:
            try:
                yield
            except BaseException:
                live.group = None
                if not self._closed:
                    await self._reread(live)
                raise

    async def _reread(self, live: Live) -> None:
        kept = await self.conversations.get(live.id)
        if kept is not None:
            live.kept = kept

    def mark(self, group: Group) -> EpochMark:
        """The mark of the group's present epoch."""
        return EpochMark.of(group.epoch, group.epoch_authenticator)

    # --- judging -----------------------------------------------------------------------------

    async def judged(
        self, operate: Callable[[CredentialJudge], R], known: Iterable[AccountAddress] = ()
    ) -> R:
        """Run an MLS operation with a judge that knows what it needs to know; `known` are accounts
        that were looked up for it already.

        Raises what the operation raises, and Unreachable.
        """
        looked_up = set(known)
        while True:
            try:
                return operate(self.trust.judge(looked_up))
            except NeedsAccount as need:
                await self.look_up(need.address)
                looked_up.add(need.address)

    async def look_up(self, address: AccountAddress) -> None:
        """Refresh what is known; what cannot be believed becomes a problem. Raises Unreachable."""
        try:
            await self.trust.refresh(address)
        except (TrustRefused, ServerRefused) as error:
            await self.report(None, None, error)

    # --- telling -----------------------------------------------------------------------------

    def problem(
        self, conversation: ConversationId | None, seq: int | None, error: PlauschError
    ) -> tuple[list[Write], Event]:
        """What to write and to tell about something not believed."""
        sentence = str(error)
        kept = Problem(conversation, seq, error.code, sentence, self.clock.now_ms())
        return self.problems.add(kept), ProblemFound(conversation, error.code, sentence)

    async def report(
        self, conversation: ConversationId | None, seq: int | None, error: PlauschError
    ) -> None:
        """Write and tell about something not believed."""
        writes, event = self.problem(conversation, seq, error)
        await self.vault.write(writes)
        self.feed.tell(event)

    # --- waiting -----------------------------------------------------------------------------

    def waiter(self, idempotency_id: bytes) -> "asyncio.Future[int]":
        """Resolved with the seq when this outbox entry is in the log, or with what prevents it."""
        future = self._waiters.get(idempotency_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiters[idempotency_id] = future
        return future

    def fulfil(self, idempotency_id: bytes, seq: int) -> None:
        """The entry is in the log at `seq`."""
        future = self._waiters.pop(idempotency_id, None)
        if future is not None and not future.done():
            future.set_result(seq)

    def disappoint(self, idempotency_id: bytes, error: PlauschError) -> None:
        """The entry cannot be sent, for now or for good."""
        future = self._waiters.pop(idempotency_id, None)
        if future is not None and not future.done():
            future.set_exception(error)
            future.exception()  # retrieved: nobody may be waiting

    # --- tasks -------------------------------------------------------------------------------

    async def patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do something in the background; as long as the vault takes nothing (a full disk), again,
        with growing patience. What was not written counts as not done."""
        attempt = 0
        while True:
            try:
                await step()
            except StorageUnavailable as error:
                self.feed.tell(ProblemFound(None, error.code, str(error)))
            else:
                return
            await asyncio.sleep(jittered_delay_s(attempt))
            attempt += 1

    def spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run something in the background until the device is closed."""
        if self._closed:
            coroutine.close()
            return
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, PlauschError):
            self.feed.tell(ProblemFound(None, error.code, str(error)))
        elif error is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a background task of the device failed", "exception": error}
            )

    async def close(self) -> None:
        """End all tasks."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        closed = Unreachable("The client was closed; what waits goes out next time.")
        for idempotency_id in list(self._waiters):
            self.disappoint(idempotency_id, closed)
